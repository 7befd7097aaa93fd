"""Telephone numbers, account numbers, postal codes and other rows of digits."""

import re

from tts.text.german.acronyms import letters
from tts.text.german.numbers import spelled
from tts.text.rules import Rule


def grouped(written: str) -> str:
    """Digits one by one, with a comma between the groups that are written."""
    groups = re.findall("[0-9]+", written)
    return ", ".join(spelled(group) for group in groups)


def _telephone(match: re.Match[str]) -> str:
    return ("plus " if match[0].startswith("+") else "") + grouped(match[0])


def _account(match: re.Match[str]) -> str:
    """DE89 3704 ...: D E acht neun, drei sieben null vier, ..."""
    groups = re.findall(".{1,4}", re.sub(r"\s", "", match[0]))
    said = [" ".join(letters(c) if c.isalpha() else spelled(c) for c in group) for group in groups]
    return ", ".join(said)


def _post(match: re.Match[str]) -> str:
    land = f"{match['land']} " if match["land"] else ""
    return f"{land}{spelled(match['code'])}"


TELEPHONES: list[Rule] = [
    Rule(
        r"(?<![\w.,])(?P<before>(?:die|der|Die|Notruf|Nummer)\s)(?P<digits>11[025])(?=[.,!?]|\s(?:an|wählen|anrufen|gewählt)\b|$)",
        lambda match: match["before"] + spelled(match["digits"]),
    ),
    Rule(r"(?<!\w)[A-Z]{2}[0-9]{2}(?:\s?[0-9A-Z]{4}){3,7}(?:\s?[0-9A-Z]{1,3})?(?!\w)", _account),
    Rule(r"(?<![\w.,])\+[1-9][0-9]{0,3}(?:[\s/()-]{1,3}[0-9]{1,12}){1,6}(?!\w|[.,][0-9])", _telephone),
    Rule(r"(?<![\w.,])\(0[0-9]{1,5}\)(?:[\s/-]{0,2}[0-9]{2,10}){1,5}(?!\w|[.,][0-9])", _telephone),
    Rule(
        r"(?<![\w.,])0[1-9][0-9]{1,4}(?:\s?[/-]\s?|\s)[0-9]{2,10}(?:[\s-][0-9]{1,8}){0,4}(?!\w|[.,][0-9])", _telephone
    ),
    Rule(r"(?<![\w.,])0[0-9]{5,14}(?!\w|[.,][0-9])", lambda match: spelled(match[0])),
    Rule(r"(?<![\w.,/])(?P<land>D|A|CH)-(?P<code>[0-9]{4,5})(?=\s[A-ZÄÖÜ])", _post),
    Rule(r"(?<=,\s)(?P<land>)(?P<code>[0-9]{5})(?=\s[A-ZÄÖÜ][a-zäöüß]+)", _post),
    Rule(
        r"(?P<before>(?<!\w)(?:in|aus|nach|bei)\s)(?P<code>[0-9]{3}(?!00)[0-9]{2})(?=\s[A-ZÄÖÜ][a-zäöüß]+(?!\w))",
        lambda match: match["before"] + spelled(match["code"]),
    ),
    Rule(r"(?<![\w.,/])(?P<land>)(?P<code>0[0-9]{4})(?=\s[A-ZÄÖÜ])", _post),
    Rule(
        r"(?P<before>(?:PLZ|Postleitzahl|Kundennummer|Kontonummer|Bankleitzahl|BLZ|PIN|Code|ISBN|Telefon|Fax|Mobil|Tel\.?):?\s)"
        r"(?P<digits>[0-9][0-9 /-]{2,24}[0-9X])(?!\w)",
        lambda match: match["before"] + grouped(match["digits"]),
    ),
]
