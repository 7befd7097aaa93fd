"""Numbers that are read digit by digit: of telephones, books, cards, accounts, places in a net; and versions."""

import re

from tts.text.english.acronyms import letters
from tts.text.english.numbers import cardinal, in_plural, pairs, spelled, spelled_in_groups
from tts.text.english.patterns import DIGIT, Rule, any_of, only_with, rule, words_of

STATES = {
    **{"AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado"},
    **{"CT": "Connecticut", "DE": "Delaware", "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho"},
    **{"IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana"},
    **{"ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota"},
    **{"MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada"},
    **{"NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York", "NC": "North Carolina"},
    **{"ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania"},
    **{"RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas"},
    **{"UT": "Utah", "VT": "Vermont", "VA": "Virginia", "WA": "Washington", "WV": "West Virginia"},
    **{"WI": "Wisconsin", "WY": "Wyoming", "DC": letters("DC")},
}
# These are words too, so without a ZIP code they stay as they are.
STATES_AND_WORDS = words_of("HI IN ME OH OK OR ID PA MA LA AL CO DC")
# What a number after it belongs to; the digits are read one by one from five on.
NUMBERED_THINGS = (
    "account|acct|invoice|order|ticket|tracking|reference|ref|policy|passport|license|licence|serial|card|booking|"
    "confirmation|case|customer|member|membership|employee|badge|routing|PO|phone|telephone|mobile|cell|fax|call|dial|text"
)
# Programs whose releases are counted part by part: Python 3.11 is three point eleven.
RELEASED = any_of(
    words_of(
        "version versions Version Versions release Release firmware kernel Python Java Node Ruby PHP Perl Go Rust "
        "Swift Kotlin Django "
        " Rails React Angular iOS iPadOS Android macOS OS Ubuntu Debian Fedora Windows Linux "
        "Chrome Firefox Safari PyTorch TensorFlow CUDA Unity Blender Bluetooth USB HTTP TLS HTML GPT Claude Llama Gemini"
    )
)
# Names whose numbers of three digits are said in two parts: Boeing seven forty-seven.
IN_PARTS = any_of(
    words_of(
        "Boeing Airbus flight Flight Highway Interstate Route Hwy Porsche Ferrari Peugeot error Error HTTP Formula "
        "Apollo Levi's"
    )
)


def _groups(text: str) -> str:
    return ", ".join(spelled(group) for group in re.findall("[0-9]+", text))


def _phone(match: re.Match[str]) -> str:
    plus = "plus " if match[0].startswith("+") else ""
    groups = re.findall("[0-9]+", match["number"])
    first = 1 if groups[0] == "1" else 0  # the country's code
    said = [
        f"{cardinal(group[0])} hundred" if at == first and group in ("800", "900") else spelled(group)
        for at, group in enumerate(groups)
    ]
    extension = match["extension"]
    return plus + ", ".join(said) + (f", extension {_short(extension)}" if extension else "")


def _short(digits: str) -> str:
    """A number of one or two digits as a whole, a longer one digit by digit."""
    return cardinal(digits) if len(digits) < 3 else spelled(digits)


def _free_call(match: re.Match[str]) -> str:
    """1-800-FLOWERS."""
    area = match["area"]
    return f"one, {'eight hundred' if area == '800' else spelled(area)}, "


def _domestic(match: re.Match[str]) -> str:
    """020 7946 0958; fewer than nine digits may be something else."""
    return _groups(match[0]) if sum(c.isdigit() for c in match[0]) >= 9 else match[0]


def _book(match: re.Match[str]) -> str:
    """ISBN 978-0-14-044913-6, ISSN 1234-567X."""
    groups = re.split("[ -]", match["number"])
    said = ", ".join(spelled(group) + (f" {letters('X')}" if group[-1] in "Xx" else "") for group in groups)
    kind = f"{letters(match['name'])}{' ' + cardinal(match['kind']) if match['kind'] else ''}"
    return f"{kind}{match['between']}{said.strip()}"


def _hyphened(match: re.Match[str]) -> str:
    """111-11-1111, 978-0-14-044913-6, 12-34-56: digits; 4-4-2: numbers."""
    groups = match[0].split("-")
    code = any(len(group) > 2 or group[0] == "0" for group in groups) or {len(group) for group in groups} == {2}
    return ", ".join((spelled if code else cardinal)(group) for group in groups)


