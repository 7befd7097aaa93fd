"""Rules are passed over only where they would change nothing."""

import re
from functools import reduce

import pytest

from helpers import cases
from tts.text.english.gates import FILE, Gates, Needs, key
from tts.text.english.needs import needs_of
from tts.text.english.normaliser import RULES, apply_rules
from tts.text.rules import Rule

ORDINARY = """Mr. Smith of the B.B.C. paid $5.50 on Jan. 5, 1914; "No. 5", he said. Then at 10 a.m. Henry VIII came (see
p. 12). HIS CAT SAT. It's 5'11" or 3-4 km/h, 50% of 1,000,000 at www.example.com/a_b & Co. # 1 ~5 x2 5x3 H2O 1st"""


def ungated(text: str) -> str:
    return reduce(lambda said, rule: rule(said), RULES, text)


def gates_of(*patterns: str) -> Gates:
    rules = [Rule(pattern, lambda match: "") for pattern in patterns]
    return Gates(rules, needs_of(rules))


def test_the_file_holds_the_needs_of_these_rules():
    remedy = "after a change of rules: python -m tts.text.english.needs"
    assert list(Needs.read(FILE).of) == [key(rule) for rule in RULES], remedy


def test_needs_are_read_as_they_were_written(tmp_path):
    found = needs_of([Rule("[a-z]é|½", str), Rule(r"\d", str)])
    found.write(tmp_path / "needs.json")
    assert Needs.read(tmp_path / "needs.json") == found


def test_a_rule_that_the_file_lacks_is_always_asked():
    rules = [Rule("xy", str), Rule("ab", str)]
    gates = Gates(rules, needs_of(rules[:1]))
    assert [gates.open(text) for text in ("xy", "ab", "")] == [0b11, 0b10, 0b10]


@pytest.mark.parametrize("path", sorted(cases.ENGLISH.glob("*.txt")), ids=lambda path: path.stem)
def test_gates_change_nothing(path):
    texts = [" ".join(written.split()) for written, _ in cases.read(path)]
    assert not [text for text in texts if apply_rules(text) != ungated(text)]


def test_gates_change_nothing_of_ordinary_text():
    texts = [*ORDINARY.split(), " ".join(ORDINARY.split())]
    assert not [text for text in texts if apply_rules(text) != ungated(text)]


@pytest.mark.parametrize(
    ("pattern", "open_to", "closed_to"),
    [
        ("a+b", "ab aaab xab", "b a ba acb"),
        ("a?bc", "abc bc", "ab c"),
        (r"(?:Mr|Dr)\.", "Mr. Dr.x", "Mr Dr Ms."),
        (r"(?<![\w.])(?:Mr|Dr)(?!\w)", "Mr Mr. (Dr)", "aMr .Mr Drs"),
        (r"\bbe(?=[.,])", "be. be,", "maybe. bet be"),
        (r"(?<=[0-1])x", "0x 1x", "x 2x"),
        ("x(?!y)", "x xa", "y"),
        ("x[yz]", "xy xz", "x yx"),
        ("xy(?:ab)?", "xy xyab", "xab"),
        ("(?:ab)?", "ab x", ""),
        ("a|b?", "a x", ""),
        ("[0-1]{2}", "00 01", "0 22"),
        ("(?i)ab", "ab aB AB", "a b"),
        ("(?i)k", "k K \u212a", "x"),
        ("(?:and/or|24/7)", "and/or 24/7", "and or / 24 /7"),
        ("[a-z][A-Z]", "aB", "a B Ba"),
        ("½|°", "½ 1°", "1/2"),
    ],
)
def test_what_a_pattern_needs(pattern, open_to, closed_to):
    gates = gates_of(pattern)
    assert all(map(gates.open, open_to.split()))
    assert not any(map(gates.open, closed_to.split()))


@pytest.mark.parametrize(
    ("pattern", "open_to", "closed_to"),
    [
        (r"[0-9]\sof", ["one 1 of"], ["one of", "1off"]),
        (r"\s[a-b]\sof\b", ["x a of"], ["x if", "offer"]),
        (r"\A[IV]+", ["I am", "V"], ["(I", "it is MV"]),
        (r"[IV]+\Z", ["am I"], ["Is"]),
        (r"r\.(?=\s)", ["Mr. Smith"], ["Mr.Smith"]),
        (r"(?<!\S)-a", ["-a", "ls -a"], ["x-a"]),
    ],
)
def test_what_a_pattern_needs_beside_spaces(pattern, open_to, closed_to):
    gates = gates_of(pattern)
    assert all(map(gates.open, open_to))
    assert not any(map(gates.open, closed_to))


def test_a_pattern_that_matches_may_match():
    rules = [Rule(pattern, str) for pattern in ("Ab", "[x-z]{2}", r"q(?=\s[0-9])", r"(?:cat|dog)s?\b", r"\d")]
    gates = Gates(rules, needs_of(rules))
    for text in ("Ab", "the cat", "dogs", "q 7", "xy", "none of it", "x y", "", "5", "a" * 99 + "Ab", "x" * 99 + " y"):
        ready = gates.open(text)
        for place, rule in enumerate(rules):
            assert not rule.compiled.search(text) or ready >> place & 1
    assert not gates.open("none of it")


def test_runs_of_long_words_are_found_wherever_they_stand():
    gates = gates_of("wxyz")
    assert all(gates.open("a" * place + "wxyz" + "a" * 70) for place in range(70))


def test_what_is_remembered_has_a_limit(monkeypatch):
    monkeypatch.setattr("tts.text.english.gates.STEPS", 50)
    gates = gates_of("[α-ω]b", "xy")
    for code in range(0x370, 0x370 + 300):
        assert gates.open(f"{chr(code)}b") == ("α" <= chr(code) <= "ω")
    assert len(gates.first.states) <= 50 and gates.open("xy") == 2


def test_rules_that_need_two_things_are_passed_over_where_many_lack_the_second():
    gates = gates_of(*(f"[0-9](?=.*{letter}{letter})" for letter in "abcdef"))
    assert gates.open("5 bb") == 0b10 and gates.open("5 xy") == 0 and gates.open("bb") == 0


def test_a_pattern_is_compiled_when_a_text_is_first_asked():
    rule = Rule("(", str)
    with pytest.raises(re.error):
        rule("text")
