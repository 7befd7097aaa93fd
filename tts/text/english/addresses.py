"""Street addresses: house numbers, directions, kinds of streets, states and ZIP codes."""

import re

from tts.text.english.abbreviations import ends_sentence
from tts.text.english.acronyms import LETTER_A, letters
from tts.text.english.numbers import cardinal, spelled
from tts.text.rules import Rule, any_of, words_of

STREETS = {
    **{"St": "Street", "Ave": "Avenue", "Av": "Avenue", "Blvd": "Boulevard", "Rd": "Road", "Dr": "Drive"},
    **{"Ln": "Lane", "Ct": "Court", "Pl": "Place", "Sq": "Square", "Hwy": "Highway", "Expy": "Expressway"},
    **{"Expwy": "Expressway", "Pkwy": "Parkway", "Cir": "Circle", "Ter": "Terrace", "Trl": "Trail", "Plz": "Plaza"},
    **{"Cres": "Crescent", "Fwy": "Freeway", "Tpke": "Turnpike", "Aly": "Alley"},
}
# Those that are no words and no other abbreviations, so that a name before them is enough.
CLEAR = ("Ave", "Blvd", "Rd", "Hwy", "Expy", "Expwy", "Pkwy", "Tpke", "Fwy", "Ln")
DIRECTIONS = {
    **{"N": "North", "S": "South", "E": "East", "W": "West"},
    **{"NE": "Northeast", "NW": "Northwest", "SE": "Southeast", "SW": "Southwest"},
}
PARTS = {"Apt": "Apartment", "Ste": "Suite", "Rm": "Room", "Bldg": "Building", "Fl": "Floor"}
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
    **{"WI": "Wisconsin", "WY": "Wyoming", "DC": "D C"},
}
# States whose letters are words or other abbreviations. They need a ZIP code.
UNCLEAR = words_of("HI ID IN LA MA ME OH OK OR PA MS MD DE AL CO")
# Before these a number is a year: In 1990 Wall Street fell.
BEFORE_YEARS = words_of("In in Since since By by Until until From from After after Before before Of of During during")

STREET = any_of({*STREETS, *STREETS.values(), "Way", "Row", "Loop", "Walk", "Mews", "Path", "Pike"})
SHORT = any_of([*STREETS, *(street.lower() for street in STREETS), *(street.upper() for street in STREETS)])
DIRECTION = any_of(DIRECTIONS)
ORDINAL = "[0-9]{1,3}(?:st|nd|rd|th)"
NAME = rf"(?:[A-Z][A-Za-z']{{0,20}}|{ORDINAL})"


def house(digits: str) -> str:
    """The number of a house: 1428: fourteen twenty-eight; 708: seven zero eight; 12345: digit by digit."""
    if len(digits) > 4 or digits.startswith("0"):
        return spelled(digits)
    if len(digits) < 3 or digits.endswith("000"):
        return cardinal(digits)
    first, last = digits[:-2], digits[-2:]
    return f"{cardinal(first)} {'hundred' if last == '00' else cardinal(last)}"


def _street(match: re.Match[str]) -> str:
    """The kind of street in full, with a full stop only where the sentence ends."""
    name = STREETS.get(match["street"].capitalize(), match["street"])
    short = name != match["street"]
    stop = "." if match["stop"] and (not short or ends_sentence(match)) else ""
    return name + stop


def _address(match: re.Match[str]) -> str:
    number = match["house"]
    before = re.search(r"(?<!\w)(\w{2,8}) $", match.string[max(0, match.start() - 9) : match.start()])
    if len(number) == 4 and number[0] in "12" and before and before[1] in BEFORE_YEARS:
        return match[0]
    words = [house(number) + (f" {match['letter']}" if match["letter"] else "")]
    words += [DIRECTIONS[match["direction"]]] if match["direction"] else []
    words += [LETTER_A if match["name"] == "A" else match["name"]]
    after = f" {DIRECTIONS[match['after']]}" if match["after"] else ""
    return " ".join([*words, _street(match)]) + after


def _directed(match: re.Match[str]) -> str:
    """N. Main St., W 42nd St."""
    return f"{DIRECTIONS[match['direction']]} {match['name']} {_street(match)}"


def _state(match: re.Match[str]) -> str:
    state, code, more = match["state"], match["zip"], match["more"]
    if not code and (state in UNCLEAR or not match["comma"]):
        return match[0]
    words = f"{match['comma'] or ''} {STATES[state]}"
    return words + (f" {spelled(code)}" if code else "") + (f", {spelled(more)}" if more else "")


def _part(match: re.Match[str]) -> str:
    """Apt. 4B, apt. #4B."""
    part, name = match["part"], PARTS[match["part"].capitalize()]
    words = f"{name if part[0].isupper() else name.lower()} {house(match['number'])} {letters(match['letter'])}"
    return words.rstrip()


ADDRESSES: list[Rule] = [
    Rule(
        rf"(?<!No\. )(?<![\w.,$£€/:'-])(?P<house>[0-9]{{1,5}})(?P<letter>[A-D])? (?:(?P<direction>{DIRECTION})\.? )?"
        rf"(?P<name>{NAME}(?: {NAME}){{0,3}}) (?P<street>{STREET}|{SHORT})(?![\w'])(?P<stop>\.)?"
        rf"(?: (?P<after>{DIRECTION})(?![\w'.]))?",
        _address,
    ),
    Rule(
        rf"(?<![\w.'])(?P<direction>{DIRECTION})\.? (?P<name>{NAME}(?: {NAME})?) (?P<street>{STREET})(?![\w'])"
        r"(?P<stop>\.)?",
        _directed,
    ),
    Rule(
        rf"(?<![\w.'])(?P<name>{ORDINAL}) (?P<street>{any_of(STREETS)})(?![\w'])(?P<stop>\.)?",
        lambda match: f"{match['name']} {_street(match)}",
    ),
    Rule(rf"(?<=[a-z] )(?P<street>{any_of(CLEAR)})(?![\w'.])(?P<stop>(?!))?", _street),
    Rule(r"\b[Hh]wy\.? (?=[0-9])", lambda match: "Highway "),
    Rule(  # 20 km NW of here
        rf"(?<=[a-z] )(?P<way>{DIRECTION})(?= of (?:the|town|here|[A-Z]))",
        lambda match: DIRECTIONS[match["way"]].lower(),
    ),
    Rule(  # I-95 N
        r"(?<![\w-])(?P<road>(?:I|US|SR|CR|Interstate|Route|Rte|Highway)[- ][0-9]{1,3}) "
        rf"(?P<way>{DIRECTION})(?![\w'.])",
        lambda match: f"{match['road']} {DIRECTIONS[match['way']]}",
    ),
    Rule(
        rf"\b(?P<part>{any_of(PARTS)}|apt(?=\.? #|\.))\.? #?(?P<number>[0-9]{{1,4}})(?P<letter>[A-Z]?)(?!\w)",
        _part,
    ),
    Rule(r"(?<=[0-9](?:st|nd|rd|th)) (?:Fl|fl|Flr)\b\.?(?=[,;)]|\s[a-z]|$)", lambda match: " Floor"),
    Rule(r"\bP\.? ?O\.? Box ([0-9]{1,6})(?!\w)", lambda match: f"P O Box {house(match[1])}"),
    Rule(
        rf"(?<=[a-z])(?P<comma>,)? (?P<state>{any_of(STATES)})(?![\w'])"
        r"(?:,? (?P<zip>[0-9]{5})(?:-(?P<more>[0-9]{4}))?(?!\w))?",
        _state,
    ),
]
