"""Roman numerals."""

import re
import unicodedata
from collections.abc import Callable

from tts.text.english.abbreviations import OPENERS
from tts.text.english.acronyms import letters
from tts.text.english.lexicon import cmudict
from tts.text.english.names import GIVEN, RULERS
from tts.text.english.numbers import COUNTING, cardinal, ordinal, roman, year
from tts.text.rules import Rule, any_of, words_of

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
NUMBERED_NAMES = SERIES | RULERS
RULING = words_of("King Queen Pope Emperor Empress Tsar Czar Kaiser Prince Princess Sultan Pharaoh Kings Popes Saint")
# Books of the Bible of which there are two or three.
SCRIPTURES = words_of("Corinthians Kings Samuel Chronicles Thessalonians Maccabees Timothy Peter Esdras")
# What a person may do, after a number that ends the name.
REIGNING = words_of(
    "reigned ruled died succeeded ascended abdicated conquered inherited married invaded himself herself"
)
# Words that are counted by ordinals.
AFTER_ORDINAL = words_of(
    "Corps Army Congress Olympiad International Legion Dynasty Olympics Infantry Fleet Airborne Dynasty"
)
# After "Part I" or "Charles I": I am, I liked. The number one is not followed by these.
AFTER_PRONOUN = words_of(
    "am have had love like know knew think thought want need do did don't didn't can could can't couldn't will would "
    "won't wouldn't shall should must may might saw see read wrote write took take make made get got give gave find "
    "found hear heard say said tell told feel felt left went met keep kept bought sold taught teach mean meant hate "
    "remember recall believe suppose hope wonder never always really just still only also first most cannot use used "
    "chose choose drew sang lost won understood understand forgot forget brought spent skipped wish care trust"
)
# After "Charles I" that begins a sentence: a name may be called to before these.
THOUGHT = words_of(
    "am have had love think want need do don't can could can't will would should must know hope wish hate"
)
BEGINNING = re.compile(r"(?:^|[.!?][\"'”’]? )[\"'“‘]?[A-Z][a-z]+ $")  # a name alone, at the beginning of a sentence
# These end in ed and yet follow a number: Part I ended.
AFTER_NUMBER = words_of(
    "ended opened started closed appeared consisted described covered included contained showed involved required "
    "concluded introduced presented lasted followed remained resulted failed passed revealed listed"
)
WORD = re.compile("[A-Za-z]+")
UNICODE_NUMERAL = re.compile("[\u2160-\u217f]{1,15}")
AHEAD = 100  # characters after a numeral that tell what it is
NUMERAL = "(?:[IVXLCDM]{1,9}|[ivxlc]{1,9})"
MEDICAL = (
    "fluids?|drips?|bags?|lines?|therapy|poles?|antibiotics?|access|push|needles?|catheters?|infusions?|injections?|"
    "medications?|meds|stands?|tubes?|tubing|solutions?|drugs?|treatments?|sets?|sites?|port|saline|pump|nutrition|dose"
)


def _pronoun(match: re.Match[str]) -> bool:
    """Whether what follows makes the I before it a pronoun: Lesson I learned, the part I liked."""
    after = re.match(r"\s([a-z']{1,20})|'(?:m|ve|d|ll)\b", match.string[match.end() : match.end() + AHEAD])
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
    title = (
        re.fullmatch(r"[^.!?]{0,60}", match.string[match.end() : match.end() + AHEAD])
        if numeral == "I" and following
        else None
    )
    opened = not single or title or following in OPENERS or (not following and numeral != "I" and match["rest"].strip())
    return cardinal(value) + match["rest"] if value and opened and not (single and initial) else match[0]


