"""Scripts: texts in which it is written who says what.

They are told by their shape: several names that come again and again before what is said. JSON lines and Fountain
(https://fountain.io/syntax) are told by the name of the file.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tts.document.directions import ENTER, LEAVE, directions
from tts.document.document import (
    DIRECTION,
    HEADING,
    LINE,
    PROSE,
    ROW,
    VERSE,
    Chapter,
    Document,
    Paragraph,
    Span,
    bounded,
    chapters,
    is_scene,
    scene,
)
from tts.document.encoding import decode
from tts.document.marks import LONGEST_PAUSE
from tts.document.text import normal

WORD = r"#?[A-Z0-9À-ÖØ-Þ][\w.'’&-]{0,20}"
NAME = rf"(?:{WORD})(?: (?:{WORD}|of|the|and|de|von|van)){{0,4}}"
CAPITALS = r"[A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ0-9'’&-]{0,20}(?:[ .]{1,2}[A-ZÀ-ÖØ-Þ0-9'’&-]{1,20}){0,4}"
ASIDE = r"(?:\s*(?P<aside>\([^()\n]{1,200}\)|\[[^\[\]\n]{1,200}\]))?"
# When it was said, as transcripts of meetings tell:   [00:01:02] Ann: Hello.
WHEN = r"(?:[\[(]?\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,3})?[\])]?[ \t]*[-–]?[ \t]*)?"
BREAK = rf"[\n{LINE}]"


@dataclass(frozen=True)
class Shape:
    """How a name stands before what is said."""

    named: re.Pattern  # a paragraph that begins with a name: name, aside, said
    next_line: re.Pattern | None = None  # where, inside of a paragraph, the next one speaks
    kind: str = PROSE
    share: float = 0.5  # of the paragraphs of a script that begin so, at least

    @classmethod
    def of(cls, name: str, mark: str, share: float = 0.5) -> "Shape":
        """A name, perhaps with an aside, and a mark before what is said on the same line."""
        named = re.compile(rf"{WHEN}(?P<name>{name}){ASIDE}{mark}(?=\s)\s*(?P<said>.*)", re.DOTALL)
        aside = r"(?:\s*\([^()\n]{1,200}\))?"
        return cls(named, re.compile(rf"{BREAK}(?={WHEN}{name}{aside}{mark}\s)"), share=share)


# The name in capitals alone on its line:   LANE.
ALONE = re.compile(rf"(?P<name>{CAPITALS})[.:]?{ASIDE}[.:]?[ \t]*{BREAK}(?P<said>.*)", re.DOTALL)
# ALGERNON. Did you hear it?
STOP = re.compile(rf"(?P<name>{CAPITALS})\.{ASIDE}(?=\s)\s*(?P<said>.*)", re.DOTALL)
# A row of a table: a cell with the name, and one with what is said.
CELL = re.compile(rf"(?P<name>{NAME})[.:]?(?P<aside>(?!))?{LINE}(?P<said>.*)", re.DOTALL)
SHAPES = (
    Shape.of(NAME, ":"),  # Ann: Hello.   ANN (aside): Hello.
    Shape(ALONE),
    Shape(STOP),
    Shape(CELL, kind=ROW),
    Shape.of(CAPITALS, r"[ \t]+[—–-]{1,2}"),  # ANN — Hello.
    Shape.of(r"[a-z][\w.-]{0,20}", ":", share=0.9),  # ann: hello, as people chat
)
NO_NAMES = frozenset(
    "SCENE ACT TIME PLACE NOTE NOTES END CURTAIN PROLOGUE EPILOGUE CHAPTER PART WARNING CAUTION TIP".split()
)
BRACKETS = re.compile(r"\[_?([^\[\]]{1,400}?)_?\]|(?:^|(?<=[.!?…] ))\(_?([^()]{1,200}?)_?\)")
SENTENCE_END = re.compile(r"[.!?…—][\])\"”’»]*\s*$")
MOVE = re.compile(r"(?:Enter|Exit|Exeunt|Re-enter|Curtain|CURTAIN)\b")
MARKED = re.compile(r"\[\s*(?:pause|voice|/voice)\b", re.IGNORECASE)
KEYS = frozenset({"speaker", "text", "voice", "pause", "rate", "pitch", "volume", "chapter"})
BOUNDS = {"rate": (0.25, 4.0), "pitch": (-12.0, 12.0), "volume": (-60.0, 20.0), "pause": (0.0, LONGEST_PAUSE)}


def with_speakers(document: Document) -> Document:
    """The same document; if it is a script, with its speakers and stage directions. Other texts stay as they are."""
    parts = [part for chapter in document.chapters for part in chapter.paragraphs]
    shape = None if any(part.speaker for part in parts) else _shape(parts)
    if shape is None:
        return document
    return replace(
        document,
        chapters=[
            Chapter(chapter.title, [one for part in chapter.paragraphs for one in _speeches(part, shape)])
            for chapter in document.chapters
        ],
    )


def _shape(parts: list[Paragraph]) -> Shape | None:
    """How the names stand before what is said; None if this is no script."""
    for shape in SHAPES:
        pieces = [piece for part in parts if part.kind == shape.kind for piece in _pieces(part, shape)]
        lines = [found for piece in pieces if (found := _named(piece.text, shape))]
        names = Counter(found["name"] for found in lines)
        moves = sum(bool(MOVE.match(piece.text) or piece.text.startswith(("[", "("))) for piece in pieces)
        again = [name for name, count in names.items() if count > 1]
        if len(again) > 1 and names.total() >= shape.share * (len(pieces) - moves):
            return shape
        # A few lines are a script, too, if they are nothing else under a title: ANN: Hello. BOB: Hi.
        sentences = all(found["name"].isupper() and SENTENCE_END.search(found["said"]) for found in lines)
        short = shape.kind == PROSE and len(names) > 1
        if short and sentences and names.total() >= len(pieces) - moves - 1:
            return shape
    return None


def _named(text: str, shape: Shape) -> re.Match | None:
    found = shape.named.match(text)
    return None if found is None or found["name"].upper().split()[0] in NO_NAMES else found


def _pieces(part: Paragraph, shape: Shape) -> Iterator[Paragraph]:
    """The lines of a paragraph that begin with a name, each as a paragraph of its own."""
    number = re.fullmatch(r"line (\d+)", part.place)
    text, start, line = part.text, 0, int(number[1]) if number else 0
    for cut in [*(shape.next_line.finditer(text) if shape.next_line else ()), None]:
        said = text[start : cut.start() if cut else None]
        if said.strip():
            yield replace(part, spans=(Span(said),), place=f"line {line}" if number else part.place)
        if cut:
            line += text.count("\n", start, cut.end())
            start = cut.end()


def _speeches(part: Paragraph, shape: Shape) -> Iterator[Paragraph]:
    if part.kind != shape.kind:
        yield part
        return
    for piece in _pieces(part, shape):
        found = _named(piece.text, shape)
        if found is None and MOVE.match(piece.text):
            yield replace(piece, kind=DIRECTION)
            continue
        if found and found["aside"]:
            yield Paragraph.of(found["aside"][1:-1].strip("_ "), DIRECTION, place=piece.place)
        said = found["said"] if found else piece.text
        speaker = found["name"].strip().rstrip(".") if found else ""
        yield from speech(said, speaker, piece.place)


def speech(said: str, speaker: str, place: str) -> Iterator[Paragraph]:
    """What somebody says as paragraphs, with the directions in brackets told apart."""

    def direction(found: re.Match) -> str:
        inner = found[1] or found[2] or ""
        return found[0] if MARKED.match(found[0]) else f"{ENTER}{inner}{LEAVE}"

    for text, directed in directions(BRACKETS.sub(direction, said.strip())):
        text = text.strip(f" \n{LINE}")
        if text and directed:
            yield Paragraph.of(" ".join(text.split()), DIRECTION, place=place)
        elif text:
            yield Paragraph.of(text, speaker=speaker, place=place)


def parse_json(data: bytes) -> Document:
    """A script with one JSON object a line: "text", and "speaker", "voice", "pause", "rate", "pitch", "volume".

    {"chapter": "Title"} begins a chapter. Raises ValueError that names the line.
    """
    document = Document(chapters=[Chapter()])
    for number, line in enumerate(decode(data).split("\n"), 1):
        if not line.strip():
            continue
        try:
            _json_line(line, f"line {number}", document)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    found = [chapter for chapter in document.chapters if chapter.paragraphs]
    if not found:
        raise ValueError("the script is empty: no line has a text")
    return replace(document, chapters=found)


def _json_line(line: str, place: str, document: Document) -> None:
    try:
        given = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("no JSON that can be read") from None
    if not isinstance(given, dict):
        raise ValueError('no JSON object such as {"speaker": "Ann", "text": "Hello."}')
    if unknown := sorted(given.keys() - KEYS):
        raise ValueError(f"unknown key {unknown[0]!r}: known are {', '.join(sorted(KEYS))}")
    for key in ("text", "speaker", "voice", "chapter"):
        if not isinstance(given.get(key, ""), str):
            raise ValueError(f"{key} is no text")
    if given.get("chapter"):
        document.chapters.append(Chapter(given["chapter"].strip()))
    text = normal(given.get("text", "")).strip()
    if not text:
        if not given.get("chapter"):
            raise ValueError("it has no text")
        return
    manner = {key: _number(given[key], key) for key in BOUNDS if given.get(key) is not None}
    span = Span(text, voice=given.get("voice", "").strip(), **manner)
    document.chapters[-1].paragraphs.append(
        Paragraph((span,), speaker=" ".join(given.get("speaker", "").split()), place=place)
    )


def _number(value: object, key: str) -> float:
    low, high = BOUNDS[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"{key} is {value!r}: give a number from {low:g} to {high:g}")
    return float(value)


BONEYARD = re.compile(r"/\*(?:.*?\*/|.*)", re.DOTALL)
NOTE_MARK = re.compile(r"\[\[(?:[^\[\]]|\n)*?\]\]")
SCENE_HEADING = re.compile(r"(?i)(?:INT|EXT|EST|INT\./EXT|INT/EXT|I/E)[. ].*|\.(?!\.).+")
CHARACTER = re.compile(r"(?:@.+|(?=[^a-z]*[A-Z])[^a-z()]+?)(?:\s*\([^()]*\))*\s*\^?")
TITLE_PAGE = re.compile(r"(?P<key>[A-Z][A-Za-z ]{1,30}):[ \t]*(?P<value>.*(?:\n[ \t]{1,9}\S.*)*)")
FOUNTAIN_STYLE = re.compile(r"(?<!\\)(\*{1,3}|_)(?=\S)([^*_\n]{1,500}?)(?<=\S)(?<!\\)\1")


def parse_fountain(data: bytes) -> Document:
    """A screenplay: action is the narrator's, parentheticals and transitions are directions; notes go."""
    text = normal(decode(data))

    def blank(found: re.Match) -> str:
        return "\n" * found[0].count("\n")

    text = NOTE_MARK.sub(blank, BONEYARD.sub(blank, text))
    told, first = _title_page(text)
    found = bounded(_fountain(text.split("\n"), first))
    if not any(part.kind in (PROSE, VERSE) for part in found):
        raise ValueError("the script is empty: nobody says anything in it")
    return Document(
        title=told.get("title", ""),
        author=told.get("author", "") or told.get("authors", ""),
        date=told.get("draft date", ""),
        chapters=chapters(found),
    )


