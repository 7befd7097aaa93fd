import pytest

from helpers.growth import QUADRATIC, growth
from tts.text.english.normaliser import normalise


@pytest.mark.parametrize(
    "unit", ["A ", "I ", "A/", "B- ", "St ", "Part I ", "II and ", "IT ", "US. ", "Ps ", "V. I. ", "a) "]
)
def test_rules_of_letters_and_numerals_take_linear_time(unit, loaded):
    assert growth(normalise, (unit * 30_000)[:30_000]) < QUADRATIC


@pytest.mark.parametrize("word", ["YMCA", "US", "SAT", "AM"])
def test_capitals_alone_do_not_shout(word):
    spoken = normalise(f"{word} and UCLA").text
    assert " ".join(word).replace("A", "ay") in spoken


def test_a_single_letter_is_no_number():
    assert [normalise(letter).text for letter in "IVXLCDM"] == list("IVXLCDM")
