"""Numbers that are read digit by digit: of books, cards, accounts, orders, codes."""

import re

from tts.text.english.acronyms import letters
from tts.text.english.numbers import cardinal, spelled, spelled_in_groups
from tts.text.english.telephones import groups, short
from tts.text.rules import Rule

# What a number after it belongs to; the digits are read one by one from five on.
THINGS = (
    "account|acct|invoice|order|ticket|tracking|reference|ref|policy|passport|license|licence|serial|card|booking|"
    "confirmation|case|customer|member|membership|employee|badge|routing|PO|phone|telephone|"
    "mobile|cell|fax|call|dial|text"
)
OF_A_THING = rf"\b(?i:{THINGS}|part|model|item|code|sku|seat|gate)(?:\s(?i:number|no\.?|id|code))?(?::|\sis|\swas)?\s"
# Codes whose digits are read one by one from three on.
CODES = (
    r"(?:(?i:zip|postal|post|area|pass|pin|access|security|verification|confirmation|sort|entry|door|gate|otp)"
    r"(?:\s?code)?|postcode|passcode|ZIP|PIN|OTP|SSN|PNR|CVV|CVC)(?:\snumber|\sno\.)?(?::|\sis|\swas|\sof)?\s"
)
ENDING = r"(?:ending|ends|ended)\s(?:in|with)|(?:[Cc]ard|Visa|VISA|[Mm]aster[Cc]ard|Amex)\sending"
ENDING += r"|last (?:four|4) digits?(?: are| is|:)?"
NO_NUMBER = r"(?![\w-]|[.,][0-9])"  # after a code
NOT_COUNTING = r"(?!\s[a-z]{1,20}s\b|\sof\b)"
# 2020-05-01 and 01-05-2020 are dates
NO_DATE = r"(?!(?:[12][0-9]{3}-[0-9]{1,2}-[0-9]{1,2}|[0-3]?[0-9]-[0-3]?[0-9]-[12][0-9]{3})(?![\w-]))"


def _book(match: re.Match[str]) -> str:
    """ISBN 978-0-14-044913-6, ISSN 1234-567X."""
    parts = re.split("[ -]", match["number"])
    said = ", ".join(spelled(part) + (f" {letters('X')}" if part[-1:] in "Xx" else "") for part in parts if part)
    kind = f"{letters(match['name'])}{' ' + cardinal(match['kind']) if match['kind'] else ''}"
    return f"{kind}{match['between']}{said}"


def _hyphened(match: re.Match[str]) -> str:
    """111-11-1111, 978-0-14-044913-6, 12-34-56: digits; 4-4-2: numbers."""
    parts = match[0].split("-")
    code = any(len(part) > 2 or part[0] == "0" for part in parts) or {len(part) for part in parts} == {2}
    return ", ".join((spelled if code else cardinal)(part) for part in parts)


def characters(text: str) -> str:
    """4B2: four B two."""
    return " ".join(cardinal(c) if c.isdigit() else letters(c) for c in text if c.isalnum())


def _code(match: re.Match[str]) -> str:
    """A12-B34: letters and numbers, with a short stop at the dash."""
    return match["before"] + ", ".join(_mixed(part) for part in re.split("[ -]", match["code"]))


def _mixed(text: str) -> str:
    """B34: B thirty-four."""
    pieces = re.findall("[A-Za-z]|[0-9]+", text)
    return " ".join(short(piece) if piece.isdigit() else letters(piece) for piece in pieces)


