"""SSML 1.1 (https://www.w3.org/TR/speech-synthesis11/): what it asks for as spans, what cannot be done as an error."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from xml.parsers import expat

from tts.document.document import MAX_PARAGRAPHS, Chapter, Document, Paragraph, Span
from tts.document.encoding import UNSAID, decode
from tts.document.marks import LONGEST_PAUSE, MAX_SPANS, seconds
from tts.document.phonemes import ARPABET, LETTERS, from_ipa
from tts.document.scripts import BOUNDS
from tts.text.language import CODES, named

START = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*(?:<speak[\s/>]|<!DOCTYPE\s+speak\b)", re.DOTALL
)
DEEPEST = 200  # open elements
STRENGTHS = {"none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.8, "x-strong": 1.2}  # seconds
RATES = {"x-slow": 0.6, "slow": 0.8, "medium": 1.0, "default": 1.0, "fast": 1.25, "x-fast": 1.5}
PITCHES = {"x-low": -6.0, "low": -3.0, "medium": 0.0, "default": 0.0, "high": 3.0, "x-high": 6.0}  # semitones
VOLUMES = {"x-soft": -12.0, "soft": -6.0, "medium": 0.0, "default": 0.0, "loud": 4.0, "x-loud": 8.0}  # dB
EMPHASES = {"strong": (0.92, 2.0), "moderate": (0.96, 1.0), "none": (1.0, 0.0), "reduced": (1.05, -2.0)}  # rate, dB
SILENT = frozenset({"mark", "metadata", "meta", "desc"})
ATTRIBUTES = {
    "break": {"time", "strength"},
    "prosody": {"rate", "pitch", "volume"},
    "emphasis": {"level"},
    "say-as": {"interpret-as", "format", "detail"},
    "phoneme": {"alphabet", "ph", "type"},
    "sub": {"alias"},
    "voice": {"name"},
    "lang": {"xml:lang", "onlangfailure"},
}
MONTHS = "January February March April May June July August September October November December".split()
NUMBER = r"[+-]?(?:\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})"


@dataclass(slots=True)
class _Manner:
    """How the content of an element is said, and what its text is turned into when it ends."""

    tag: str
    voice: str = ""
    language: str = ""  # where it is not that of the whole
    rate: float = 1.0
    pitch: float = 0.0
    volume: float = 0.0
    silent: bool = False
    collected: list[str] | None = None  # the text of say-as and its like
    end: Callable[[str], str] | None = None


@dataclass
class _Reader:
    paragraphs: list[Paragraph] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    stack: list[_Manner] = field(default_factory=list)
    pause: float | None = None
    line: int = 1  # in which the paragraph begins
    language: str = ""  # of the whole


def parse(data: bytes) -> Document:
    return read(decode(data))


def read(text: str) -> Document:
    """One chapter. Raises ValueError that names the line of what cannot be read or done."""
    parser = expat.ParserCreate("utf-8")
    reader = _Reader()

    def guarded(handle: Callable) -> Callable:
        def run(*arguments: object) -> None:
            try:
                handle(*arguments)
            except ValueError as error:
                raise ValueError(f"line {parser.CurrentLineNumber}: {error}") from None

        return run

    def doctype(*_: object) -> None:
        raise ValueError("it has a document type, which may define entities: leave it out")

    def start(tag: str, attributes: dict[str, str]) -> None:
        _start(reader, tag, attributes, parser.CurrentLineNumber)

    parser.StartDoctypeDeclHandler = guarded(doctype)
    parser.StartElementHandler = guarded(start)
    parser.EndElementHandler = guarded(lambda tag: _end(reader, tag, parser.CurrentLineNumber))
    parser.CharacterDataHandler = guarded(lambda said: _said(reader, said))
    parser.buffer_text = True
    try:
        parser.Parse(text.lstrip("\ufeff \t\r\n").encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        said = str(error).split(": ")[0]
        raise ValueError(f"line {error.lineno}: its SSML is not well formed: {said}") from None
    _end_paragraph(reader, parser.CurrentLineNumber)
    if not reader.paragraphs:
        raise ValueError("its SSML says nothing")
    return Document(language=reader.language, chapters=[Chapter("", reader.paragraphs)])


def _start(reader: _Reader, tag: str, given: dict[str, str], line: int) -> None:
    tag = tag.rpartition(":")[2] if tag.startswith("ssml:") else tag
    if not reader.stack and tag != "speak":
        raise ValueError(f"it begins with <{tag}>, not with <speak>")
    if len(reader.stack) >= DEEPEST:
        raise ValueError(f"its elements are nested more than {DEEPEST} deep")
    above = reader.stack[-1] if reader.stack else _Manner("")
    if above.collected is not None and not above.silent:
        raise ValueError(f"<{tag}> stands inside <{above.tag}>, which holds text only")
    here = replace(above, tag=tag, collected=None, end=None)
    if language := given.get("xml:lang", "").strip():
        if not named(language):
            raise ValueError(f"xml:lang {language[:40]!r} is not spoken: only {', '.join(CODES)} are")
        if tag == "speak":
            reader.language = language
        else:
            here.language = language
    extra = sorted(given.keys() - ATTRIBUTES.get(tag, given.keys()) - {"xml:lang"})
    if extra:
        raise ValueError(f"the attribute {extra[0]!r} of <{tag}> cannot be followed: leave it out")
    if tag in ("p", "paragraph"):
        _end_paragraph(reader, line)
    elif tag == "break":
        _pause(reader, given)
    elif tag == "prosody":
        _prosody(here, given)
    elif tag == "emphasis":
        rate, volume = _keyword(EMPHASES, given.get("level", "moderate"), "level")
        here.rate, here.volume = here.rate * rate, here.volume + volume
    elif tag == "voice":
        here.voice = given.get("name", "").strip() or _needs(tag, "name")
    elif tag in ("say-as", "phoneme", "sub"):
        here.collected = []
        english = named(here.language or reader.language or "en") == "english"
        here.end = _say_as(given, english) if tag == "say-as" else {"phoneme": _phoneme, "sub": _alias}[tag](given)
    elif tag in SILENT:
        here.silent, here.collected = True, []
    elif tag not in ("speak", "s", "sentence", "lang", "w", "token"):
        raise ValueError(f"<{tag}> is not read: leave it out")
    for name in ("rate", "pitch", "volume"):
        low, high = BOUNDS[name]
        if not low <= getattr(here, name) <= high:
            raise ValueError(f"the {name} is {getattr(here, name):g}: it may be {low:g} to {high:g}")
    reader.stack.append(here)


def _end(reader: _Reader, tag: str, line: int) -> None:
    here = reader.stack.pop()
    if here.collected is not None and here.end is not None:
        _add(reader, here.end(" ".join("".join(here.collected).split())), here)
    elif here.tag in ("s", "sentence"):
        _add(reader, " ", here)
    elif here.tag in ("p", "paragraph"):
        _end_paragraph(reader, line)


def _said(reader: _Reader, said: str) -> None:
    here = reader.stack[-1]
    if here.collected is not None:
        here.collected.append(said)
    elif not here.silent:
        _add(reader, said.translate(UNSAID), here)


def _add(reader: _Reader, said: str, manner: _Manner) -> None:
    if not said:
        return
    pause = reader.pause if said.strip() else None
    span = Span(
        said,
        manner.voice,
        round(manner.rate, 4),
        round(manner.pitch, 4),
        round(manner.volume, 4),
        pause,
        manner.language,
    )
    if said.strip():
        reader.pause = None
    last = reader.spans[-1] if reader.spans else None
    if last and (
        not said.strip() or (pause is None and replace(span, text="", pause=None) == replace(last, text="", pause=None))
    ):
        reader.spans[-1] = replace(last, text=last.text + said)
    elif len(reader.spans) < MAX_SPANS:
        reader.spans.append(span)
    else:
        raise ValueError(f"a paragraph has more than {MAX_SPANS:,} marks")


def _end_paragraph(reader: _Reader, line: int) -> None:
    spans = [replace(span, text=re.sub(r"\s+", " ", span.text)) for span in reader.spans]
    if any(span.text.strip() for span in spans):
        spans = [span for span in spans if span.text.strip() or span is not spans[0]]
        spans[0] = replace(spans[0], text=spans[0].text.lstrip())
        spans[-1] = replace(spans[-1], text=spans[-1].text.rstrip())
        reader.paragraphs.append(Paragraph(tuple(spans), place=f"line {reader.line}"))
        if len(reader.paragraphs) > MAX_PARAGRAPHS:
            raise ValueError(f"it has more than {MAX_PARAGRAPHS:,} paragraphs: split it")
    reader.spans.clear()
    reader.line = line


def _pause(reader: _Reader, given: dict[str, str]) -> None:
    if "time" in given:
        value = seconds(given["time"])
        if value is None:
            raise ValueError(f"the time {given['time']!r} of <break> is none: give 500ms or 2s")
    else:
        value = _keyword(STRENGTHS, given.get("strength", "medium"), "strength")
    reader.pause = min(LONGEST_PAUSE, (reader.pause or 0.0) + value)


def _prosody(here: _Manner, given: dict[str, str]) -> None:
    if "rate" in given:
        here.rate *= _rate(given["rate"].strip())
    if "pitch" in given:
        here.pitch += _pitch(given["pitch"].strip())
    if "volume" in given:
        here.volume += _volume(given["volume"].strip())


def _rate(written: str) -> float:
    if written in RATES:
        return RATES[written]
    if found := re.fullmatch(rf"({NUMBER})(%?)", written):
        value = float(found[1]) / (100 if found[2] else 1)
        value += 1 if found[2] and written[0] in "+-" else 0
        if value > 0:
            return value
    raise ValueError(f"the rate {written!r} is none: give {', '.join(RATES)}, 80% or +10%")


def _pitch(written: str) -> float:
    if written in PITCHES:
        return PITCHES[written]
    if found := re.fullmatch(rf"({NUMBER})st", written):
        return float(found[1])
    if (found := re.fullmatch(rf"({NUMBER})%", written)) and (ratio := 1 + float(found[1]) / 100) > 0:
        ratio = ratio if written[0] in "+-" else float(found[1]) / 100
        if ratio > 0:
            return 12 * math.log2(ratio)
    if written.lower().endswith("hz"):
        raise ValueError(f"the pitch {written!r} is in Hz, which no voice can be set to: give +2st or +10%")
    raise ValueError(f"the pitch {written!r} is none: give {', '.join(PITCHES)}, +2st or +10%")


def _volume(written: str) -> float:
    if written in VOLUMES:
        return VOLUMES[written]
    if found := re.fullmatch(rf"({NUMBER})\s?dB", written, re.IGNORECASE):
        return float(found[1])
    raise ValueError(f"the volume {written!r} is none: give {', '.join(VOLUMES)} or +6dB")


def _keyword(table: dict, written: str, name: str) -> object:
    if written not in table:
        raise ValueError(f"the {name} {written!r} is none of {', '.join(table)}")
    return table[written]


def _needs(tag: str, attribute: str) -> str:
    raise ValueError(f"<{tag}> needs the attribute {attribute!r}")


def _alias(given: dict[str, str]) -> Callable[[str], str]:
    alias = given.get("alias", "").strip() or _needs("sub", "alias")
    return lambda said: alias


def _phoneme(given: dict[str, str]) -> Callable[[str], str]:
    sounds = given.get("ph", "").strip() or _needs("phoneme", "ph")
    alphabet = given.get("alphabet", "ipa").lower()
    if alphabet == "ipa":
        phones = from_ipa(sounds)
    elif alphabet.removeprefix("x-").removeprefix("cmu-") in ("arpabet", "cmu"):
        phones = sounds.upper().split()
        if wrong := [phone for phone in phones if not ARPABET.fullmatch(phone)]:
            raise ValueError(f"{wrong[0]!r} is no phoneme of ARPAbet")
    else:
        raise ValueError(f"the alphabet {alphabet!r} is not known: give ipa or x-arpabet")
    return lambda said: f"{{{' '.join(phones)}}}"


def _say_as(given: dict[str, str], english: bool) -> Callable[[str], str]:
    """Other languages than English get letters, ordinals and dates as they are written there, and read them so."""
    kind = given.get("interpret-as", "").lower() or _needs("say-as", "interpret-as")
    known = {
        **dict.fromkeys(("characters", "spell-out", "verbatim"), _characters if english else _spaced),
        "digits": _digits,
        "telephone": _telephone,
        "cardinal": _same,
        "number": _same,
        "fraction": _same,
        "unit": _same,
        "time": _same,
        "currency": _same,
        "ordinal": _ordinal if english else _numbered,
    }
    if kind == "date":
        order = given.get("format", "").lower()
        return lambda said: _date(said, order, english)
    return _keyword(known, kind, "interpret-as")


def _same(said: str) -> str:
    return said


def _characters(said: str) -> str:
    """Letter by letter: in phonemes, so that A is no article."""
    spelt = []
    for sign in said:
        if sign.upper() in LETTERS:
            spelt.append(f"{{{LETTERS[sign.upper()]}}}")
        elif sign.isdigit():
            spelt.append(sign)
        elif not sign.isspace() and sign not in "-.,":
            raise ValueError(f"{sign!r} cannot be said as a character")
    return " ".join(spelt)


def _spaced(said: str) -> str:
    return " ".join(sign.upper() for sign in said if sign.isalnum()) or _refuse(said, "characters")


def _digits(said: str) -> str:
    return " ".join(sign for sign in said if sign.isdigit()) or _refuse(said, "digits")


def _telephone(said: str) -> str:
    """Digit by digit, with a rest after each group."""
    groups = [" ".join(group) for group in re.findall(r"\d+", said)]
    if not groups or re.search(r"[^\d\s()+./-]", said):
        _refuse(said, "a telephone number")
    plus = "plus " if said.strip().startswith("+") else ""
    return plus + ", ".join(groups)


def _numbered(said: str) -> str:
    return f"{said}." if said.isdecimal() and len(said) < 13 else _refuse(said, "an ordinal")


def _ordinal(said: str) -> str:
    bare = said.replace(",", "")
    if not bare.isdecimal() or len(bare) > 12:
        _refuse(said, "an ordinal")
    value = int(bare)
    end = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{end}"


def _date(said: str, order: str, english: bool) -> str:
    """A date in digits with the month as a word, in the order that the format gives; or in digits, as 3.5.2024."""
    parts = re.findall(r"\d+", said)
    if not order and re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", said):
        order = "ymd"
    if not order:
        return said
    if not re.fullmatch(r"[ymd]{1,3}", order) or len(set(order)) < len(order) or len(parts) != len(order):
        raise ValueError(f"the date {said!r} is not in the format {order!r}")
    told = dict(zip(order, parts, strict=True))
    month = int(told.get("m", "1"))
    if not 1 <= month <= 12 or not 1 <= int(told.get("d", "1")) <= 31:
        raise ValueError(f"the date {said!r} is not in the format {order!r}")
    if not english:
        return "".join([f"{int(told[part])}." for part in "dm" if part in told] + [told.get("y", "")])
    day = f" {int(told['d'])}" if "d" in told else ""
    words = f"{MONTHS[month - 1]}{day}" if "m" in told else day
    return f"{words}, {told['y']}".strip(" ,") if "y" in told and day else f"{words} {told.get('y', '')}".strip()


def _refuse(said: str, what: str) -> str:
    raise ValueError(f"{said!r} is not {what}")
