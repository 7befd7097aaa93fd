import inflect
import pytest

from tts.text.english.numbers import cardinal, ordinal, roman, year

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


def test_every_year_has_its_own_name():
    names = {year(str(value)) for value in range(1000, 2100)}
    assert len(names) == 1100
    assert not any("zero" in name for name in names)


def test_roman_numerals_count():
    tens, ones = ["", "X", "XX", "XXX", "XL", "L"], ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"]
    for value in range(1, 60):
        assert roman(tens[value // 10] + ones[value % 10]) == str(value)
