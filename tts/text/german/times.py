"""Times of the day and durations."""

import re

from tts.text.german.numbers import cardinal, decimal
from tts.text.rules import Rule

HOUR, MINUTE = "(?:[01]?[0-9]|2[0-4])", "[0-5][0-9]"


def clock(hour: str, minute: str | None) -> str:
    """14 and 30: vierzehn Uhr dreißig; 9 and 00: neun Uhr."""
    said = f"{cardinal(str(int(hour)), 'ein')} Uhr"
    return said + (f" {cardinal(str(int(minute)))}" if minute and int(minute) else "")


def _time(match: re.Match[str]) -> str:
    said = clock(match["hour"], match["minute"])
    if match["second"]:
        said += f" und {cardinal(str(int(match['second'])), 'eine')} Sekunde{'n' if int(match['second']) != 1 else ''}"
    return said


def _range(match: re.Match[str]) -> str:
    """9–17 Uhr, 9:30–12:00 Uhr: the first is said without Uhr if it has no minutes."""
    first, last = match["hour"], clock(match["to"], match["until"])
    minutes = match["minute"] and int(match["minute"])
    begin = clock(first, match["minute"]) if minutes else cardinal(str(int(first)))
    return f"{begin} bis {last}"


def _hours(match: re.Match[str]) -> str:
    """2 h 30 min, 8 h; um 8 h is a time."""
    if match["at"]:
        return match["at"] + clock(match["hours"], match["minutes"])
    whole, _, digits = match["hours"].partition(",")
    hours = decimal(whole, digits) if digits else cardinal(whole, "eine")
    said = f"{hours} Stunde{'' if match['hours'] == '1' else 'n'}"
    if match["minutes"]:
        minutes = str(int(match["minutes"]))
        said += f" {cardinal(minutes, 'eine')} Minute{'' if minutes == '1' else 'n'}"
    return said


def _score(match: re.Match[str]) -> str:
    return f"{cardinal(match['one'])} zu {cardinal(match['other'])}"


TIMES: list[Rule] = [
    Rule(
        rf"(?<![\w.,:])(?P<hour>{HOUR})(?:[:.](?P<minute>{MINUTE}))?(?:\sUhr)?\s?[-–]\s?(?P<to>{HOUR})"
        rf"(?:[:.](?P<until>{MINUTE}))?\s?(?:Uhr|h)(?!\w)",
        _range,
    ),
    Rule(
        rf"(?<![\w.,:])(?P<hour>{HOUR})(?:[:.](?P<minute>{MINUTE})(?:[:.](?P<second>{MINUTE}))?)?\s?Uhr"
        rf"(?!\w)(?!\s[0-9]{{1,2}}(?!\w|[.,:]))",
        _time,
    ),
    Rule(
        rf"(?<![\w.,:])(?P<hour>{HOUR})\sUhr\s(?P<minute>{MINUTE}|[0-9])(?P<second>)(?![\w:]|[.,][0-9])",
        lambda match: clock(match["hour"], match["minute"]),
    ),
    Rule(
        rf"(?<![\w.,:])(?P<hour>{HOUR}):(?P<minute>{MINUTE})\s?[-–]\s?(?P<to>{HOUR}):(?P<until>{MINUTE})(?![\w:])",
        _range,
    ),
    Rule(rf"(?<![\w.,:])(?P<hour>{HOUR}):(?P<minute>{MINUTE})(?::(?P<second>{MINUTE}))?(?:\sh)?(?![\w:])", _time),
    Rule(
        r"(?<![\w.,:])(?P<at>(?:um|gegen|ab|bis|nach|vor)\s)?(?P<hours>[0-9]{1,3}(?:,[0-9]{1,3})?)\s?(?:h|Std\.?)"
        r"(?:\s?(?P<minutes>[0-9]{1,2})\s?(?:min\.?|Min\.?)?)?(?![\w/])",
        _hours,
    ),
    Rule(r"(?<![\w.,:])(?P<one>[0-9]{1,3})\s?:\s?(?P<other>[0-9]{1,3})(?![\w:]|[.,][0-9])", _score),
]
