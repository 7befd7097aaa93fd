"""What every format is read into: chapters with a title and paragraphs, in the order of reading."""

from collections.abc import Iterable
from dataclasses import dataclass, field

MAX_BYTES = 50 * 2**20  # of a text, unpacked: some fifteen times War and Peace
LINE = "\u2028"  # Unicode's line separator, between the lines of a list, a poem or a table in one paragraph
SCENE = "***"  # a paragraph that says nothing and parts two scenes
CHAPTER_LEVEL = 3  # headings of this level and above begin a chapter; lower ones are paragraphs


@dataclass
class Chapter:
    """A stretch of text under one heading; the title is empty where there is none. LINE parts lines of a paragraph."""

    title: str = ""
    paragraphs: list[str] = field(default_factory=list)


@dataclass
class Document:
    """A text with what it says of itself; a field is empty where it says nothing."""

    title: str = ""
    author: str = ""
    language: str = ""  # as BCP 47 has it: "en-GB"
    chapters: list[Chapter] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Everything that is read aloud, titles of chapters included, paragraphs apart by blank lines."""
        parts = [part for chapter in self.chapters for part in (chapter.title, *chapter.paragraphs)]
        return "\n\n".join(part for part in parts if part)


@dataclass(frozen=True)
class TextBlock:
    """A paragraph, a line of one, or a heading of level 1 to 6."""

    text: str
    level: int = 0  # 0: a paragraph
    line: bool = False  # the next line of the list, the poem or the table before it


def chapters(blocks: Iterable[TextBlock]) -> list[Chapter]:
    """Part blocks where a heading follows text. A heading right under another is the first paragraph of its chapter."""
    found: list[Chapter] = []
    for block in blocks:
        heading = 0 < block.level <= CHAPTER_LEVEL
        if not found or (heading and found[-1].paragraphs):
            found.append(Chapter())
        if heading and not found[-1].title:
            found[-1].title = block.text
        elif block.line and found[-1].paragraphs:
            found[-1].paragraphs[-1] += LINE + block.text
        else:
            found[-1].paragraphs.append(block.text)
    return found
