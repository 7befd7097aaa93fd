"""Plain text from books: .txt, and .epub read with the standard library only."""

import posixpath
import re
import zipfile
import zlib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

MAX_BYTES = 50 * 2**20  # of text in a book, unpacked: some thirty times War and Peace
BLOCKS = frozenset("p div td th tr li dt dd h1 h2 h3 h4 h5 h6 br blockquote section header footer figcaption".split())
UNREAD = frozenset({"script", "style", "head", "title", "svg"})
# Publisher's pages around the book proper, by the names that Standard Ebooks and most tools give them.
MATTER = re.compile(r"(?i)(imprint|colophon|copyright|title-?page|halftitle|toc|nav|cover)[^/]*$")


def read_book(path: Path) -> str:
    """The text of a book, paragraphs apart by blank lines."""
    if path.suffix.lower() not in (".txt", ".epub"):
        raise ValueError(f"cannot read {path}: a book is a .txt or an .epub file")
    if not path.is_file():
        raise ValueError(f"no such book: {path}")
    if path.suffix.lower() == ".epub":
        return _epub(path)
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path} is larger than {MAX_BYTES >> 20} MB; split it")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text; convert it first") from None


def _epub(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            return _spine(archive)
    except (zipfile.BadZipFile, ElementTree.ParseError, KeyError, RuntimeError, zlib.error, ValueError) as error:
        raise ValueError(f"{path} is no readable EPUB: {error}") from None


def _spine(archive: zipfile.ZipFile) -> str:
    budget = MAX_BYTES
    package = _xml(archive, "META-INF/container.xml").find(".//{*}rootfile")
    if package is None:
        raise ValueError("its container names no package")
    name = package.attrib["full-path"]
    root = _xml(archive, name)
    manifest = {item.get("id"): item.get("href", "") for item in root.iterfind("{*}manifest/{*}item")}
    pages = []
    for reference in root.iterfind("{*}spine/{*}itemref"):
        href = manifest.get(reference.get("idref"))
        if not href or MATTER.search(href):
            continue
        data = _read(archive, posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(href))), budget)
        budget -= len(data)
        reader = _Text()
        reader.feed(data.decode("utf-8", "replace"))
        reader.close()
        pages.append("".join(reader.parts))
    return "\n\n".join(pages)


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


class _Text(HTMLParser):
    """Text of a page: blocks become paragraphs, everything else runs on."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.unread = 0

    def handle_starttag(self, tag, attrs):
        self.unread += tag in UNREAD
        if tag in BLOCKS:
            self.parts.append("\n\n")

    def handle_endtag(self, tag):
        if tag in UNREAD:
            self.unread = max(0, self.unread - 1)
        if tag in BLOCKS:
            self.parts.append("\n\n")

    def handle_data(self, data):
        if not self.unread:
            self.parts.append(re.sub(r"\s+", " ", data))
