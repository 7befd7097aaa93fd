"""A script: what is spoken, by whom and in which order. It is made from a document before any net is loaded."""

from dataclasses import dataclass, field

from tts.document import Document

NARRATOR = "narrator"  # the role of everything that nobody in the text says


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a segment departs from how its voice speaks."""

    rate: float = 1.0  # tempo; above 1 is faster
    pitch: float = 0.0  # semitones
    volume: float = 0.0  # dB


@dataclass(frozen=True, kw_only=True)
class Segment:
    """What is spoken at once, in one voice, and the silence after it."""

    id: str  # CHAPTER.PARAGRAPH.PORTION, each counted from 1
    chapter: int  # index in the script's chapters
    paragraph: int  # index in the chapter's paragraphs; 0 with kind "heading" may be the chapter's title
    kind: str  # of the paragraph, as in `tts.document`
    role: str  # NARRATOR, or a speaker of the text
    written: (
        str  # as the document has it; empty for the later parts of a sentence that is cut because its words are many
    )
    words: str  # as it is said; empty where nothing can be said, which leaves the pause
    pause: float  # seconds of silence after it, at the pace of the settings
    manner: Manner = Manner()
    notices: tuple[str, ...] = ()
    place: str = ""  # in the source: a file and a line, or a page of a book


@dataclass(frozen=True, kw_only=True)
class ScriptChapter:
    """A chapter that is read."""

    title: str  # empty where the document has none
    number: int  # in the document, counted from 1; a choice of chapters leaves gaps


@dataclass(frozen=True, kw_only=True)
class Script:
    """All segments in the order of reading."""

    document: Document
    chapters: list[ScriptChapter] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)

    @property
    def roles(self) -> list[str]:
        """Every role, the one that says most first."""
        words: dict[str, int] = {}
        for segment in self.segments:
            words[segment.role] = words.get(segment.role, 0) + len(segment.words)
        return sorted(words, key=lambda role: (-words[role], role))