_CODES: list[Rule] = [
    Rule(
        r"(?<![\w.])(?P<name>ISBN|ISSN)(?:-(?P<kind>1[03]))?(?P<between>:?\s(?:is\s)?)"
        r"(?P<number>[0-9][0-9 -]{6,20}[0-9Xx])(?!\w)",
        _book,
    ),
    # accounts: DE89 3704 0044 0532 0130 00
    Rule(
        r"(?<![\w-])[A-Z]{2}[0-9]{2}(?:\s[A-Z0-9]{4}){3,7}(?:\s[A-Z0-9]{1,3})?(?!\w)",
        lambda match: ", ".join(characters(part) for part in match[0].split()),
    ),
    # cards, and the last digits of one
    Rule(
        r"(?<![\w.,-])[0-9]{4}(?:([ -])[0-9]{4})(?:\1[0-9]{4}){1,3}(?:\1[0-9]{1,3})?(?![\w-])",
        lambda match: groups(match[0]),
    ),
    Rule(r"(?<![\w.,-])3[47][0-9]{2}([ -])[0-9]{6}\1[0-9]{5}(?![\w-])", lambda match: groups(match[0])),
    Rule(
        rf"(?P<before>\b(?:{ENDING})\s)(?P<code>[0-9]{{3,4}})(?!\w)",
        lambda match: match["before"] + spelled(match["code"]),
    ),
    # ZIP 90210, PIN 0042
    Rule(
        rf"(?P<before>\b{CODES})(?P<code>[0-9]{{3,12}}(?:-[0-9]{{2,6}}){{0,3}}){NO_NUMBER}{NOT_COUNTING}",
        lambda match: match["before"] + groups(match["code"]),
    ),
]
_LONG: list[Rule] = [
    Rule(r"\b([Aa])cct\.?(?=:?\s(?:[Nn]o\b|#|[Nn]umber|[0-9]))", lambda match: f"{match[1]}ccount"),
    Rule(r"(?<!\w)[Aa]/[Cc](?=:?\s(?:[Nn]o\b|#|[Nn]umber|[0-9]{5}))", lambda match: "account"),
    # of a court: 21-cv-1234
    Rule(
        r"(?<![\w.,-])(?P<year>[0-9]{1,2})-(?P<kind>cv|cr|mc|bk)-(?=[0-9]{2,6}(?![\w]))",
        lambda match: f"{match['year']} {letters(match['kind'].upper())} ",
    ),
    Rule(
        rf"(?P<before>\b(?i:{THINGS}|part|model|item)\s)[Nn]o(?:\.:?|:)(?=\s[A-Z]{{0,4}}-?[0-9])",
        lambda match: match["before"] + "number",
    ),
    # order no. 55-1023, ZIP+4 codes
    Rule(
        rf"(?P<before>\b(?i:{THINGS})\s(?i:number|no\.?|id|code)(?::|\sis|\swas)?\s)(?P<code>[0-9]{{1,8}}-[0-9]{{2,8}})"
        rf"{NO_NUMBER}",
        lambda match: match["before"] + ", ".join(short(part) for part in match["code"].split("-")),
    ),
    Rule(r"(?<![\w.,$£€/-])[0-9]{5}-[0-9]{4}(?![\w-]|\.[0-9])", lambda match: groups(match[0])),
    Rule(
        rf"(?P<before>\b(?i:{THINGS})(?:\s(?i:number|no\.?|id|code))?(?::|\sis|\swas)?\s(?:#\s?)?)"
        rf"(?P<code>[0-9]{{5,20}}){NO_NUMBER}{NOT_COUNTING}",
        lambda match: match["before"].replace("#", "number ") + spelled_in_groups(match["code"]),
    ),
    Rule(r"(?<!\w)#(?P<code>[0-9]{5,20})(?![\w,]|\.[0-9])", lambda match: "number " + spelled(match["code"])),
]
_MIXED: list[Rule] = [
    Rule(
        r"\b(?P<word>[Ee])xp(?:\.|ires)?:?\s(?P<month>0?[1-9]|1[0-2])/(?P<year>[0-9]{2})(?![\w/])",
        lambda match: f"{match['word']}xpires {cardinal(str(int(match['month'])))} {short(match['year'])}",
    ),
    # of the post: SW1A 1AA
    Rule(r"(?P<before>)(?<![\w-])(?P<code>[A-Z]{1,2}[0-9][0-9A-Z]?\s[0-9][A-Z]{2})(?!\w)", _code),
    Rule(  # a color: #FF5733
        r"(?<!\w)#(?=[0-9]{0,5}[A-Fa-f])(?=[A-Fa-f]{0,5}[0-9])(?P<code>[0-9A-Fa-f]{6})(?!\w)",
        lambda match: "hash " + characters(match["code"]),
    ),
    Rule(
        r"(?<!\w)#(?P<before>)(?P<code>[A-Z]{1,4}-?[0-9]{1,12}(?:-[A-Z0-9]{1,12}){0,4})(?!\w)",
        lambda match: "number " + _code(match),
    ),
    Rule(
        rf"(?P<before>{OF_A_THING})(?=[A-Z0-9-]{{0,12}}[0-9])(?=[0-9-]{{0,12}}[A-Z])"
        r"(?P<code>[A-Z0-9]{2,12}(?:-[A-Z0-9]{1,12}){1,4})(?![\w-]|\.[0-9])",
        _code,
    ),
]
_UNBROKEN: list[Rule] = [
    Rule(r"(?<![\w/])S/N(?=:?\s?#?[A-Z0-9]{3})", lambda match: "serial number"),
    # AB1234567
    Rule(
        r"(?P<before>)(?<![\w.,#@/$£€+'-])(?P<code>[A-Z]{1,4}[0-9]{5,16})(?![\w'/-]|\.\w)",
        _code,
    ),
    # 1Z999AA1, 4C530001: letters and digits change often, or there are many digits
    Rule(
        r"(?P<before>)(?<![\w.,#@/$£€+'-])(?=[A-Z]{0,12}[0-9]{1,12}[A-Z])(?=[A-Z0-9]{6,20}(?![\w'/-]|\.\w))"
        r"(?=[A-Z]{0,12}[0-9]{1,12}[A-Z]{1,12}(?:[0-9]{5}|[0-9]{1,12}[A-Z]))(?P<code>[A-Z0-9]{6,20})",
        _code,
    ),
    Rule(
        rf"(?P<before>\b(?i:{THINGS})(?:\s(?i:number|no\.?|id|code))?(?::|\sis|\swas)?\s)(?=[A-Z]{{0,12}}[0-9])"
        r"(?=[0-9]{0,12}[A-Z])(?P<code>[A-Z0-9]{5,20})(?![\w'/-]|\.\w)",
        _code,
    ),
]
SERIALS = [*_CODES, *_LONG, *_MIXED, *_UNBROKEN]
# After the rules of telephones.
HYPHENED: list[Rule] = [
    Rule(r"(?<![\w.,/-])24(?P<sign>[-/])7(?P=sign)365(?![\w/-])", lambda match: "twenty-four seven three sixty-five"),
    # several groups of digits: social security numbers, sort codes, formations
    Rule(rf"(?<![\w.,/-]){NO_DATE}[0-9]{{1,12}}(?:-[0-9]{{1,12}}){{2,7}}(?![\w/-])", _hyphened),
]
