"""Rules for what is written in digits. Each is a pattern and a function from its match to words; they apply in order.

Patterns begin with a look-behind and repeat a bounded number of times, so any text takes linear time.
"""

import re
from collections.abc import Callable

from tts.text.english.numbers import cardinal, decade, decimal, fraction, ordinal, spelled, two_digits, year
from tts.text.english.tables import CURRENCIES, FIXED, MAGNITUDES, MONTHS, UNITS

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]

NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,5}|[0-9]{1,20})(?:\.[0-9]{1,20})?"
ALONE = r"(?<![\w.,])"  # no part of a number or word stands directly before
MONTH = "|".join(MONTHS)
DAY = r"(?:0?[1-9]|[12][0-9]|3[01])(?:st|nd|rd|th)?"


def any_of(words) -> str:
    """A pattern for any of these, longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def number(text: str) -> str:
    """A number with thousands separators, decimals or the dots of a version."""
    text = text.replace(",", "")
    return decimal(text) if "." in text else cardinal(text)


def one(text: str) -> bool:
    return text in ("1", "1.0")


def _phone(match: re.Match[str]) -> str:
    plus = "plus " if match[0].startswith("+") else ""
    return plus + ", ".join(spelled(group) for group in re.findall("[0-9]+", match[0]))


def _iso_date(match: re.Match[str]) -> str:
    name = next(name for name, digits in MONTHS.items() if digits == match["month"])
    return f"{name} {ordinal(match['day'])}, {year(match['year'])}"


def slashed_date(match: re.Match[str]) -> str:
    """12/25/2024 or 25/12/2024. If both orders are possible the month comes first, as in American English."""
    month, day = (match["a"], match["b"]) if int(match["a"]) <= 12 else (match["b"], match["a"])
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return " slash ".join(number(part) for part in (match["a"], match["b"], match["year"]))
    name = next(name for name, digits in MONTHS.items() if int(digits) == int(month))
    return f"{name} {ordinal(day)}, {year(match['year'])}"


def _month_day(match: re.Match[str]) -> str:
    first, last, when = (match[name] for name in ("first", "last", "year"))
    words = f"{match['month']} {ordinal(re.sub('[a-z]', '', first))}"
    words += f" to {ordinal(re.sub('[a-z]', '', last))}" if last else ""
    return words + (f", {year(when)}" if when else "")


def _day_month(match: re.Match[str]) -> str:
    the = "" if match["the"] else "the "
    words = f"{match['the'] or ''}{the}{ordinal(re.sub('[a-z]', '', match['day']))} of {match['month']}"
    return words + (f" {year(match['year'])}" if match["year"] else "")


def _money(match: re.Match[str]) -> str:
    one_unit, many, cent, cents = CURRENCIES[match["sign"] or match["code"]]
    if match["country"]:
        country = " ".join(match["country"]).replace("A", "ay")
        one_unit, many = f"{country} {one_unit}", f"{country} {many}"
    amount, upper, magnitude = match["amount"], match["upper"], match["magnitude"]
    whole, _, hundredths = amount.partition(".")
    adjective = match["article"] and not hundredths
    unit = one_unit if adjective or (one(amount) and not upper and not magnitude) else many
    words = (match["article"] or "") + ("minus " if match["minus"] else "")
    if len(hundredths) == 2 and not magnitude and not upper:
        small = f"{cardinal(hundredths.lstrip('0') or '0')} {cent if hundredths == '01' else cents}"
        big = f"{number(whole)} {one_unit if whole == '1' else many}"
        words += big if hundredths == "00" else small if whole == "0" else f"{big} and {small}"
    else:
        words += number(amount) + (f" to {number(upper)}" if upper else "")
        words += f" {MAGNITUDES[magnitude.strip()]}" if magnitude else ""
        words += f" {unit}"
    return words + (" per " if match["per"] else "")


def _cents(match: re.Match[str]) -> str:
    names = ("penny", "pence") if match["unit"] == "p" else ("cent", "cents")
    return f"{number(match['amount'])} {names[not one(match['amount'])]}"


def _unit(match: re.Match[str]) -> str:
    low, high = match["low"], match["high"]
    names = UNITS[match["unit"]]
    adjective = match["join"] == "-"
    words = ("minus " if match["minus"] else "") + number(low) + (f" to {number(high)}" if high else "")
    return f"{words} {names[not (adjective or (one(low) and not high))]}"


def _height(match: re.Match[str]) -> str:
    """5'10", or 5 ft 10 in."""
    foot, inches = ("foot", "") if "'" in match[0] else ("feet", " inch" if match[2] == "1" else " inches")
    return f"{cardinal(match[1])} {foot} {cardinal(match[2])}{inches}"


