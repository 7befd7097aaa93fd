"""Roman numerals."""

import re
import unicodedata

from tts.text.english.abbreviations import OPENERS
from tts.text.english.acronyms import letters
from tts.text.english.lexicon import cmudict
from tts.text.english.names import GIVEN, RULERS
from tts.text.english.numbers import cardinal, ordinal, roman, year
from tts.text.english.patterns import Rule, any_of, rule, words_of

# Words before a Roman numeral.
NUMBERED_PARTS = words_of(
    "chapter part book act scene volume section article appendix page phase type class stage level grade figure table "
    "canto verse psalm title war bowl canon unit lesson number sonnet stave plate schedule division vol line factor "
    "episode season stanza note tier category round paragraph letter axis group amendment exhibit protocol region area "
    "opus extension route series edition verse part"
)
# Names after which even a single V or X is a number.
SERIES = words_of(
    "Saturn Rocky Mark Mk Fantasy Auto Scrolls Warcraft Rambo Apollo Gemini Titan Vatican Explorer Voyager Pioneer "
    "Panzer Tiger Division Symphony Concerto Sonata Suite"
)
TITLES = words_of("King Queen Pope Emperor Empress Tsar Czar Kaiser Prince Princess Sultan Pharaoh Kings Popes Saint")
# What a person may do, after a number that ends the name.
REIGNING = words_of(
    "reigned ruled died succeeded ascended abdicated conquered inherited married invaded himself herself"
)
# Words that are counted by ordinals.
COUNTED = words_of("Corps Army Congress Olympiad International Legion Dynasty Olympics Infantry Fleet Airborne Dynasty")
# After "Part I" or "Charles I": I am, I liked. The number one is not followed by these.
AFTER_PRONOUN = words_of(
    "am have had love like know knew think thought want need do did don't didn't can could can't couldn't will would "
    "won't wouldn't shall should must may might saw see read wrote write took take make made get got give gave find "
    "found hear heard say said tell told feel felt left went met keep kept bought sold taught teach mean meant hate "
    "remember recall believe suppose hope wonder never always really just still only also first most cannot use used "
    "chose choose drew sang lost won understood understand forgot forget brought spent skipped wish care trust"
)
# These end in ed and yet follow a number: Part I ended.
AFTER_NUMBER = words_of(
    "ended opened started closed appeared consisted described covered included contained showed involved required "
    "concluded introduced presented lasted followed remained resulted failed passed revealed"
)
PART = any_of(
    [f"{form}{s}" for word in NUMBERED_PARTS for form in (word, word.capitalize()) for s in ("", "s")]
    + [word.upper() for word in NUMBERED_PARTS]
)
UNICODE_NUMERAL = re.compile("[\u2160-\u217f]{1,15}")
NUMERAL = "(?:[IVXLCDM]{1,9}|[ivxlc]{1,9})"
MEDICAL = (
    "fluids?|drips?|bags?|lines?|therapy|poles?|antibiotics?|access|push|needles?|catheters?|infusions?|injections?|"
    "medications?|meds|stands?|tubes?|tubing|solutions?|drugs?|treatments?|sets?|sites?|port|saline|pump|nutrition|dose"
)


def _pronoun(match: re.Match[str]) -> bool:
    """Whether what follows makes the I before it a pronoun: Lesson I learned, the part I liked."""
    after = re.match(r"\s([a-z']{1,20})|'(?:m|ve|d|ll)\b", match.string[match.end() :])
    if not after or not after[1]:
        return bool(after)
    word = after[1]
    return word in AFTER_PRONOUN or (word.endswith("ed") and word not in AFTER_NUMBER)


def unicode_numeral(match: re.Match[str]) -> str:
    """Ⅳ and ⅩⅣ are numbers whatever stands around them."""
    numeral = unicodedata.normalize("NFKC", match[0])
    return roman(numeral) or numeral


def _heading(match: re.Match[str]) -> str:
    numeral, following = match["numeral"], match["next"]
    value = roman(numeral)
    initial = match.string[match.end() : match.end() + 1] == "." and len(following or "") == 1
    single = len(numeral) == 1
    opened = not single or following in OPENERS or (not following and numeral != "I" and match["rest"].strip())
    return cardinal(value) + match["rest"] if value and opened and not (single and initial) else match[0]


def _first(match: re.Match[str]) -> bool:
    """Whether the I after a ruler's name is a number: Charles I was executed; not: when Charles I met."""
    if _pronoun(match) and not match["title"]:
        return False
    if match["title"] or re.match(r"[.,;:!?)']|$|\s(?:of|and|in)\b", match.string[match.end() :]):
        return True
    before = re.search(r"([A-Za-z]*)\W*$", match.string[max(0, match.start() - 30) : match.start()])[1]
    after = re.match(r"\s([a-z]+)", match.string[match.end() :])
    return bool(after) and (
        before.lower() in ("", "of", "by", "under", "from", "to", "with", "against", "between") or after[1] in REIGNING
    )


def _ruler(match: re.Match[str]) -> str:
    numeral, name, title = match["numeral"], match["name"], match["title"] or ""
    value = roman(numeral)
    if value is None or (name == "Malcolm" and numeral == "X") or (numeral == "I" and not _first(match)):
        return match[0]
    second = roman(match["second"] or "")
    return f"{title}{name} the {ordinal(value)}" + (f"{match['join']}the {ordinal(second)}" if second else "")


def _century(match: re.Match[str]) -> str:
    values = [roman(numeral) for numeral in (match["numeral"], match["second"]) if numeral]
    if None in values:
        return match[0]
    join = match["join"] or ""
    return (" to " if join.strip() in ("-", "–") else join).join(ordinal(value) for value in values)


