"""Dates, months with a day, years, decades, eras."""

import re

from tts.text.german.inflection import ending
from tts.text.german.numbers import cardinal, ordinal, year
from tts.text.rules import Rule, after, any_of, before, words_of

MONTHS = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
SPOKEN_MONTHS = words_of("Jänner Feber Juno") | set(MONTHS)
MONTH = any_of(SPOKEN_MONTHS)
# Before a number of four digits that is a year.
CUES = (
    words_of(
        "in im ab seit bis von vom um nach vor Jahr Jahre Jahren Jahres Anfang Ende Mitte Sommer Winter Herbst "
        "Frühjahr Frühling geboren gestorben Stand zwischen und Ostern Weihnachten Pfingsten Spätsommer Saison "
        "Silvester Neujahr"
    )
    | SPOKEN_MONTHS
)
COUNTED = words_of("und in von zwischen ab bis")  # cues after which a noun shows that things are counted
YEAR = "[12][0-9]{3}"


def _day(digits: str, match: re.Match[str], month: str) -> str:
    return ordinal(digits, ending(before(match), month))


def _days(match: re.Match[str]) -> str:
    """3. Mai; 3. und 4. Mai; 3.–5. Mai: all days have the ending of the first."""
    month = match["month"]
    end = ending(before(match), month)
    said = ordinal(match["first"], end)
    if match["last"]:
        link = match["link"].strip()
        said += f" {'bis' if link in '-–' else 'und' if link in ',/&' else link} {ordinal(match['last'], end)}"
    return f"{said} {month}"


def _written_day(match: re.Match[str]) -> str:
    """3.5.2024, 03.05., 3.5.24."""
    day, month = int(match["day"]), int(match["month"])
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return match[0]
    name = MONTHS[month - 1]
    said = f"{_day(match['day'], match, name)} {name}"
    if match["year"]:
        said += " " + (year(match["year"]) if len(match["year"]) == 4 else _short_year(match["year"]))
    elif match["stop"] is not None and match.end() == len(match.string):
        said += "."  # it ends the sentence, too
    return said


def _short_year(digits: str) -> str:
    return f"null {cardinal(digits[1])}" if digits[0] == "0" else cardinal(digits)


def _iso(match: re.Match[str]) -> str:
    month = int(match["month"])
    if not (1 <= month <= 12 and 1 <= int(match["day"]) <= 31):
        return match[0]
    name = MONTHS[month - 1]
    return f"{_day(match['day'], match, name)} {name} {year(match['year'])}"


def _decade(match: re.Match[str]) -> str:
    """80er, 1980er, 20er-Jahre, 68er."""
    digits = match["digits"]
    return (year(digits) if len(digits) == 4 else cardinal(digits, "ein")) + "er" + match["rest"]


def _year(match: re.Match[str]) -> str:
    """A number of four digits, unless it counts what follows it."""
    word = re.search(r"([^\W\d_]+)[,;:(]?\s?\(?$", before(match))
    cue = word[1] if word else ""
    counted = re.match(r"\s(?:[a-zäöüß]+(?:e|en|er)\s)?[A-ZÄÖÜ][a-zäöüß]+", after(match))
    if counted and cue not in CUES - COUNTED and not (cue[:1].isupper() and cue not in COUNTED):
        return match[0]
    if counted and cue in COUNTED:
        noun = counted[0].split()[-1]
        if noun.endswith(("en", "er", "e", "n")) and not noun.endswith(("ung", "heit")):
            return match[0]
    return year(match[0])


def _span(match: re.Match[str]) -> str:
    first, last = match["first"], match["last"]
    said = year(last) if len(last) == 4 else _short_year(last)
    return f"{year(first)} {'bis' if match['link'].strip() in '-–' else ''} {said}".replace("  ", " ")


DATES: list[Rule] = [
    Rule(rf"(?<![\w.-])(?P<year>{YEAR})-(?P<month>[01][0-9])-(?P<day>[0-3][0-9])(?![\w-])", _iso),
    Rule(
        r"(?<![\w.,])(?P<day>[0-3]?[0-9])\.\s?(?P<month>[01]?[0-9])\.(?:\s?(?P<year>[12][0-9]{3}|[0-9]{2}(?![\w:.,]*[0-9]))"
        r"|(?P<stop>)(?![\w.]))(?!\w)",
        _written_day,
    ),
    Rule(
        rf"(?<![\w.,])(?P<first>[0-3]?[0-9])\.(?:(?P<link>\s?[-–/&,]\s?|\sund\s|\sbis\s|\soder\s|\sauf\s)(?P<last>[0-3]?[0-9])\.)?"
        rf"\s?(?P<month>{MONTH})(?!\w)",
        _days,
    ),
    Rule(rf"(?<![\w.,])(?P<first>{YEAR})(?P<link>\s?[-–]\s?|/)(?P<last>{YEAR}|[0-9]{{2}})(?![\w]|[.,][0-9])", _span),
    Rule(
        r"(?<![\w.,])['’]?(?P<digits>[12][0-9]{3}|[1-9]0|[1-9][1-9])er(?P<rest>s|n)?(?=[\s-]|[.,;:!?]|$)".replace(
            "(?P<rest>s|n)?", "(?P<rest>[sn]?)"
        ),
        _decade,
    ),
    Rule(r"(?<!\w)['’](?P<digits>[0-9]{2})(?!\w)", lambda match: _short_year(match["digits"])),
    Rule(rf"(?<![\w.,-]){YEAR}(?![\w-]|[.,:][0-9]|\s?(?:%|€|\$|°))", _year),
]
