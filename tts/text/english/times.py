"""Times of the day, as in 10:30 p.m., and lengths of time, as in 2h 15m."""

import re

from tts.text.english.acronyms import letters
from tts.text.english.numbers import cardinal, decimal, spelled, two_digits
from tts.text.english.patterns import AFTER, ALONE, DASH
from tts.text.rules import Rule

ZONES = (
    r"(?:[ECMPecmp][SDsd][Tt]|[ECMP]T|GMT|UTC|gmt|utc|BST|CES?T|EES?T|IST|JST|AE[SD]T|HKT|SGT|MSK"
    r"|(?i:[ecmp]\.\s?[sd]\.\s?t)\.?)"
)
CLOCK = r"[0-9]{1,2}(?:[:.][0-9]{2})?\s?[apAP]\.?\s?[mM]\b|[0-9]{1,2}:[0-9]{2}|noon\b|midnight\b"


def _minutes(hour: str, minute: str, exact: str) -> str:
    """Hours and minutes; at the full hour the hour and `exact`."""
    hours = cardinal(str(int(hour)))
    return hours + (exact if minute in (None, "", "00") else f" {two_digits(minute)}")


def _time(match: re.Match[str]) -> str:
    hour, minute, second, half, zone = (match[name] for name in ("hour", "minute", "second", "half", "zone"))
    if half:
        words = _minutes(hour, minute, "")
        words += f" and {_count(second, 'second')}" if second and int(second) else ""
        words += " " + letters(f"{half}m".upper())
    elif int(hour) in range(1, 13):
        words = _minutes(hour, minute, "" if match.string.startswith(" o'clock", match.end()) else " o'clock")
    else:
        words = "midnight" if int(hour) == 0 and minute == "00" else _minutes(hour, minute, " hundred")
    words += " " + letters(zone.upper()) if zone else ""
    # "at 5 p.m." ends its sentence only where a capital or nothing follows
    rest = match.string[match.end() : match.end() + 9].lstrip()[:1]
    return words + ("." if match[0].endswith(".") and (not rest or rest.isupper()) else "")


def _count(number: str, unit: str) -> str:
    """02 and minute: two minutes."""
    number = number.lstrip("0") or "0"
    return f"{decimal(number)} {unit}{'' if number == '1' else 's'}"


def _length(match: re.Match[str]) -> str:
    """2h 15m, 1:01:01: every part with its unit. Hours or seconds that are zero are left out."""
    parts = [
        _count(match[unit], unit)
        for unit in ("day", "hour", "minute", "second")
        if match[unit] and not (unit != "minute" and float(match[unit]) == 0)
    ]
    return " ".join(parts[:-1]) + f"{' and' if ':' in match[0] else ''} {parts[-1]}"


def _zone(match: re.Match[str]) -> str:
    """UTC-5, GMT+5:30."""
    sign = "plus" if match["sign"] == "+" else "minus"
    words = f"{letters(match['zone'])} {sign} {cardinal(str(int(match['hour'])))}"
    return words + (f" {two_digits(match['minute'])}" if int(match["minute"] or 0) else "")


def _hours(match: re.Match[str]) -> str:
    """The hours of an army: 0800, 2130."""
    zero = "oh " if match["hour"][0] == "0" else ""
    return zero + _minutes(match["hour"], match["minute"], " hundred")


def _race(match: re.Match[str]) -> str:
    """3:43.13: three forty-three point one three."""
    minute, second = match["minute"], match["second"]
    whole = two_digits(second) if minute != "0" else cardinal(str(int(second)))
    return f"{cardinal(str(int(minute))) + ' ' if int(minute) else ''}{whole} point {spelled(match['part'])}"


def _stamp(match: re.Match[str]) -> str:
    """The time of 2024-05-01T12:30:00Z."""
    zone = {None: "", "Z": " " + letters("UTC")}.get(match["zone"], f" {letters('UTC')}{match['zone']}")
    return f", {_minutes(match['hour'], match['minute'], ' hundred')}{zone}"


