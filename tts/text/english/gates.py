"""What a text must hold before a rule can match it, found in the rule's pattern, so that most rules are passed over.

A need is a set of runs, one of which stands in every match. A run is a row of tests, one for each of its characters.
Texts are asked word by word, and what a word holds is remembered; so a run ends at a space.
"""

import re
import string
from collections.abc import Iterable
from functools import lru_cache, reduce
from math import inf, prod
from operator import itemgetter, or_

try:
    from re import _constants as kinds
    from re import _parser as parser
except ImportError:  # Python 3.10
    import sre_constants as kinds
    import sre_parse as parser

LONGEST = 4  # characters of a run; what may stand beside them is asked too
MANY = 40  # runs that begin at one place of a pattern
MOST = 600  # runs of a need
WORD = 32  # characters of a word that is remembered
REMEMBERED = 1 << 15  # words
STEPS = 1 << 15  # of the search that are remembered
END = "\x00"  # stands before and after a text
GROUPS = (string.ascii_lowercase, string.ascii_uppercase, string.digits, " ", "-'\"", ".,", "()$%&/:;=+*#")
SHARES = (  # of these groups, roughly: in prose, in figures
    (0.7, 0.02, 1e-4, 0.2, 0.01, 0.02, 0.001),
    (0.02, 0.01, 0.5, 0.2, 0.1, 0.1, 0.1),
)
STYLES = [
    {character: share / len(group) for group, share in zip(GROUPS, shares, strict=True) for character in group}
    for shares in SHARES
]
ZERO_WIDTH = (kinds.AT, kinds.ASSERT, kinds.ASSERT_NOT)
REPEATS = (kinds.MAX_REPEAT, kinds.MIN_REPEAT, getattr(kinds, "POSSESSIVE_REPEAT", None))
CHARACTER = (kinds.LITERAL, kinds.NOT_LITERAL, kinds.IN, kinds.ANY)
NEGATE = (kinds.NEGATE, None)
ASCII = frozenset(map(chr, range(128)))
CATEGORIES = {
    kinds.CATEGORY_DIGIT: str.isdecimal,
    kinds.CATEGORY_NOT_DIGIT: lambda character: not character.isdecimal(),
    kinds.CATEGORY_SPACE: str.isspace,
    kinds.CATEGORY_NOT_SPACE: lambda character: not character.isspace(),
    kinds.CATEGORY_WORD: lambda character: character.isalnum() or character == "_",
    kinds.CATEGORY_NOT_WORD: lambda character: not (character.isalnum() or character == "_"),
}
ASCII_OF = {name: frozenset(filter(holds, ASCII)) for name, holds in CATEGORIES.items()}
SMALL = frozenset(string.ascii_lowercase + f" .,;:?!'\"-{END}")
WORDS, SPACES = ASCII_OF[kinds.CATEGORY_WORD], ASCII_OF[kinds.CATEGORY_SPACE]
Run = tuple
Need = set[Run]
Weighed = tuple[float, Need | None]  # about how often a text of some style meets a need
NOTHING: Weighed = (inf, None)
Items = tuple  # kind and value of the first, whether its case is free, and the other items
NO_ITEMS: Items = ()
EDGE = (0, 0)  # a mark of a run: the edge of a word


