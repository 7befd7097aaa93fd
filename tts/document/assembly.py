"""The pages of a book as chapters: where its contents say that they begin, or else its headings."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from posixpath import dirname, join, normpath
from urllib.parse import unquote, urlsplit

from tts.document.contents import ContentsEntry
from tts.document.document import (
    CAPTION,
    CHAPTER_LEVEL,
    HEADING,
    LEFT_OUT,
    MATTER,
    MAX_PARAGRAPHS,
    NOTE,
    PAGE,
    PROSE,
    SCENE,
    Chapter,
    Paragraph,
    Span,
    licensed,
)
from tts.document.encoding import PLAIN
from tts.document.page import Page
from tts.document.text import headed

UNREAD = LEFT_OUT | {SCENE}
LONG = 10_000  # words of a chapter that its headings part, where the contents do not
SHORT = 1_000  # words that a page of the publisher has at most
LINKS = 0.6  # of the characters of a table of contents lead elsewhere
LISTED = 4  # paragraphs that lead elsewhere are a table of contents
LONGEST_NOTE = 50  # paragraphs
LONGEST_TITLE, TITLE_PARTS = 200, 4  # characters of a heading, and how many may be one title
WAY = re.compile(  # what links say that lead through the book and nothing else
    r"(?i)(?:(?:back|return|go|to|the|top|next|previous|prev|first|last|page|chapter|section|table|of|contents|index|home|up)\b"
    r"\W*){1,12}"
)
NOTE_NUMBER = re.compile(r"^\s*(?:\[\w{1,4}\]\s*|\d{1,3}[.)]\s+)")
NOTES_LABEL = re.compile(r"(?i)(?:foot|end)?notes?[:.]?")
NUMERAL = re.compile(r"(?i)(?:\d{1,4}|[ivxlc]{1,8})[.:]?")
MATTER_LABEL = re.compile(
    r"(?i)(?:the )?(?:table of )?contents|copyright(?: (?:page|notice|information))?|uncopyright|colophon|imprint|"
    r"(?:half[ -]?)?title[ -]?page|cover(?: page)?|list of (?:illustrations|figures|tables|plates)|also by .{1,60}|"
    r"(?:the )?full project gutenberg(?:™|\(tm\))? licen[sc]e.{0,20}|transcriber[’']s? notes?"
)


@dataclass(frozen=True, slots=True)
class BookPage:
    """A page of a book under its name in the book. `matter` says that it is the publisher's."""

    name: str
    page: Page
    matter: bool = False


def resolve(href: str, base: str) -> tuple[str, str]:
    """The name in the book and the fragment of a link on the page `base`; no name for one that leads out."""
    try:
        parts = urlsplit(href.strip())
    except ValueError:
        return "", ""
    if parts.scheme or parts.netloc:
        return "", ""
    path = unquote(parts.path).replace("\\", "/")
    name = normpath(join(dirname(base), path)) if path else base
    return ("" if name.startswith(("../", "/")) or name == ".." else name), unquote(parts.fragment)


def assemble(pages: Sequence[BookPage], contents: Sequence[ContentsEntry] = (), base: str = "") -> list[Chapter]:
    """The chapters of a book. `base` is the page from which the links of the contents lead."""
    book = _Book(pages)
    book.mark_notes()
    book.mark_matter(contents, base)
    book.find_chapters(contents, base)
    return book.chapters()