def _address(match: re.Match[str]) -> str:
    """192.168.0.1, and its mask or port."""
    words = " dot ".join(spelled(group) for group in match["address"].split("."))
    words += f" slash {cardinal(match['mask'])}" if match["mask"] else ""
    return words + (f" colon {spelled(match['port'])}" if match["port"] else "")


def _hexadecimal(match: re.Match[str]) -> str:
    """2001:db8::1 and 00:1A:2B:3C:4D:5E."""
    text = match[0].replace("::", " colon colon ").replace(":", " colon ")
    return " ".join(_characters(part) if part != "colon" else part for part in text.split())


def _characters(text: str) -> str:
    """4B2: four B two."""
    return " ".join(cardinal(c) if c.isdigit() else letters(c) for c in text if c.isalnum())


def _version(match: re.Match[str]) -> str:
    name = "version" if match["v"] else match["name"]
    parts = [spelled(part) if part[0] == "0" else cardinal(part) for part in match["number"].split(".")]
    return f"{name} {' point '.join(parts)}"


def _state(match: re.Match[str]) -> str:
    return f"{match['before']}{STATES[match['state']]}{match['comma']} {_groups(match['code'])}"


def _postcode(match: re.Match[str]) -> str:
    """SW1A 1AA."""
    said = []
    for part in match[0].split():
        pieces = re.findall("[A-Z]|[0-9]+", part)
        said.append(" ".join(cardinal(piece) if piece.isdigit() else letters(piece) for piece in pieces))
    return ", ".join(said)


def _code(match: re.Match[str]) -> str:
    """A12-B34: letters and numbers, with a short stop at the dash."""
    said = []
    for part in match["code"].split("-"):
        pieces = re.findall("[A-Za-z]|[0-9]+", part)
        said.append(
            " ".join(
                (_short(piece) if len(piece) < 3 else spelled(piece)) if piece.isdigit() else letters(piece)
                for piece in pieces
            )
        )
    return match["before"] + ", ".join(said)


def _card(match: re.Match[str]) -> str:
    return _groups(match[0])


