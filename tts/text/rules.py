"""What the rules of all languages share: a rule, and lists of words for patterns.

Patterns begin with a look-behind and repeat a bounded number of times, so any text takes linear time.
"""

import re
from collections.abc import Callable, Iterable
from functools import cached_property

NEAR = 90  # characters around a match that are looked at


class Rule:
    """A pattern, and what is said in place of its match. Most are never asked, so it is compiled when it first is."""

    def __init__(self, pattern: str, say: Callable[[re.Match[str]], str], flags: int = 0):
        self.pattern, self.say, self.flags = pattern, say, flags

    def __call__(self, text: str) -> str:
        return self.compiled.sub(self.say, text)

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern, self.flags)


def before(match: re.Match[str]) -> str:
    """The text that stands near before a match."""
    return match.string[max(0, match.start() - NEAR) : match.start()]


def after(match: re.Match[str]) -> str:
    """The text that stands near after a match."""
    return match.string[match.end() : match.end() + NEAR]


def words_of(listed: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(listed.split())


def any_of(words: Iterable[str]) -> str:
    """A pattern for any of these, longest first; the same one in every process, though sets have no order."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))
