import random
import string
from pathlib import Path

import pytest

from helpers.growth import growth
from tts.text.english.normaliser import normalise
from tts.text.english.numbers import roman

# Files of "written => said" by kind; blank lines and lines that start with a number sign and a space are passed over.
CASES = [
    tuple(line.split(" => "))
    for path in sorted((Path(__file__).parent / "cases").glob("*.txt"))
    for line in path.read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("# ")
]
SIZE = 30_000  # characters; enough to tell quadratic from linear time
HOSTILE = {
    **{f"{unit!r} repeated": (unit * SIZE)[:SIZE] for unit in ("a", "A", "1", "I", "{", ".", "-", "$", "é", "я", "😀")},
    **{
        f"{unit!r} repeated": (unit * SIZE)[:SIZE]
        for unit in ("\x00", "\ud800", "\u202e", "1,", "A.", "a@", "1/", "1:")
    },
    **{
        f"{unit!r} repeated": (unit * SIZE)[:SIZE]
        for unit in ("{AA}", "St. ", "www.", "$5 ", "12/12/", "½", "a'", "+1 ")
    },
    "scheme and no space": "http://" + "a" * SIZE,
    "digits and a unit": "1" * SIZE + "km",
    "noise": "".join(random.Random(0).choices([chr(i) for i in range(0x3000)], k=SIZE)),
    "any code point": "".join(chr(random.Random(1).randrange(0x110000)) for _ in range(100)) + "ab" * SIZE,
}


@pytest.mark.parametrize(("written", "said"), CASES)
def test_is_said(written, said):
    result = normalise(written)
    assert result.text == said
    assert not result.notices


def test_there_are_enough_cases():
    assert len(CASES) >= 120


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_any_text_takes_linear_time_and_leaves_only_what_can_be_said(text):
    normalise("FBI")  # reads the lexicon before the clock starts
    assert growth(normalise, text) < 4
    assert set(normalise(text).text) <= set(string.ascii_letters + string.digits + " .,;:?!'\"-—{}")


@pytest.mark.parametrize("written", [written for written, _ in CASES if "{" not in written])
def test_what_is_said_is_said_again_the_same(written):
    once = normalise(written).text
    # A title before a name or a letter's name may read as another rule's beginning; words never change.
    assert normalise(once).text.lower() == once.lower()


def test_what_cannot_be_said_is_named():
    result = normalise("Привет мир, hello 你好 ☃☃!")
    assert result.text == "hello!"
    assert any("Cyrillic letters x 9" in notice for notice in result.notices)
    assert any("'☃' (snowman) x 2" in notice for notice in result.notices)
    assert len(result.notices) == 3


def test_control_characters_are_named_by_their_code_point():
    assert "u+0000" in normalise("a\x00b").notices[0]


def test_an_ambiguous_date_is_read_with_a_notice():
    result = normalise("on 5/6/2024")
    assert result.text == "on May sixth, twenty twenty-four"
    assert result.notices == ["5/6/2024 was read with the month first"]


def test_braces_without_phones_are_left_out_with_a_notice():
    result = normalise("{bad} words")
    assert result.text == "bad words"
    assert "left curly bracket" in result.notices[0]


def test_empty_text_says_nothing():
    assert normalise("").text == normalise(" \n\t ").text == ""


@pytest.mark.parametrize(
    ("numeral", "value"), [("IV", "4"), ("XIV", "14"), ("MCMXCIX", "1999"), ("IIII", None), ("VX", None)]
)
def test_only_proper_numerals_are_roman(numeral, value):
    assert roman(numeral) == value


def test_whoever_changes_notices_changes_them_for_nobody_else():
    normalise("a \u4e2d b").notices.clear()
    assert normalise("a \u4e2d b").notices
