"""Roman numerals: of rulers, which are inflected, of wars and centuries, and of parts of books."""

import re

from tts.text.german.abbreviations import OPENERS
from tts.text.german.inflection import DATIVE, ending
from tts.text.german.numbers import cardinal, ordinal
from tts.text.roman import roman_value
from tts.text.rules import Rule, after, any_of, before, words_of

ROMAN = "[IVXLCDM]{1,9}"
PARTS = words_of(
    "Kapitel Band Teil Akt Szene Buch Artikel Abschnitt Anhang Tabelle Abbildung Phase Stufe Klasse Typ Gruppe "
    "Nummer Block Aufzug Auftritt Gesang Strophe Satz Sektion Saal Halle Apollo Rocky Hartz Liga Bundesliga Bände "
    "Lektion"
)
QUEENS = words_of(
    "Elisabeth Elizabeth Katharina Maria Viktoria Victoria Margarethe Beatrix Christina Kleopatra Johanna Anna "
    "Isabella Margarete Königin Zarin Kaiserin Päpstin"
)
RULERS = (
    words_of(
        "Ludwig Friedrich Wilhelm Heinrich Karl Otto Johannes Paul Benedikt Franz Josef Joseph Leopold Rudolf "
        "Ferdinand Philipp Georg Eduard Richard Napoleon Nikolaus Alexander Peter Iwan Pius Leo Innozenz Gregor "
        "Urban Clemens Klemens Konrad Albrecht August Maximilian Matthias Sigismund Ramses Thutmosis Amenophis "
        "Gustav Christian Harald Erik Albert Alfons Juan Carlos Felipe Umberto Viktor Emanuel Jakob William Charles "
        "Henry Edward Ernst Adolf Bonifatius Sixtus Julius Hadrian Kambyses Dareios Xerxes Ptolemaios Mehmed Murad "
        "Selim Süleyman Bernhard Gerhard Adalbert Willem Baudouin Leopold Humbert Robert Malcolm Donald Haakon Olav "
        "Knut Waldemar Kasimir Stanislaus Wenzel Sigmund"
    )
    | QUEENS
)
ACCUSATIVE = words_of("für gegen durch ohne um")
DATIVES = DATIVE - words_of("und oder") | words_of("zum vom beim am im")
OPENS = re.compile(rf"[\"')]?\s(?:{any_of(OPENERS)})\b")
NAME = r"(?P<name>[A-ZÄÖÜ][\w-]{1,30})"


def _ruler(match: re.Match[str]) -> str:
    """Ludwig XIV.: Ludwig der Vierzehnte; Ludwigs XIV.: Ludwigs des Vierzehnten; mit Ludwig XIV.: dem Vierzehnten."""
    name, value = match["name"], roman_value(match["roman"])
    if not value or value > 40:
        return match[0]
    stem = name.removesuffix("s") if name not in RULERS else name
    if not match["stop"] and stem not in RULERS:
        return match[0]
    queen = stem in QUEENS
    earlier = re.findall(r"[^\W\d_]+", before(match))[-2:]
    case = next((word.lower() for word in reversed(earlier) if not word[0].isupper() or word.lower() in DATIVES), "")
    if name != stem and name.endswith("s"):
        article, end = ("der", "en") if queen else ("des", "en")
    elif case in DATIVES:
        article, end = ("der", "en") if queen else ("dem", "en")
    elif case in ACCUSATIVE:
        article, end = ("die", "e") if queen else ("den", "en")
    else:
        article, end = ("die", "e") if queen else ("der", "e")
    said = f"{name} {article} {ordinal(str(value), end).capitalize()}"
    ends = not after(match).strip(" \"')") or OPENS.match(after(match))  # the stop is that of the sentence, too
    return said + ("." if match["stop"] and ends else "")


def _ordered(match: re.Match[str]) -> str:
    """II. Weltkrieg: Zweiter Weltkrieg; im XIX. Jahrhundert."""
    value = roman_value(match["roman"])
    if not value:
        return match[0]
    return ordinal(str(value), ending(before(match), match["noun"])) + f" {match['noun']}"


def _part(match: re.Match[str]) -> str:
    value = roman_value(match["roman"])
    return f"{match['name']} {cardinal(str(value))}" if value else match[0]


NUMERALS: list[Rule] = [
    Rule(
        rf"(?<!\w)(?P<roman>{ROMAN})\.\s(?P<noun>[A-ZÄÖÜ][a-zäöüß]+)",
        lambda match: _ordered(match) if _orders(match) else match[0],
    ),
    Rule(rf"(?<!\w)(?P<name>{any_of(PARTS)})\s(?P<roman>{ROMAN})(?![\w-])", _part),
    Rule(rf"(?<![\w-]){NAME}\s(?P<roman>{ROMAN})(?P<stop>\.?)(?![\w-])", _ruler),
    Rule(r"(?<![\w.-])(?P<name>)(?P<roman>[IVX]{2,9})(?![\w-])", lambda match: _part(match).strip()),
]
COUNTED = words_of(
    "Weltkrieg Weltkriegs Weltkrieges Jahrhundert Jahrhunderts Kapitel Akt Aufzug Szene Teil Band Quartal Liga Buch "
    "Gesang Reich Klasse Internationale Vatikanische Vatikanischen Republik Dynastie Armeekorps Bezirk"
)


def _orders(match: re.Match[str]) -> bool:
    """Whether the numeral belongs to the noun after it, and not to a ruler before it."""
    return match["noun"] in COUNTED