class Test:
    """What may be one character of a match, or, if `beside`, what may stand beside the match: also nothing."""

    def __init__(self, items: tuple, either_case: bool, beside: bool):
        self.negated = items[0] == NEGATE
        self.items, self.either_case, self.beside = items[self.negated :], either_case, beside
        found: set[str] = set()
        self.beyond: set[str] = set()  # characters beyond ASCII that the pattern names
        for kind, value in self.items:
            if kind is kinds.CATEGORY:
                found |= ASCII_OF[value]
            else:
                first, last = (value, value) if kind is kinds.LITERAL else value
                found.update(map(chr, range(first, min(last, 127) + 1)))
                self.beyond.update(map(chr, range(max(first, 128), last + 1)))
        self.named = not self.negated and not any(kind is kinds.CATEGORY for kind, _ in self.items)
        if self.negated:
            found = ASCII - found
        elif either_case:
            found |= {character.swapcase() for character in found}
        self.ascii = found | {END} if beside else found
        self.only_space = bool(found) and found <= SPACES and not self.beyond
        self.shares = [sum(style[one] for one in style.keys() & found) + 1e-6 for style in STYLES]

    def holds(self, character: str) -> bool:
        """Whether it is true of a character, or may be."""
        if character.isascii():
            return character in self.ascii
        cases = {character}
        if self.either_case:
            cases |= {*character.lower(), *character.upper(), *character.upper().lower()}
        return any(self._holds(case) is not self.negated for case in cases)

    def _holds(self, character: str) -> bool:
        for kind, value in self.items:
            if kind is kinds.CATEGORY:
                if CATEGORIES[value](character):
                    return True
            elif kind is kinds.LITERAL:
                if ord(character) == value:
                    return True
            elif value[0] <= ord(character) <= value[1]:
                return True
        return False

    def is_part_of_word(self) -> bool | None:
        """Whether a letter, digit or underscore is asked for, something else, or either."""
        beyond = {character.isalnum() for character in self.beyond} if self.named else {True, False}
        found = {character in WORDS for character in self.ascii} | beyond
        return found.pop() if len(found) == 1 else None


class Tests(list):
    """The tests of all patterns; runs name them by their places here."""

    def __init__(self):
        super().__init__()
        self.places: dict[tuple, int] = {}
        self.known: dict[Run, list[float]] = {}
        self.space = self.place(kinds.LITERAL, ord(" "))
        self.end = self.place(kinds.LITERAL, ord(END))
        self.part_of_word = self.place(kinds.IN, [(kinds.CATEGORY, kinds.CATEGORY_WORD)])
        self.apart = self.place(kinds.IN, [NEGATE, (kinds.CATEGORY, kinds.CATEGORY_WORD)], beside=True)

    def place(self, kind, value, either_case: bool = False, beside: bool = False) -> int:
        if kind is kinds.IN:
            items = tuple(value)
        elif kind is kinds.LITERAL:
            items = ((kinds.LITERAL, value),)
        else:
            items = (NEGATE, (kinds.LITERAL, value)) if kind is kinds.NOT_LITERAL else (NEGATE,)
        key = (items, either_case, beside)
        if key not in self.places:
            self.places[key] = len(self)
            self.append(Test(*key))
        return self.places[key]

    def shares(self, run: Run) -> list[float]:
        """About how often a run stands in texts of each style."""
        if run not in self.known:
            places = [one if isinstance(one, int) else one[1] for one in run]
            self.known[run] = [prod(shares) for shares in zip(*(self[place].shares for place in places), strict=True)]
        return self.known[run]


class _State(dict):
    """Which runs the last characters have begun; by the next character, the state that follows."""

    __slots__ = ("begun", "met", "step")

    def __init__(self, begun: int, met: int, step):
        self.begun, self.met, self.step = begun, met, step

    def __missing__(self, character: str) -> "_State":
        following = self[character] = self.step(self.begun, character)
        return following