def _range(match: re.Match[str]) -> str:
    low, high, dash = match["low"], match["high"], match["dash"]
    is_year = re.fullmatch("1[0-9]{3}|20[0-9]{2}", low) is not None
    if is_year and re.fullmatch("1[0-9]{3}|20[0-9]{2}", high):
        return f"{year(low)} to {year(high)}"
    if is_year and re.fullmatch("[0-9]{2}", high):
        return f"{year(low)} to {two_digits(high)}"
    return f"{number(low)} {'minus' if dash == ' - ' else 'to'} {number(high)}"


def _fraction(match: re.Match[str]) -> str:
    whole = match["whole"]
    part = fraction(match["a"], match["b"])
    if whole and part.startswith("one "):
        part = "a " + part.removeprefix("one ")
    return f"{cardinal(whole)} and {part}" if whole else part


def _time(match: re.Match[str]) -> str:
    hour, minute, second, half = (match[name] for name in ("hour", "minute", "second", "half"))
    words = cardinal(str(int(hour)))
    if minute and minute != "00":
        words += " " + two_digits(minute)
    elif not half and not second:
        words += " o'clock"
    words += f" {two_digits(second)}" if second else ""
    words += {"a": " ay M", "p": " P M"}.get((half or "").lower(), "")
    # "at 5 p.m." ends its sentence only where a capital or nothing follows
    rest = match.string[match.end() :].lstrip()[:1]
    return words + ("." if match[0].endswith(".") and (not rest or rest.isupper()) else "")


def _ratio(match: re.Match[str]) -> str:
    return f"{cardinal(match[1])} to {cardinal(match[2])}"


def _any_number(match: re.Match[str]) -> str:
    text = match["number"]
    words = year(text) if re.fullmatch("1[0-9]{3}|20[0-9]{2}", text) else number(text)
    return ("minus " if match["minus"] else "") + words


def rule(pattern: str, say: Callable[[re.Match[str]], str], flags: int = 0) -> Rule:
    return re.compile(pattern, flags), say


SLASHED_DATE = re.compile(rf"{ALONE}(?P<a>[0-3]?[0-9])/(?P<b>[0-3]?[0-9])/(?P<year>[12][0-9]{{3}})(?![\w/])")
AFTER = r"(?![\w])"
SIGN, CODE = "[$£€¥₹₽₩]", "USD|EUR|GBP"
BIG = rf"(?P<magnitude>\s?(?:thousand|million|billion|trillion|bn|tn|trn)|[kKmMbB]|mn){AFTER}"

TIMES: list[Rule] = [
    # 10:30-11:45, 5-7 p.m.
    rule(r"(?<=[0-9])\s?[-–]\s?(?=[0-9]{1,2}(?:[:.][0-9]{2})?\s?[apAP]\.?\s?[mM]\b)", lambda match: " to "),
    rule(r"(?<=:[0-5][0-9])\s?[-–]\s?(?=[0-9]{1,2}:[0-5][0-9])", lambda match: " to "),
    rule(
        rf"{ALONE}(?P<hour>[01]?[0-9]|2[0-4])[:.](?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9]))?"
        rf"\s?(?P<half>[apAP])\.?\s?[mM](?:\.|{AFTER})",
        _time,
    ),
    rule(
        rf"{ALONE}(?P<hour>1[0-2]|0?[1-9])(?P<minute>)(?P<second>)\s?(?P<half>[apAP])(?:\.\s?[mM]\.|[mM]{AFTER})", _time
    ),
    rule(
        rf"{ALONE}(?P<hour>[01]?[0-9]|2[0-4]):(?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9]))?(?P<half>)(?![\w:])",
        _time,
    ),
    rule(rf"{ALONE}([0-9]{{1,4}}):([0-9]{{1,4}})(?![\w:])", _ratio),
]

