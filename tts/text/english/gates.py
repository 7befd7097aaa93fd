"""What a text must hold before a rule can match it, found in the rule's pattern, so that most rules are passed over.

A need is a set of strings, at least one of which stands in every match. Texts are asked word by word, and what a word
holds is remembered. So a string ends at a space, and shows where words begin and end: `EDGE` stands between a letter,
digit or underscore and any other character.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache, reduce
from math import prod
from operator import or_

try:
    from re import _constants as kinds
    from re import _parser as parser
except ImportError:  # Python 3.10
    import sre_constants as kinds
    import sre_parse as parser

EDGE = "\b"
IF_AFTER, IF_BEFORE = "\x01", "\x02"  # an edge if a letter, digit or underscore stands before it, or after it
MARKS = f" {EDGE}{IF_AFTER}{IF_BEFORE}"
NEEDS = 3  # of a pattern
LONGEST = 4  # characters of a string
SHORT = 2  # characters of the strings that are looked for first
RARE = 3e-4  # of the places in a text; a need that is met there is enough
LARGEST = 700  # strings of a need
BRANCHES = 12  # of a pattern's part, for each of which a need is sought
WORD = 32  # characters; a longer word is asked in parts
REMEMBERED = 1 << 15  # words
UNSURE = re.compile(r"(?<!\w)\x01|\x02(?!\w)")
BOUNDARY, INNER_BOUNDARY, EDGES = re.compile(r"\b"), re.compile(r"(?<!\A)\b(?!\Z)"), re.compile("\x08+")
ZERO_WIDTH = (kinds.AT, kinds.ASSERT, kinds.ASSERT_NOT)
ANY_WORD = (kinds.CATEGORY, kinds.CATEGORY_WORD)
REPEATS = (kinds.MAX_REPEAT, kinds.MIN_REPEAT, getattr(kinds, "POSSESSIVE_REPEAT", None))
THIRD_CASES = {"i": "İı", "s": "ſ", "k": "\u212a"}
Need = frozenset[str]
Items = tuple  # kind and value of the first, whether its case is free, and the other items
END: Items = ()


class Gates:
    """Which of many patterns may match a text. Each has at most three needs; a number has a bit for each."""

    def __init__(self, patterns: list[re.Pattern[str]]):
        self.size = len(patterns)
        self.free = 0  # bits of needs that a pattern does not have
        self.bits: dict[str, int] = {}  # of each string: the needs that it meets
        for place, pattern in enumerate(patterns):
            found = needs(pattern)
            for third in range(NEEDS):
                bit = 1 << (place + third * self.size)
                if third >= len(found):
                    self.free |= bit
                for string in found[third] if third < len(found) else ():
                    self.bits[string] = self.bits.get(string, 0) | bit
        self._inside = lru_cache(maxsize=REMEMBERED)(lambda word: self._word(f" {word} "))
        self._last = lru_cache(maxsize=REMEMBERED)(lambda word: self._word(f" {word}"))

    def open(self, text: str) -> int:
        """A number with a bit for each pattern that may match, if the text's only white space is single spaces."""
        *words, last = text.split(" ")
        if len(text) > WORD and (len(last) > WORD or max(map(len, words), default=0) > WORD):
            *words, last = [part for word in (*words, last) for part in _parts(word)]
        met = reduce(or_, map(self._inside, words), self.free | self._last(last))
        return met & met >> self.size & met >> 2 * self.size & (1 << self.size) - 1

    def _word(self, word: str) -> int:
        word = BOUNDARY.sub(EDGE, word)
        held = {word[i : i + size] for size in range(1, LONGEST + 1) for i in range(len(word))}
        return reduce(or_, (self.bits[string] for string in held & self.bits.keys()), 0)


def _parts(word: str) -> Iterator[str]:
    """Parts of a word that together hold each of its strings."""
    return (word[start : start + WORD] for start in range(0, max(1, len(word) - LONGEST), WORD - LONGEST))


