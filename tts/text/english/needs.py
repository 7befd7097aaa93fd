"""What a text must hold before a rule can match it, found in the rule's pattern. `gates.py` says what is made of it.

After a change of the rules, `python -m tts.text.english.needs` writes `gates.json` again.
"""

import re
from collections.abc import Iterable
from functools import reduce
from math import inf, prod
from operator import and_, itemgetter

from tts.text.english.gates import ASCII, FILE, Needs, Test, key, kind_of
from tts.text.rules import Rule

try:
    from re import _constants as kinds
    from re import _parser as parser
except ImportError:  # Python 3.10
    import sre_constants as kinds
    import sre_parse as parser

LONGEST = 4  # characters of a run; what may stand beside them is asked too
MANY = 16  # runs that begin at one place of a pattern
MOST = 600  # runs of a need
EXAMPLES = {"digit": "٣", "space": "\u2003", "letter": "ж", "sign": "⟐"}  # of kinds of characters that no test lists
# What else may differ from others of its kind: controls, and letters that are ASCII's in another case.
UNUSUAL = [*map(chr, range(32)), "\x7f", *re.findall("(?i)[a-z]", "".join(map(chr, range(128, 0x10000))))]
NAMES = 0xE100  # the first of the private code points that name tests
# What stands in these is frequent in texts of their style, of prose and of figures.
SAMPLES = (
    """The old man had been at the window since two in the morning, and I do not think that he saw any of us when we
came up the hill with our lamps. "Is it far?" asked Mary, who was tired; for she had walked a long way by herself.
"It's a mile or so," said her brother. "You can see the lights of the town from here, if you look well." Then they all
went on in silence -- the dog as well -- until one of the younger boys, whose father kept the inn, began to laugh.
What was there to fear? No one lived in that house now: the rooms were dark, the garden a half-wild place full of
weeds, and in winter people said they heard music. I'll tell you what is next to it. A few steps down the path there's
a small gate, the same through which my great-aunt, Mrs. Brown, ran away in her red shoes! She has never told me about
this; but each time that she may be asked, she will turn her head and say nothing more than: "Go home, child." That
night, As if in answer to his question, I put both hands under the old box, which no longer had its key, and made it
open. So much for Uncle George's gold. They'd left us only some letters, six of them, tied up in blue ribbon; every
one began, "Dear Kate, I am as you left me," and no more.""",
    """On 5 May 2019 at 10:30 a.m., 1,250 of the 3.5 million users (about 40%) paid $12.99 or EUR 5 per month; see p.
12, Fig. 3b, and No. 7 of Vol. II. It is 5 ft 11 in tall, 20 km/h fast, and weighs 3-4 kg at 25 C. Call 555-0123
before 12/25/2024, or write to info@example.com. In 1914-18 the B-52 and the F16 ... x = 2y + 3, a/b, H2O, U.S. GDP
grew by 0.5 % in Q3 to 1.2bn; the 1st, 2nd and 21st of 100 runs took 3h 20m; 2 x 4 = 8. Version 2.0.1 of file_name.py,
Jan. 6, Rev. 1:3.""",
)
STYLES = [f" {' '.join(sample.split())} " for sample in SAMPLES]
SELDOM = 0.1  # of what a run is taken for from its characters alone, if it does not stand there
ZERO_WIDTH = (kinds.AT, kinds.ASSERT, kinds.ASSERT_NOT)
REPEATS = (kinds.MAX_REPEAT, kinds.MIN_REPEAT, getattr(kinds, "POSSESSIVE_REPEAT", None))
CHARACTER = (kinds.LITERAL, kinds.NOT_LITERAL, kinds.IN, kinds.ANY)
NEGATE = (kinds.NEGATE, None)
CATEGORIES = {
    **{kinds.CATEGORY_DIGIT: r"\d", kinds.CATEGORY_SPACE: r"\s", kinds.CATEGORY_WORD: r"\w"},
    **{kinds.CATEGORY_NOT_DIGIT: r"\D", kinds.CATEGORY_NOT_SPACE: r"\S", kinds.CATEGORY_NOT_WORD: r"\W"},
}
Run = tuple  # names of tests, and marks: pairs of a direction and the test of what stands there
Need = set[Run]
Weighed = tuple[float, Need | None]  # about how often a text of some style meets a need
NOTHING: Weighed = (inf, None)
Items = tuple  # kind and value of the first, whether its case is free, and the other items
NO_ITEMS: Items = ()
SPACE = " "
EDGE = (0, SPACE)  # a mark of a run: the edge of a word, which stands about as often as a space


def needs_of(rules: Iterable[Rule]) -> Needs:
    """What each of the rules needs."""
    tests = _Tests()
    found = {key(rule): [sorted(need) for need in _needs(rule, tests)] for rule in rules}
    used = {name for needs in found.values() for need in needs for run in need for name in run}
    listed = {one for name in used for one in tests[name].pattern}
    listed |= {case for one in listed for case in (*one.lower(), *one.upper())} | set(UNUSUAL)
    others = sorted(listed.difference(ASCII))
    return Needs({name: tests[name].kept(others) for name in sorted(used & tests.classes)}, found)