class _Book:
    """All paragraphs of a book in one list, with where its pages, chapters and notes begin."""

    def __init__(self, pages: Sequence[BookPage]):
        self.pages = pages
        self.paragraphs: list[Paragraph] = []
        self.firsts: dict[str, int] = {}  # of each page, its first paragraph
        for page in pages:
            self.firsts.setdefault(page.name, len(self.paragraphs))
            self.paragraphs += page.page.paragraphs
            if page.matter:
                self.leave_out(self.firsts[page.name], len(self.paragraphs))
            if len(self.paragraphs) > MAX_PARAGRAPHS:
                raise ValueError(f"it has more than {MAX_PARAGRAPHS:,} paragraphs: split it")
        self.paragraphs = licensed(self.paragraphs)
        self.by_name = {page.name: page.page for page in pages}
        self.lasts = {page.name: self.firsts[page.name] + len(self.by_name[page.name].paragraphs) for page in pages}
        self.starts: dict[int, str] = {}  # of each chapter, with what the contents say
        self.after: dict[int, list[tuple[int, int]]] = {}  # notes by the paragraph that they follow

    # Notes

    def mark_notes(self) -> None:
        """What the marks of notes lead to is a note, and comes after the paragraph that refers to it first."""
        taken: set[int] = set()
        for page in self.pages:
            for reference in page.page.references:
                here = self.firsts[page.name] + reference.paragraph
                name, fragment = resolve(reference.href, page.name)
                first, last = self.span(name, fragment)
                if first >= last or last - first > LONGEST_NOTE or first <= here < last:
                    continue
                if self.paragraphs[first].kind != NOTE and first <= here:
                    continue  # a way back
                if not taken.isdisjoint(range(first, last)):
                    continue
                taken |= set(range(first, last))
                if last - first > 1 and _signs(self.paragraphs[first].text) == _signs(reference.mark):
                    first += 1  # the mark, which stands alone before the note
                for number in range(first, last):
                    self.paragraphs[number] = replace(self.paragraphs[number], kind=NOTE)
                said = self.paragraphs[first]
                bare = _unmarked(said.text, reference.mark)
                self.paragraphs[first] = replace(said, spans=(Span(bare),)) if bare else said
                self.after.setdefault(here, []).append((first, last))
        self.moved = taken

    def span(self, name: str, fragment: str) -> tuple[int, int]:
        """The paragraphs of the element with an id; none if it is not there."""
        page = self.by_name.get(name)
        if page is None or fragment not in page.anchors:
            return len(self.paragraphs), 0
        first, last = page.anchors[fragment]
        start = self.firsts[name]
        return min(start + first, self.lasts[name]), min(start + last, self.lasts[name])

    # Matter

    def mark_matter(self, contents: Sequence[ContentsEntry], base: str) -> None:
        """Paragraphs that hold little but links, and short pages that the contents or their heading name as such."""
        labels: dict[str, list[str]] = {}
        for entry in contents:
            labels.setdefault(resolve(entry.href, base)[0], []).append(entry.label)
        for page in self.pages:
            first, last = self.firsts[page.name], self.lasts[page.name]
            parts = [part for part in self.paragraphs[first:last] if part.kind not in LEFT_OUT]
            named = labels.get(page.name, [])
            heads = [*named[: len(named) == 1], *(part.text for part in parts[:1] if part.kind == HEADING)]
            if any(MATTER_LABEL.fullmatch(head) for head in heads) and _words(parts) < SHORT:
                self.leave_out(first, last)
            else:
                self.leave_out_links(first, last, page.page.linked)

    def leave_out_links(self, first: int, last: int, linked: dict[int, int]) -> None:
        """A run of paragraphs that are links is matter, and so are those with links after a heading of contents."""
        run, contents = first, -1
        for number in range(first, last + 1):
            part = self.paragraphs[number] if number < last else None
            share = linked.get(number - first, 0) / len(part.text) if part and part.text else 0
            if share > LINKS and part.kind != HEADING and WAY.fullmatch(part.text):
                self.leave_out(number, number + 1)
            if share > LINKS or (share and contents >= 0):
                continue
            if contents >= 0 and number > run:
                self.leave_out(contents, number)
            elif number - run >= LISTED:
                self.leave_out(run, number)
            run = number + 1
            contents = number if part and part.kind == HEADING and MATTER_LABEL.fullmatch(part.text) else -1

    def leave_out(self, first: int, last: int) -> None:
        for number in range(first, last):
            if self.paragraphs[number].kind not in UNREAD:
                self.paragraphs[number] = replace(self.paragraphs[number], kind=MATTER)

    # Chapters

    def find_chapters(self, contents: Sequence[ContentsEntry], base: str) -> None:
        for entry in contents:
            name, fragment = resolve(entry.href, base)
            if name not in self.by_name:
                continue
            first = self.firsts[name]
            if fragment in self.by_name[name].anchors:
                first = self.span(name, fragment)[0]
            elif fragment and first in self.starts:
                continue
            while first > self.firsts[name] and self.paragraphs[first - 1].kind == HEADING and first not in self.starts:
                if first - 1 in self.starts:
                    break
                first -= 1
            if first < len(self.paragraphs):
                before = self.starts.get(first)
                both = before and entry.label and before != entry.label and ": " not in before
                self.starts[first] = f"{before}: {entry.label}" if both else entry.label or before or ""
        bounds = [*sorted(self.starts), len(self.paragraphs)]
        pairs = zip(bounds, bounds[1:], strict=False)
        if sum(any(part.kind not in LEFT_OUT for part in self.paragraphs[a:b]) for a, b in pairs) < 2:
            if all(part.kind != HEADING for part in self.paragraphs):
                self.paragraphs = headed(self.paragraphs)
            self.by_headings(0, len(self.paragraphs), CHAPTER_LEVEL)
            self.starts |= {self.firsts[page.name]: self.starts.get(self.firsts[page.name], "") for page in self.pages}
        else:
            self.by_pages()
            self.by_length()

    def by_headings(self, first: int, last: int, level: int) -> None:
        """A heading of this level or above begins a chapter where it follows text."""
        text = True
        for number in range(first, last):
            part = self.paragraphs[number]
            if part.kind == HEADING and part.level <= level and text:
                self.starts.setdefault(number, "")
            text = part.kind != HEADING and (text or part.kind not in (PAGE, CAPTION))

    def by_pages(self) -> None:
        """A page that the contents leave out goes on in the chapter before unless it begins with a heading as high."""
        highest = CHAPTER_LEVEL
        for page in self.pages:
            first, last = self.firsts[page.name], self.lasts[page.name]
            parts = [part for part in self.paragraphs[first:last] if part.kind not in (PAGE, CAPTION)]
            if not parts:
                continue
            level = parts[0].level if parts[0].kind == HEADING else 0
            if any(start in self.starts for start in range(first, last)):
                highest = level or highest
                if first in self.starts:
                    continue
            sort = parts[0].kind in LEFT_OUT
            before = self.paragraphs[first - 1].kind in LEFT_OUT if first else not sort
            if (0 < level <= highest) or sort != before:
                self.starts.setdefault(first, "")

    def by_length(self) -> None:
        """A very long chapter is parted at its own headings."""
        bounds = [*sorted(self.starts), len(self.paragraphs)]
        for first, last in zip(bounds, bounds[1:], strict=False):
            parts = self.paragraphs[first + 1 : last]
            if _words([part for part in parts if part.kind not in LEFT_OUT]) > LONG:
                levels = [part.level for part in parts if part.kind == HEADING and part.level <= CHAPTER_LEVEL]
                if levels and levels.count(min(levels)) > 2:
                    self.by_headings(first + 1, last, min(levels))

    def chapters(self) -> list[Chapter]:
        titles = Counter(page.page.title for page in self.pages)
        own = {
            self.firsts[page.name]: page.page.title
            for page in self.pages
            if titles[page.page.title] == 1 and len(self.pages) > 1
        }
        bounds = sorted({0, *self.starts, len(self.paragraphs)})
        found = []
        for first, last in zip(bounds, bounds[1:], strict=False):
            paragraphs = self.paragraphs[first:last]
            title, used = _title(paragraphs, self.starts.get(first, ""), own.get(first, ""))
            placed = []
            for number, part in enumerate(paragraphs, first):
                if number not in self.moved and number - first not in used:
                    if not (number + 1 in self.moved and (_is_note_head(part) or NOTES_LABEL.fullmatch(part.text))):
                        placed.append(part)
                for start, stop in self.after.get(number, ()):
                    placed += self.paragraphs[start:stop]
            # A heading alone is a chapter if the contents name it, as they name parts; a page of notes is none.
            alone = title and len(used) == len(paragraphs) and self.starts.get(first)
            notes_only = len(placed) < len(paragraphs) and all(_is_note_head(part) for part in placed)
            if (notes_only or not (placed or title)) and not alone:
                continue
            left_out = placed and all(part.kind in UNREAD for part in placed)
            found.append(Chapter("" if left_out else title, placed))
        return _merged(found)


