"""Times of the day, as in 10:30 p.m."""

import re

from tts.text.english.numbers import cardinal, two_digits
from tts.text.english.patterns import AFTER, ALONE, Rule, rule


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
]
