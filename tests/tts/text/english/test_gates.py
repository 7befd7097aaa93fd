"""Rules are passed over only where they would change nothing."""

import re
from functools import reduce

import pytest

from helpers import cases
from tts.text.english.gates import EDGE, Gates, needs
from tts.text.english.normaliser import RULES, apply_rules

ORDINARY = """Mr. Smith of the B.B.C. paid $5.50 on Jan. 5, 1914; "No. 5", he said. Then at 10 a.m. Henry VIII came (see
p. 12). HIS CAT SAT. It's 5'11" or 3-4 km/h, 50% of 1,000,000 at www.example.com/a_b & Co. # 1 ~5 x2 5x3 H2O 1st"""


def ungated(text: str) -> str:
    return reduce(lambda said, rule: rule[0].sub(rule[1], said), RULES, text)


@pytest.mark.parametrize("path", sorted(cases.ENGLISH.glob("*.txt")), ids=lambda path: path.stem)
def test_gates_change_nothing(path):
    texts = [" ".join(written.split()) for written, _ in cases.read(path)]
    assert not [text for text in texts if apply_rules(text) != ungated(text)]


def test_gates_change_nothing_of_ordinary_text():
    texts = [*ORDINARY.split(), " ".join(ORDINARY.split())]
    assert not [text for text in texts if apply_rules(text) != ungated(text)]


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ("a+b", "ab aab aaab aaaa"),
        ("a?bc", "abc bc"),
        (r"(?:Mr|Dr)\.", "Mr^. Dr^."),
        (r"(?<![\w.])(?:Mr|Dr)(?!\w)", "^Mr^ ^Dr^"),
        (r"\bbe(?=[.,])", "^be^"),
        (r"(?<=[0-1])x", "0x 1x"),
        ("x(?!y)", "x"),
        ("xy(?:ab)?", "xy xyab"),
        ("(?:ab)?", None),
        ("a|b?", None),
        ("a|(?<=x)b?", "a x xb"),
        ("[0-1]{2}", "00 01 10 11"),
        (r"\d", None),
        (r"[0-9]\sof", "of"),
        (r"\s[a-b]\sof", "_^a^ _^b^"),
        ("(?i)ab", "ab aB Ab AB"),
        ("(?i)k", "k K \u212a"),
        ("[^a]b", "b"),
    ],
)
def test_what_a_pattern_needs(pattern, needed):
    """`^` stands for an edge, `_` for a space."""
    expected = needed and {string.replace("^", EDGE).replace("_", " ") for string in needed.split()}
    found = needs(re.compile(pattern))
    assert expected in found if needed else not found


def test_a_pattern_that_matches_may_match():
    patterns = [re.compile(pattern) for pattern in ("Ab", "[x-z]{2}", r"q(?=\s[0-9])", r"(?:cat|dog)s?\b", r"\d")]
    gates = Gates(patterns)
    for text in ("Ab", "the cat", "dogs", "q 7", "xy", "none of it", "x y", "", "5", "a" * 99 + "Ab", "x" * 99 + " y"):
        ready = gates.open(text)
        for place, pattern in enumerate(patterns):
            assert not pattern.search(text) or ready >> place & 1
    assert gates.open("none of it") == 1 << 4


def test_a_stop_that_ends_the_text_is_no_stop_inside_it():
    gates = Gates([re.compile(r"r\.(?=\s)")])
    assert gates.open("Mr. Smith") and not gates.open("It is over.")


def test_strings_of_long_words_are_found_wherever_they_stand():
    gates = Gates([re.compile("wxyz")])
    assert all(gates.open("a" * place + "wxyz" + "a" * 70) for place in range(70))