def needs(pattern: re.Pattern[str]) -> list[Need]:
    """Of each need, every match of the pattern holds a string. Those that texts meet least come first."""
    reader = _Reader()
    parsed = parser.parse(pattern.pattern, pattern.flags)
    items = reader.linked(parsed, bool(pattern.flags & re.IGNORECASE), END)
    found = set(reader.needs(items, SHORT))
    if all(reader.frequency(need) > RARE for need in found):
        found |= set(reader.needs(items, LONGEST))
    best = sorted(found, key=reader.frequency)[:NEEDS]
    return [frozenset(map(_cut, need)) for need in best]


class _Reader:
    """Finds the needs of one pattern. What was found is kept by the identity of its items."""

    def __init__(self):
        self.links: dict[tuple, Items] = {}
        self.known: dict[tuple, set[str] | None] = {}
        self.found: dict[tuple, Need | None] = {}
        self.frequencies: dict[Need, float] = {}

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

    def needs(self, items: Items, size: int) -> Iterator[Need]:
        """A need for each item: how it begins with what follows it, in `size` characters or fewer."""
        while items is not END:
            kind, value, either_case, rest = items
            if need := self.need(items, size):
                yield need
            if kind is kinds.SUBPATTERN:
                items = self.inside(items)
            elif kind in REPEATS and value[0]:
                items = self.linked(value[2], either_case, rest)  # the last time
            elif kind is kinds.ASSERT and value[0] < 0:
                items = self.linked(value[1], either_case, rest)
            else:
                if kind is kinds.ASSERT:
                    yield from self.needs(self.linked(value[1], either_case, END), size)
                elif kind is kinds.BRANCH and len(value[1]) <= BRANCHES:
                    ways = [self.linked(part, either_case, rest) for part in value[1]]
                    best = [min(self.needs(way, size), key=self.frequency, default=None) for way in ways]
                    if None not in best:
                        yield frozenset().union(*best)
                items = rest

    def need(self, items: Items, size: int) -> Need | None:
        """How a match of these items begins, in as many characters as make not too many strings."""
        key = (id(items), size)
        if key not in self.found:
            self.found[key] = self._need(items, size)
        return self.found[key]

    def frequency(self, need: Need) -> float:
        """About how often texts hold one of the strings."""
        if need not in self.frequencies:
            self.frequencies[need] = sum(prod(map(_share, string)) for string in need)
        return self.frequencies[need]

    def _need(self, items: Items, size: int) -> Need | None:
        for length in range(size, 0, -1):
            found = self.beginnings(items, length, False)
            if found is not None:
                return frozenset(found) if all(string.strip(MARKS) for string in found) else None
        return None

    def beginnings(self, items: Items, size: int, begun: bool) -> set[str] | None:
        """The first characters, `size` or fewer, of what matches the items; None if they are too many.

        They end where any character may follow, and at a space unless they have not `begun`.
        """
        if items is END or not size:
            return {items and _mark(*items[:2]) or ""}
        key = (id(items), size, begun)
        if key not in self.known:
            self.known[key] = self._beginnings(items, size, begun)
        return self.known[key]

    def _beginnings(self, items: Items, size: int, begun: bool) -> set[str] | None:
        kind, value, either_case, rest = items
        if kind in (kinds.LITERAL, kinds.IN):
            return self._spelt(_characters(kind, value, either_case), rest, size, begun)
        if kind is kinds.SUBPATTERN:
            return self.beginnings(self.inside(items), size, begun)
        if kind is kinds.BRANCH:
            return self._together([self.linked(part, either_case, rest) for part in value[1]], size, begun)
        if kind in REPEATS:
            ways = [] if value[0] else [rest]
            if value[1]:
                ways.append(self.linked(value[2], either_case, self._again(items, size)))
            return self._together(ways, size, begun)
        mark = _mark(kind, value)
        if mark is not None:
            after = self.beginnings(rest, size, begun)
            return after and {mark + string for string in after}
        if kind is kinds.ASSERT:
            last = value[0] > 0 and not _wide(rest)
            return self.beginnings(self.linked(value[1], either_case, END) if last else rest, size, begun)
        return {""}

    def _again(self, items: Items, size: int) -> Items:
        """A repeated part after its first time."""
        kind, (least, most, part), either_case, rest = items
        if most == 1:
            return rest
        key = (id(part), max(0, least - 1), min(most, size + 1) - 1, either_case, id(rest))
        if key not in self.links:
            self.links[key] = (kind, (*key[1:3], part), either_case, rest)
        return self.links[key]

    def _together(self, ways: list[Items], size: int, begun: bool) -> set[str] | None:
        found: set[str] = set()
        for way in ways:
            part = self.beginnings(way, size, begun)
            if part is None or len(found) + len(part) > LARGEST:
                return None
            found |= part
        return found

    def _spelt(self, characters: set[str], rest: Items, size: int, begun: bool) -> set[str] | None:
        """Each of the characters before what follows it."""
        if not characters:
            return {""}
        found = set()
        if " " in characters:
            after = {""} if begun else self.beginnings(rest, size - 1, False)
            if after is None:
                return None
            found = {f" {string}" for string in after}
        if others := characters - {" "}:
            after = self.beginnings(rest, size - 1, True)
            if after is None or len(after) * len(others) > LARGEST:
                return None
            found |= {character + string for character in others for string in after}
        return found


