"""Numbers in words. Each function takes digits as written and returns what a reader says."""

import re
from functools import lru_cache

from tts.text.roman import roman_value

LONGEST = 15  # digits; a longer number without separators is read digit by digit
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
THOUSANDS = (
    *("", " thousand", " million", " billion", " trillion", " quadrillion", " quintillion", " sextillion"),
    *(" septillion", " octillion", " nonillion", " decillion"),
)
COUNTING = frozenset(
    (*DIGITS, *TEENS, *TENS[2:], "hundred", *(word.strip() for word in THOUSANDS[1:]), "point", "minus")
)
ORDINALS = {
    **{"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"},
    **{"twelve": "twelfth"},
}
FRACTIONS = {2: ("half", "halves"), 4: ("quarter", "quarters")}


@lru_cache(maxsize=4096)
def cardinal(digits: str) -> str:
    """1,234: one thousand two hundred thirty-four. Numbers such as 007 and very long ones are read digit by digit."""
    longest = 3 * len(THOUSANDS) if "," in digits else LONGEST
    digits = digits.replace(",", "")
    if len(digits) > longest or (len(digits) > 1 and digits[0] == "0"):
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


def spelled_in_groups(digits: str) -> str:
    """Digit by digit; ten digits with short stops, as a number of a telephone: 555 123 4567."""
    groups = [digits[:3], digits[3:6], digits[6:]] if len(digits) == 10 else [digits]
    return ", ".join(spelled(group) for group in groups)


@lru_cache(maxsize=4096)
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
    return cardinal(digits) if len(digits) != 4 or digits[1:3] == "00" or digits[0] == "0" else pairs(digits)


def pairs(digits: str) -> str:
    """747: seven forty-seven; 105: one oh five; 800: eight hundred. For three or four digits after no zero."""
    head, rest = cardinal(digits[:-2]), digits[-2:]
    return f"{head} hundred" if rest == "00" else f"{head} {two_digits(rest)}"


def two_digits(digits: str) -> str:
    """The end of a year or of a time: 05: oh five; 45: forty-five."""
    return f"oh {cardinal(digits[1])}" if digits[0] == "0" else cardinal(digits)


def in_plural(words: str) -> str:
    """Forty: forties; six: sixes; three: threes."""
    return words[:-1] + "ies" if words.endswith("y") else words + ("es" if words.endswith("x") else "s")


def decade(digits: str) -> str:
    """1980: nineteen eighties; 1900: nineteen hundreds; 80: eighties; 00: two thousands."""
    return in_plural(year("2000" if digits == "00" else digits))


@lru_cache(maxsize=4096)
def fraction(numerator: str, denominator: str) -> str:
    """3/4: three quarters; 5/16: five sixteenths; 100/3: one hundred over three."""
    a, b = numerator.lstrip("0") or "0", denominator.lstrip("0") or "0"
    if int(b) < 2 or int(a) < 1 or (int(a) > 99 and int(a) >= int(b)):
        return f"{cardinal(numerator)} over {cardinal(denominator)}"
    one, many = FRACTIONS.get(int(b), (ordinal(b), ordinal(b) + "s"))
    return f"{cardinal(a)} {one if int(a) == 1 else many}"


def roman(numeral: str) -> str | None:
    """XIV: "14", the digits that `cardinal` and its kin read; None if it is not a proper Roman numeral."""
    value = roman_value(numeral)
    return None if value is None else str(value)
