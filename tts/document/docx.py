"""Word documents (.docx), read from their XML with the standard library only."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO
from xml.etree import ElementTree

from tts.document.archive import DAMAGE, MAX_TAGS, check_directory, reason
from tts.document.document import (
    CAPTION,
    HEADING,
    ITEM,
    LINE,
    MATTER,
    MAX_BYTES,
    NOTE,
    PROSE,
    QUOTE,
    ROW,
    Document,
    Paragraph,
    bounded,
    chapters,
    commas,
    is_scene,
    scene,
)
from tts.document.encoding import UNSAID

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# What is not read: what was moved away, what stands in for a text box where there is none, and the box in a paragraph.
UNREAD = frozenset(
    {f"{W}moveFrom", f"{W}txbxContent", "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
)
DEEPEST = 100  # styles that are made from each other, and blocks in blocks


def parse(data: bytes | BinaryIO) -> Document:
    """Headings by their styles, list items, rows, and notes after the paragraph that refers to them."""
    file = io.BytesIO(data) if isinstance(data, bytes) else data
    try:
        check_directory(file)
        with zipfile.ZipFile(file) as archive:
            return _read(archive)
    except DAMAGE as error:
        raise ValueError(f"no readable Word document: {reason(error)}") from None


def _read(archive: zipfile.ZipFile) -> Document:
    body = _xml(archive, "word/document.xml").find(f"{W}body")
    if body is None:
        raise ValueError("it has no body")
    names = set(archive.namelist())
    notes = {
        (kind, note.get(f"{W}id", "")): " ".join(text for part in note.iter(f"{W}p") if (text := _text(part)))
        for kind in ("footnote", "endnote")
        if f"word/{kind}s.xml" in names
        for note in _xml(archive, f"word/{kind}s.xml").iterfind(f"{W}{kind}")
    }
    told = _xml(archive, "docProps/core.xml") if "docProps/core.xml" in names else ElementTree.Element("none")
    styles = _styles(_xml(archive, "word/styles.xml")) if "word/styles.xml" in names else {}
    found = bounded(_Reader(styles, notes).paragraphs(body))
    title = next((part.text for part in found if part.kind == HEADING and part.level == 0), "")
    return Document(
        title=(told.findtext("{*}title") or title).strip(),
        author=(told.findtext("{*}creator") or "").strip(),
        language=(told.findtext("{*}language") or "").strip(),
        description=(told.findtext("{*}description") or "").strip(),
        chapters=chapters(part if part.level or part.kind != HEADING else replace(part, level=1) for part in found),
    )


def _xml(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    with archive.open(name) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"it unpacks to more than {MAX_BYTES >> 20} MB of text")
    if b"<!DOCTYPE" in data or b"\0" in data:
        raise ValueError(f"{name} defines entities, which may unfold without end")
    if data.count(b"<") > MAX_TAGS:
        raise ValueError(f"{name} has more than {MAX_TAGS:,} marks: split it")
    return ElementTree.fromstring(data)


def _styles(root: ElementTree.Element) -> dict[str, tuple[str, int]]:
    """The kind and the level of the paragraphs in each style, by its id; ids are in the language of whoever wrote.

    Names of the styles that Word brings are English. Other styles are as the one that they are made from.
    """
    own = {style.get(f"{W}styleId", ""): style for style in root.iterfind(f"{W}style")}
    found = {}
    for name in own:
        style, kind, seen = own.get(name), (PROSE, 0), 0
        while style is not None and kind == (PROSE, 0) and seen < DEEPEST:
            kind = _named(_value(style, "name")) if _value(style, "name") else kind
            kind = kind if kind != (PROSE, 0) else _outlined(style)
            style, seen = own.get(_value(style, "basedOn")), seen + 1
        found[name] = kind
    return found


def _value(block: ElementTree.Element, path: str) -> str:
    """The value of an element inside of a block, empty if there is none."""
    found = block.find("/".join(f"{W}{name}" for name in path.split("/")))
    return "" if found is None else found.get(f"{W}val", "")


def _outlined(block: ElementTree.Element) -> tuple[str, int]:
    """A heading, if a style or a paragraph has a place in the outline."""
    level = _value(block, "pPr/outlineLvl")
    return (HEADING, min(6, int(level) + 1)) if level.isdecimal() and int(level) < 9 else (PROSE, 0)


def _named(style: str) -> tuple[str, int]:
    """The kind and the level of paragraphs, by the name or the id of their style."""
    style = style.lower().replace(" ", "")
    if style.startswith("heading") and style[7:8].isdigit():
        return HEADING, min(6, max(1, int(style[7])))
    if style == "title":
        return HEADING, 0
    if style.startswith("toc"):
        return MATTER, 0
    if style == "caption":
        return CAPTION, 0
    if "quote" in style:
        return QUOTE, 0
    return (ITEM, 0) if style.startswith("list") else (PROSE, 0)


class _Reader:
    """The paragraphs of a document whose styles and notes are known."""

    def __init__(self, styles: dict[str, tuple[str, int]], notes: dict[tuple[str, str], str]):
        self._styles, self._notes = styles, notes
        self._number = 0  # of the block, as people count

    def paragraphs(self, body: ElementTree.Element, depth: int = 0) -> Iterator[Paragraph]:
        for block in body:
            self._number += not depth
            if block.tag == f"{W}tbl":
                for row in block.iterfind(f"{W}tr"):
                    cells = [" ".join(_text(part) for part in cell.iter(f"{W}p")) for cell in row.iterfind(f"{W}tc")]
                    cells = [said for cell in cells if (said := " ".join(cell.split()))]
                    if cells:
                        yield Paragraph.of(commas(cells), ROW, place=self._place)
            elif block.tag == f"{W}p":
                yield from self._paragraph(block)
            elif block.tag not in UNREAD and depth < DEEPEST:  # around paragraphs, such as the table of contents
                gallery = block.find(f"{W}sdtPr//{W}docPartGallery")
                contents = gallery is not None and "Contents" in gallery.get(f"{W}val", "")
                for one in self.paragraphs(block, depth + 1):
                    yield replace(one, kind=MATTER) if contents else one

    @property
    def _place(self) -> str:
        return f"paragraph {self._number}"

    def _paragraph(self, block: ElementTree.Element) -> Iterator[Paragraph]:
        said = _text(block)
        if said:
            kind, level = self._kind(block)
            yield scene(self._place) if is_scene(said) else Paragraph.of(said, kind, level=level, place=self._place)
        for kind in ("footnote", "endnote"):
            for mark in block.iter(f"{W}{kind}Reference"):
                if note := self._notes.get((kind, mark.get(f"{W}id", ""))):
                    yield Paragraph.of(note, NOTE, place=self._place)
        for part in _read_parts(block):
            if part.tag == f"{W}txbxContent":
                yield from self.paragraphs(part, 1)

    def _kind(self, block: ElementTree.Element) -> tuple[str, int]:
        style = _value(block, "pPr/pStyle")
        found = self._styles.get(style, (PROSE, 0))
        for kind in (found, _named(style), _outlined(block)):
            if kind != (PROSE, 0):
                return kind
        return (ITEM, 0) if block.find(f"{W}pPr/{W}numPr") is not None else (PROSE, 0)


def _read_parts(block: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Every element of a paragraph, without what is inside of those that are unread, and without hidden runs."""
    waiting = list(reversed(block))
    while waiting:
        part = waiting.pop()
        yield part
        vanish = part.find(f"{W}rPr/{W}vanish") if part.tag == f"{W}r" else None
        hidden = vanish is not None and vanish.get(f"{W}val", "1") not in ("0", "false", "off")
        if part.tag not in UNREAD and not hidden:
            waiting += reversed(part)


def _text(block: ElementTree.Element) -> str:
    """The words of a paragraph; what was deleted in it and the codes of its fields are in elements of other names."""
    parts = []
    for part in _read_parts(block):
        if part.tag == f"{W}t":
            parts.append((part.text or "").replace(LINE, " ").translate(UNSAID))
        elif part.tag == f"{W}tab":
            parts.append(" ")
        elif part.tag == f"{W}br" and part.get(f"{W}type", "") not in ("page", "column"):
            parts.append(LINE)
        elif part.tag == f"{W}noBreakHyphen":
            parts.append("-")
    return LINE.join(line for piece in "".join(parts).split(LINE) if (line := " ".join(piece.split())))
