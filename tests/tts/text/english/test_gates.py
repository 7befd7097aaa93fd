"""Rules are passed over only where they would change nothing."""

import re
import string
from functools import reduce
from pathlib import Path

import pytest

from tts.text.english.gates import Gates, needs
from tts.text.english.normaliser import RULES, apply_rules

WRITTEN = [
    line.partition(" => ")[0]
    for path in sorted((Path(__file__).parent / "cases").glob("*.txt"))
    for line in path.read_text(encoding="utf-8").splitlines()
]
ORDINARY = """Mr. Smith of the B.B.C. paid $5.50 on Jan. 5, 1914; "No. 5", he said. Then at 10 a.m. Henry VIII came (see
p. 12). HIS CAT SAT. It's 5'11" or 3-4 km/h, 50% of 1,000,000 at www.example.com/a_b & Co. # 1 ~5 x2 5x3 H2O 1st"""


def ungated(text: str) -> str:
    return reduce(lambda said, rule: rule[0].sub(rule[1], said), RULES, text)


@pytest.mark.parametrize("text", [*WRITTEN, *ORDINARY.split(), ORDINARY])
def test_gates_change_nothing(text):
    assert apply_rules(text) == ungated(text)


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ("a+b", {"a", "b", "ab"}),
        ("a?b", {"b"}),
        ("(?:Mr|Dr)\\.", {"Mr Dr", ".", "r."}),
        ("(?<=[0-1])x", {"0 1", "x"}),
        ("x(?!y)", {"x"}),
        ("(?:ab)?", set()),
        ("a|b?", set()),
        ("[0-1]{2}", {"0 1", "00 01 10 11"}),
        (r"\d", set()),
        ("(?i)ab", {"a A", "b B", "ab aB Ab AB"}),
        ("(?i)k", set()),
        ("[^a]b", {"b"}),
    ],
)
def test_needs(pattern, needed):
    assert needs(re.compile(pattern)) == {frozenset(need.split()) for need in needed}


def test_a_text_that_matches_meets_every_need():
    patterns = [re.compile(pattern) for pattern in ("Ab", "[x-z]{2}", "q(?=[0-9])", "(?:cat|dog)s?")]
    gates = Gates(patterns)
    for text in ("Ab", "the cat", "dogs", "q7", "xy", "none of it", "x y"):
        held = gates.held(text)
        for pattern, needed in zip(patterns, gates.needed, strict=True):
            assert not pattern.search(text) or held & needed == needed
    assert [gates.held(string.punctuation) & needed == needed for needed in gates.needed] == [False] * 4
