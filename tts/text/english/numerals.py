"""Roman numerals."""

import re

from tts.text.english.abbreviations import OPENERS
from tts.text.english.numbers import cardinal, ordinal, roman
from tts.text.english.patterns import Rule, any_of, rule, words_of

# Words before a Roman numeral.
NUMBERED_PARTS = words_of(
    "chapter part book act scene volume section article appendix page phase type class stage level grade figure table "
    "canto verse psalm title war bowl canon unit lesson number"
)
RULERS = words_of(
    "Henry Edward George William Richard Charles James John Elizabeth Mary Louis Philip Philippe Ferdinand Frederick "
    "Francis Gustav Gustavus Christian Catherine Peter Ivan Nicholas Alexander Napoleon Leopold Albert Victor Carlos "
    "Alfonso Juan Pius Leo Paul Benedict Gregory Clement Innocent Urban Boniface Julius Adrian Sixtus Stephen Otto "
    "Rudolf Maximilian Joseph Wilhelm Margaret Robert David Malcolm Ramses Ramesses Ptolemy Darius Xerxes Cleopatra "
    "Constantine Justinian Harald Haakon Olaf Umberto Emmanuel Anne Isabella Eugene Callixtus Celestine Nero"
)
RULING = words_of("King Queen Pope Emperor Empress Tsar Czar Kaiser Prince Princess Sultan Pharaoh")


PART = any_of([*NUMBERED_PARTS, *(word.capitalize() for word in NUMBERED_PARTS)])
NUMERAL = "[IVXLCDM]{1,9}"


def _heading(match: re.Match[str]) -> str:
    value = roman(match["numeral"])
    opened = len(match["numeral"]) > 1 or match["next"] in OPENERS or (not match["next"] and match["numeral"] != "I")
    return cardinal(value) + match["rest"] if value and opened else match[0]


def _ruler(match: re.Match[str]) -> str:
    value = roman(match["numeral"])
    # "When Charles I met ..." may be two words; after a title or before a stop it is a numeral.
    sure = match["title"] or len(match["numeral"]) > 1 or re.match(r"[.,;:!?)']|$| of\b", match.string[match.end() :])
    if value is None or not sure:
        return match[0]
    return f"{match['title'] or ''}{match['name']} the {ordinal(value)}"


def _century(match: re.Match[str]) -> str:
    value = roman(match["numeral"])
    return ordinal(value) if value else match[0]


def _part(match: re.Match[str]) -> str:
    numeral, value = match["numeral"], roman(match["numeral"])
    only_letter = numeral in ("L", "C", "D", "M", "l", "c", "d", "m") or (
        numeral.lower() == "i" and not match["part"][0].isupper()
    )
    return match[0] if value is None or only_letter else f"{match['part']} {value}"


def _numeral(match: re.Match[str]) -> str:
    value = roman(match["numeral"])
    return match[0] if value is None else f"{match['before']} {value}"


HEADINGS: list[Rule] = [
    # a heading: "IV", "IV. The Ghost"
    rule(r"\A\s*(?P<numeral>[IVXL]{1,8})(?P<rest>[.:]?\s*(?:\Z|(?<=[.:]\s)(?P<next>[A-Z][a-z]*)))", _heading),
]


NUMERALS: list[Rule] = [
    rule(rf"(?P<title>\b(?:{any_of(RULING)})\s)?\b(?P<name>{any_of(RULERS)})\s(?P<numeral>[IVX]{{1,7}})(?!\w)", _ruler),
    rule(r"\b(?P<numeral>[IVX]{1,5})(?= [Cc]entur(?:y|ies)\b)", _century),
    rule(rf"\b(?P<part>{PART})\s(?P<numeral>{NUMERAL}|{NUMERAL.lower()})(?!\w)", _part),
    rule(r"\b(?P<before>[A-Z][a-z]{1,30})\s(?P<numeral>[IVX]{2,7})(?!\w)", _numeral),
]