class _Test:
    """What may be one character of a match."""

    def __init__(self, items: tuple, either_case: bool):
        """`items` of a set of characters, as Python's parser of patterns gives them."""
        self.pattern = f"{'(?i)' if either_case else ''}[{''.join(map(_shown, items))}]"
        self.compiled = re.compile(self.pattern)
        self.ascii = "".join(self.compiled.findall(ASCII))
        self.only_space = self.ascii.isspace() and self.pattern.isascii()
        # For each style, a number with a bit for each place of its text, and the share of these that match.
        self.places = [sum(1 << match.start() for match in self.compiled.finditer(style)) for style in STYLES]
        self.shares = [(at.bit_count() + 0.1) / len(style) for at, style in zip(self.places, STYLES, strict=True)]
        listed = not any(kind in (kinds.NEGATE, kinds.CATEGORY) for kind, _ in items)
        beyond = [one for one in self.pattern if not one.isascii()] if listed else EXAMPLES.values()
        found = {re.match(r"\w", one) is not None for one in (*self.ascii, *beyond)}
        self.part_of_word = found.pop() if len(found) == 1 else None  # None if it may be or not

    def holds(self, character: str) -> bool:
        return self.compiled.match(character) is not None

    def kept(self, others: Iterable[str]) -> Test:
        """As it is kept; `others` are the characters beyond `ASCII` that any test lists."""
        of_kinds = [kind for kind, example in EXAMPLES.items() if self.holds(example)]
        exceptions = [one for one in others if self.holds(one) is not (kind_of(one) in of_kinds)]
        return Test(self.ascii, of_kinds, "".join(exceptions))


def _shown(item: tuple) -> str:
    """A part of a set of characters as it is written. Those beyond ASCII are listed one by one."""
    kind, value = item
    if kind is kinds.NEGATE:
        return "^"
    if kind is kinds.CATEGORY:
        return CATEGORIES[value]
    first, last = (value, value) if kind is kinds.LITERAL else value
    if first < last < 128:
        return f"{re.escape(chr(first))}-{re.escape(chr(last))}"
    return "".join(re.escape(chr(code)) for code in range(first, last + 1))


class _Tests(dict[str, _Test]):
    """The tests of all patterns, by name. A single character is the name of its own test."""

    def __init__(self):
        super().__init__()
        self.classes: set[str] = set()  # names of the other tests
        self.names: dict[tuple, str] = {}
        self.name(kinds.LITERAL, ord(SPACE))
        self.part_of_word = self.name(kinds.IN, [(kinds.CATEGORY, kinds.CATEGORY_WORD)])
        self.apart = self.name(kinds.IN, [NEGATE, (kinds.CATEGORY, kinds.CATEGORY_WORD)])

    def name(self, kind, value, either_case: bool = False) -> str:
        if kind is kinds.IN:
            items = tuple(value)
        elif kind is kinds.ANY:
            items = (NEGATE, (kinds.LITERAL, ord("\n")))
        else:
            items = (*([NEGATE] if kind is kinds.NOT_LITERAL else []), (kinds.LITERAL, value))
        found = (items, either_case)
        if found not in self.names:
            single = kind is kinds.LITERAL and not (either_case and chr(value).isalpha())
            name = self.names[found] = chr(value if single else NAMES + len(self.classes))
            if not single:
                self.classes.add(name)
            self[name] = _Test(*found)
        return self.names[found]

    def shares(self, run: Run) -> list[float]:
        """About how often a run stands in texts of each style."""
        tests = [self[one if isinstance(one, str) else one[1]] for one in run]
        return [
            reduce(and_, (test.places[number] >> place for place, test in enumerate(tests))).bit_count() / len(style)
            + SELDOM * prod(test.shares[number] for test in tests)
            for number, style in enumerate(STYLES)
        ]


def _needs(rule: Rule, tests: _Tests) -> list[frozenset[str]]:
    """For each style of text, what every match of a rule holds and such texts hold least."""
    reader = _Reader(tests)
    flags = rule.compiled.flags
    items = reader.linked(parser.parse(rule.pattern, flags), bool(flags & re.IGNORECASE), NO_ITEMS)
    best = {id(need): need for _, need in reader.best(items) if need}
    return [*dict.fromkeys(_briefest(set(map(reader.cut, need))) for need in best.values())]