class _Search:
    """Which needs a word meets, by its runs.

    It shifts a number with a bit for each test of each run. What a state and a character lead to is remembered.
    """

    def __init__(self, runs: dict[Run, int], tests: Tests):
        self.first = self.last = 0  # tests of runs
        self.met: dict[int, int] = {}  # by the last test of a run: the needs that it meets
        held: list[list[int]] = [[] for _ in tests]
        end = 0
        for run, met in runs.items():
            self.first |= 1 << end
            for test in run:
                held[test].append(end)
                end += 1
            self.last |= 1 << end - 1
            self.met[end - 1] = met
        self.held = [(test, sum(1 << place for place in places)) for test, places in zip(tests, held, strict=True)]
        self.beyond = frozenset().union(*(test.beyond for test in tests))
        self.holding: dict[object, int] = dict.fromkeys(ASCII, 0)
        for test, places in self.held:
            for character in test.ascii:
                self.holding[character] |= places
        self._forget()

    def __call__(self, word: str) -> int:
        """The needs that a word between spaces meets."""
        state, met = self.start, 0
        for character in f" {word} ":
            state = state[character]
            met |= state.met
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
            met |= self.met[lowest.bit_length() - 1]
            runs ^= lowest
        return met

    def _holding(self, character: str) -> int:
        """The tests of runs that hold for a character beyond ASCII. Most such characters are alike to all tests."""
        cases = {character, *character.lower(), *character.upper(), *character.upper().lower()}
        named = any(case.isascii() or case in self.beyond for case in cases)
        alike: object = character if named else tuple(holds(character) for holds in CATEGORIES.values())
        if alike not in self.holding:
            self.holding[alike] = reduce(or_, (places for test, places in self.held if test.holds(character)), 0)
        return self.holding[alike]


class Gates:
    """Which of many patterns may match a text.

    The needs that each pattern has first come first in a number with a bit for each; then those that each has second.
    """

    def __init__(self, patterns: list[re.Pattern[str]]):
        self.size = len(patterns)
        tests = Tests()
        found = [needs(pattern, tests) for pattern in patterns]
        self.depth = max(1, *map(len, found))  # needs of a pattern, at most
        self.free = 0  # bits of needs that a pattern does not have
        runs: dict[Run, int] = {}
        for place, its in enumerate(found):
            for number in range(self.depth):
                bit = 1 << place + number * self.size
                if number >= len(its):
                    self.free |= bit
                for run in its[number] if number < len(its) else ():
                    runs[run] = runs.get(run, 0) | bit
        self.search = _Search(runs, tests)
        # Most words are in small letters, in which few runs stand.
        small = {place for place, test in enumerate(tests) if not test.ascii.isdisjoint(SMALL)}
        self.search_small = _Search({run: met for run, met in runs.items() if small.issuperset(run)}, tests)
        self._remembered = lru_cache(maxsize=REMEMBERED)(self._met)

    def open(self, text: str) -> int:
        """A number with a bit for each pattern that may match, if the text's only white space is single spaces."""
        words = f"{END}{text}{END}".split(" ")
        ask = self._remembered if len(text) <= WORD or max(map(len, words)) <= WORD else self._met
        met = reduce(or_, map(ask, words), self.free)
        for _ in range(self.depth - 1):
            met &= met >> self.size
        return met & (1 << self.size) - 1

    def _met(self, word: str) -> int:
        """The needs that a word meets."""
        return (self.search_small if SMALL.issuperset(word) else self.search)(word)


def needs(pattern: re.Pattern[str], tests: Tests) -> list[frozenset[Run]]:
    """For each style of text, what every match of the pattern holds and such texts hold least."""
    reader = _Reader(tests)
    items = reader.linked(parser.parse(pattern.pattern, pattern.flags), bool(pattern.flags & re.IGNORECASE), NO_ITEMS)
    best = {id(need): need for _, need in reader.best(items) if need}
    return [*dict.fromkeys(_briefest(set(map(reader.cut, need))) for need in best.values())]


def _briefest(need: set[Run]) -> frozenset[Run]:
    """A need without the runs that hold another one."""

    def longer(run: Run) -> bool:
        ends = range(1, len(run) + 1)
        return any(run[start:end] in need for end in ends for start in range(end) if end - start < len(run))

    return frozenset(run for run in need if not longer(run))


def _least(left: list[Weighed], right: list[Weighed]) -> list[Weighed]:
    """For each style, the need that is met less often."""
    return [min(pair, key=itemgetter(0)) for pair in zip(left, right, strict=True)]