# Short words of this file whose full stop ends no sentence before a number.
CALLED = ("tel", "Tel", "exp", "Exp", "ext", "Ext", "Rs", *(f"{shillings}s" for shillings in range(1, 20)))
EXTENSION = r"(?:,?\s?(?:x|[Ee]xt\.?|[Ee]xtension)\s?(?P<extension>[0-9]{1,6}))?(?![\w-])"
_BY_DIGITS: list[Rule] = [
    rule(
        r"(?<![\w.])(?P<name>ISBN|ISSN)(?:-(?P<kind>1[03]))?(?P<between>:?\s(?:is\s)?)"
        r"(?P<number>[0-9][0-9 -]{6,20}[0-9Xx])(?!\w)",
        _book,
    ),
    rule(
        r"(?<![\w-])[A-Z]{2}[0-9]{2}(?:\s[A-Z0-9]{4}){3,7}(?:\s[A-Z0-9]{1,3})?(?!\w)",
        lambda match: ", ".join(_characters(group) for group in match[0].split()),
    ),
    # cards, and the last digits of one
    rule(r"(?<![\w.,-])[0-9]{4}(?:([ -])[0-9]{4})(?:\1[0-9]{4}){1,3}(?:\1[0-9]{1,3})?(?![\w-])", _card),
    rule(r"(?<![\w.,-])3[47][0-9]{2}([ -])[0-9]{6}\1[0-9]{5}(?![\w-])", _card),
    rule(
        r"(?P<before>\b(?:(?:ending|ends|ended)\s(?:in|with)|last (?:four|4) digits?(?: are| is|:)?)\s)(?P<code>[0-9]{3,4})(?!\w)",
        lambda match: match["before"] + spelled(match["code"]),
    ),
    # +1 (555) 123-4567, 555-123-4567, 020 7946 0958, 555-1234
    rule(rf"(?<![\w.,])(?P<number>\+[0-9]{{1,3}}(?:[ .-]{{0,1}}\(?[0-9]{{1,6}}\)?){{2,5}}){EXTENSION}", _phone),
    rule(
        rf"(?<![\w.,])(?P<number>(?:1[ .-])?\(?[0-9]{{3}}\)?[ .-]?(?<=[ .)-])[0-9]{{3}}[ .-][0-9]{{4}}(?:-[0-9]{{1,5}})?){EXTENSION}",
        _phone,
    ),
    rule(r"(?<![\w.,-])1-(?P<area>8[0-9]{2}|900)-(?=[0-9-]{0,3}[A-Z])", _free_call),
    rule(r"(?<![\w.,])\(?0[0-9]{2,4}\)?[ -][0-9]{3,8}(?:[ -][0-9]{3,6})?(?![\w-])", _domestic),
    rule(r"(?<![\w.,$£€-])[0-9]{3}-[0-9]{4}(?![\w-])", lambda match: _groups(match[0])),
    rule(
        r"(?<!\w)(?P<word>[Tt])el\.?:?\s?(?=[0-9(+]|(?:plus|zero|one|two|three|four|five|six|seven|eight|nine)\b)",
        lambda match: f"{match['word']}elephone ",
    ),
    rule(
        r"(?<!\w)(?P<word>[Ee])xt\.?:?\s?(?P<number>[0-9]{1,6})(?!\w)",
        lambda match: f"{match['word']}xtension {_short(match['number'])}",
    ),
    rule(
        r"(?P<before>\b(?:[Cc]all(?:ed|ing)?|[Dd]ial(?:ed|ing)?|[Rr]ing|[Pp]hone[ds]?)\s)(?P<a>[0-9])-?(?P<b>[0-9])-?(?P<c>[0-9])(?![\w-]|[.,][0-9]|\s[a-z]+s\b)",
        lambda match: f"{match['before']}{spelled(match['a'] + match['b'] + match['c'])}",
    ),
    # codes
    rule(
        rf"(?P<before>\b[A-Z][a-z]+,?\s)(?P<state>{any_of(STATES)})(?P<comma>,?)\s(?P<code>[0-9]{{5}}(?:-[0-9]{{4}})?)(?![\w-])",
        _state,
    ),
    rule(
        rf"(?P<before>\b[A-Z][a-z]+,\s)(?P<state>{any_of(set(STATES) - STATES_AND_WORDS)})(?!\w)",
        lambda match: match["before"] + STATES[match["state"]],
    ),
    rule(r"(?<![\w-])[A-Z]{1,2}[0-9][0-9A-Z]?\s[0-9][A-Z]{2}(?!\w)", _postcode),
    rule(
        r"(?P<before>\b(?:(?i:zip|postal|post|area|pass|pin|access|security|verification|confirmation|sort|entry|door|gate|otp)(?:\s?code)?|postcode|passcode|ZIP|PIN|OTP|SSN|PNR|CVV|CVC)"
        r"(?:\snumber|\sno\.)?(?::|\sis|\swas|\sof)?\s)(?P<code>[0-9]{3,12}(?:-[0-9]{2,6}){0,3})(?![\w-]|[.,][0-9]|\s(?:of|[a-z]+s)\b)",
        lambda match: match["before"] + _groups(match["code"]),
    ),
    rule(
        rf"(?P<before>\b(?i:{NUMBERED_THINGS})(?:\s(?i:number|no\.?|id|code))?(?::|\sis|\swas)?\s(?:#\s?)?)(?P<code>[0-9]{{5,20}})(?![\w-]|[.,][0-9]|\s[a-z]+s\b)",
        lambda match: match["before"].replace("#", "number ") + spelled_in_groups(match["code"]),
    ),
    rule(
        r"(?<!\w)(?P<before>#)(?P<code>[0-9]{5,20})(?![\w,]|\.[0-9])",
        lambda match: "number " + spelled(match["code"]),
    ),
    rule(
        r"(?<!\w)#(?=[0-9A-Fa-f]{6}(?!\w))(?=[0-9]{0,5}[A-Fa-f])(?P<code>\w{6})",
        lambda match: "hash " + _characters(match["code"]),
    ),
    rule(
        r"(?<!\w)#(?P<before>)(?P<code>(?=[A-Z]{0,4}-?[0-9])[A-Z]{1,4}-?[0-9]{1,12}(?:-[A-Z0-9]{1,12}){0,4})(?!\w)",
        lambda match: "number " + _code(match),
    ),
    rule(
        rf"(?P<before>\b(?i:{NUMBERED_THINGS}|part|model|item|code|sku|seat|gate)(?:\s(?i:number|no\.?|id|code))?(?::|\sis|\swas)?\s)"
        r"(?P<code>(?=[A-Z0-9-]{0,12}[0-9])(?=[0-9-]{0,12}[A-Z])[A-Z0-9]{2,12}(?:-[A-Z0-9]{1,12}){1,4})(?![\w-])",
        _code,
    ),
    # places in a net
    rule(
        r"(?<![\w.,])(?<!ersion )(?P<address>[0-9]{1,3}(?:\.[0-9]{1,3}){3})(?:/(?P<mask>[0-9]{1,2}))?(?::(?P<port>[0-9]{2,5}))?(?![\w-]|\.[0-9])",
        _address,
    ),
    rule(
        r"(?<![\w.:])(?=[0-9A-Fa-f:]{0,40}(?:[A-Fa-f]|::))(?=[A-Fa-f:]{0,8}[0-9])(?:(?:[0-9A-Fa-f]{1,4}:{1,2}){2,7}|[0-9A-Fa-f]{1,4}::)[0-9A-Fa-f]{1,4}(?![\w:])",
        _hexadecimal,
    ),
    # several groups of digits: social security numbers, sort codes, formations
    rule(
        r"(?<![\w.,/-])(?!(?:[12][0-9]{3}-[0-9]{1,2}-[0-9]{1,2}|[0-3]?[0-9]-[0-3]?[0-9]-[12][0-9]{3})(?![\w-]))[0-9]{1,12}(?:-[0-9]{1,12}){2,7}(?![\w-]|[/][0-9])",
        _hyphened,
    ),
    # versions
    rule(
        rf"(?<![\w.])(?:(?P<v>[vV])\.?\s?|(?P<name>{RELEASED})[ -])(?P<number>[0-9]{{1,5}}(?:\.[0-9]{{1,5}}){{1,4}})(?![\w]|\.[0-9])",
        _version,
    ),
    rule(r"(?<![\w.])v(?P<v>)(?=[0-9]{1,3}(?!\w))", lambda match: "version "),
    rule(
        r"(?<!\w)S(?P<season>[0-9]{1,2})\s?E(?P<episode>[0-9]{1,3})(?!\w)",
        lambda match: f"season {int(match['season'])} episode {int(match['episode'])}",
    ),
    rule(
        r"(?P<before>\b[Ff]light\s)(?P<code>[A-Z]{2}\s?[0-9]{1,4})(?![\w-])",
        lambda match: match["before"] + _characters(match["code"]),
    ),
    # two 7s
    rule(
        r"(?P<before>\b(?:two|three|four|five|six|ten|all|several|some|of|in|by)\s)(?P<number>[2-9])s(?= (?:and|or)\b|[.,;:!?]|$)",
        lambda match: match["before"] + in_plural(cardinal(match["number"])),
    ),
    # Boeing 747, A380, MP3s
    rule(
        rf"(?<!\w)(?P<before>(?:{IN_PARTS})\s)(?P<number>[1-9][0-9]{{2}})(?P<many>s?)(?![\w,]|\.[0-9])",
        lambda match: (
            match["before"] + (in_plural(pairs(match["number"])) if match["many"] else pairs(match["number"]))
        ),
    ),
    rule(
        r"(?<![\w'-])(?P<letter>[A-Z])(?P<dash>-?)(?P<number>[1-9][0-9]{2})(?![\w-]|\.[0-9])",
        lambda match: f"{letters(match['letter'])} {pairs(match['number'])}",
    ),
    rule(
        r"(?<=[A-Z])-?(?P<number>[1-9][0-9]{0,2})s(?!\w)",
        lambda match: (
            f" {in_plural(cardinal(match['number']) if len(match['number']) < 3 else pairs(match['number']))}"
        ),
    ),
    rule(r"(?<![\w.,$£€'])(?P<number>[1-9][0-9]{2})s(?!\w)", lambda match: in_plural(pairs(match["number"]))),
]
SERIALS = [only_with(DIGIT, _BY_DIGITS)]