TIMES: list[Rule] = [
    Rule(r"(?<=[0-9]:[0-5][0-9])-?ish\b", lambda match: " ish"),
    Rule(  # 2:30p
        r"(?<![\w.,:])(?P<hour>1[0-2]|0?[1-9]):(?P<minute>[0-5][0-9])(?P<half>[ap])(?![\w']|\.\s?[mM])",
        lambda match: f"{_minutes(match['hour'], match['minute'], '')} {letters(match['half'].upper() + 'M')}",
    ),
    Rule(
        r"(?<=[0-9]-[0-3][0-9])[T ](?P<hour>[0-2][0-9]):(?P<minute>[0-5][0-9])(?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
        r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?(?!\w)",
        _stamp,
    ),
    Rule(
        r"(?<!\w)(?P<zone>UTC|GMT)\s?(?P<sign>[+−–-])\s?(?P<hour>[01]?[0-9])(?::?(?P<minute>[0-5][0-9]))?(?![\w:])",
        _zone,
    ),
    # 10:30-11:45, 5-7 p.m., 8am-5pm, noon-1pm
    Rule(
        rf"(?:(?<=[0-9][ap]m)|(?<=[0-9 ][AP]M)|(?<= [ap]m)|(?<=\.m\.)|(?<=noon)|(?<=midnight)){DASH}(?={CLOCK})",
        lambda match: " to ",
    ),
    Rule(  # 9.30-10.30am
        rf"(?<![\w.,])(?P<hour>1[0-2]|[1-9])\.(?P<minute>[0-5][0-9]){DASH}"
        r"(?=[0-9]{1,2}\.[0-5][0-9]\s?[apAP]\.?\s?[mM]\b)",
        lambda match: _minutes(match["hour"], match["minute"], "") + " to ",
    ),
    Rule(
        rf"(?<=[0-9]){DASH}(?=[0-9]{{1,2}}(?:[:.][0-9]{{2}})?\s?[apAP]\.?\s?[mM]\b|noon\b|midnight\b)",
        lambda match: " to ",
    ),
    Rule(rf"(?<=:[0-5][0-9]){DASH}(?=[0-9]{{1,2}}(?::[0-9]{{2}}|(?![\w.,:/-])))", lambda match: " to "),
    Rule(
        rf"(?<![\w.,:/–-])(?P<hour>[01]?[0-9]|2[0-4]){DASH}(?=[0-9]{{1,2}}:[0-5][0-9](?![0-9:]))",
        lambda match: f"{match['hour']} to ",
    ),
    Rule(rf"(?<=[APap.][Mm.])\s\((?P<zone>{ZONES})\)", lambda match: f", {letters(match['zone'])}"),
    Rule(
        r"(?<![\w.,])(?:(?P<day>[0-9]{1,3})\s?d\s?)?(?P<hour>[0-9]{1,3})\s?h(?:rs?)?\s?(?P<minute>[0-9]{1,2})"
        r"(?:\s?m(?:ins?)?)?(?:\s?(?P<second>[0-9]{1,2})\s?s(?:ecs?)?)?(?!\w)",
        _length,
    ),
    Rule(
        r"(?<![\w.,])(?P<day>)(?P<hour>)(?P<minute>[0-9]{1,3})\s?m(?:in)?\s?(?P<second>[0-9]{1,2})\s?s(?:ecs?)?(?!\w)",
        _length,
    ),
    Rule(
        rf"{ALONE}(?P<hour>[01]?[0-9]|2[0-4])[:.](?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9]))?"
        rf"\s?(?P<half>[apAP])\.?\s?[mM](?:\.|{AFTER})(?:\s?(?P<zone>{ZONES}){AFTER})?",
        _time,
    ),
    Rule(
        rf"(?<![\w.,])(?<![0-9]/)(?P<hour>1[0-2]|0?[1-9])(?P<minute>)(?P<second>)\s?(?P<half>[apAP])(?:\.\s?[mM]\.|[mM]{AFTER})"
        rf"(?:\s?(?P<zone>{ZONES}){AFTER})?",
        _time,
    ),
    Rule(
        r"(?<![\w.,:])(?P<day>)(?P<hour>[0-9]{1,2}):(?P<minute>[0-5][0-9])"
        r":(?P<second>[0-5][0-9](?:\.[0-9]{1,6})?)(?![\w:])",
        _length,
    ),
    Rule(  # of a race: 3:43.13
        r"(?<![\w.,:])(?P<minute>[0-9]{1,2}):(?P<second>[0-5][0-9])\.(?P<part>[0-9]{1,3})(?![\w:]|\.[0-9])",
        _race,
    ),
    Rule(
        r"(?<![\w.,:])(?<!ilute )(?<!iluted )(?<!ilution )"
        r"(?<!ratio of )(?<!odds of )(?<!ratio )(?P<hour>[01]?[0-9]|2[0-4]):"
        r"(?P<minute>[0-5][0-9])(?P<second>)(?P<half>)"
        rf"(?:(?={ZONES}{AFTER})|h(?!\w)|(?![\w:]|,[0-9]|\s?(?:odds|ratio)\b))(?:\s?(?P<zone>{ZONES}){AFTER})?",
        _time,
    ),
    # T-10 and counting
    Rule(
        r"(?<![\w-])T ?[-−–] ?(?=[0-9]{1,3} (?:and (?:counting|holding)|to|(?:second|minute|hour|day|week)s?)\b)",
        lambda match: "T minus ",
    ),
    # 0800 hours, 2100 hours
    Rule(
        r"(?<![\w.,])(?P<hour>[01][0-9]|2[0-4])(?P<minute>[0-5][0-9])\s?(?:hours?|hrs?|h)\b",
        lambda match: _hours(match) + " hours",
    ),
    # at 0900
    Rule(
        r"(?P<before>\b(?:[Aa]t|[Bb]y|[Uu]ntil|[Bb]efore|[Aa]fter|[Ff]rom|to)\s)(?P<hour>0[0-9])(?P<minute>[0-5][0-9])"
        r"(?![\w,-]|[.,][0-9])",
        lambda match: match["before"] + _hours(match),
    ),
    # the way of British books: at 7.30 in the morning, the 4.50 train
    Rule(
        r"(?P<before>\b(?:[Aa]t|[Uu]ntil|[Tt]ill|[Bb]y|[Ff]rom)\s)(?P<hour>1[0-2]|[1-9])\.(?P<minute>[0-5][0-9])"
        r"(?=\s(?:in the (?:morning|afternoon|evening)|at night|sharp|that|this|tomorrow|tonight|o'clock|on)\b)",
        lambda match: match["before"] + _minutes(match["hour"], match["minute"], ""),
    ),
    # at 14.30, but not: closed at 14.30
    Rule(
        r"(?<!closed )(?<!opened )(?<!traded )(?<!trades )(?<!stood )(?<!sold )(?<!shares )(?<!stock )"
        r"(?P<before>\b(?:[Aa]t|[Uu]ntil|[Tt]ill|[Bb]efore|[Aa]fter)\s)(?P<hour>2[0-3]|1[0-9]|[1-9])\."
        r"(?P<minute>[0-5][05])(?=[.,;:!?)]*(?:$| ))(?=[,;:!?)]|\.? ?$|\.? [A-Z]|\s(?:and|on|in|to|with|for|when)\b)",
        lambda match: match["before"] + _minutes(match["hour"], match["minute"], " hundred"),
    ),
    Rule(
        r"(?P<before>\b[Tt]he\s)(?P<hour>1[0-2]|[1-9])\.(?P<minute>[0-5][0-9])"
        r"(?=\s(?:train|bus|flight|ferry|news|show|from|to)\b)",
        lambda match: match["before"] + _minutes(match["hour"], match["minute"], ""),
    ),
]
