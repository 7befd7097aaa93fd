"""Numbers in words. Each function takes digits as written and returns what a reader says."""

import re
from functools import lru_cache

LONGEST = 15  # digits; a longer number is read digit by digit
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
THOUSANDS = ("", " thousand", " million", " billion", " trillion")
COUNTING = frozenset(
    (*DIGITS, *TEENS, *TENS[2:], "hundred", *(word.strip() for word in THOUSANDS[1:]), "point", "minus")
)
ORDINALS = {
    **{"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"},
    **{"twelve": "twelfth"},
}
FRACTIONS = {2: ("half", "halves"), 4: ("quarter", "quarters")}
ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
# Up to 3999. Improper numerals (IIII, VX) do not match.
ROMAN_NUMERAL = re.compile(r"m{0,3}(cm|cd|d?c{0,3})(xc|xl|l?x{0,3})(ix|iv|v?i{0,3})", re.IGNORECASE)


@lru_cache(maxsize=4096)
def cardinal(digits: str) -> str:
    """1,234: one thousand two hundred thirty-four. Numbers such as 007 and very long ones are read digit by digit."""
    digits = digits.replace(",", "")
    if len(digits) > LONGEST or (len(digits) > 1 and digits[0] == "0"):
        return spelled(digits)
    if int(digits) == 0:
        return "zero"
    groups = [digits[max(0, end - 3) : end] for end in range(len(digits), 0, -3)]
    words = [_below_thousand(int(group)) + THOUSANDS[i] for i, group in enumerate(groups) if int(group)]
    return " ".join(reversed(words))


def _below_thousand(value: int) -> str:
    hundreds, rest = divmod(value, 100)
    words = [DIGITS[hundreds], "hundred"] if hundreds else []
    if rest >= 20:
        words.append(TENS[rest // 10] + (f"-{DIGITS[rest % 10]}" if rest % 10 else ""))
    elif rest >= 10:
        words.append(TEENS[rest - 10])
    elif rest:
        words.append(DIGITS[rest])
    return " ".join(words)


def spelled(digits: str) -> str:
    """020: zero two zero. Other characters are skipped."""
    return " ".join(DIGITS[int(digit)] for digit in digits if "0" <= digit <= "9")


def ordinal(digits: str) -> str:
    """21: twenty-first."""
    words = cardinal(digits.replace(",", "").lstrip("0") or "0")
    start, last = re.fullmatch(r"(.*?)(\w+)", words).groups()
    return start + (ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th"))


def decimal(number: str) -> str:
    """3.14: three point one four; 1.2.3: one point two point three; .5: point five."""
    whole, _, rest = number.partition(".")
    parts = [cardinal(whole)] if whole else []
    for part in rest.split(".") if rest else ():
        several = "." in rest and not part.startswith("0")
        parts += ["point", cardinal(part) if several else spelled(part)]
    return " ".join(parts)


def year(digits: str) -> str:
    """1984: nineteen eighty-four; 1905: nineteen oh five; 1900: nineteen hundred; 2005: two thousand five."""
    if len(digits) != 4 or digits[1:3] == "00" or digits[0] == "0":
        return cardinal(digits)
    century, rest = cardinal(digits[:2]), digits[2:]
    return f"{century} hundred" if rest == "00" else f"{century} {two_digits(rest)}"


def two_digits(digits: str) -> str:
    """The end of a year or of a time: 05: oh five; 45: forty-five."""
    return f"oh {cardinal(digits[1])}" if digits[0] == "0" else cardinal(digits)


def decade(digits: str) -> str:
    """1980: nineteen eighties; 1900: nineteen hundreds; 80: eighties."""
    words = year(digits) if len(digits) == 4 else cardinal(digits)
    return words[:-1] + "ies" if words.endswith("y") else words + ("es" if words.endswith("x") else "s")


@lru_cache(maxsize=4096)
def fraction(numerator: str, denominator: str) -> str:
    """3/4: three quarters; 5/16: five sixteenths; 3/2000: three over two thousand."""
    a, b = numerator.lstrip("0") or "0", denominator.lstrip("0") or "0"
    if len(a) > 2 or len(b) > 3 or int(b) < 2 or int(a) < 1:
        return f"{cardinal(numerator)} over {cardinal(denominator)}"
    one, many = FRACTIONS.get(int(b), (ordinal(b), ordinal(b) + "s"))
    return f"{cardinal(a)} {one if int(a) == 1 else many}"


def roman(numeral: str) -> str | None:
    """XIV: "14"; None if it is not a proper Roman numeral."""
    if not numeral or not ROMAN_NUMERAL.fullmatch(numeral):
        return None
    values = [ROMAN[letter] for letter in numeral.lower()]
    following = [*values[1:], 0]
    return str(sum(-value if value < after else value for value, after in zip(values, following, strict=True)))
