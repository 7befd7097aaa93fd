"""EPUB books, read along their spine with the standard library only."""

import io
import lzma
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from urllib.parse import unquote
from xml.etree import ElementTree

from tts.document.document import MAX_BYTES, Chapter, Document, chapters
from tts.document.html import Page

# Publisher's pages around the book proper, by the names that Standard Ebooks and most tools give them.
# Only whole words count: "discovery.xhtml" and "the-navy.xhtml" are chapters.
MATTER = re.compile(
    r"(?i)(?<![a-z])(?:imprint|colophon|(?:un)?copyright|(?:half-?)?title-?page|half-?title|toc|nav|cover(?:page)?)"
    r"(?![a-z])[^/]*$"
)
# What a page of a book does not read aloud; a <nav> inside a chapter belongs to the book.
UNREAD = frozenset({"script", "style", "head", "title", "svg"})
# What the standard library raises for a broken archive or page, depending on how it is packed.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    ElementTree.ParseError,
    EOFError,
    KeyError,
    OSError,
    RuntimeError,
    ValueError,
)


def parse(data: bytes) -> Document:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _book(archive)
    except DAMAGE as error:
        raise ValueError(f"no readable EPUB: {error or 'it ends too soon'}") from None


def _book(archive: zipfile.ZipFile) -> Document:
    package = _xml(archive, "META-INF/container.xml").find(".//{*}rootfile")
    if package is None:
        raise ValueError("its container names no package")
    name = package.attrib["full-path"]
    root = _xml(archive, name)

    def told(element: str) -> str:
        return " ".join((root.findtext(f"{{*}}metadata/{{*}}{element}") or "").split())

    return Document(
        title=told("title"),
        author=told("creator"),
        language=told("language"),
        chapters=list(_chapters(archive, root, posixpath.dirname(name))),
    )


def _chapters(archive: zipfile.ZipFile, root: ElementTree.Element, folder: str) -> Iterator[Chapter]:
    """Those of each page of the spine; a page begins a chapter, as a heading does."""
    manifest = {item.get("id"): item.get("href", "") for item in root.iterfind("{*}manifest/{*}item")}
    budget = MAX_BYTES
    for reference in root.iterfind("{*}spine/{*}itemref"):
        href = manifest.get(reference.get("idref"))
        if not href or MATTER.search(href):
            continue
        data = _read(archive, posixpath.normpath(posixpath.join(folder, unquote(href))), budget)
        budget -= len(data)
        yield from chapters(Page(data.decode("utf-8", "replace"), UNREAD).blocks)


def _read(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    # A small archive may claim to unpack to little and go on: read no more than the limit, whatever it claims.
    with archive.open(name) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"it unpacks to more than {MAX_BYTES >> 20} MB of text")
    return data


def _xml(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    data = _read(archive, name, MAX_BYTES)
    if b"<!ENTITY" in data:
        raise ValueError(f"{name} defines entities, which may unfold without end")
    return ElementTree.fromstring(data)
