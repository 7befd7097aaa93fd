"""What every format is read into: chapters of paragraphs, each with its kind, in the order of reading."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import islice

MAX_BYTES = 50 * 2**20  # of a text, unpacked: some fifteen times War and Peace
MAX_PARAGRAPHS = 400_000  # each takes half a kilobyte of memory; War and Peace has 12,000
LINE = "\u2028"  # Unicode's line separator, between the lines of a poem or an address in one paragraph
ASTERISKS = "***"  # the text of a SCENE
ORNAMENTS = frozenset("*⁂❦❧☙◆◇✦✧★☆●○■□§•·~#")  # any number of them alone parts two scenes, as three of RULES do
RULES = frozenset("-–—_=")
NUMBERED = re.compile(
    r"(?i)(?:chapter|part|book|act|scene|section|volume|canto|letter|stave)\s+[\w-]+[.:]?|[\divxlc]+[.:]?"
)
LICENCE_START = re.compile(r"(?i)\*\*\*\s*START OF (?:THE|THIS) PROJECT GUTENBERG|\*END\*\s?THE SMALL PRINT")
LICENCE_STOP = re.compile(
    r"(?i)\*\*\*\s*END OF (?:THE|THIS) PROJECT GUTENBERG|^\s*End of (?:the |this )?Project Gutenberg(?:'s|’s)?\b"
)
CREDITS = re.compile(r"(?i)(?:e-?text |this etext was )?(?:produced|prepared|transcribed) (?:by|from)\b|Credits?:")
TOLD = re.compile(r"(?m)^(Title|Author|Language):[^\S\n]*(\S[^\n]*)$")
CHAPTER_LEVEL = 3  # headings of this level and above begin a chapter; lower ones are paragraphs

# Kinds of paragraphs that are read aloud. An ITEM is one item of a list, a ROW one row of a table, a SCENE a rule that
# says nothing and parts two scenes.
PROSE, HEADING, VERSE, ITEM, QUOTE, ROW, SCENE = "prose", "heading", "verse", "item", "quote", "row", "scene"
# Kinds that are left out unless they are asked for. MATTER is what is around a book: its imprint, licence and contents.
# A PAGE is where a printed page begins; notes stand after the paragraph that refers to them.
NOTE, CAPTION, CODE, DIRECTION, MATTER, PAGE = "note", "caption", "code", "direction", "matter", "page"
LEFT_OUT = frozenset({NOTE, CAPTION, CODE, DIRECTION, MATTER, PAGE})
LISTED = frozenset({ITEM, ROW})  # follow each other as lines


@dataclass(frozen=True)
class Span:
    """A run of a paragraph that is said in one manner."""

    text: str
    voice: str = ""  # a role or the name of a voice; empty: as the paragraph
    rate: float = 1.0  # tempo; above 1 is faster
    pitch: float = 0.0  # semitones
    volume: float = 0.0  # dB
    pause: float | None = None  # seconds of silence before the text
    language: str = ""  # of this passage, as BCP 47 has it; empty: of the document


@dataclass(frozen=True)
class Paragraph:
    """Text that belongs together, with its kind. LINE parts its lines."""

    spans: tuple[Span, ...]
    kind: str = PROSE
    level: int = 0  # of a HEADING: 1 to 6
    speaker: str = ""  # who says it; empty: the narrator
    place: str = ""  # in the source: a file of a book, a line

    @classmethod
    def of(cls, text: str, kind: str = PROSE, *, level: int = 0, speaker: str = "", place: str = "") -> "Paragraph":
        """One that is said in one manner."""
        return cls((Span(text),), kind, level, speaker, place)

    @property
    def text(self) -> str:
        return "".join(span.text for span in self.spans)


@dataclass
class Chapter:
    """A stretch of text under one heading; the title is empty where there is none."""

    title: str = ""
    paragraphs: list[Paragraph] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What is read aloud, the title included: paragraphs apart by blank lines, items and rows by LINE.

        A chapter whose paragraphs are all left out is left out with its title.
        """
        if self.paragraphs and all(part.kind in LEFT_OUT | {SCENE} for part in self.paragraphs):
            return ""
        said, before = self.title, ""
        for part in self.paragraphs:
            if part.kind not in LEFT_OUT:
                between = LINE if part.kind in LISTED and part.kind == before else "\n\n"
                said, before = f"{said}{between}{part.text}" if said else part.text, part.kind
        return said

    @property
    def words(self) -> int:
        """How many words are read aloud, those of the title included."""
        return sum(any(sign.isalnum() for sign in word) for word in self.text.split())


