"""Days, months, years and decades."""

import re

from tts.text.english.numbers import decade, ordinal, two_digits, year
from tts.text.english.patterns import ALONE, Rule, any_of, number, rule

MONTHS = {
    **{"January": "01", "February": "02", "March": "03", "April": "04", "May": "05", "June": "06", "July": "07"},
    **{"August": "08", "September": "09", "October": "10", "November": "11", "December": "12"},
}


SHORT_MONTHS = {
    **{"Jan": "January", "Feb": "February", "Mar": "March", "Apr": "April", "Jun": "June", "Jul": "July"},
    **{"Aug": "August", "Sep": "September", "Sept": "September", "Oct": "October", "Nov": "November"},
    **{"Dec": "December"},
}


SHORT_DAYS = {
    **{"Mon": "Monday", "Tue": "Tuesday", "Tues": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday"},
    **{"Thur": "Thursday", "Thurs": "Thursday", "Fri": "Friday", "Sat": "Saturday", "Sun": "Sunday"},
}


MONTH = "|".join(MONTHS)
DAY = r"(?:0?[1-9]|[12][0-9]|3[01])(?:st|nd|rd|th)?"
SLASHED_DATE = re.compile(rf"{ALONE}(?P<a>[0-3]?[0-9])/(?P<b>[0-3]?[0-9])/(?P<year>[12][0-9]{{3}})(?![\w/])")


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


def _days(match: re.Match[str]) -> str:
    return f"{SHORT_DAYS[match[1]]} to {SHORT_DAYS[match[2]]}"


DATES: list[Rule] = [
    rule(rf"(?<![\w.])({any_of(SHORT_MONTHS)})\.?(?=\s+[0-9])", lambda match: SHORT_MONTHS[match[1]]),
    rule(rf"(?<![\w.])({any_of(SHORT_DAYS)})\.?\s?[-–]\s?({any_of(SHORT_DAYS)})(?:\.(?=\s+[a-z0-9])|(?![\w.]))", _days),
    rule(
        rf"(?<![\w.])({any_of(SHORT_DAYS)})\.?(?=,?\s+(?:[0-9]|{any_of(MONTHS)}))", lambda match: SHORT_DAYS[match[1]]
    ),
    rule(rf"{ALONE}(?P<year>[12][0-9]{{3}})-(?P<month>0[1-9]|1[0-2])-(?P<day>[0-3][0-9])(?![\w-])", _iso_date),
    (SLASHED_DATE, slashed_date),
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
]