def _briefest(need: set[str]) -> frozenset[str]:
    """A need without the runs that hold another one."""

    def longer(run: str) -> bool:
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

    def __init__(self, tests: _Tests):
        self.tests = tests
        self.links: dict[tuple, Items] = {}
        self.known: dict[tuple, set[Run] | None] = {}
        self.found: dict[int, list[Weighed]] = {}

    def linked(self, parsed, either_case: bool, rest: Items) -> Items:
        """The items of a part of the pattern and those that follow it."""
        link = (id(parsed), either_case, id(rest))
        if link not in self.links:
            first = rest
            for kind, value in reversed(list(parsed)):
                first = (kind, value, either_case, first)
            self.links[link] = first
        return self.links[link]

    def inside(self, items: Items) -> Items:
        """The items of a group and those that follow it."""
        _, value, either_case, rest = items
        return self.linked(value[3], either_case or bool(value[1] & re.IGNORECASE), rest)

    def after(self, before: tuple[Items, ...], items: Items) -> Items:
        """The items after some others that stand directly before them."""
        for one in reversed(before):
            link = (id(one), id(items))
            if link not in self.links:
                self.links[link] = (*one[:3], items)
            items = self.links[link]
        return items

    def best(self, items: Items, last: Items = NO_ITEMS) -> list[Weighed]:
        """For each style, the need of the items before `last` that its texts meet least."""
        found = [NOTHING] * len(STYLES)
        passed = 0  # literals that the need before them covers
        before: tuple[Items, ...] = ()  # a character and marks, or marks alone, that stand directly before
        while items is not NO_ITEMS and items is not last:
            asked = items
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
                    ways = [self.linked(part, either_case, rest) for part in value[1]]
                    ways = [self.best(self.after(before, way), rest) for way in ways]
                    found = _least(found, [_any(style) for style in zip(*ways, strict=True)])
                items = rest
            if kind in CHARACTER:
                before = (asked,)
            elif kind in (kinds.AT, kinds.ASSERT_NOT):
                before += (asked,)
            elif kind is not kinds.SUBPATTERN:
                before = ()
        return found

    def need(self, items: Items) -> list[Weighed]:
        """How a match of these items begins, in as many characters as make not too many runs; for each style."""
        if id(items) not in self.found:
            self.found[id(items)] = self._need(items)
        return self.found[id(items)]

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
        return any(isinstance(one, str) and one != SPACE for one in run)

    def beginnings(self, items: Items, size: int, begun: bool) -> set[Run] | None:
        """The first tests, `size` or fewer, of what matches the items, with marks; None if they are too many.

        They end where any character may follow, and at a space unless they have not `begun`.
        """
        if items is NO_ITEMS:
            return {()}
        if not size:
            return {self.mark(items) or ()}
        asked = (id(items), size, begun)
        if asked not in self.known:
            self.known[asked] = self._beginnings(items, size, begun)
        return self.known[asked]

    def _beginnings(self, items: Items, size: int, begun: bool) -> set[Run] | None:
        kind, value, either_case, rest = items
        if kind in CHARACTER:
            return self._tested(self.tests.name(kind, value, either_case), rest, size, begun)
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
        least, most = max(0, least - 1), min(most, size + 1) - 1
        link = (id(part), least, most, either_case, id(rest))
        if link not in self.links:
            self.links[link] = (kind, (least, most, part), either_case, rest)
        return self.links[link]

    def _together(self, ways: list[Items], size: int, begun: bool) -> set[Run] | None:
        found: set[Run] = set()
        for way in ways:
            part = self.beginnings(way, size, begun)
            if part is None or len(found) + len(part) > MANY:
                return None
            found |= part
        return found

    def _tested(self, test: str, rest: Items, size: int, begun: bool) -> set[Run] | None:
        """A test before what follows it."""
        found: set[Run] = set()
        if self.tests[test].holds(SPACE):
            after = {()} if begun else self.beginnings(rest, size - 1, False)
            if after is None:
                return None
            found = {(SPACE, *run) for run in after}
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
            return () if value is kinds.AT_NON_BOUNDARY else ((-1 if "BEGIN" in str(value) else 1, SPACE),)
        if kind is not kinds.ASSERT_NOT:
            return None
        direction, parsed = value
        ways = parsed[0][1][1] if len(parsed) == 1 and parsed[0][0] is kinds.BRANCH else [parsed]
        single = [way[0] for way in ways if len(way) == 1 and way[0][0] in (kinds.LITERAL, kinds.IN)]
        sets = [[one] if one[0] is kinds.LITERAL else one[1] for one in single]
        barred = [item for one in sets if one[0] != NEGATE for item in one]
        if not barred:
            return ()
        beside = self.tests.name(kinds.IN, [NEGATE, *barred], either_case)
        return ((direction, beside),) if self.tests[beside].holds(SPACE) else ()  # else only the text may end there

    def cut(self, run: Run) -> str:
        """A run with what its marks ask of the characters before and after it. Other marks are left out."""
        places = [place for place, one in enumerate(run) if isinstance(one, str)]
        inner = [run[place] for place in places]
        before = self._beside(run[: places[0]], inner[0], -1)
        after = self._beside(run[places[-1] + 1 :], inner[-1], 1)
        return "".join((*before, *inner, *after))

    def _beside(self, marks: Run, test: str, direction: int) -> Run:
        if test == SPACE:  # what is beyond belongs to another word
            return ()
        for mark in marks:
            if mark[0] == direction:
                return mark[1:]
        inside = self.tests[test].part_of_word if EDGE in marks else None
        return () if inside is None else (self.tests.apart if inside else self.tests.part_of_word,)


def _wide(items: Items) -> bool:
    """Whether any of the items matches characters."""
    while items is not NO_ITEMS:
        if items[0] not in ZERO_WIDTH:
            return True
        items = items[3]
    return False


if __name__ == "__main__":
    from tts.text.english.normaliser import RULES

    needs_of(RULES).write(FILE)