def _title(paragraphs: list[Paragraph], label: str, own: str) -> tuple[str, set[int]]:
    """The title of a chapter, and which of its paragraphs say it, so that they are not read again.

    What the contents say comes first if the chapter begins with it, in headings or in paragraphs that look like some.
    Otherwise it is the first heading; without one, what the contents say, or else the title of the page.
    """
    begins: list[int] = []
    for number, part in enumerate(paragraphs):
        if part.kind in (HEADING, PROSE) and len(part.text) <= LONGEST_TITLE:
            begins.append(number)
        elif part.kind not in UNREAD:
            break
    for count in range(min(len(begins), TITLE_PARTS), 0, -1):
        said = " ".join(paragraphs[number].text for number in begins[:count])
        if label and _letters(said) == _letters(label):
            return label, set(begins[:count])
    first = paragraphs[begins[0]].text if begins else ""
    if NUMERAL.fullmatch(first) and re.search(rf"(?i)\b{re.escape(first.rstrip('.:'))}$", label):
        return label, {begins[0]}  # "Chapter 1" over a page that begins with 1
    heads = list(takewhile(lambda number: paragraphs[number].kind == HEADING, begins))
    for count, number in enumerate(heads[:TITLE_PARTS], 1):
        if _letters(paragraphs[number].text) == _letters(label):  # under the heading of a part
            return ": ".join(paragraphs[one].text for one in heads[:count]), set(heads[:count])
    if begins and paragraphs[begins[0]].kind == HEADING:
        return paragraphs[begins[0]].text, {begins[0]}
    read = any(part.kind not in UNREAD for part in paragraphs)
    return (label or own) if read else "", set()


