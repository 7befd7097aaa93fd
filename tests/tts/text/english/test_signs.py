import re

import pytest

from helpers.growth import QUADRATIC, growth
from tts.text.english import addresses, chemistry, electronic, emoji, games, latex, maths, measures, music, signs, units
from tts.text.english.normaliser import normalise
from tts.text.language import language

SIZE = 30_000  # characters; enough to tell quadratic from linear time
REPEATED = [
    *("5 km", '5"', "5' ", "1 x 1 ", "10s ", "5°", "5F ", "m/s", "12 Main ", "12 A ", ", CA ", "a^", "1+1", "a=b"),
    *("|x|", "<=", "->", "$a$", "\\frac{a}", "$$ ", "\\[", "H2", "(OH)2", "Na^+", "C#", "♥", "①", "²", "₂", "α", "❤"),
    *("👍", "★", "../", "/usr", "C:\\", "a_b", "_", "aB", "a.b", "a.com/", "a@b.co ", "0x", "#a#", "5-5–5 "),
]
TABLES = {
    f"{module.__name__.rpartition('.')[2]}.{name}": table
    for module in (addresses, chemistry, electronic, emoji, games, latex, maths, measures, music, signs, units)
    for name, table in vars(module).items()
    if name.isupper() and isinstance(table, dict) and name != "ALIKE"
}


@pytest.mark.parametrize("unit", REPEATED)
def test_signs_take_linear_time(unit, loaded):
    assert growth(normalise, (unit * SIZE)[:SIZE]) < QUADRATIC


@pytest.mark.parametrize("name", TABLES)
def test_every_word_of_the_tables_can_be_pronounced(name):
    said = {word for value in TABLES[name].values() for word in re.findall(r"[A-Za-z']+", str(value))}
    assert not {word for word in said if word not in language().lexicon}


@pytest.mark.parametrize("name", units.UNITS.values())
def test_every_unit_has_a_plural_that_can_be_pronounced(name):
    assert not [word for word in re.findall("[A-Za-z]+", units.many(name)) if word not in language().lexicon]


@pytest.mark.parametrize("name", [units.UNITS["km"], units.UNITS["psi"], units.UNITS["°C"], units.UNITS["inHg"]])
def test_the_head_of_a_unit_is_counted(name):
    plurals = {"kilometers", "pounds per square inch", "degrees Celsius", "inches of mercury"}
    assert units.many(name) in plurals


@pytest.mark.parametrize("written", ["Coke™", "Nike®", "word † word", "Hello ☃"])
def test_signs_without_a_reading_are_named(written):
    (notice,) = normalise(written).notices
    assert "left out" in notice


def test_words_of_greek_are_left_out_with_a_notice():
    result = normalise("λόγος means word, and λ is a wavelength")
    assert result.text == "means word, and lambda is a wavelength"
    assert "Greek letters x 5" in result.notices[0]


def test_a_formula_may_hold_what_looks_like_phones():
    assert normalise(r"$\frac{K}{M}$ {HH AH0 L OW1}").text == "K over M {HH AH0 L OW1}"


@pytest.mark.parametrize("formula", ["{" * 190 + "x" + "}" * 190, "^" * 390, "_" * 390, "\\frac" * 70, "\\sqrt[" * 50])
def test_a_formula_of_any_depth_is_read(formula):
    assert isinstance(normalise(f"$${formula}$$").text, str)


@pytest.mark.parametrize("written", ["5 deg. C", "5 ft. 11 in.", "10 min. 30 sec."])
def test_the_stop_of_a_unit_ends_no_sentence_before_a_number(written):
    assert len(language().split(written, 400)) == 1


def test_the_stop_of_a_unit_may_end_a_sentence():
    assert len(language().split("He is 5 ft. Mary is taller.", 400)) == 2
