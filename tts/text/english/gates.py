"""Which rules may match a text, so that the others, which are most, are passed over.

A need of a rule is a set of runs, one of which stands in every match. A run is a row of tests, one for each of its
characters; at the ends of a text it meets a space. `needs.py` finds the needs in the patterns and keeps them in
`gates.json`. A rule that is not in the file is asked of every text.

Texts are asked word by word, and what a word meets is remembered. So a run ends at a space.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, reduce
from hashlib import blake2b
from operator import or_
from pathlib import Path
from typing import NamedTuple

from tts.text.english.patterns import Rule

FILE = Path(__file__).with_name("gates.json")
ASCII = "".join(map(chr, range(32, 127)))  # what is printed of it
WORD = 32  # characters of a word that is remembered
REMEMBERED = 1 << 15  # words
STEPS = 1 << 15  # of a search that are remembered
FEW = 3  # rules; whether so few need something else as well is not asked
KINDS = (str.isdecimal, str.isspace, str.isalnum)  # of characters, that tests without a list of them tell apart


class Test(NamedTuple):
    """What one character of a run may be."""

    pattern: str
    ascii: str  # those of `ASCII` that match it


class Needs(NamedTuple):
    """What rules need, by their keys. Each character of a run stands for itself, or is the name of a test."""

    tests: Mapping[str, Test]
    of: Mapping[str, Sequence[Sequence[str]]]  # up to two needs of a rule; of a text, the first is asked first

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
    """Which needs words meet, by their runs. Whoever needs nothing is always met.

    It shifts a number with a bit for each test of each run. What a state and a character lead to is remembered.
    """

    def __init__(self, needs: Sequence[Sequence[str]], tests: Mapping[str, Test]):
        runs: dict[str, int] = defaultdict(int)
        for place, need in enumerate(needs):
            for run in need:
                runs[run] |= 1 << place
        self.free = sum(1 << place for place, need in enumerate(needs) if not need)
        self.first = self.last = 0  # bits of the tests of runs
        self.meets: dict[int, int] = {}  # by the last test of a run: the needs that it meets
        places: dict[str, int] = defaultdict(int)  # by test
        end = 0
        for run, met in runs.items():
            self.first |= 1 << end
            for test in run:
                places[test] |= 1 << end
                end += 1
            self.last |= 1 << end - 1
            self.meets[end - 1] = met
        self.places = {tests[test].pattern if test in tests else re.escape(test): at for test, at in places.items()}
        self.named = frozenset("".join(self.places))
        self.holding: dict[object, int] = dict.fromkeys(ASCII, 0)
        for test, at in places.items():
            for character in tests[test].ascii if test in tests else test:
                if character in self.holding:
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
        """The needs that a word meets which is not remembered. Space is on both sides."""
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
        """The tests of runs that hold for a character beyond `ASCII`. Most such characters are alike to all tests."""
        cases = {character, *character.lower(), *character.upper(), *character.upper().lower()}
        named = any(case.isascii() or case in self.named for case in cases)
        alike: object = character if named else tuple(kind(character) for kind in KINDS)
        if alike not in self.holding:
            self.holding[alike] = reduce(or_, (at for test, at in self.places.items() if re.match(test, character)), 0)
        return self.holding[alike]