def _unmarked(note: str, mark: str) -> str:
    """A note without the mark that refers to it, or another number, at its beginning."""
    sign = re.escape(_signs(mark))
    found = sign and re.match(rf"\s*[\[(]?{sign}[\])]?[.:]?\s+", note.translate(PLAIN))
    return note[found.end() :] if found else NOTE_NUMBER.sub("", note)


def _signs(mark: str) -> str:
    return mark.translate(PLAIN).strip("[]().: ")


def _is_note_head(paragraph: Paragraph) -> bool:
    """What is left of a page whose notes have all been put where they belong."""
    return paragraph.kind == NOTE and paragraph.level > 0


def _words(paragraphs: Sequence[Paragraph]) -> int:
    return sum(len(paragraph.text.split()) for paragraph in paragraphs)


def _letters(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _merged(found: list[Chapter]) -> list[Chapter]:
    """Pages of the publisher that follow each other are one chapter without a title."""
    out: list[Chapter] = []
    for chapter in found:
        matter = not chapter.title and chapter.paragraphs and all(part.kind in UNREAD for part in chapter.paragraphs)
        if matter and out and not out[-1].title and all(part.kind in UNREAD for part in out[-1].paragraphs):
            out[-1].paragraphs += chapter.paragraphs
        else:
            out.append(chapter)
    return out
