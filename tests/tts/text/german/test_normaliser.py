import random
import string

import pytest

from helpers import cases
from helpers.growth import QUADRATIC, growth
from helpers.shared import KERSTIN, texts
from tts.text.german.normaliser import normalise
from tts.text.language import Normal

KINDS = {path.stem: cases.read(path) for path in sorted(cases.GERMAN.glob("*.txt"))}
SIZE = 8_000
UNITS = (
    *(
        "a",
        "A",
        "1",
        "I",
        "{",
        ".",
        "-",
        "€",
        "é",
        "я",
        "😀",
        "1,",
        "1.",
        "A.",
        "a@",
        "1/",
        "1:",
        "St. ",
        "www.",
        "5 € ",
    ),
    *("12.12.", "½", "a'", "+1 ", "§ 1 ", "z. B. ", "1 000 ", "Karl V. ", "am 3. ", "1. und ", "EU-", "{AA}", "Str."),
    *("der 1. ", "0 30 ", "DE89 ", "3 x ", "1–2 ", "5 km ", "1.000."),
)
HOSTILE = {
    **{f"{unit!r} repeated": (unit * SIZE)[:SIZE] for unit in UNITS},
    "scheme and no space": "http://" + "a" * SIZE,
    "digits and a unit": ("1" * 37 + "km ") * (SIZE // 40),
    "noise": "".join(random.Random(0).choices([chr(i) for i in range(0x3000)], k=SIZE)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_is_said(kind):
    found = [(written, said, normalise(written)) for written, said in KINDS[kind]]
    assert not [(written, said, read) for written, said, read in found if read != Normal(said, [])]


def test_there_are_enough_cases():
    assert sum(map(len, KINDS.values())) >= 340


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_said_is_said_again_the_same(kind):
    once = [normalise(written).text for written, _ in KINDS[kind] if "{" not in written]
    assert not [text for text in once if normalise(text).text.lower() != text.lower()]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_any_text_takes_linear_time_and_leaves_only_what_can_be_said(text, german):
    assert growth(normalise, text) < QUADRATIC
    assert set(normalise(text).text) <= set(string.ascii_letters + string.digits + "ÄÖÜäöüßẞ .,;:?!'\"-—{}")


def test_what_cannot_be_said_is_named():
    result = normalise("Привет Welt ☃!")
    assert result.text == "Welt!"
    assert any("Cyrillic letters x 6" in notice for notice in result.notices)
    assert any("'☃' (snowman)" in notice for notice in result.notices)


def test_empty_text_says_nothing():
    assert normalise("").text == normalise(" \n\t ").text == ""


@pytest.mark.skipif(not all(path.is_file() for path in KERSTIN), reason="needs the shared corpora")
def test_every_sign_of_a_corpus_is_read(german):
    found = [(text, german.normalise(text)) for path in KERSTIN for text in texts(path)]
    assert len(found) > 1300
    assert not [(text, read) for text, read in found if read.notices or any(map(str.isdigit, read.text))]
