import random
import string

import pytest

from helpers import cases
from helpers.growth import QUADRATIC, growth
from tts.text.english.normaliser import normalise
from tts.text.english.numbers import roman
from tts.text.language import Normal

KINDS = {path.stem: cases.read(path) for path in sorted(cases.ENGLISH.glob("*.txt"))}
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


@pytest.mark.parametrize("kind", KINDS)
def test_is_said(kind):
    found = [(written, said, normalise(written)) for written, said in KINDS[kind]]
    assert not [(written, said, read) for written, said, read in found if read != Normal(said, [])]


def test_there_are_enough_cases():
    assert sum(map(len, KINDS.values())) >= 1500


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_any_text_takes_linear_time_and_leaves_only_what_can_be_said(text, loaded):
    assert growth(normalise, text) < QUADRATIC
    assert set(normalise(text).text) <= set(string.ascii_letters + string.digits + " .,;:?!'\"-—{}")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_said_is_said_again_the_same(kind):
    once = [normalise(written).text for written, _ in KINDS[kind] if "{" not in written]
    # A title before a name or a letter's name may read as another rule's beginning; words never change.
    assert not [text for text in once if normalise(text).text.lower() != text.lower()]


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
