"""A script: what is spoken, by whom and in which order. It is made from a document before any net is loaded."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tts.document import CAPTION, CODE, DIRECTION, HEADING, MATTER, NOTE, SCENE, Chapter, Document, Paragraph, Span
from tts.document.document import LISTED, PAGE
from tts.synthesis.portions import MAX_WORD, Portion, nothing_to_say, portions
from tts.text.language import Language, named
from tts.text.roman import roman_value

if TYPE_CHECKING:
    from tts.synthesis.speaking import Settings

NARRATOR = "narrator"  # the role of everything that nobody in the text says
# What is left out unless it is asked for, by the names that people ask with.
OPTIONAL = {"notes": NOTE, "captions": CAPTION, "code": CODE, "directions": DIRECTION, "matter": MATTER, "pages": PAGE}
MAX_CHARS = 16_000_000  # of a document: about five times War and Peace

NO_OTHERS: Mapping[str, Language] = {}
SAYABLE = re.compile(r"[^\W_]")
ENDLESS = re.compile(rf"\S{{{MAX_WORD + 1},}}")
SENTENCE_END, CLAUSE_END = re.compile(r"[.!?…][\"'”’»)\]}]*$"), re.compile(r"[,;:—–-][\"'”’»)\]}]*$")


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a segment departs from how its voice speaks."""

    rate: float = 1.0  # tempo; above 1 is faster
    pitch: float = 0.0  # semitones
    volume: float = 0.0  # dB

    @property
    def faster(self) -> float:
        """How much faster a wave is played to be as much higher."""
        return 2 ** (self.pitch / 12)


@dataclass(frozen=True, kw_only=True)
class Segment:
    """What is spoken at once, in one voice, and the silence after it."""

    id: str  # CHAPTER.PARAGRAPH.PORTION, each counted from 1; paragraph 0 is the title, chapter 0 announces the book
    chapter: int  # index in the script's chapters
    paragraph: int  # index in the chapter's paragraphs; 0 with kind "heading" may be the chapter's title
    kind: str  # of the paragraph, as in `tts.document`
    level: int = 0  # of a heading
    role: str  # NARRATOR, or a speaker of the text
    written: str  # as the document has it; empty for later parts of a sentence that is cut because its words are many
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
    notices: list[str] = field(default_factory=list)  # of the whole: what was left out

    @property
    def roles(self) -> list[str]:
        """Every role, the one that says most first."""
        words: dict[str, int] = {}
        for segment in self.segments:
            words[segment.role] = words.get(segment.role, 0) + len(segment.words)
        return sorted(words, key=lambda role: (-words[role], role))

    def of(self, chapter: int) -> list[Segment]:
        """The segments of a chapter, given as its index."""
        return [segment for segment in self.segments if segment.chapter == chapter]


