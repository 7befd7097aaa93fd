import inflect
import pytest

from tts.text.english.dates import SHORT_DAYS, SHORT_MONTHS
from tts.text.english.lexicon import cmudict
from tts.text.english.money import COUNTRIES, CURRENCIES, MAGNITUDES, PRICED_PER
from tts.text.english.normaliser import normalise
from tts.text.english.numbers import THOUSANDS, cardinal, decade, in_plural, ordinal, pairs, roman, year
from tts.text.english.verses import SHORT_BOOKS
from tts.text.language import language

NUMBERS = [
    *range(0, 1200, 7),
    1000,
    1001,
    10_010,
    100_000,
    999_999,
    1_000_000,
    1_002_003,
    20_000_000_013,
    999_999_999_999_999,
]


@pytest.mark.parametrize("value", NUMBERS)
def test_words_are_those_of_inflect(value):
    engine = inflect.engine()
    words = engine.number_to_words(value, andword="").replace(",", "").replace("  ", " ")
    assert cardinal(str(value)) == words
    assert ordinal(str(value)) == engine.ordinal(words)


def test_longer_numbers_are_words_only_with_their_separators():
    assert cardinal("1,000,000,000,000,000,000") == "one quintillion"
    assert cardinal("1000000000000000000").startswith("one zero zero")
    assert cardinal(",".join(["1", *["000"] * 40])).startswith("one zero zero")


def test_every_year_has_its_own_name():
    names = {year(str(value)) for value in range(1000, 2100)}
    assert len(names) == 1100
    assert not any("zero" in name for name in names)


@pytest.mark.parametrize(
    ("digits", "said"), [("747", "seven forty-seven"), ("105", "one oh five"), ("800", "eight hundred")]
)
def test_numbers_in_names_are_said_in_two_parts(digits, said):
    assert pairs(digits) == said


@pytest.mark.parametrize(("words", "said"), [("three", "threes"), ("six", "sixes"), ("eighty", "eighties")])
def test_plurals(words, said):
    assert in_plural(words) == said


def test_roman_numerals_count():
    tens, ones = ["", "X", "XX", "XXX", "XL", "L"], ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"]
    for value in range(1, 60):
        assert roman(tens[value // 10] + ones[value % 10]) == str(value)


def test_what_numbers_are_said_with_is_in_the_lexicon():
    said = [*THOUSANDS, "midnight", "o'clock", "oh", "colon", "dot", "extension", "circa", "shillings", "hashtag"]
    said += [word for names in CURRENCIES.values() for word in names]
    said += [
        word for table in (MAGNITUDES, PRICED_PER, SHORT_BOOKS, SHORT_DAYS, SHORT_MONTHS) for word in table.values()
    ]
    said += [word for word in COUNTRIES.values() if word != COUNTRIES["US"]]
    for value in range(100):
        count = cardinal(str(value))
        said += [count, ordinal(str(value)), in_plural(count), in_plural(ordinal(str(value)))]
    said += [decade(str(value)) for value in range(1000, 2100, 10)]
    said += [ordinal(f"{10**zeros:,}") for zeros in (2, 3, 6, 9, 12)]
    missing = {word for text in said for word in text.replace("-", " ").split() if word.lower() not in cmudict()}
    assert not missing


@pytest.mark.parametrize("date", ["5/6/2024", "5/6/85", "03.10.1990", "3-10-1990"])
def test_a_date_whose_day_may_be_its_month_has_a_notice(date):
    assert normalise(f"It was {date}.").notices == [f"{date} was read with the month first"]


def test_a_date_without_a_year_has_a_notice_too():
    assert normalise("We meet on 2/3.").notices == ["2/3 was read with the month first"]


@pytest.mark.parametrize("date", ["25/12/2024", "15.01.2020", "2020-01-02", "2/2/2020", "on 2/14"])
def test_a_date_with_one_order_has_none(date):
    assert not normalise(f"It was {date}.").notices


@pytest.mark.parametrize(
    "text",
    [
        "It costs Rs. 500 now.",
        "He paid £3 10s. 6d. for it.",
        "Call tel. 42, ext. 7 today.",
        "See 1 Cor. 13 and Matt. 5:3 for it.",
        "The firm (est. 1850) thrives.",
        "We met on SEPT. 15 and jan. 5 again.",
    ],
)
def test_no_sentence_ends_before_a_number_of_these(text):
    assert len(language().split(text, 400)) == 1
