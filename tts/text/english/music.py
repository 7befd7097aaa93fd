"""Keys, notes and chords: B♭, F♯m, C#m7; times of bars."""

import re

from tts.text.english.acronyms import LETTER_A
from tts.text.english.numbers import cardinal, roman
from tts.text.rules import Rule

SHIFTS = {"♭": " flat", "♯": " sharp", "#": " sharp", "b": " flat", "♮": " natural", "": ""}
QUALITIES = {
    **{"m": " minor", "min": " minor", "maj": " major", "M": " major", "dim": " diminished", "aug": " augmented"},
    **{"sus": " suspended", "add": " add", "": ""},
}
PLAYED = "major|minor|clarinet|trumpet|cornet|tuba|tenor|alto|sax|saxophone|flat|scale|chord|key|instrument"


def _chord(match: re.Match[str]) -> str:
    note = LETTER_A if match["note"] == "A" else match["note"]
    quality = match["quality"] or ""
    number = f" {cardinal(match['number'])}" if match["number"] else ""
    return note + SHIFTS[match["shift"] or ""] + QUALITIES[quality] + number


def _bar(match: re.Match[str]) -> str:
    return f"{cardinal(match['beats'])} {cardinal(match['value'])}"


CHORD = r"(?P<quality>maj|min|dim|aug|sus|add|m|M)?(?P<number>1[13]|[24679])?"
PLAIN_CHORD = "[A-G][#b♭♯]?(?:maj7|m7|m|7)?"
DEGREE = "VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i"
MUSIC: list[Rule] = [
    Rule(r"(?<![\w/])([A-G][#b♭♯]?m?7?)/(?=[A-G][#b♭♯](?!\w))", lambda match: f"{match[1]} over "),  # D/F#
    # Am–F–C–G
    Rule(
        rf"(?<![\w'–-])(?=(?:[A-G]-){{0,6}}{PLAIN_CHORD}[-–])(?=[A-G–-]{{0,12}}[#b♭♯m7–])"
        rf"{PLAIN_CHORD}(?:[-–]{PLAIN_CHORD}){{2,7}}(?![\w'–-])",
        lambda match: re.sub("[-–]", ", ", match[0]),
    ),
    Rule(rf"(?<![\w♭♯#])(?P<note>[A-G])(?P<shift>[♭♯♮]){CHORD}(?![\w])", _chord),
    Rule(rf"(?<![\w♭♯#])(?P<note>[A-G])(?P<shift>#){CHORD}(?![\w#])(?<=[0-9mj])", _chord),
    Rule(r"(?<![\w♭♯#])A#(?![\w#])", lambda match: f"{LETTER_A} sharp"),
    Rule(rf"(?<![\w♭♯#])(?P<note>[ABDEG])(?P<shift>b)(?P<quality>)(?P<number>)(?=[ -](?:{PLAYED})\b)", _chord),
    Rule(
        r"(?<![\w♭♯#'])(?P<note>[A-G])(?P<shift>b?)(?P<quality>m|maj|min|dim|sus|aug)(?P<number>[24679])(?!\w)", _chord
    ),
    Rule(
        r"(?<![\w♭♯#'])(?P<note>[A-G])(?P<shift>)"
        r"(?P<quality>maj|dim|sus|aug|m(?=[,-]? [A-G](?:m|[,.]| |$)|[ -](?:chords?|scale|key|triad)\b))"
        r"(?P<number>)(?!\w)",
        _chord,
    ),
    Rule(
        r"(?<![\w/.])(?P<beats>[2-9]|1[0-2])/(?P<value>[248]|16)(?= (?:time(?! in)|meter|bars?|measures?)\b)",
        _bar,
    ),
    Rule(r"(?<![\w/.])(?P<beats>4|12)/(?P<value>4|8)(?<=4/4|2/8)(?![\w/])", _bar),
    Rule(r"(?<=\bin )(?P<beats>[2-9])/(?P<value>[48])(?=[.,;]|$)", _bar),
    Rule(  # I-IV-V, ii–V–I
        rf"(?<![\w'-])(?:{DEGREE})(?:[-–](?:{DEGREE})){{2,7}}(?![\w'-])(?!, )",
        lambda match: " ".join(cardinal(roman(degree)) for degree in re.split("[-–]", match[0])),
    ),
    Rule(r"♩ ?=", lambda match: "quarter note equals"),
]
