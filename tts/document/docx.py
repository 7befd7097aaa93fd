"""Word documents (.docx), read from their XML with the standard library only."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO
from xml.etree import ElementTree

from tts.document.archive import DAMAGE, MAX_TAGS, check_directory, reason
from tts.document.document import (
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
    is_scene,
    scene,
)
from tts.document.encoding import UNSAID
from tts.document.page import commas

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


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
    found = bounded(_paragraphs(body, notes))
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


def _paragraphs(body: ElementTree.Element, notes: dict[tuple[str, str], str]) -> Iterator[Paragraph]:
    for number, block in enumerate(body, 1):
        place = f"paragraph {number}"
        if block.tag == f"{W}tbl":
            for row in block.iterfind(f"{W}tr"):
                cells = [" ".join(_text(part) for part in cell.iter(f"{W}p")) for cell in row.iterfind(f"{W}tc")]
                cells = [said for cell in cells if (said := " ".join(cell.split()))]
                if cells:
                    yield Paragraph.of(commas(cells), ROW, place=place)
        elif block.tag == f"{W}p":
            yield from _paragraph(block, place, notes)
        elif block.tag == f"{W}sdt":  # a field around paragraphs, such as the table of contents
            gallery = block.find(f".//{W}docPartGallery")
            contents = gallery is not None and "Contents" in gallery.get(f"{W}val", "")
            for part in block.iter(f"{W}p"):
                for one in _paragraph(part, place, notes):
                    yield replace(one, kind=MATTER) if contents else one


def _paragraph(block: ElementTree.Element, place: str, notes: dict[tuple[str, str], str]) -> Iterator[Paragraph]:
    style = block.find(f"{W}pPr/{W}pStyle")
    name = (style.get(f"{W}val", "") if style is not None else "").lower().replace(" ", "")
    said = _text(block)
    if said:
        kind, level = _kind(name, block)
        yield scene(place) if is_scene(said) else Paragraph.of(said, kind, level=level, place=place)
    for kind in ("footnote", "endnote"):
        for mark in block.iter(f"{W}{kind}Reference"):
            if note := notes.get((kind, mark.get(f"{W}id", ""))):
                yield Paragraph.of(note, NOTE, place=place)


def _kind(style: str, block: ElementTree.Element) -> tuple[str, int]:
    if style.startswith("heading") and style[7:8].isdigit():
        return HEADING, min(6, max(1, int(style[7])))
    if style == "title":
        return HEADING, 0
    if style.startswith("toc"):
        return MATTER, 0
    if "quote" in style:
        return QUOTE, 0
    if style.startswith("list") or block.find(f"{W}pPr/{W}numPr") is not None:
        return ITEM, 0
    return PROSE, 0


def _text(block: ElementTree.Element) -> str:
    """The words of a paragraph; what was deleted in it and the codes of its fields are in elements of other names."""
    parts = []
    for part in block.iter():
        if part.tag == f"{W}t":
            parts.append((part.text or "").replace(LINE, " ").translate(UNSAID))
        elif part.tag == f"{W}tab":
            parts.append(" ")
        elif part.tag == f"{W}br" and part.get(f"{W}type", "") not in ("page", "column"):
            parts.append(LINE)
        elif part.tag == f"{W}noBreakHyphen":
            parts.append("-")
    return LINE.join(line for piece in "".join(parts).split(LINE) if (line := " ".join(piece.split())))