def _title_page(text: str) -> tuple[dict[str, str], int]:
    """What the title page tells, and the index of the line after it."""
    page, _, _ = text.partition("\n\n")
    if not TITLE_PAGE.match(page):
        return {}, 0
    told = {found["key"].lower(): " ".join(_styled(found["value"]).split()) for found in TITLE_PAGE.finditer(page)}
    return told, page.count("\n") + 1


def _styled(text: str) -> str:
    return FOUNTAIN_STYLE.sub(r"\2", FOUNTAIN_STYLE.sub(r"\2", text)).replace("\\*", "*").replace("\\_", "_")


def _fountain(lines: list[str], first: int) -> Iterator[Paragraph]:
    sections = any(line.startswith("#") for line in lines)
    speaker, said, action = "", [], []  # who speaks, and the lines that are open
    before = ""  # the line before
    place = ""

    def close() -> Iterator[Paragraph]:
        nonlocal speaker
        for lines, who in ((said, speaker), (action, "")):
            kind = VERSE if lines and all(line.startswith("~") for line in lines) else PROSE  # sung
            text = (LINE if kind == VERSE else " ").join(" ".join(line.lstrip("~ ").split()) for line in lines)
            if text:
                alone = not who and is_scene(text)
                yield scene(place) if alone else Paragraph.of(_styled(text), kind, speaker=who, place=place)
        said.clear()
        action.clear()

    for number, raw in enumerate([*lines[first:], ""], first + 1):
        line = raw.strip()
        after = lines[number].strip() if number < len(lines) else ""
        if not line and raw != "  ":
            yield from close()
            speaker = ""
        elif speaker and re.fullmatch(r"\(.*\)", line):
            yield from close()
            yield Paragraph.of(line[1:-1], DIRECTION, place=f"line {number}")
        elif speaker:
            place = place if said else f"line {number}"
            said.append(line)
        elif line.startswith("#"):
            yield Paragraph.of(
                line.lstrip("# "), HEADING, level=min(3, len(line) - len(line.lstrip("#"))), place=f"line {number}"
            )
        elif line.startswith("==="):
            pass  # a page ends
        elif line.startswith("=") or line == ">":
            pass  # a synopsis
        elif SCENE_HEADING.fullmatch(line) and not before:
            heading = re.sub(r"\s*#[^#]*#$", "", line.lstrip("."))
            yield Paragraph.of(heading, HEADING, level=4 if sections else 3, place=f"line {number}")
        elif line.startswith(">") and line.endswith("<"):
            yield Paragraph.of(_styled(line[1:-1].strip()), place=f"line {number}")
        elif line.startswith(">") or (not before and not after and re.fullmatch(r"[^a-z]+TO:", line)):
            yield Paragraph.of(line.lstrip("> "), DIRECTION, place=f"line {number}")
        elif not before and after and CHARACTER.fullmatch(line):
            yield from close()
            speaker = re.sub(r"\s*\([^()]*\)", "", line.lstrip("@").rstrip("^ ")).strip()
        else:
            place = place if action else f"line {number}"
            action.append(line.removeprefix("!"))
        before = line
