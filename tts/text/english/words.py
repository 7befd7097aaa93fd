"""Rules for letters that are not read as a word: addresses, abbreviations, Roman numerals, acronyms."""

import re

from tts.text.english.lexicon import cmudict
from tts.text.english.numbers import cardinal, ordinal, roman
from tts.text.english.quantities import Rule, any_of, rule
from tts.text.english.tables import (
    ENDINGS,
    INNER,
    MONTHS,
    NO_STREET,
    NUMBERED,
    NUMBERED_PARTS,
    OPENERS,
    RULERS,
    RULING,
    SHORT_DAYS,
    SHORT_MONTHS,
    SPELLED,
    TITLES,
    UNDOTTED,
)

LETTER_A = "ay"  # the name of the letter; "a" would be read as the article
ADDRESS_SIGNS = {
    **{".": "dot", "/": "slash", "-": "dash", "_": "underscore", "@": "at", ":": "colon", "?": "question mark"},
    **{"=": "equals", "&": "and", "#": "hash", "+": "plus", "~": "tilde", "%": "percent"},
}
DOMAINS = "com|org|net|edu|gov|io|ai|info|co\\.uk|ac\\.uk|org\\.uk|eu"
PART = any_of([*NUMBERED_PARTS, *(word.capitalize() for word in NUMBERED_PARTS)])
NUMERAL = "[IVXLCDM]{1,9}"


def letters(word: str) -> str:
    """FBI: F B I."""
    return " ".join(LETTER_A if letter in "aA" else letter.upper() for letter in word if letter.isalpha())


def ends_sentence(match: re.Match[str]) -> bool:
    """Whether the sentence ends at an abbreviation: nothing follows, or a word that often begins a sentence."""
    rest = match.string[match.end() : match.end() + 40]
    after = re.match(r"[\"')\]]*\s*([A-Za-z']*)", rest)
    return not rest.strip("\"')] \n") or after[1] in OPENERS


def _address(match: re.Match[str]) -> str:
    text = match["address"]
    body = text.rstrip(".,;:!?'\")/")
    body, tail = body.split("://", 1)[-1], text[len(body) :].replace("/", "")
    body = re.sub(r"(?i)^www(?=\.)", "W W W", body)
    spoken = "".join(f" {ADDRESS_SIGNS[c]} " if c in ADDRESS_SIGNS else c for c in body)
    return " ".join(spoken.split()) + tail


def _dotted(match: re.Match[str]) -> str:
    """U.S., B.C., J.R.R.: the letters, and a full stop only where a sentence ends."""
    return letters(match[0]) + ("." if ends_sentence(match) else "")


def _initials(match: re.Match[str]) -> str:
    found, name = match["initials"], match["name"]
    single = found.count(".") == 1
    if single and (name in OPENERS or found.startswith("I.")):
        return match[0]
    return letters(found) + " " + name


def _street(match: re.Match[str]) -> str:
    """St. and Dr.: saint or doctor before a name, street or drive after one."""
    before, short, after = match["before"], match["short"], match["after"]
    name = before and (before[0].isupper() or before[0].isdigit()) and before not in NO_STREET
    person = after and after not in OPENERS
    if name and (short == "St" or not person):
        last = after in OPENERS or not re.match(r"\s*[^\s\"')]", match.string[match.end() :])
        word, stop = ("Street" if short == "St" else "Drive"), "." if last else ""
    elif person:
        word, stop = ("Saint" if short == "St" else "doctor"), ""
    else:
        return match[0]
    return f"{before + ' ' if before else ''}{word}{stop}{match['gap'] or ''}{after or ''}"


def _ending(match: re.Match[str]) -> str:
    return ENDINGS[match[1]] + ("." if ends_sentence(match) else "")


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


def _numbered(match: re.Match[str]) -> str:
    """No. 5, but not "No. I won't"."""
    only_digits = match[1].lower() in ("no", "nos", "art", "ed")
    return match[0] if only_digits and not match["first"].isdigit() else NUMBERED[match[1]] + " "


def _days(match: re.Match[str]) -> str:
    return f"{SHORT_DAYS[match[1]]} to {SHORT_DAYS[match[2]]}"


def _part(match: re.Match[str]) -> str:
    numeral, value = match["numeral"], roman(match["numeral"])
    only_letter = numeral in ("L", "C", "D", "M", "l", "c", "d", "m") or (
        numeral.lower() == "i" and not match["part"][0].isupper()
    )
    return match[0] if value is None or only_letter else f"{match['part']} {value}"


def _heading(match: re.Match[str]) -> str:
    value = roman(match["numeral"])
    opened = len(match["numeral"]) > 1 or match["next"] in OPENERS or (not match["next"] and match["numeral"] != "I")
    return cardinal(value) + match["rest"] if value and opened else match[0]


def _numeral(match: re.Match[str]) -> str:
    value = roman(match["numeral"])
    return match[0] if value is None else f"{match['before']} {value}"


