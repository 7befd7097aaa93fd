"""EPUB books, 2 and 3, read along their spine with the standard library only."""

import base64
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import BinaryIO
from xml.etree import ElementTree

from tts.document import styles
from tts.document.archive import DAMAGE, MAX_TAGS, check_directory, reason
from tts.document.assembly import BookPage, assemble, resolve
from tts.document.contents import MATTER_LANDMARKS, ContentsEntry, Navigation, ncx
from tts.document.document import MAX_BYTES, Document
from tts.document.page import Page, decode

# Publisher's pages around the book proper, by the names that Standard Ebooks and most tools give them.
# Only whole words count: "discovery.xhtml" and "the-navy.xhtml" are chapters.
MATTER_NAME = re.compile(
    r"(?i)(?<![a-z])(?:imprint|colophon|(?:un)?copyright|(?:half-?)?title-?page|half-?title|toc|nav|cover(?:page)?)"
    r"(?![a-z])[^/]*$"
)
PAGE_TYPES = (
    "application/xhtml+xml",
    "text/html",
    "application/x-dtbook+xml",
    "text/x-oeb1-document",
    "application/xml",
    "text/xml",
)
FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")  # hidden fonts are no protection
PACKAGE_TYPE = "application/oebps-package+xml"
CONTAINER, ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
MAX_COVER = 20 * 2**20
EMBEDDED = re.compile(rb"""(?i)href\s*=\s*["']data:image/(?:jpe?g|png);base64,([A-Za-z0-9+/=\s]{1,40000000})["']""")
SHOWN = re.compile(rb"""(?i)<(?:img|image)\b[^<>]{0,500}?(?:src|href)\s*=\s*["']([^"'<>]{1,500})["']""")
PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")  # how a JPEG and a PNG begin


def parse(data: bytes | BinaryIO) -> Document:
    """A book, given as bytes or as a file. Raises ValueError for what is none, is damaged, or is protected."""
    file = io.BytesIO(data) if isinstance(data, bytes) else data
    try:
        check_directory(file)
        with zipfile.ZipFile(file) as archive:
            return _Book(archive).document()
    except Protected as error:
        raise ValueError(str(error)) from None
    except DAMAGE as error:
        raise ValueError(f"no readable EPUB: {reason(error)}") from None


class Protected(Exception):
    """The text of the book is encrypted."""


