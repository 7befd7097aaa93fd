"""Roman numerals, which number chapters, kings and lists in every language that we read."""

import re
from functools import lru_cache

VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
# Up to 3999. Improper numerals (IIII, VX) do not match.
NUMERAL = re.compile(r"m{0,3}(cm|cd|d?c{0,3})(xc|xl|l?x{0,3})(ix|iv|v?i{0,3})", re.IGNORECASE)


@lru_cache(maxsize=4096)
def roman_value(numeral: str) -> int | None:
    """XIV or xiv: 14; None if it is not a proper Roman numeral."""
    if not numeral or not NUMERAL.fullmatch(numeral):
        return None
    values = [VALUES[letter] for letter in numeral.lower()]
    following = [*values[1:], 0]
    return sum(-value if value < after else value for value, after in zip(values, following, strict=True))