def chapter_numbers(choice: str) -> set[int]:
    """The chapters that "3-5,8" names. Raises ValueError for anything else."""
    chosen: set[int] = set()
    for part in choice.split(","):
        match = re.fullmatch(r"\s*([0-9]{1,5})(?:\s*-\s*([0-9]{1,5}))?\s*", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 0 < first <= last:
            raise ValueError(f"{choice!r} names no chapters: write their numbers, such as 3-5,8")
        chosen |= set(range(first, last + 1))
    return chosen


def script_of(
    document: Document,
    *,
    language: Language,
    settings: "Settings",
    include: Collection[str] = (),
    chapters: Collection[int] | None = None,
    announce: bool = False,
    announce_notes: bool = False,
    passages: Mapping[str, Language] = NO_OTHERS,
) -> Script:
    """What is said of a document.

    `include`: names of OPTIONAL kinds to read. `chapters`: numbers of those to read, counted from 1. `announce`: begin
    with the title and the author. `announce_notes`: read the notes, and say before them that they are notes.
    `passages`: by name, languages that passages may be read in. Raises ValueError if nothing can be said.
    """
    include = {*include, "notes"} if announce_notes else include
    if sum(len(part.text) for chapter in document.chapters for part in chapter.paragraphs) > MAX_CHARS:
        raise ValueError(f"the text has more than {MAX_CHARS} characters, too many for one narration: split it")
    if unknown := set(include) - OPTIONAL.keys():
        raise ValueError(f"nothing is called {sorted(unknown)[0]!r} in a text: include {', '.join(OPTIONAL)}")
    total = len(document.chapters)
    if chapters is not None and (missing := [number for number in chapters if not 0 < number <= total]):
        raise ValueError(f"no chapter {min(missing)}: the text has chapters 1 to {total}")
    skipped = set(OPTIONAL.values()) - {OPTIONAL[name] for name in include}
    numbered = sum(_number(chapter.title) is not None for chapter in document.chapters) > 1
    writer = _Writer(language, settings, skipped, numbered, announce_notes, passages)
    if announce:
        writer.announce(document)
    for number, chapter in enumerate(document.chapters, 1):
        if chapters is None or number in chapters:
            writer.chapter(chapter, number)
    notices = _left_out(writer.left_out)
    script = Script(document=document, chapters=writer.chapters, segments=writer.segments, notices=notices)
    if not any(segment.words for segment in script.segments):
        told = [notice for segment in script.segments for notice in segment.notices]
        if not told + notices:
            raise ValueError("no voice can say this text (it is empty): where pages are pictures, recognise their text")
        reasons = "; ".join((told + notices)[:3])
        raise ValueError(f"no voice can say this text ({reasons}): write it in {language.name.title()}")
    return script


def _number(title: str) -> int | None:
    """The number that a title is, if it is nothing but a Roman one."""
    numeral = title.strip().removesuffix(".")
    return roman_value(numeral) if numeral.isupper() else None


def _left_out(kinds: Counter[str]) -> list[str]:
    """A notice of all kinds that are left out on purpose."""
    names = [name for name, kind in OPTIONAL.items() if kinds[kind]]
    if not names:
        return []
    counts = ", ".join(f"{name} x {kinds[OPTIONAL[name]]}" for name in names)
    return [f"left out: {counts}; to hear them, include {' '.join(names)}"]


class _Writer:
    """Writes segments one after the other."""

    def __init__(
        self,
        language: Language,
        settings: "Settings",
        skipped: Collection[str],
        numbered: bool,
        announce_notes: bool,
        passages: Mapping[str, Language],
    ):
        self.language, self.settings, self.skipped, self.passages = language, settings, skipped, passages
        self.numbered = numbered  # whether a title such as I is a number
        self.announce_notes = announce_notes
        self.told: set[str] = set()  # kinds of notices
        self.left_out: Counter[str] = Counter()  # paragraphs by kind
        self.chapters: list[ScriptChapter] = []
        self.segments: list[Segment] = []
        self.begun = 0  # segments before this chapter

    def announce(self, document: Document) -> None:
        """The title and the author, which open the first chapter."""
        spans = []
        if document.title:
            spans.append(Span(document.title))
        if document.author:
            spans.append(
                Span(f"{self.language.by} {document.author}", pause=self.settings.silence("heading") if spans else None)
            )
        self.paragraph(Paragraph(tuple(spans), HEADING, level=1), 0, "0.0", "scene")

    def chapter(self, chapter: Chapter, number: int) -> None:
        """A chapter, unless all of its paragraphs are left out."""
        read = [(index, own) for index, own in enumerate(chapter.paragraphs) if own.kind not in self.skipped]
        self.left_out.update(own.kind for own in chapter.paragraphs if own.kind in self.skipped)
        if not read and (chapter.paragraphs or not chapter.title):
            return
        before = len(self.segments)
        if chapter.title:
            place = chapter.paragraphs[0].place if chapter.paragraphs else ""
            own = self.numbered and _number(chapter.title)
            said = Paragraph.of(str(own or chapter.title), HEADING, level=1, place=place)
            self.paragraph(said, 0, f"{number}.0", "heading")
            if own:
                self.segments[-1] = replace(self.segments[-1], written=chapter.title)
        last = ""
        for (index, own), then in zip(read, [*(own.kind for _, own in read[1:]), ""], strict=False):
            if own.kind == SCENE:
                self.pause_at_least(self.settings.silence("scene"))
            else:
                if self.announce_notes and own.kind == NOTE != last:
                    own = replace(own, spans=(Span(self.language.note), *own.spans))
                after = "heading" if own.kind == HEADING else "line" if own.kind == then in LISTED else "paragraph"
                self.paragraph(own, index, f"{number}.{index + 1}", after)
            last = own.kind
        if len(self.segments) == before:
            return
        self.pause_at_least(self.settings.silence("chapter"))
        self.chapters.append(ScriptChapter(title=chapter.title, number=number))
        self.begun = len(self.segments)

    def paragraph(self, paragraph: Paragraph, index: int, id: str, after: str) -> None:
        """The segments of a paragraph. `after` is what ends there, a key of the pauses."""
        count = 0
        base = Segment(
            id=id,
            chapter=len(self.chapters),
            paragraph=index,
            kind=paragraph.kind,
            level=paragraph.level,
            role=paragraph.speaker or NARRATOR,
            written="",
            words="",
            pause=0.0,
            place=paragraph.place,
        )
        spans = [span for span in self.joined(paragraph.spans) if span.text.strip() or span.pause is not None]
        for number, span in enumerate(spans):
            manner = Manner(rate=span.rate, pitch=span.pitch, volume=span.volume)
            base = replace(base, role=span.voice or paragraph.speaker or NARRATOR, manner=manner)
            if span.pause is not None:
                count += self.pause_exactly(span.pause, base, count + 1)
            last = number == len(spans) - 1
            for portion in self.portions(span.text, self.passages.get(span.language, self.language)):
                count += 1
                pause = portion.pause or (after if last else _joint(span.text.rstrip()))
                self.add(replace(base, id=f"{id}.{count}"), portion, self.settings.silence(pause))

    def joined(self, spans: Sequence[Span]) -> list[Span]:
        """Spans with the name of the language that each is read in, empty for the usual; equal neighbours are one."""
        if not any(span.language for span in spans):
            return list(spans)
        out: list[Span] = []
        for span in spans:
            name = named(span.language)
            other = name in self.passages and name != self.language.name
            span = replace(span, language=name if other else "")
            if out and replace(span, text="") == replace(out[-1], text="", pause=None):
                out[-1] = replace(out[-1], text=out[-1].text + span.text)
            else:
                out.append(span)
        return out

    def portions(self, text: str, language: Language) -> list[Portion]:
        """A text as it is spoken. What is far longer than any word is no text."""
        if not text.strip():
            return []
        text, endless = ENDLESS.subn("", text)
        found = list(portions(text, self.settings.max_chars, language, self.told))
        if endless and found and "endless" not in self.told:
            self.told.add("endless")
            notice = f"left out a word of more than {MAX_WORD} characters"
            found[0] = replace(found[0], notices=(notice, *found[0].notices))
        return found

    def add(self, base: Segment, portion: Portion, pause: float) -> None:
        """A segment; one that nobody can say only makes the pause before it longer."""
        notices = portion.notices
        if SAYABLE.search(portion.words):
            words = portion.words
        else:
            words = ""
            self.pause_at_least(pause)
            pause = 0.0
            if portion.written.strip() and "silent" not in self.told:
                self.told.add("silent")
                notices = (*notices, nothing_to_say(portion.written))
        self.segments.append(replace(base, written=portion.written, words=words, pause=pause, notices=notices))

    def pause_at_least(self, seconds: float) -> None:
        """Make the pause after what was said last in this chapter as long as that, if anything was."""
        for index in range(len(self.segments) - 1, self.begun - 1, -1):
            own = self.segments[index]
            if own.words or own.pause:
                self.segments[index] = replace(own, pause=max(own.pause, seconds))
                return

    def pause_exactly(self, seconds: float, base: Segment, number: int) -> int:
        """A pause that the text asks for instead of the usual one; gives how many segments that took."""
        if len(self.segments) > self.begun:
            self.segments[-1] = replace(self.segments[-1], pause=seconds)
            return 0
        self.segments.append(replace(base, id=f"{base.id}.{number}", pause=seconds))
        return 1


def _joint(text: str) -> str:
    """What ends after a text where only a manner ends."""
    return "sentence" if SENTENCE_END.search(text) else "clause" if CLAUSE_END.search(text) else "cut"