@dataclass
class Document:
    """A text with what it says of itself; a field is empty where it says nothing."""

    title: str = ""
    author: str = ""
    language: str = ""  # as BCP 47 has it: "en-GB"
    series: str = ""  # with the number of the book in it, where that is told: "Foundation 2"
    description: str = ""
    date: str = ""
    publisher: str = ""
    cover: bytes = b""  # a JPEG or a PNG
    chapters: list[Chapter] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Everything that is read aloud."""
        return "\n\n".join(text for text in (chapter.text for chapter in self.chapters) if text)


def scene(place: str = "") -> Paragraph:
    """Where one scene ends and another begins."""
    return Paragraph.of(ASTERISKS, SCENE, place=place)


def is_scene(text: str) -> bool:
    """Whether a paragraph is only signs that part two scenes, such as * * * or ⁂."""
    signs = "".join(text.split())
    return bool(signs) and (ORNAMENTS.issuperset(signs) or (len(signs) > 2 and (ORNAMENTS | RULES).issuperset(signs)))


def bounded(paragraphs: Iterable[Paragraph]) -> list[Paragraph]:
    """All of them. Raises ValueError if they are too many to be held in memory."""
    found = list(islice(paragraphs, MAX_PARAGRAPHS + 1))
    if len(found) > MAX_PARAGRAPHS:
        raise ValueError(f"it has more than {MAX_PARAGRAPHS:,} paragraphs: split it")
    return found


def heading(lines: list[str]) -> str:
    """The lines of a heading as one: a number and the name under it are parted by a colon."""
    said = lines[0]
    for line in lines[1:]:
        said = f"{said.rstrip('.:')}: {line}" if NUMBERED.fullmatch(said) else f"{said} {line}"
    return said


def commas(cells: list[str]) -> str:
    """The cells of a row with commas between them, where no mark ends one."""
    return " ".join([*(cell if cell[-1] in ".,;:!?" else f"{cell}," for cell in cells[:-1]), cells[-1]])


def licensed(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """The licence of Project Gutenberg before and after a text is matter."""
    start = next((n for n, part in enumerate(paragraphs) if LICENCE_START.search(part.text[:300])), -1)
    stop = next((n for n, part in enumerate(paragraphs) if n > start and LICENCE_STOP.search(part.text[:300])), None)
    credits = [start + n for n, part in enumerate(paragraphs[start + 1 : start + 4], 1) if CREDITS.match(part.text)]
    start = max([start, *credits]) if start >= 0 else start
    return [
        replace(part, kind=MATTER) if n <= start or (stop is not None and n >= stop) else part
        for n, part in enumerate(paragraphs)
    ]


def told_by_licence(paragraphs: list[Paragraph]) -> tuple[str, str, str]:
    """Title, author and language, as the licence of Project Gutenberg at the beginning tells them."""
    start = next((n for n, part in enumerate(paragraphs[:100]) if LICENCE_START.search(part.text[:300])), 0)
    told: dict[str, str] = {}
    for part in paragraphs[:start]:
        for name, value in TOLD.findall(part.text):
            told.setdefault(name.lower(), value.strip())
    language = "en" if told.get("language", "").lower() == "english" else ""
    return told.get("title", ""), told.get("author", ""), language


def chapters(paragraphs: Iterable[Paragraph]) -> list[Chapter]:
    """Part paragraphs where a heading follows text. A heading right under another is a paragraph of its chapter."""
    found: list[Chapter] = []
    for paragraph in paragraphs:
        heading = paragraph.kind == HEADING and paragraph.level <= CHAPTER_LEVEL
        if not found or (heading and found[-1].paragraphs):
            found.append(Chapter())
        if heading and not found[-1].title:
            found[-1].title = paragraph.text
        else:
            found[-1].paragraphs.append(paragraph)
    return found