QUANTITIES: list[Rule] = [
    rule(rf"(?<![\w/])(?:{any_of(FIXED)})(?![\w/.]\w)(?!\w)", lambda match: FIXED[match[0]]),
    # +1 (555) 123-4567, 555-123-4567, 020 7946 0958, 555-1234
    rule(r"(?<![\w.,])\+[0-9]{1,3}(?:[ .-]?\(?[0-9]{2,5}\)?){2,5}(?![\w-])", _phone),
    rule(r"(?<![\w.,])(?:1[ -])?\(?[0-9]{3}\)?[ .-]?(?<=[ .)-])[0-9]{3}[.-][0-9]{4}(?![\w-])", _phone),
    rule(rf"{ALONE}0[0-9]{{2,4}} [0-9]{{3,4}} [0-9]{{3,6}}(?![\w-])", _phone),
    rule(r"(?<![\w.,$£€-])[0-9]{3}-[0-9]{4}(?![\w-])", _phone),
    rule(rf"{ALONE}(?P<year>[12][0-9]{{3}})-(?P<month>0[1-9]|1[0-2])-(?P<day>[0-3][0-9])(?![\w-])", _iso_date),
    (SLASHED_DATE, slashed_date),
    rule(
        rf"(?P<article>\b[Aa]n?\s)?(?<![\w.,])(?P<minus>[-−])?(?P<country>US|AU|CA|NZ|HK)?"
        rf"(?:(?P<sign>{SIGN})|(?P<code>{CODE}))\s?(?P<amount>{NUMBER})"
        rf"(?:\s?[-–]\s?{SIGN}?(?P<upper>{NUMBER}))?(?:-?{BIG})?(?P<per>/(?=[a-z]))?",
        _money,
    ),
    rule(
        rf"(?P<article>)(?<![\w.,])(?P<minus>[-−])?(?P<country>)(?P<amount>{NUMBER})(?P<upper>)(?:{BIG})?\s?"
        rf"(?:(?P<sign>{SIGN})|(?P<code>{CODE})){AFTER}(?P<per>/(?=[a-z]))?",
        _money,
    ),
    rule(rf"{ALONE}(?P<amount>{NUMBER})(?:\s?(?=¢)|(?=p))(?P<unit>[¢p]){AFTER}", _cents),
    rule(r"(?<![\w.])([0-9]{1,3})(?:'| ?ft\.?)\s?([0-9]{1,2})(?:\"| ?in(?!\w))", _height),
    rule(
        rf"(?<![\w.,])(?P<minus>[-−])?(?P<low>{NUMBER})(?:\s?(?:[-–]|to)\s?(?P<high>{NUMBER}))?"
        rf"(?P<join>(?!s\b)[ -]?)(?P<unit>{any_of(UNITS)})(?:{AFTER}|(?<=°))(?![²³])(?:\.(?=\s+[a-z0-9]))?",
        _unit,
    ),
    rule(
        rf"\b(?P<month>{MONTH})\s+(?P<first>{DAY})(?:\s?[-–]\s?(?P<last>{DAY}))?(?:,?\s+(?P<year>[12][0-9]{{3}}))?"
        r"(?![\w:/]|[.,][0-9])",
        _month_day,
    ),
    rule(
        rf"(?P<the>\b[Tt]he\s+)?{ALONE}(?P<day>{DAY})\s+(?:of\s+)?(?P<month>{MONTH})\b(?:,?\s+(?P<year>[12][0-9]{{3}}))?"
        r"(?![0-9])",
        _day_month,
    ),
    rule(r"(?<![\w.,])'?([12][0-9]{3}|[1-9]0)'?s(?!\w)", lambda match: decade(match[1])),
    rule(r"(?<![\w.,])'([0-9]{2})(?![\w'])", lambda match: two_digits(match[1])),
    rule(
        rf"(?<![\w.,/-])(?P<low>{NUMBER})(?P<dash>\s?–\s?|-| - )(?P<high>{NUMBER})(?![\w/-]|,[0-9])",
        _range,
    ),
    rule(
        r"(?<![\w./,-])(?:(?P<whole>[0-9]{1,4})(?:\s|-))?(?P<a>[0-9]{1,3})/(?P<b>[0-9]{1,3})(?![\w/]|\.[0-9])",
        _fraction,
    ),
    rule(r"(?<![\w.,])([0-9]{1,3}(?:,[0-9]{3}){0,4}|[0-9]{4,15})(?:st|nd|rd|th)(?!\w)", lambda m: ordinal(m[1])),
    rule(r"(?<=[0-9])\s?[x×]\s?(?=[0-9])", lambda match: " by " if "x" in match[0] else " times "),
    rule(rf"{ALONE}([0-9]{{1,6}})k(?!\w)", lambda match: f"{cardinal(match[1])} thousand"),
    rule(r"(?<=\w)\^(?=[0-9-])", lambda match: " to the power of "),
    rule(r"(?<=[0-9])\s?\*\s?(?=[0-9])", lambda match: " times "),
    rule(r"(?<=[0-9])\s?<\s?(?=[0-9])", lambda match: " is less than "),
    rule(r"(?<=[0-9])\s?>\s?(?=[0-9])", lambda match: " is greater than "),
    rule(r"~(?=[0-9$£€])", lambda match: "about "),
    rule(r"(?<!\w)#\s?(?=[0-9])", lambda match: "number "),
    rule(r"(?<=\b[A-Z])#", lambda match: " sharp"),
    rule(r"#(?=[A-Za-z])", lambda match: "hashtag "),
    rule(r"(?<=[0-9])x(?=\s+[a-z])", lambda match: " times"),
    rule(r"(?<=[A-Za-z][.,;:!?])(?=[0-9])", lambda match: " "),
    # B2B, COVID-19, R2D2, 3D: letters and digits side by side
    rule(r"(?<=[A-Za-z])-?(?=[0-9])|(?<=[0-9])(?=[A-Za-z])", lambda match: " "),
    rule(
        r"(?<![\w)])(?P<minus>-)?(?P<number>[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)*|[0-9]+(?:\.[0-9]+)*|\.[0-9]+)",
        _any_number,
    ),
    rule(r"(?P<minus>)(?P<number>[0-9]+)", _any_number),
]