class _Book:
    def __init__(self, archive: zipfile.ZipFile):
        self._archive = archive
        self._budget = MAX_BYTES
        # By how names are looked up: books made on Windows may spell them otherwise than the links to them.
        self._names = {_looked_up(name): name for name in reversed(archive.namelist())}
        self._refuse_protected()
        self._package = self._find_package()
        self._root = self._xml(self._package)
        self._items = {item.get("id", ""): item for item in self._root.iterfind("{*}manifest/{*}item")}
        self._sheets: dict[str, styles.Hidden] = {}  # by name: what each style sheet hides

    def document(self) -> Document:
        contents, base, matter = self._contents()
        matter |= {
            resolve(one.get("href", ""), self._package)[0]
            for one in self._root.iterfind("{*}guide/{*}reference")
            if one.get("type", "").lower() in MATTER_LANDMARKS and "#" not in one.get("href", "")
        }
        pages = list(self._pages(matter))
        if not pages:
            raise ValueError("its spine leads to no page")
        return Document(
            title=self._told("title"),
            author=", ".join(self._creators()),
            language=self._told("language") or next(filter(None, (page.page.language for page in pages)), ""),
            series=self._series(),
            description=_plain(self._told("description")),
            date=self._told("date").partition("T")[0],
            publisher=self._told("publisher"),
            cover=self._cover(),
            chapters=assemble(pages, contents, base),
        )

    # Files

    def _has(self, name: str) -> bool:
        return _looked_up(name) in self._names

    def _read(self, name: str) -> bytes:
        # A small archive may claim to unpack to little and go on: read no more than the limit, whatever it claims.
        with self._archive.open(self._names.get(_looked_up(name), name)) as file:
            data = file.read(self._budget + 1)
        self._budget -= len(data)
        if self._budget < 0:
            raise ValueError(f"it unpacks to more than {MAX_BYTES >> 20} MB of text")
        return data

    def _xml(self, name: str) -> ElementTree.Element:
        data = self._read(name)
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            data = data.decode("utf-16").encode()
            data = re.sub(rb"^\s*<\?xml[^>]*\?>", b"", data.removeprefix(b"\xef\xbb\xbf"))
        if b"<!ENTITY" in data or b"\0" in data:
            raise ValueError(f"{name} defines entities, which may unfold without end")
        if data.count(b"<") > MAX_TAGS:
            raise ValueError(f"{name} has more than {MAX_TAGS:,} marks")
        return ElementTree.fromstring(data)

    def _refuse_protected(self) -> None:
        if not self._has(ENCRYPTION):
            return
        for part in self._xml(ENCRYPTION).iterfind("{*}EncryptedData"):
            method = part.find("{*}EncryptionMethod")
            if method is None or method.get("Algorithm") not in FONTS:
                raise Protected("it is protected (DRM), so its text cannot be read: get it without protection")

    def _find_package(self) -> str:
        """The first package that the container names and that is there."""
        roots = self._xml(CONTAINER).iterfind(".//{*}rootfile")
        named = [one.get("full-path", "") for one in roots if one.get("media-type", PACKAGE_TYPE) == PACKAGE_TYPE]
        if not named:
            raise ValueError("its container names no package")
        for name in named:
            if self._has(name):
                return name
        raise KeyError(named[0])

    # Metadata

    def _told(self, element: str) -> str:
        """The first of the elements that says something; of titles the main one."""
        found = [one for one in self._metadata(element) if (one.text or "").strip()]
        if element == "title":
            main = {one.get("refines", "")[1:] for one in self._metadata("meta") if _says(one, "title-type", "main")}
            found.sort(key=lambda one: one.get("id") not in main)
        return " ".join((found[0].text or "").split()) if found else ""

    def _metadata(self, element: str) -> list[ElementTree.Element]:
        inside = self._root.findall(f"{{*}}metadata/{{*}}{element}")
        return inside or self._root.findall(f"{{*}}metadata/*/{{*}}{element}")  # EPUB 2 may have one more level

    def _creators(self) -> list[str]:
        """Who wrote it: all creators but those whose role is another."""
        roles = {
            one.get("refines", "")[1:]: (one.text or "").strip()
            for one in self._metadata("meta")
            if one.get("property") == "role"
        }
        found = []
        for one in self._metadata("creator"):
            name = " ".join((one.text or "").split())
            role = one.get("{http://www.idpf.org/2007/opf}role") or roles.get(one.get("id", "-"), "aut")
            if name and name not in found and role in ("aut", ""):
                found.append(name)
        return found or [name for one in self._metadata("creator") if (name := " ".join((one.text or "").split()))]

    def _series(self) -> str:
        """The series with the number of the book in it, as calibre and EPUB 3 tell it."""
        metas = self._metadata("meta")
        named = {one.get("name"): one.get("content", "").strip() for one in metas if one.get("name")}
        name, number = named.get("calibre:series", ""), named.get("calibre:series_index", "")
        for one in metas:
            if not name and one.get("property") == "belongs-to-collection" and (one.text or "").strip():
                refined = [meta for meta in metas if one.get("id") and meta.get("refines") == f"#{one.get('id')}"]
                if any(_says(meta, "collection-type", "set") for meta in refined):
                    continue
                name = (one.text or "").strip()
                number = next((meta.text or "" for meta in refined if meta.get("property") == "group-position"), "")
        return f"{name} {re.sub(r'[.]0*$', '', number.strip())}".strip() if name else ""

    def _cover(self) -> bytes:
        """The picture of the cover, if it is a JPEG or a PNG."""
        by_id = next((one.get("content", "") for one in self._metadata("meta") if one.get("name") == "cover"), "")
        items = [item for item in self._items.values() if "cover-image" in item.get("properties", "").split()]
        items += [self._items[by_id]] if by_id in self._items else []
        items += [item for item in self._items.values() if "cover" in (item.get("id") or "").lower()]
        hrefs = [item.get("href", "") for item in items]
        guide = self._root.iterfind("{*}guide/{*}reference")
        hrefs += [one.get("href", "") for one in guide if one.get("type", "").lower() == "cover"]
        for href in hrefs:
            name = resolve(href, self._package)[0]
            if self._has(name) and (picture := self._picture(name)):
                return picture
        return b""

    def _picture(self, name: str) -> bytes:
        try:
            with self._archive.open(self._names[_looked_up(name)]) as file:
                data = file.read(MAX_COVER + 1)
        except DAMAGE:
            return b""
        if data.startswith(PICTURES) and len(data) <= MAX_COVER:
            return data
        if drawn := EMBEDDED.search(data):  # a drawing around a picture, as Standard Ebooks makes covers
            with suppress(ValueError):
                picture = base64.b64decode(drawn[1])
                return picture if picture.startswith(PICTURES) else b""
        shown = SHOWN.search(data[:50_000])
        inner = resolve(shown[1].decode("utf-8", "replace"), name)[0] if shown else ""
        known = self._has(inner) and inner != name and inner.lower().endswith((".jpg", ".jpeg", ".png"))
        return self._picture(inner) if known else b""

    # Pages

    def _contents(self) -> tuple[list[ContentsEntry], str, set[str]]:
        """The lines of the contents, the page from which their links lead, and pages that are the publisher's."""
        nav = next((item for item in self._items.values() if "nav" in item.get("properties", "").split()), None)
        name = resolve(nav.get("href", ""), self._package)[0] if nav is not None else ""
        matter: set[str] = set()
        if self._has(name):
            found = Navigation(_markup(self._read(name)))
            matter = {resolve(href, name)[0] for href in found.matter} | {name}
            if found.entries:
                return found.entries, name, matter
        spine = self._root.find("{*}spine")
        toc = self._items.get(spine.get("toc", "") if spine is not None else "")
        if toc is None:
            toc = next((i for i in self._items.values() if i.get("media-type") == "application/x-dtbncx+xml"), None)
        name = resolve(toc.get("href", ""), self._package)[0] if toc is not None else ""
        if self._has(name):
            try:
                return ncx(self._xml(name)), name, matter
            except ElementTree.ParseError:
                pass  # the headings say it, too
        return [], "", matter

    def _pages(self, matter: set[str]) -> Iterator[BookPage]:
        """Each page of the spine once, in the order of reading."""
        seen: set[str] = set()
        missing = ""
        for reference in self._root.iterfind("{*}spine/{*}itemref"):
            name = self._page_name(reference.get("idref", ""))
            if not name or name in seen:
                continue
            seen.add(name)
            if not self._has(name):
                missing = missing or name
                continue
            left_out = name in matter or bool(MATTER_NAME.search(name)) or reference.get("linear") == "no"
            page = Page(_markup(self._read(name)), name, book=True, sheet=partial(self._hidden_by, name))
            yield BookPage(name, page, left_out)
        if missing:
            raise KeyError(missing)

    def _hidden_by(self, page: str, href: str) -> styles.Hidden:
        """What a style sheet hides to which a page links."""
        name = resolve(href, page)[0]
        if name not in self._sheets:
            self._sheets[name] = set()
            with suppress(*DAMAGE):  # a book can be read without it
                self._sheets[name] = styles.hidden_by(_markup(self._read(name)))
        return self._sheets[name]

    def _page_name(self, identity: str) -> str:
        """The page of an item, or of what stands in for it if it is no page."""
        seen: set[str] = set()
        while identity in self._items and identity not in seen:
            seen.add(identity)
            item = self._items[identity]
            href = item.get("href", "")
            rooted = href.strip().lstrip("/\\")
            name = rooted if rooted != href.strip() and self._has(rooted) else resolve(href, self._package)[0]
            kind = item.get("media-type", "").lower()
            if kind in PAGE_TYPES or not kind or name.lower().endswith((".xhtml", ".html", ".htm")):
                return name
            identity = item.get("fallback", "")
        return ""


def _looked_up(name: str) -> str:
    return name.replace("\\", "/").casefold()


def _says(meta: ElementTree.Element, name: str, value: str) -> bool:
    return meta.get("property") == name and (meta.text or "").strip() == value


def _markup(data: bytes) -> str:
    try:
        return decode(data)
    except ValueError:
        return data.decode("utf-8", "replace")


def _plain(description: str) -> str:
    """A description without the marks of HTML that some tools leave in it."""
    if "<" not in description:
        return description
    return " ".join(part.text for part in Page(description).paragraphs)
