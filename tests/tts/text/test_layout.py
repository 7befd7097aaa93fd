"""Which line breaks are heard."""

import textwrap

import pytest

from helpers.growth import QUADRATIC, growth
from tts.text.language import language

split = language("english").split

# Pieces and what ends after them.
HEARD = {
    "Red\nBlue\nGreen": "Red/line Blue/line Green/paragraph",
    "milk\neggs\nbread": "milk/line eggs/line bread/paragraph",
    "1. Apples\n2. Pears": "1. Apples/line 2. Pears/paragraph",
    "1.Apples\n2.Pears": "1. Apples/line 2. Pears/paragraph",
    "• Milk\n• Eggs": "Milk/line Eggs/paragraph",
    "Milk • Eggs": "Milk/line Eggs/paragraph",
    "- [ ] Milk\n- [x] Eggs": "Milk/line Eggs/paragraph",
    "Buy:\n- Milk\n- Eggs and\n  tea\nRest.": "Buy:/line Milk/line Eggs and tea/line Rest./paragraph",
    "A. Milk\nB. Eggs": "A. Milk/line B. Eggs/paragraph",
    "Name\tAge\nAnn\t30": "Name, Age/line Ann, 30/paragraph",
    "| Name | Age |\n|---|---|\n| Ann | 30 |": "Name, Age/line Ann, 30/paragraph",
    "Name    Age\nAnn     30": "Name, Age/line Ann, 30/paragraph",
    "The woods are lovely\nBut I have promises": "The woods are lovely/line But I have promises/paragraph",
    "Chapter 1\nIt was dark, and there was nobody on the road to the old mill.": (
        "Chapter 1/heading It was dark, and there was nobody on the road to the old mill./paragraph"
    ),
    "# Title\nText.": "Title/heading Text./paragraph",
    "Title\n=====\nText.": "Title/heading Text./paragraph",
    "Title\n\nText.": "Title/heading Text./paragraph",
    "=== Title ===\nText.": "Title/heading Text./paragraph",
    "Introduction ...... 12\nIndex ...... 340": "Introduction, 12/line Index, 340/paragraph",
    "One.\n\n***\n\nTwo.": "One./scene Two./paragraph",
    "One.\n* * *\nTwo.": "One./scene Two./paragraph",
    "One.\n\n⁂\n\nTwo.": "One./scene Two./paragraph",
    "One.\n\n---\n\nTwo.": "One./scene Two./paragraph",
    "One. *** Two.": "One./scene Two./paragraph",
    "***\n\nOne.": "One./paragraph",
    "One.\f\nTwo.": "One./paragraph Two./paragraph",
    "One\u2028two": "One/line two/paragraph",
    "10 Downing Street\nLondon\nSW1A 2AA": "10 Downing Street/line London/line SW1A 2AA/paragraph",
    "Dear Sir,\nThank you for the long letter that came today.": (
        "Dear Sir,/line Thank you for the long letter that came today./paragraph"
    ),
    "It was\n1. Apples\n2. Pears\n10. Plums": "It was/line 1. Apples/line 2. Pears/line 10. Plums/paragraph",
    "i. one\nii. two": "i. one/line ii. two/paragraph",
    "— Hello.\n— Hi.": "Hello./line Hi./paragraph",
    "==========": "",
    "++++++": "",
}
SONNET = """From fairest creatures we desire increase,
That thereby beauty's rose might never die,
But as the riper should by time decease,
His tender heir might bear his memory:
But thou contracted to thine own bright eyes,
Feed'st thy light's flame with self-substantial fuel,
Making a famine where abundance lies,
Thy self thy foe, to thy sweet self too cruel:
Thou that art now the world's fresh ornament,
And only herald to the gaudy spring,
Within thine own bud buriest thy content,
And tender churl mak'st waste in niggarding:
  Pity the world, or else this glutton be,
  To eat the world's due, by the grave and thee."""
PROSE = """The Time Traveller (for so it will be convenient to speak of him) was expounding a hard matter to us. His
pale grey eyes shone and twinkled, and his usually pale face was flushed and animated. The fire burnt brightly, and the
soft radiance of the incandescent lights in the lilies of silver caught the bubbles that flashed and passed in our
glasses. Our chairs, being his patents, embraced and caressed us rather than submitted to be sat upon - 12. Smith and
Dr. J. K. Jones of the Royal Society said so, and there was that luxurious after-dinner atmosphere, when thought runs
gracefully free of the trammels of precision. And he put it to us in this way; marking the points with a lean
forefinger; as we sat and lazily admired his earnestness over this new paradox (as we thought it) and his fecundity."""


@pytest.mark.parametrize("text", HEARD)
def test_lines(text):
    assert " ".join(f"{sentence.text}/{sentence.pause}" for sentence in split(text, 200)) == HEARD[text]


def test_every_line_of_a_poem_is_heard():
    assert [sentence.text for sentence in split(SONNET, 200)] == [line.strip() for line in SONNET.split("\n")]


@pytest.mark.parametrize("width", range(40, 100, 3))
def test_wrapped_prose_has_no_other_pauses_than_the_same_on_one_line(width):
    for hyphens in (True, False):
        wrapped = textwrap.fill(" ".join(PROSE.split()), width, break_on_hyphens=hyphens)
        assert split(wrapped, 1000) == split(" ".join(PROSE.split()), 1000)


@pytest.mark.parametrize(
    ("divided", "whole"),
    [
        ("nega-\ntive thoughts", "negative thoughts"),
        ("a well-\nknown man", "a well-known man"),
        ("an under-\nworld, the under-world", "an under-world, the under-world"),
        ("Anglo-\nSaxon", "Anglo-Saxon"),
        ("1914-\n1918", "1914-1918"),
        ("nega\u00ad\ntive", "negative"),
        ("he said—\nwell", "he said—well"),
        ("a dash -\nhere", "a dash - here"),
    ],
)
def test_words_divided_at_the_end_of_a_line_are_whole(divided, whole):
    assert [sentence.text for sentence in split(divided, 200)] == [whole]


@pytest.mark.parametrize(
    "unit",
    ["\n", " ", "\t", " \n", "a\n", "a-\n", "1. a\n", "- ", "| a ", "a .... 5\n", "\xad\n", "A\n", "• "],
)
def test_any_lines_take_linear_time(unit):
    assert growth(lambda text: split(text, 200), (unit * 30_000)[:30_000]) < QUADRATIC


def test_spaces_around_a_line_break_take_linear_time():
    assert growth(lambda text: split(text, 200), " " * 30_000 + "\n" + " " * 30_000) < QUADRATIC