def _any(needs: Iterable[Weighed]) -> Weighed:
    """A need that is met where one of these is met."""
    if any(need is None for _, need in needs) or sum(len(need) for _, need in needs) > MOST:
        return NOTHING
    return sum(share for share, _ in needs), set().union(*(need for _, need in needs))


class _Reader:
    """Finds the needs of one pattern. What was found is kept by the identity of its items."""

    def __init__(self, tests: Tests):
        self.tests = tests
        self.links: dict[tuple, Items] = {}
        self.known: dict[tuple, set[Run] | None] = {}
        self.found: dict[int, list[Weighed]] = {}

    def linked(self, parsed, either_case: bool, rest: Items) -> Items:
        """The items of a part of the pattern and those that follow it."""
        key = (id(parsed), either_case, id(rest))
        if key not in self.links:
            first = rest
            for kind, value in reversed(list(parsed)):
                first = (kind, value, either_case, first)
            self.links[key] = first
        return self.links[key]

    def inside(self, items: Items) -> Items:
        """The items of a group and those that follow it."""
        _, value, either_case, rest = items
        return self.linked(value[3], either_case or bool(value[1] & re.IGNORECASE), rest)

    def best(self, items: Items, last: Items = NO_ITEMS) -> list[Weighed]:
        """For each style, the need of the items before `last` that its texts meet least."""
        found = [NOTHING] * len(STYLES)
        passed = 0  # literals that the need before them covers
        while items is not NO_ITEMS and items is not last:
            kind, value, either_case, rest = items
            passed = (passed + 1) % LONGEST if kind is kinds.LITERAL else 0
            if passed < 2:
                found = _least(found, self.need(items))
            if kind is kinds.SUBPATTERN:
                items = self.inside(items)
            elif kind in REPEATS and value[0]:
                items = self.linked(value[2], either_case, rest)  # the last time
            elif kind is kinds.ASSERT and value[0] < 0:
                items = self.linked(value[1], either_case, rest)
            else:
                if kind is kinds.ASSERT:
                    found = _least(found, self.best(self.linked(value[1], either_case, NO_ITEMS)))
                elif kind is kinds.BRANCH:
                    ways = [self.best(self.linked(part, either_case, rest), rest) for part in value[1]]
                    found = _least(found, [_any(style) for style in zip(*ways, strict=True)])
                items = rest
        return found

    def need(self, items: Items) -> list[Weighed]:
        """How a match of these items begins, in as many characters as make not too many runs; for each style."""
        key = id(items)
        if key not in self.found:
            self.found[key] = self._need(items)
        return self.found[key]

    def _need(self, items: Items) -> list[Weighed]:
        for size in range(LONGEST, 0, -1):
            found = self.beginnings(items, size, False)
            if found is not None:
                if not all(map(self.asks, found)):
                    break
                return [(sum(shares), found) for shares in zip(*map(self.tests.shares, found), strict=True)]
        return [NOTHING] * len(STYLES)

    def asks(self, run: Run) -> bool:
        """Whether a run holds more than spaces and marks."""
        return any(isinstance(one, int) and one != self.tests.space for one in run)

    def beginnings(self, items: Items, size: int, begun: bool) -> set[Run] | None:
        """The first tests, `size` or fewer, of what matches the items, with marks; None if they are too many.

        They end where any character may follow, and at a space unless they have not `begun`.
        """
        if items is NO_ITEMS:
            return {()}
        if not size:
            return {self.mark(items) or ()}
        key = (id(items), size, begun)
        if key not in self.known:
            self.known[key] = self._beginnings(items, size, begun)
        return self.known[key]

    def _beginnings(self, items: Items, size: int, begun: bool) -> set[Run] | None:
        kind, value, either_case, rest = items
        if kind in CHARACTER:
            return self._tested(self.tests.place(kind, value, either_case), rest, size, begun)
        if kind is kinds.SUBPATTERN:
            return self.beginnings(self.inside(items), size, begun)
        if kind is kinds.BRANCH:
            return self._together([self.linked(part, either_case, rest) for part in value[1]], size, begun)
        if kind in REPEATS:
            ways = [] if value[0] else [rest]
            if value[1]:
                ways.append(self.linked(value[2], either_case, self._again(items, size)))
            return self._together(ways, size, begun)
        mark = self.mark(items)
        if mark is not None:
            after = self.beginnings(rest, size, begun)
            return after and {mark + run for run in after}
        if kind is kinds.ASSERT:
            last = value[0] > 0 and not _wide(rest)
            return self.beginnings(self.linked(value[1], either_case, NO_ITEMS) if last else rest, size, begun)
        return {()}

    def _again(self, items: Items, size: int) -> Items:
        """A repeated part after its first time."""
        kind, (least, most, part), either_case, rest = items
        if most == 1:
            return rest
        key = (id(part), max(0, least - 1), min(most, size + 1) - 1, either_case, id(rest))
        if key not in self.links:
            self.links[key] = (kind, (*key[1:3], part), either_case, rest)
        return self.links[key]

    def _together(self, ways: list[Items], size: int, begun: bool) -> set[Run] | None:
        found: set[Run] = set()
        for way in ways:
            part = self.beginnings(way, size, begun)
            if part is None or len(found) + len(part) > MANY:
                return None
            found |= part
        return found

    def _tested(self, test: int, rest: Items, size: int, begun: bool) -> set[Run] | None:
        """A test before what follows it."""
        found: set[Run] = set()
        if self.tests[test].holds(" "):
            after = {()} if begun else self.beginnings(rest, size - 1, False)
            if after is None:
                return None
            found = {(self.tests.space, *run) for run in after}
        if not self.tests[test].only_space:
            after = self.beginnings(rest, size - 1, True)
            if after is None:
                return None
            found |= {(test, *run) for run in after}
        return found

    def mark(self, items: Items) -> Run | None:
        """What is asked of a character beside the place of an assertion; None if the items begin with another kind."""
        kind, value, either_case, _ = items
        if kind is kinds.AT:
            if value is kinds.AT_BOUNDARY:
                return (EDGE,)
            return () if value is kinds.AT_NON_BOUNDARY else ((-1 if "BEGIN" in str(value) else 1, self.tests.end),)
        if kind is not kinds.ASSERT_NOT:
            return None
        direction, parsed = value
        ways = parsed[0][1][1] if len(parsed) == 1 and parsed[0][0] is kinds.BRANCH else [parsed]
        single = [way[0] for way in ways if len(way) == 1 and way[0][0] in (kinds.LITERAL, kinds.IN)]
        sets = [[one] if one[0] is kinds.LITERAL else one[1] for one in single]
        barred = [item for one in sets if one[0] != NEGATE for item in one]
        if not barred:
            return ()
        return ((direction, self.tests.place(kinds.IN, [NEGATE, *barred], either_case, beside=True)),)

    def cut(self, run: Run) -> Run:
        """A run with what its marks ask of the characters before and after it. Other marks are left out."""
        places = [place for place, one in enumerate(run) if isinstance(one, int)]
        inner = [run[place] for place in places]
        before = self._beside(run[: places[0]], inner[0], -1)
        after = self._beside(run[places[-1] + 1 :], inner[-1], 1)
        return (*before, *inner, *after)

    def _beside(self, marks: Run, test: int, direction: int) -> Run:
        if test == self.tests.space:  # what is beyond belongs to another word
            return ()
        for mark in marks:
            if mark[0] == direction:
                return mark[1:]
        inside = self.tests[test].is_part_of_word() if EDGE in marks else None
        return () if inside is None else (self.tests.apart if inside else self.tests.part_of_word,)


def _wide(items: Items) -> bool:
    """Whether any of the items matches characters."""
    while items is not NO_ITEMS:
        if items[0] not in ZERO_WIDTH:
            return True
        items = items[3]
    return False