def _is_first(match: re.Match[str], title: bool, earlier: str) -> bool:
    """Whether the I after a ruler's name is a number: Charles I was executed; not: when Charles I met."""
    rest = match.string[match.end() : match.end() + AHEAD]
    if re.match(r"\.\s[A-Z][a-z]", rest) and not title:  # Louis I. Kahn
        return re.match(rf"\.\s(?:{any_of(OPENERS)})\b", rest) is not None
    if title:
        return re.match(r"\sam\b|'(?:m|ve|ll)\b", rest) is None
    after = re.match(r"\s([a-z]+)|[.,;:!?)']|$", rest)
    word = after[1] if after else ""
    if word in REIGNING or (
        word and word not in THOUGHT and BEGINNING.search(match.string[max(0, match.start() - 60) : match.start()])
    ):
        return True
    if _pronoun(match):
        return False
    sure = after is not None and (not word or word in REIGNING or word in ("of", "and", "in"))
    return sure or (
        bool(word) and earlier.lower() in ("", "of", "by", "under", "from", "to", "with", "against", "between")
    )


def _counts(numeral: str) -> bool:
    """Whether letters after "part" are a number, and not another name: Class C, Type CD."""
    enough = len(numeral) > 2 or not set(numeral.upper()) <= set("LCDM")
    return enough and roman(numeral) is not None and not (numeral.islower() and numeral in ("mix", "mi", "di"))


def _said(listed: str, say: Callable[[str], str]) -> str:
    """IV–VI: four to six, or the fourth to the sixth."""
    pieces = re.split(f"({NUMERAL})", listed)
    pieces[1::2] = [say(roman(numeral)) for numeral in pieces[1::2]]
    pieces[2:-1:2] = [" to " if join.strip() in ("-", "–") else join for join in pieces[2:-1:2]]
    return "".join(pieces)


def _the(value: str) -> str:
    return f"the {ordinal(value)}"


def _after_name(match: re.Match[str]) -> str:
    """Numerals after a word: Part II, Henry VIII, Rocky IV. Other capitals and I stay."""
    numeral, listed = match["numeral"], match["list"]
    words = WORD.findall(match.string[max(0, match.start() - 60) : match.start()])
    name, earlier = words[-1], words[-2] if len(words) > 1 else ""
    part = name.lower()
    numbered = part in NUMBERED_PARTS or part.removesuffix("s") in NUMBERED_PARTS
    if (len(numeral) == 1 and not numbered and name not in NUMBERED_NAMES) or roman(numeral) is None:
        return match[0]
    if numbered:
        point = " point " if match["point"] else ""
        return _said(listed, cardinal) + point if _is_part(match, name, earlier) else match[0]
    if not set(numeral) <= set("IVX"):
        return match[0]
    if name in RULERS:
        if re.match(":[0-9]", match.string[match.end() : match.end() + AHEAD]):  # John III:16
            return _said(listed, cardinal)
        pronoun = numeral == "I" and not _is_first(match, earlier in RULING, earlier)
        return match[0] if pronoun or (name, numeral) == ("Malcolm", "X") else _said(listed, _the)
    if len(numeral) == 1:
        initial = re.match(r"\.\s?[A-Z]", match.string[match.end() : match.end() + AHEAD])
        serial = name in SERIES and not initial and not (numeral == "I" and _pronoun(match))
        return _said(listed, cardinal) if serial else match[0]
    if not name.istitle() or name in OPENERS:
        return match[0]
    return _said(listed, _the if _is_person(match, name, earlier) else cardinal)


def _is_part(match: re.Match[str], name: str, earlier: str) -> bool:
    """Whether a numeral after "part" is one: Lesson I learned, Class C."""
    numeral, listed = match["numeral"], match["list"]
    following = re.match(r" ([a-z]+)", match.string[match.end() : match.end() + AHEAD])
    if not _counts(numeral) or (name.lower() == "number" and following and following[1] in COUNTING):
        return False  # serial number X7, whose digits have been read
    if numeral.upper() != "I" or len(listed) > 1 or earlier == "World":
        return True
    return re.match(r"[.;:)]|\s*$", match.string[match.end() : match.end() + AHEAD]) is not None or (
        name[0].isupper() and not _pronoun(match)
    )


