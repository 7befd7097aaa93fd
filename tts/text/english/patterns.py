"""What the rules share. They apply in order.

Patterns begin with a look-behind and repeat a bounded number of times, so any text takes linear time.
"""

import re
from collections.abc import Callable
from functools import cached_property

from tts.text.english.numbers import cardinal, decimal

NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,5}|[0-9]{1,20})(?:\.[0-9]{1,20})?"
ALONE = r"(?<![\w.,])"  # no part of a number or word stands directly before
AFTER = r"(?![\w])"
DASH = r"\s?[-–—]\s?"  # between the ends of a range


class Rule:
    """A pattern, and what is said in place of its match. Most are never asked, so it is compiled when it first is."""

    def __init__(self, pattern: str, say: Callable[[re.Match[str]], str], flags: int = 0):
        self.pattern, self.say, self.flags = pattern, say, flags

    def __call__(self, text: str) -> str:
        return self.compiled.sub(self.say, text)

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern, self.flags)


def words_of(listed: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(listed.split())


def any_of(words) -> str:
    """A pattern for any of these, longest first; the same one in every process, though sets have no order."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


def number(text: str) -> str:
    """A number with thousands separators, decimals or the dots of a version."""
    return decimal(text) if "." in text else cardinal(text)


# Words that are no noun. After a number they tell that it counts nothing.
FUNCTION_WORDS = words_of(
    "a about above after again against all along also although am among an and are around as at away back be because "
    "been before being below between both but by came can could did do does down during each either else ever every "
    "fell for from gave get given go goes got had has have he her here hers him his how i if in into is it its just "
    "lay less lost made may me might more most must my near never no nor not now of off on once only onto or our out "
    "over own paid per please put she should since so spent still such than that the their them then there these they "
    "this those though through till to together too toward under until up upon us was we went were what when where "
    "whether which while who whom whose why will with within without won worth would yet you your"
)


def one(text: str) -> bool:
    return text in ("1", "1.0")
