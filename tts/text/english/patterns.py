"""What the rules share. A rule is a pattern and a function from its match to words; rules apply in order.

Patterns begin with a look-behind and repeat a bounded number of times, so any text takes linear time.
"""

import re
from collections.abc import Callable

from tts.text.english.numbers import cardinal, decimal

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]

NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,5}|[0-9]{1,20})(?:\.[0-9]{1,20})?"
ALONE = r"(?<![\w.,])"  # no part of a number or word stands directly before
AFTER = r"(?![\w])"


def rule(pattern: str, say: Callable[[re.Match[str]], str], flags: int = 0) -> Rule:
    return re.compile(pattern, flags), say


def words_of(listed: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(listed.split())


def any_of(words) -> str:
    """A pattern for any of these, longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def number(text: str) -> str:
    """A number with thousands separators, decimals or the dots of a version."""
    text = text.replace(",", "")
    return decimal(text) if "." in text else cardinal(text)


def one(text: str) -> bool:
    return text in ("1", "1.0")