def _counts(numeral: str) -> bool:
    """Whether letters after "part" are a number, and not another name: Class C, Type CD."""
    enough = len(numeral) > 2 or not set(numeral.upper()) <= set("LCDM")
    return enough and roman(numeral) is not None and not (numeral.islower() and numeral in ("mix", "mi", "di"))


def _part(match: re.Match[str]) -> str:
    part, first = match["part"], match["numeral"]
    numerals = re.findall(NUMERAL, match["list"])
    if not all(_counts(numeral) for numeral in numerals):
        return match[0]
    if first.upper() == "I" and len(numerals) == 1:
        stop = re.match(r"[.;:)]|\s*$", match.string[match.end() :])
        number = part[0].isupper() and not (_pronoun(match) and not match["world"])
        if not (number or stop):
            return match[0]
    pieces = re.split(f"({NUMERAL})", match["list"])
    pieces[1::2] = [cardinal(roman(numeral)) for numeral in numerals]
    pieces[2:-1:2] = [" to " if join.strip() in ("-", "–") else join for join in pieces[2:-1:2]]
    return f"{match['world'] or ''}{part} " + "".join(pieces)


def _numeral(match: re.Match[str]) -> str:
    """Rocky IV is Rocky four; Amenhotep II, whose name is in no dictionary, is the second."""
    before, numeral = match["before"], match["numeral"]
    value = roman(numeral)
    if value is None or before in OPENERS:
        return match[0]
    after = re.match(r"\s([a-z]+)", match.string[match.end() : match.end() + 20])
    earlier = re.search(r"([A-Za-z]+)\s$", match.string[max(0, match.start() - 30) : match.start()])
    family = earlier and (earlier[1] in RULERS | GIVEN | TITLES or re.fullmatch("[A-Z]", earlier[1]))
    person = family or before in GIVEN or before not in cmudict() or (after and after[1] in REIGNING)
    return f"{before} the {ordinal(value)}" if person and before not in SERIES else f"{before} {cardinal(value)}"


def _serial(match: re.Match[str]) -> str:
    return (
        match[0] if match["numeral"] == "I" and _pronoun(match) else f"{match[1]} {cardinal(roman(match['numeral']))}"
    )


def _item(match: re.Match[str]) -> str:
    """ii. and (iv): two, four."""
    value = roman(match[1])
    if value is None:
        return match[0]
    return cardinal(value) + ("," if match.string[match.end() :].lstrip()[:1].islower() else ".")


def _bracketed(match: re.Match[str]) -> str:
    value = roman(match[1])
    return f"({cardinal(value)})" if value else match[0]


def _alone(match: re.Match[str]) -> str:
    numeral = match[0]
    value = roman(numeral)
    if value is None or numeral in cmudict() or set(numeral) == {"X"}:
        return match[0]
    return year(value) if 1000 <= int(value) < 2100 else cardinal(value)


HEADINGS: list[Rule] = [
    # a heading: "IV", "IV. The Ghost"
    rule(r"\A\s*(?P<numeral>[IVXL]{1,8})(?P<rest>[.:]?\s*(?:\Z|(?<=[.:]\s)(?P<next>[A-Z][a-z]*)))", _heading),
]


NUMERALS: list[Rule] = [
    rule(
        rf"(?<![\w.])(?:(?P<before>(?:[Aa]n|[Tt]he|[Hh]is|[Hh]er|[Mm]y|[Yy]our|[Tt]heir|[Bb]y|[Vv]ia|[Oo]n|[Nn]ew)\s)"
        rf"IV(?P<several>s?)(?!\w|\s(?:[A-Z]|cent))|IV(?=s?\s(?:{MEDICAL})\b))",
        lambda match: f"{match['before'] or ''}{letters('IV')}" + ("'s" if match["several"] else ""),
    ),
    rule(
        rf"(?P<title>\b(?:{any_of(TITLES)})\s)?\b(?P<name>{any_of(RULERS)})\s(?P<numeral>[IVX]{{1,7}})(?!\w)"
        r"(?:(?P<join>\s(?:and|or)\s)(?P<second>[IVX]{2,7}|V)(?!\w))?",
        _ruler,
    ),
    rule(
        r"(?<![\w-])(?P<numeral>[IVX]{1,6}|[ivx]{2,6})(?:th|st|nd|rd)?"
        r"(?:(?P<join>\s?[-–]\s?|\s(?:and|or|to)\s)(?P<second>[IVX]{1,6}|[ivx]{2,6})(?:th|st|nd|rd)?)?"
        rf"(?=\s(?:[Cc]entur(?:y|ies)|{any_of(COUNTED)})\b)",
        _century,
    ),
    rule(
        rf"(?P<world>\bWorld\s)?\b(?P<part>{PART})\s(?P<list>(?P<numeral>{NUMERAL})"
        rf"(?:(?:\s?[-–]\s?|,\s|,?\s(?:and|or|to)\s){NUMERAL}(?!\w)){{0,4}})(?!\w)",
        _part,
    ),
    rule(rf"\b({any_of(SERIES)})\s(?P<numeral>[IVX])(?!\w|\.[A-Z])", _serial),
    rule(r"\b(?P<before>[A-Z][a-z]{1,30})\s(?P<numeral>[IVX]{2,7})(?!\w)", _numeral),
    rule(r"(?<![\w.'])(?:[IVXLCDM]{4,15}|(?:X[LC]|LX)[IVX]{1,4})(?!\w)", _alone),
    rule(r"(?<!\S)([ivx]{2,5}|\A[ivx])[.)](?=\s)", _item),
    rule(r"(?<!\w)\(([ivx]{2,5}|[iv])\)", _bracketed),
]
