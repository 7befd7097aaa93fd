"""Amounts of money."""

import re

from tts.text.german.numbers import cardinal
from tts.text.german.quantities import ALONE, DASH, END, NUMBER, number, plain_digits
from tts.text.rules import Rule, any_of

# Written form: what it is called, and its hundredth part.
CURRENCIES = {
    **{"€": ("Euro", "Cent"), "EUR": ("Euro", "Cent"), "Euro": ("Euro", "Cent"), "$": ("Dollar", "Cent")},
    **{"US-$": ("US-Dollar", "Cent"), "US$": ("US-Dollar", "Cent"), "USD": ("US-Dollar", "Cent")},
    **{"£": ("Pfund", "Pence"), "GBP": ("Pfund", "Pence"), "CHF": ("Franken", "Rappen"), "Fr.": ("Franken", "Rappen")},
    **{"SFr.": ("Franken", "Rappen"), "sFr.": ("Franken", "Rappen"), "DM": ("Mark", "Pfennig"), "¥": ("Yen", "Sen")},
    **{
        "JPY": ("Yen", "Sen"),
        "Mark": ("Mark", "Pfennig"),
        "Franken": ("Franken", "Rappen"),
        "Dollar": ("Dollar", "Cent"),
    },
    **{
        "₽": ("Rubel", "Kopeken"),
        "zł": ("Zloty", "Groschen"),
        "kr": ("Kronen", "Öre"),
        "öS": ("Schilling", "Groschen"),
    },
    **{"₿": ("Bitcoin", "Satoshi"), "ct": ("Cent", ""), "Ct.": ("Cent", ""), "Cent": ("Cent", "")},
}
SIGN = any_of(CURRENCIES)
FEMININE = ("Mark", "Krone")
MULTIPLES = {
    **{"Mio.": ("Million", "Millionen"), "Mio": ("Million", "Millionen"), "Mill.": ("Million", "Millionen")},
    **{"Mrd.": ("Milliarde", "Milliarden"), "Mrd": ("Milliarde", "Milliarden"), "Bio.": ("Billion", "Billionen")},
    **{"Tsd.": ("Tausend", "Tausend"), "Tsd": ("Tausend", "Tausend"), "Million": ("Million", "Millionen")},
    **{"Millionen": ("Million", "Millionen"), "Milliarde": ("Milliarde", "Milliarden")},
    **{"Milliarden": ("Milliarde", "Milliarden")},
}
MULTIPLE = any_of(MULTIPLES)
NUMBER_DASH = rf"(?:{NUMBER}|[0-9]{{1,9}},[-–—]{{1,2}})"
PER = {
    "kg": "Kilogramm",
    "l": "Liter",
    "m²": "Quadratmeter",
    "h": "Stunde",
    "t": "Tonne",
    "Monat": "Monat",
    "Jahr": "Jahr",
}


def times(written: str, multiple: str) -> str:
    """1,2 and Mio.: eins Komma zwei Millionen; 1 and Mio.: eine Million."""
    one, many = MULTIPLES[multiple]
    if written == "1":
        return "eintausend" if one == "Tausend" else f"eine {one}"
    return f"{number(written)} {many}"


def amount(written: str, sign: str) -> str:
    """3,50 and €: drei Euro fünfzig."""
    name, small = CURRENCIES[sign]
    written = re.sub(r"\.(?=[0-9]{2}$)", ",", written)
    whole, _, digits = written.partition(",")
    whole = plain_digits(whole)
    digits = digits.strip("-–—")
    one = "eine" if name in FEMININE else "ein"
    if len(digits) == 2 and small:
        cents = str(int(digits))
        if not int(whole) and int(digits):
            return f"{cardinal(cents, 'ein')} {small}"
        said = f"{cardinal(whole, one)} {name}"
        return f"{said} {cardinal(cents)}" if int(digits) else said
    if digits:
        return f"{number(written)} {name}"
    return f"{cardinal(whole, one)} {name}"


def _amount(match: re.Match[str]) -> str:
    sign, written = match["sign"], match["number"]
    said = "minus " if match["minus"] else ""
    if match["multiple"]:
        said += f"{times(written, match['multiple'])} {CURRENCIES[sign][0]}"
    else:
        said += amount(written, sign)
    per = match.groupdict().get("per")
    stop = "." if sign.endswith(".") and match.end() == len(match.string) else ""
    return said + (f" pro {PER[per]}" if per else "") + stop


def _range(match: re.Match[str]) -> str:
    multiple = match["multiple"]
    last = times(match["last"], multiple) if multiple else number(match["last"])
    return f"{number(match['first'])} bis {last} {CURRENCIES[match['sign']][0]}"


MONEY: list[Rule] = [
    Rule(
        rf"{ALONE}(?P<first>{NUMBER})(?:{DASH})(?P<last>{NUMBER})\s?(?P<multiple>{MULTIPLE})?\s?(?P<sign>{SIGN})(?!\w)",
        _range,
    ),
    Rule(
        rf"{ALONE}(?P<minus>[−-]?)(?P<number>{NUMBER_DASH})\s?(?P<multiple>{MULTIPLE})?\s?(?P<sign>{SIGN})(?!\w)"
        rf"(?:\s?/\s?(?P<per>{any_of(PER)})(?!\w))?",
        _amount,
    ),
    Rule(
        rf"(?<![\w.,])(?P<minus>[−-]?)(?P<sign>{SIGN})\s?(?P<number>[0-9]{{1,6}}\.[0-9]{{2}}(?![0-9])|{NUMBER_DASH})(?:\s(?P<multiple>{MULTIPLE})(?!\w))?{END}",
        _amount,
    ),
]
MULTIPLES_ALONE: list[Rule] = [
    Rule(rf"{ALONE}(?P<number>{NUMBER})\s?(?P<multiple>{MULTIPLE})(?!\w)", lambda m: times(m["number"], m["multiple"])),
]