def _is_person(match: re.Match[str], name: str, earlier: str) -> bool:
    """Amenhotep II, whose name is in no dictionary, is the second; Rocky IV is Rocky four."""
    if name in SERIES:
        return False
    after = re.match(r"\s([a-z]+)", match.string[match.end() : match.end() + 20])
    family = earlier in RULERS | GIVEN | RULING or re.fullmatch("[A-Z]", earlier) is not None
    return family or name in GIVEN or name not in cmudict() or bool(after and after[1] in REIGNING)


def _century(match: re.Match[str]) -> str:
    values = [roman(numeral) for numeral in (match["numeral"], match["second"]) if numeral]
    if None in values:
        return match[0]
    join = match["join"] or ""
    return (" to " if join.strip() in ("-", "–") else join).join(ordinal(value) for value in values)


def _item(match: re.Match[str]) -> str:
    """ii. and (iv): two, four."""
    value = roman(match[1])
    if value is None:
        return match[0]
    return cardinal(value) + ("," if match.string[match.end() : match.end() + AHEAD].lstrip()[:1].islower() else ".")


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
    Rule(r"\A\s*(?P<numeral>[IVXL]{1,8})(?P<rest>[.:]?\s*(?:\Z|(?<=[.:]\s)(?P<next>[A-Z][a-z]*)))", _heading),
]


# XIXth, before it is taken for the name of a program.
ORDINAL_NUMERALS: list[Rule] = [
    Rule(r"(?<!\w)James VI(?: and | & |/)I(?!\w)", lambda match: "James the sixth and first"),
    Rule(
        r"(?<![\w.])([IVX]{1,6})(?:th|st|nd|rd)(?!\w)",
        lambda match: ordinal(roman(match[1])) if roman(match[1]) else match[0],
    ),
]


NUMERALS: list[Rule] = [
    Rule(
        rf"(?<![\w.])(I{{1,3}})(?=\s(?:{any_of(SCRIPTURES)})(?!\w))",
        lambda match: ordinal(roman(match[1])).capitalize(),
    ),
    Rule(
        rf"(?<![\w.])(?:(?P<before>(?:[Aa]n|[Tt]he|[Hh]is|[Hh]er|[Mm]y|[Yy]our|[Tt]heir|[Bb]y|[Vv]ia|[Oo]n|[Nn]ew)\s)"
        rf"IV(?P<several>s?)(?!\w|\s(?:[A-Z]|cent))|IV(?=s?\s(?:{MEDICAL})\b))",
        lambda match: f"{match['before'] or ''}{letters('IV')}" + ("'s" if match["several"] else ""),
    ),
    Rule(
        r"(?<![\w-])(?P<numeral>[IVX]{1,6}|[ivx]{2,6})"
        r"(?:(?P<join>\s?[-–]\s?|\s(?:and|or|to)\s)(?P<second>[IVX]{1,6}|[ivx]{2,6}))?"
        rf"(?=\s(?:[Cc]entur(?:y|ies)|{any_of(AFTER_ORDINAL)})\b)",
        _century,
    ),
    Rule(
        rf"(?<=[A-Za-z]\s)(?P<list>(?P<numeral>{NUMERAL})(?!\w)"
        r"(?:(?:\s?[-–]\s?|,\s|,?\s(?:and|or|to)\s)(?:(?!I\b)[IVX]{1,9}|[ivx]{2,9})(?!\w)){0,4})(?P<point>\.(?=[0-9]))?",
        _after_name,
    ),
    Rule(
        r"(?<![\w.'])I(?P<join>\s?[-–]\s?|, |,? (?:and|or|&|versus) )(?=(?:II|III|IV)(?![\w']))",
        lambda match: "one to " if match["join"].strip() in ("-", "–") else f"one{match['join']}",
    ),
    Rule(r"(?<![\w.'])(?:[IVXLCDM]{4,15}|(?:X[LC]|LX)[IVX]{1,4})(?!\w)", _alone),
    Rule(r"(?<!\S)([ivx]{2,5}|\A[ivx])[.)](?=\s)", _item),
    Rule(r"(?<!\w)\(([ivx]{2,5}|[iv])\)", _bracketed),
]