def _acronym(match: re.Match[str]) -> str:
    word, ending = match["word"], match["ending"] or ""
    text = match.string
    near = text[max(0, match.start() - 60) : match.end() + 60].replace(word, "", 1)
    shouting = sum(c.isupper() for c in near) > sum(c.islower() for c in near)
    if set(word) <= set("IVX") and (word == "II" or len(word) > 2) and (value := roman(word)):
        return cardinal(value) + ending
    known = word in cmudict() and word not in SPELLED
    pronounceable = any(c in "AEIOUY" for c in word)
    if known or (shouting and (word in cmudict() or (pronounceable and len(word) > 3))):
        return match[0]
    return letters(word) + ("'s" if ending else "")


ADDRESSES: list[Rule] = [
    rule(r"(?<![\w.+-])(?P<address>[\w.+-]{1,64}@[A-Za-z0-9.-]{1,255}\.[A-Za-z]{2,24})(?!\w)", _address),
    rule(r"(?<!\w)(?P<address>(?:https?://|ftp://|www\.)[^\s<>\"{}]{1,2000})", _address),
    rule(
        rf"(?<![\w.-])(?P<address>(?:[A-Za-z0-9-]{{1,63}}\.){{1,6}}(?:{DOMAINS})(?![\w-])(?:/[^\s<>\"{{}}]{{0,500}})?)",
        _address,
    ),
]

ABBREVIATIONS: list[Rule] = [
    # a heading: "IV", "IV. The Ghost"
    rule(r"\A\s*(?P<numeral>[IVXL]{1,8})(?P<rest>[.:]?\s*(?:\Z|(?<=[.:]\s)(?P<next>[A-Z][a-z]*)))", _heading),
    rule(
        r"(?<![\w.'])(?:(?P<before>[A-Za-z0-9']{1,30})\s)?(?<!\w)(?P<short>St|Dr)\.(?!\w)"
        r"(?:(?P<gap>\s+)(?P<after>[A-Z][A-Za-z']{0,30}))?",
        _street,
    ),
    rule(rf"(?<![\w.])({any_of(TITLES)})\.(?=\s*[A-Z\"'{{])", lambda match: TITLES[match[1]] + " "),
    rule(rf"(?<![\w.])({any_of(UNDOTTED)})(?:\.(?=\s+[^A-Z\s])|(?![\w.']))", lambda match: TITLES[match[1]]),
    rule(rf"(?<![\w.])({any_of(SHORT_MONTHS)})\.?(?=\s+[0-9])", lambda match: SHORT_MONTHS[match[1]]),
    rule(rf"(?<![\w.])({any_of(SHORT_DAYS)})\.?\s?[-–]\s?({any_of(SHORT_DAYS)})(?:\.(?=\s+[a-z0-9])|(?![\w.]))", _days),
    rule(
        rf"(?<![\w.])({any_of(SHORT_DAYS)})\.?(?=,?\s+(?:[0-9]|{any_of(MONTHS)}))", lambda match: SHORT_DAYS[match[1]]
    ),
    rule(rf"(?<![\w.])({any_of(NUMBERED)})\.\s*(?=(?P<first>[0-9]|[IVXLivxl]{{1,9}}\b))", _numbered),
    rule(rf"(?<![\w.])({any_of(INNER)})\.(?!\w)", lambda match: INNER[match[1]]),
    rule(r"(?<![\w.])([Ee]\.g|[Ii]\.e)(?![\w.])", lambda match: INNER[match[1].lower()]),
    rule(rf"(?<![\w.])({any_of(ENDINGS)})\.(?!\w)", _ending),
    rule(r"&c\b\.?", lambda match: "et cetera"),
    rule(r"(?<![\w.])(?:[A-Za-z]\.){2,}(?!\w)", _dotted),
    rule(r"(?<![\w.])(?P<initials>(?:[A-Z]\.\s?){1,5})(?<=[.\s])(?P<name>[A-Z][a-z]{1,30})", _initials),
    rule(r"(?<![\w.])(?:[A-Z]\.\s){1,5}[A-Z]\.(?!\w)", _dotted),
    rule(rf"(?P<title>\b(?:{any_of(RULING)})\s)?\b(?P<name>{any_of(RULERS)})\s(?P<numeral>[IVX]{{1,7}})(?!\w)", _ruler),
    rule(r"\b(?P<numeral>[IVX]{1,5})(?= [Cc]entur(?:y|ies)\b)", _century),
    rule(rf"\b(?P<part>{PART})\s(?P<numeral>{NUMERAL}|{NUMERAL.lower()})(?!\w)", _part),
    rule(r"\b(?P<before>[A-Z][a-z]{1,30})\s(?P<numeral>[IVX]{2,7})(?!\w)", _numeral),
]

ACRONYMS: list[Rule] = [
    rule(r"(?<!\w)([A-Z]{1,3})&([A-Z]{1,3})(?!\w)", lambda match: f"{letters(match[1])} and {letters(match[2])}"),
    rule(r"(?<![\w'])(?P<word>[A-Z]{2,10})(?P<ending>'?s)?(?!\w)", _acronym),
]
