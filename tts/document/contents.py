"""The table of contents of an EPUB: its navigation page (EPUB 3) or its NCX (EPUB 2)."""

from dataclasses import dataclass
from html.parser import HTMLParser
from xml.etree import ElementTree

MAX_ENTRIES = 20_000
MATTER_LANDMARKS = frozenset(
    "cover toc landmarks titlepage title-page halftitlepage copyright-page copyright colophon imprint loi lot "
    "index".split()
)


@dataclass(frozen=True, slots=True)
class ContentsEntry:
    """A line of the contents: what it says and where it leads, as it is written there."""

    label: str
    href: str


class Navigation(HTMLParser):
    """The lines of a navigation page, and the pages that its landmarks call the publisher's."""

    def __init__(self, markup: str):
        super().__init__(convert_charrefs=True)
        self.entries: list[ContentsEntry] = []
        self.matter: list[str] = []
        self._navs: list[str] = []  # types of the <nav> that are open
        self._href: str | None = None
        self._types = self._title = ""
        self._words: list[str] = []
        self._untyped: list[ContentsEntry] = []
        self.feed(markup)
        self.close()
        self.entries = self.entries or self._untyped

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        types = f"{given.get('epub:type', '')} {given.get('role', '')}".lower()
        if tag == "nav":
            self._navs.append(types.strip())
        elif tag == "a" and self._navs:
            self._href, self._types, self._words = given.get("href", ""), types, []
            self._title = given.get("title", "")
        elif tag == "img" and self._href is not None:
            self._words.append(given.get("alt", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "nav" and self._navs:
            self._navs.pop()
        elif tag == "a" and self._href is not None:
            label = " ".join("".join(self._words).split()) or " ".join(self._title.split())
            self._add(ContentsEntry(label, self._href))
            self._href = None

    def handle_data(self, data: str) -> None:
        if self._href is not None:
            self._words.append(data)

    def _add(self, entry: ContentsEntry) -> None:
        kind = self._navs[-1] if self._navs else ""
        if "landmarks" in kind:
            if set(self._types.split()) & MATTER_LANDMARKS and "#" not in entry.href:
                self.matter.append(entry.href)
        elif "page-list" not in kind and entry.href and len(self.entries) < MAX_ENTRIES:
            (self.entries if "toc" in kind else self._untyped).append(entry)


def ncx(root: ElementTree.Element) -> list[ContentsEntry]:
    """The lines of an NCX, nested ones after the one that holds them."""
    found = []
    points = [point for part in root.iterfind("{*}navMap") for point in part.iter() if point.tag.endswith("navPoint")]
    for point in points[:MAX_ENTRIES]:
        content = point.find("{*}content")
        label = " ".join((point.findtext("{*}navLabel/{*}text") or "").split())
        if content is not None and content.get("src"):
            found.append(ContentsEntry(label, content.get("src", "")))
    return found
