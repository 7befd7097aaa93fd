"""What every format is read into: chapters of paragraphs, each with its kind, in the order of reading."""

from collections.abc import Iterable
from dataclasses import dataclass, field

MAX_BYTES = 50 * 2**20  # of a text, unpacked: some fifteen times War and Peace
LINE = "\u2028"  # Unicode's line separator, between the lines of a poem or an address in one paragraph
ASTERISKS = "***"  # the text of a SCENE
CHAPTER_LEVEL = 3  # headings of this level and above begin a chapter; lower ones are paragraphs

# Kinds of paragraphs that are read aloud. An ITEM is one item of a list, a ROW one row of a table, a SCENE a rule that
# says nothing and parts two scenes.
PROSE, HEADING, VERSE, ITEM, QUOTE, ROW, SCENE = "prose", "heading", "verse", "item", "quote", "row", "scene"
# Kinds that are left out unless they are asked for. MATTER is what is around a book: its imprint, licence and contents.
NOTE, CAPTION, CODE, DIRECTION, MATTER = "note", "caption", "code", "direction", "matter"
LEFT_OUT = frozenset({NOTE, CAPTION, CODE, DIRECTION, MATTER})
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
    def words(self) -> int:
        """How many words are read aloud, those of the title included."""
        read = [self.title, *(part.text for part in self.paragraphs if part.kind not in LEFT_OUT | {SCENE})]
        return sum(len(text.split()) for text in read)

    @property
    def text(self) -> str:
        """What is read aloud, the title included: paragraphs apart by blank lines, items and rows by LINE."""
        said, before = self.title, ""
        for part in self.paragraphs:
            if part.kind not in LEFT_OUT:
                between = LINE if part.kind in LISTED and part.kind == before else "\n\n"
                said, before = f"{said}{between}{part.text}" if said else part.text, part.kind
        return said


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


@dataclass(frozen=True)
class TextBlock:
    """A paragraph, a line of one, or a heading of level 1 to 6."""

    text: str
    level: int = 0  # 0: a paragraph
    line: bool = False  # the next line of the list, the poem or the table before it


def chapters(blocks: Iterable[TextBlock]) -> list[Chapter]:
    """Part blocks where a heading follows text. A heading right under another is a paragraph of its chapter."""
    found: list[Chapter] = []
    for block in blocks:
        heading = 0 < block.level <= CHAPTER_LEVEL
        if not found or (heading and found[-1].paragraphs):
            found.append(Chapter())
        read = found[-1].paragraphs
        if heading and not found[-1].title:
            found[-1].title = block.text
        elif block.line and read:
            read[-1] = Paragraph.of(read[-1].text + LINE + block.text)
        else:
            kind = HEADING if block.level else SCENE if block.text == ASTERISKS else PROSE
            read.append(Paragraph.of(block.text, kind, level=block.level))
    return found
