"""What a text must hold before a rule can match it, found in the rule's pattern, so that most rules are passed over.

A need is a set of strings of one or two characters, at least one of which stands in every match.
"""

import re
from collections.abc import Iterator
from operator import add
from typing import NamedTuple

try:
    from re import _constants as kinds
    from re import _parser as parser
except ImportError:  # Python 3.10
    import sre_constants as kinds
    import sre_parse as parser

LARGEST = 700  # strings of a need that is worth asking for: two capitals are 676
REPEATS = (kinds.MAX_REPEAT, kinds.MIN_REPEAT, getattr(kinds, "POSSESSIVE_REPEAT", None))
Need = frozenset[str]


class Gates:
    """The needs of many patterns as bits of a number."""

    def __init__(self, patterns: list[re.Pattern[str]]):
        every = [needs(pattern) for pattern in patterns]
        number = {need: index for index, need in enumerate({need for found in every for need in found})}
        self.needed = [sum(1 << number[need] for need in found) for found in every]  # of each pattern
        self.runs = list(_runs(self.needed))  # patterns one after another, first and end, and the needs that all have
        self.bits: dict[str, int] = {}  # of each string: the needs that it meets
        for need, index in number.items():
            for string in need:
                self.bits[string] = self.bits.get(string, 0) | 1 << index

    def held(self, text: str) -> int:
        """The needs that a text meets. A pattern whose needs are not all among them does not match."""
        found = 0
        for string in {*text, *map(add, text, text[1:])} & self.bits.keys():
            found |= self.bits[string]
        return found


def _runs(needed: list[int]) -> Iterator[tuple[int, int, int]]:
    first, common = 0, -1
    for place, own in enumerate([*needed, 0]):
        if place == len(needed) or (place > first and not common & own):
            yield first, place, common
            first, common = place, -1
        common &= own


class _Part(NamedTuple):
    """A part of a pattern: what it needs, and the characters that it may begin and end with; None: any, or nothing."""

    needs: frozenset[Need]
    first: Need | None
    last: Need | None


def needs(pattern: re.Pattern[str]) -> frozenset[Need]:
    """Every match of the pattern holds a string of each need."""
    return _sequence(parser.parse(pattern.pattern, pattern.flags), bool(pattern.flags & re.IGNORECASE)).needs


def _sequence(items, either_case: bool) -> _Part:
    found: set[Need] = set()
    parts = []  # that have a width; those around the others touch
    for kind, value in items:
        if kind is kinds.ASSERT:  # what must stand before or after the match stands in the text, too
            found |= _sequence(value[1], either_case).needs
        elif kind not in (kinds.AT, kinds.ASSERT_NOT):
            parts.append(_part(kind, value, either_case))
            found |= parts[-1].needs
    for one, other in zip(parts, parts[1:], strict=False):
        found |= _pair(one.last, other.first)
    return _Part(frozenset(found), parts[0].first if parts else None, parts[-1].last if parts else None)


def _part(kind, value, either_case: bool) -> _Part:
    """One item of a pattern."""
    if kind is kinds.LITERAL:
        return _characters({chr(value)}, either_case)
    if kind is kinds.IN:
        return _characters(_members(value), either_case)
    if kind is kinds.SUBPATTERN:
        return _sequence(value[3], either_case or bool(value[1] & re.IGNORECASE))
    if kind is kinds.BRANCH:
        return _branch([_sequence(branch, either_case) for branch in value[1]])
    if kind in REPEATS and value[0] > 0:
        inner = _sequence(value[2], either_case)
        return inner._replace(needs=inner.needs | (_pair(inner.last, inner.first) if value[0] > 1 else frozenset()))
    return _Part(frozenset(), None, None)


def _characters(found: set[str], either_case: bool) -> _Part:
    if either_case:
        plain = all(one.isascii() for one in found) and not found & set("iksIKS")  # i, k and s have third cases
        found = {case for one in found for case in (one.lower(), one.upper())} if plain else set()
    if not found:
        return _Part(frozenset(), None, None)
    return _Part(frozenset({frozenset(found)}), frozenset(found), frozenset(found))


def _members(items) -> set[str]:
    """The characters of a set; none if they are too many or not known."""
    found: set[str] = set()
    for kind, value in items:
        if kind is kinds.LITERAL:
            found.add(chr(value))
        elif kind is kinds.RANGE and value[1] - value[0] <= LARGEST:
            found |= {chr(code) for code in range(value[0], value[1] + 1)}
        else:
            return set()
    return found


def _pair(last: Need | None, first: Need | None) -> frozenset[Need]:
    """Two parts that touch need two characters that do."""
    if last is None or first is None or len(last) * len(first) > LARGEST:
        return frozenset()
    return frozenset({frozenset(a + b for a in last for b in first)})


def _branch(branches: list[_Part]) -> _Part:
    """One of them must match: the strictest need of each, together."""
    first = None if any(part.first is None for part in branches) else frozenset().union(*(p.first for p in branches))
    last = None if any(part.last is None for part in branches) else frozenset().union(*(p.last for p in branches))
    if not all(part.needs for part in branches):
        return _Part(frozenset(), first, last)
    strictest = [min(part.needs, key=lambda need: (-min(map(len, need)), len(need))) for part in branches]
    together = frozenset().union(*strictest)
    return _Part(frozenset({together}) if len(together) <= LARGEST else frozenset(), first, last)
