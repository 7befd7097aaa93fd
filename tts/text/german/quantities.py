"""Numbers as they are written, ranges, fractions, and what is left of digits in the end."""

import re

from tts.text.german.inflection import article_one, determined, ending, feminine
from tts.text.german.numbers import MOST_DIGITS, cardinal, decimal, fraction, ordinal, spelled
from tts.text.rules import Rule, after, any_of, before, words_of

# With points, thin or plain spaces or apostrophes between thousands; decimals after a comma.
GROUPS = r"[0-9]{1,3}(?:\.[0-9]{3}){1,6}|[0-9]{1,3}(?:[ ' ][0-9]{3}){1,6}(?![0-9])"
NUMBER = rf"(?:(?:{GROUPS}|[0-9]{{1,24}})(?:,[0-9]{{1,12}})?)"
ALONE = r"(?<![\w.,])"
END = r"(?!\w|[.,][0-9])"
DASH = r"\s?[-–—]\s?|\sbis\s"
VULGAR = {
    **{"½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5)},
    **{"⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8), "⅐": (1, 7)},
}


def plain_digits(written: str) -> str:
    """1.000.000 and 1 000 000 without what stands between thousands."""
    return re.sub(r"[. ' ]", "", written)


def number(written: str, one: str = "eins") -> str:
    """1.234,5: tausendzweihundertvierunddreißig Komma fünf."""
    whole, _, digits = written.partition(",")
    whole = plain_digits(whole)
    if digits:
        return decimal(whole, digits)
    return spelled(whole) if len(whole) > 1 and whole[0] == "0" or len(whole) > MOST_DIGITS else cardinal(whole, one)


def is_one(written: str) -> bool:
    return written == "1"


# Words before a number that is a name.
LABELS = words_of(
    "Absatz Artikel Nummer Kapitel Seite Satz Paragraf Band Teil Zimmer Platz Gleis Linie Abbildung Tabelle Punkt "
    "Klasse Formel Gruppe Stufe Typ Liga Halle Ziffer Buchstabe Zeile Spalte Folge Staffel Version"
)


def counted(match: re.Match[str]) -> str:
    """A number and the noun after it: 1 Mensch, 1 Stunde."""
    written = match["number"]
    if plain_digits(written)[-2:] in ("1", "01") and "," not in written:
        noun = re.match(r"\s([A-ZÄÖÜ][a-zäöüß][\w-]*)", after(match))
        label = re.search(rf"(?:{any_of(LABELS)})\s$", before(match))
        if noun and is_one(written) and not label:
            return match["minus"] + article_one(noun[1])
    return match["minus"] + number(written)


def _signed(match: re.Match[str]) -> str:
    return f"minus {number(match['number'])}"


def _mixed(match: re.Match[str]) -> str:
    """1½: eineinhalb; 2 1/2: zweieinhalb; 3¾: drei drei Viertel."""
    over, under = VULGAR[match["vulgar"]] if match["vulgar"] else (int(match["over"]), int(match["under"]))
    whole = match["whole"]
    if (over, under) == (1, 2):
        return cardinal(whole, "ein") + "einhalb"
    return f"{cardinal(whole)} {fraction(str(over), str(under))}"


def _part(match: re.Match[str]) -> str:
    """1/2, ¾; before a noun a half is inflected: ein halber Liter, eine halbe Stunde."""
    over, under = VULGAR[match["vulgar"]] if match["vulgar"] else (int(match["over"]), int(match["under"]))
    noun = re.match(r"\s([A-ZÄÖÜ][a-zäöüß]+)", after(match))
    if (over, under) == (1, 2) and noun:
        return half(noun[1])
    if under > 100 or (under > 12 and under not in (16, 20, 32, 64, 100)):
        return f"{cardinal(str(over))} Schrägstrich {cardinal(str(under))}"
    return fraction(str(over), str(under))


def half(noun: str) -> str:
    """Ein halber Liter, eine halbe Stunde, ein halbes Kilo."""
    if noun in (
        "Kilo",
        "Kilogramm",
        "Gramm",
        "Pfund",
        "Jahr",
        "Jahrhundert",
        "Dutzend",
        "Prozent",
        "Glas",
        "Jahrzehnt",
    ):
        return "ein halbes"
    return "eine halbe" if feminine(noun) else "ein halber"


def _range(match: re.Match[str]) -> str:
    return f"{match['minus'] and 'minus '}{number(match['first'])} bis {number(match['last'])}"


def _ordinal(match: re.Match[str]) -> str:
    """A number with a stop before what it counts: der 1. Platz, im 19. und 20. Jahrhundert."""
    end = ending(before(match), after(match).lstrip())
    said = ordinal(match["first"], end)
    if match["last"] and match["link"].strip() == ",":
        said += f", {ordinal(match['last'], end)}"
    elif match["last"]:
        link = match["link"].strip()
        said += f" {'bis' if link in '-–' else 'und' if link in '/,&' else link} {ordinal(match['last'], end)}"
    return said + " "


# Words that an ordinal stands before even without an article.
ORDERED = (
    "Jahrhundert|Jahrhunderts|Jahrhunderte|Jahrtausend|Weltkrieg|Platz|Klasse|Stock|Etage|Obergeschoss|OG|Geburtstag|Tag|"
    "Woche|Mal|Kapitel|Akt|Szene|Auflage|Band|Runde|Halbzeit|Minute|Spieltag|Liga|Bundesliga|Quartal|Halbjahr|Semester|"
    "Stunde|Lebensjahr|Platzierte|Preis|Reihe|Teil|Satz|Schritt|Versuch|Juli|Advent|Person|Bezirk|Armee|Division|Kammer|"
    "Senat|Vorsitzende|Vorsitzender|Bürgermeister|Sonntag|Symphonie|Sinfonie|Folge|Staffel|Staffeln|Grad|Grades|Ligisten|"
    "Wahlgang|Jahrgang|Jahrestag|Todestag|Hochzeitstag|Lesung|Instanz|Dynastie|Legislaturperiode|Wahlperiode"
)
LINK = r"(?P<link>\s?[-–/&,]\s?|\sund\s|\sbis\s|\soder\s|\svon\s)(?P<last>[0-9]{1,3})\."


def counts(before: str, digits: str, following: str) -> bool:
    """Whether a number with a stop is an ordinal and ends no sentence, by the words around it."""
    from tts.text.german.dates import SPOKEN_MONTHS

    if not digits.isdigit() or len(digits) > 3:
        return False
    return following in SPOKEN_MONTHS or following in ORDERED.split("|") or determined(before)


QUANTITIES: list[Rule] = [
    Rule(rf"{ALONE}1001 Nacht", lambda match: "tausendundeine Nacht"),
    Rule(
        rf"{ALONE}(?P<whole>[0-9]{{1,4}})(?:\s(?P<over>[0-9])/(?P<under>[0-9]{{1,2}})|\s?(?P<vulgar>[{''.join(VULGAR)}]))(?![\w/])",
        _mixed,
    ),
    Rule(
        rf"(?<![\w.,/])(?:(?P<over>[0-9]{{1,3}})/(?P<under>[0-9]{{1,4}})|(?P<vulgar>[{''.join(VULGAR)}]))(?![\w/])",
        _part,
    ),
    Rule(
        rf"{ALONE}(?P<first>[0-9]{{1,3}})\.(?:{LINK})?\s(?=[a-zäöü]|(?:{ORDERED})(?!\w))",
        _ordinal,
    ),
    Rule(
        rf"{ALONE}(?P<first>[0-9]{{1,3}})\.(?:{LINK})?\s(?=[A-ZÄÖÜ0-9])",
        lambda match: _ordinal(match) if determined(before(match)) else match[0],
    ),
    Rule(rf"{ALONE}(?P<minus>[−-]?)(?P<first>{NUMBER})(?:{DASH})(?P<last>{NUMBER}){END}", _range),
    Rule(
        rf"{ALONE}(?P<first>[0-9]{{1,3}})-(?=[a-zäöü])",
        lambda match: cardinal(match["first"], "ein"),
    ),  # 3-jährig: dreijährig
    Rule(
        rf"{ALONE}(?P<first>[0-9]{{1,4}})(?=(?:fach|mal|malig|jährig|tägig|stündig|köpfig)\w*)",
        lambda match: cardinal(match["first"], "ein"),
    ),
]
NUMBERS: list[Rule] = [
    Rule(rf"(?<![\w.,)/-])[−-](?P<number>{NUMBER}){END}", _signed),
    Rule(rf"(?<![\w])(?<![0-9][.,])(?P<minus>)(?P<number>{NUMBER}){END}", counted),
    Rule(r"[0-9]{1,24}", lambda match: f" {number(match[0])} "),
]
