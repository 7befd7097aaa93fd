"""Which rules may match a text, so that the others, which are most, are passed over.

A need of a rule is a set of runs, one of which stands in every match. A run is a row of tests, one for each of its
characters. To find the needs in the patterns takes a second, so `needs.py` does it once and keeps them in `gates.json`.
A rule that is not in the file is asked of every text.

Texts are asked word by word, and what a word meets is remembered. So a run ends at a space; one stands at both ends of
a text too.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, reduce
from hashlib import blake2b
from itertools import accumulate
from operator import or_
from pathlib import Path
from typing import NamedTuple

from tts.text.rules import Rule

FILE = Path(__file__).with_name("gates.json")
ASCII = "".join(map(chr, range(32, 127)))  # the characters that are printed
WORD = 32  # characters of a word that is remembered
REMEMBERED = 1 << 15  # words
STEPS = 1 << 15  # of a search that are remembered
FEW = 3  # rules that are left; what else so few need is not asked
KINDS = {"digit": str.isdecimal, "space": str.isspace, "letter": str.isalnum}  # of characters; any other is a sign


class Test(NamedTuple):
    """What one character of a run may be."""

    ascii: str  # those of `ASCII`
    kinds: Sequence[str]  # of those beyond
    exceptions: str  # of which the opposite holds

    def holds(self, character: str) -> bool:
        if character in ASCII:
            return character in self.ascii
        return (kind_of(character) in self.kinds) is not (character in self.exceptions)


def kind_of(character: str) -> str:
    return next((kind for kind, holds in KINDS.items() if holds(character)), "sign")


class Needs(NamedTuple):
    """What rules need, by their keys. Each character of a run stands for itself, or is the name of a test."""

    tests: Mapping[str, Test]
    of: Mapping[str, Sequence[Sequence[str]]]  # up to two needs of a rule; prose seldom meets the first

    @classmethod
    def read(cls, path: Path) -> "Needs":
        content = json.loads(path.read_text(encoding="utf-8"))
        return cls({name: Test(*test) for name, test in content["tests"].items()}, content["of"])

    def write(self, path: Path) -> None:
        lines = [f"{json.dumps(key)}: {json.dumps(needs, ensure_ascii=False)}" for key, needs in self.of.items()]
        tests = json.dumps(self.tests, ensure_ascii=False)
        path.write_text(f'{{"tests": {tests},\n"of": {{\n' + ",\n".join(lines) + "\n}}\n", encoding="utf-8")


def key(rule: Rule) -> str:
    """A rule's name in `gates.json`, which changes with its pattern."""
    return blake2b(f"{rule.flags} {rule.pattern}".encode(), digest_size=6).hexdigest()


class Gates:
    """Which of the rules may match a text, as a number with a bit for each."""

    def __init__(self, rules: Iterable[Rule], needs: Needs):
        self.tests = needs.tests
        self.needs = [needs.of.get(key(rule), ()) for rule in rules]
        self.twice = sum(1 << place for place, its in enumerate(self.needs) if len(its) > 1)

    def open(self, text: str) -> int:
        """The rules that may match a text whose only white space is single spaces."""
        words = set(text.split(" "))
        ready = self.first(words)
        return ready if (ready & self.twice).bit_count() <= FEW else ready & self.second(words)

    @cached_property
    def first(self) -> "_Search":
        return self._search(0)

    @cached_property
    def second(self) -> "_Search":
        return self._search(1)

    def _search(self, number: int) -> "_Search":
        return _Search([needs[number] if number < len(needs) else () for needs in self.needs], self.tests)


class _State(dict):
    """Which runs the last characters have begun; by the next character, the state that follows."""

    __slots__ = ("begun", "met", "step")

    def __init__(self, begun: int, met: int, step):
        self.begun, self.met, self.step = begun, met, step

    def __missing__(self, character: str) -> "_State":
        following = self[character] = self.step(self.begun, character)
        return following


class _Search:
    """Which needs words meet, by their runs, as a number with a bit for each. A need without runs is always met.

    It shifts a number with a bit for each test of each run. What a state and a character lead to is remembered.
    """

    def __init__(self, needs: Sequence[Sequence[str]], tests: Mapping[str, Test]):
        runs: dict[str, int] = defaultdict(int)
        for place, need in enumerate(needs):
            for run in need:
                runs[run] |= 1 << place
        self.free = sum(1 << place for place, need in enumerate(needs) if not need)
        row = "".join(runs)  # the tests of all runs
        ends = [end - 1 for end in accumulate(map(len, runs))]
        self.meets = dict(zip(ends, runs.values(), strict=True))  # by the last test of a run: the needs that it meets
        self.last = _bits(ends)
        self.first = (self.last << 1 | 1) & ~(1 << len(row))
        places: dict[str, list[int]] = defaultdict(list)
        for place, name in enumerate(row):
            places[name].append(place)
        self.tests = [(tests.get(name) or _itself(name), _bits(at)) for name, at in places.items()]
        self.exceptions = frozenset("".join(test.exceptions for test, _ in self.tests))
        self.holding = dict.fromkeys(ASCII, 0)  # by a character beyond it, or the kind of one, if there was one
        for test, at in self.tests:
            for character in test.ascii:
                self.holding[character] |= at
        self.silent: set[str] = set()  # words that meet nothing
        self.met: dict[str, int] = {}  # by other words
        self._forget()

    def __call__(self, words: set[str]) -> int:
        """The needs that any of the words meets."""
        found = self.free
        for word in words - self.silent:
            found |= self.met.get(word) or self._look(word)
        return found

    def _look(self, word: str) -> int:
        """The needs that a word between spaces meets; it is remembered from now on."""
        state, met = self.start, 0
        for character in f" {word} ":
            state = state[character]
            met |= state.met
        if len(word) <= WORD:
            if len(self.silent) + len(self.met) == REMEMBERED:
                self.silent.clear()
                self.met.clear()
            if met:
                self.met[word] = met
            else:
                self.silent.add(word)
        return met

    def _forget(self) -> None:
        self.states: dict[int, _State] = {}
        self.steps = 0
        self.start = _State(0, 0, self._step)

    def _step(self, begun: int, character: str) -> _State:
        if self.steps >= STEPS:
            self._forget()
        self.steps += 1
        holding = self.holding.get(character)
        begun = (begun << 1 | self.first) & (self._holding(character) if holding is None else holding)
        state = self.states.get(begun)
        if state is None:
            state = self.states[begun] = _State(begun, self._ended(begun & self.last), self._step)
        return state

    def _ended(self, runs: int) -> int:
        """The needs that these runs meet."""
        met = 0
        while runs:
            lowest = runs & -runs
            met |= self.meets[lowest.bit_length() - 1]
            runs ^= lowest
        return met

    def _holding(self, character: str) -> int:
        """The tests of runs that hold for a character beyond `ASCII`. Those of a kind are alike, but for exceptions."""
        alike = character if character in self.exceptions else kind_of(character)
        if alike not in self.holding:
            self.holding[alike] = reduce(or_, (at for test, at in self.tests if test.holds(character)), 0)
        return self.holding[alike]


def _itself(character: str) -> Test:
    return Test(character, (), "") if character in ASCII else Test("", (), character)


def _bits(places: Iterable[int]) -> int:
    """A number with a bit at each of these places."""
    found = bytearray(max(places, default=0) // 8 + 1)
    for place in places:
        found[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(found, "little")