def _wide(items: Items) -> bool:
    """Whether any of the items matches characters."""
    while items is not END:
        if items[0] not in ZERO_WIDTH:
            return True
        items = items[3]
    return False


def _cut(string: str) -> str:
    """A string with its edges, not longer than what is looked for."""
    string = UNSURE.sub("", string).replace(IF_AFTER, EDGE).replace(IF_BEFORE, EDGE)
    return EDGES.sub(EDGE, INNER_BOUNDARY.sub(EDGE, string))[:LONGEST]


def _mark(kind, value) -> str | None:
    """What an assertion says of the place where it stands; None if it is another kind of item."""
    if kind is kinds.AT:
        if value is kinds.AT_BOUNDARY:
            return EDGE
        return {kinds.AT_END: IF_AFTER, kinds.AT_END_STRING: IF_AFTER}.get(
            value, IF_BEFORE if "BEGIN" in str(value) else ""
        )
    if kind is kinds.ASSERT_NOT:
        direction, parsed = value
        ways = parsed[0][1][1] if len(parsed) == 1 and parsed[0][0] is kinds.BRANCH else [parsed]
        no_word = any(len(way) == 1 and way[0][0] is kinds.IN and ANY_WORD in way[0][1] for way in ways)
        return (IF_AFTER if direction > 0 else IF_BEFORE) if no_word else ""
    return None


def _characters(kind, value, either_case: bool) -> set[str]:
    """The characters of a literal or a set; none if they are too many or not known."""
    found: set[str] = set()
    for one, inner in [(kind, value)] if kind is kinds.LITERAL else value:
        if one is kinds.LITERAL:
            found.add(chr(inner))
        elif one is kinds.RANGE and inner[1] - inner[0] <= LARGEST:
            found |= {chr(code) for code in range(inner[0], inner[1] + 1)}
        elif (one, inner) == (kinds.CATEGORY, kinds.CATEGORY_SPACE):
            found.add(" ")
        else:
            return set()
    if not either_case:
        return found
    if not all(character.isascii() for character in found):
        return set()
    return {case for one in found for case in (one.lower(), one.upper(), *THIRD_CASES.get(one.lower(), ""))}


@cache
def _share(character: str) -> float:
    if character in MARKS:
        return 0.4
    if character.isalpha():
        return 0.06 if character.islower() else 0.004
    return 0.01 if character in ".,\"'-" else 2e-5
