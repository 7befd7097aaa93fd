"""HTML pages, alone or inside an EPUB, with the parser of the standard library."""

import re
from html.parser import HTMLParser

from tts.document import text
from tts.document.document import ASTERISKS, LINE, Document, TextBlock, chapters

BLOCKS = frozenset(
    "p div table td th tr ul ol li dl dt dd h1 h2 h3 h4 h5 h6 br hr pre blockquote figure figcaption "
    "section article aside main header footer nav address details summary".split()
)
LINES = frozenset("br li tr dt dd".split())  # one after the other they are lines of one paragraph
CELLS = frozenset("td th".split())
UNREAD = frozenset({"script", "style", "head", "title", "svg", "nav", "template"})
COMMENT = re.compile(r"<!--(?:.*?-->|.*)", re.DOTALL)
HEADING = re.compile(r"h([1-6])")


def parse(data: bytes) -> Document:
    page = Page(text.decode(data))
    return Document(title=page.title, author=page.author, language=page.language, chapters=chapters(page.blocks))


class Page(HTMLParser):
    """The blocks of a page. Everything inside a block runs on; tags, scripts and menus are left out.

    Lines of a list, a table or a poem are blocks that follow each other; the cells of a row are apart by commas.
    """

    def __init__(self, markup: str, unread: frozenset[str] = UNREAD):
        super().__init__(convert_charrefs=True)
        self.blocks: list[TextBlock] = []
        self.title = self.author = self.language = ""
        self._unread = unread
        self._inside: list[str] = []  # unread elements that are open
        self._level = 0
        self._line = False  # what is open began as a line
        self._lined = False  # so did the block before, with nothing between
        self._cells: list[str] = []  # of the row that is being read
        self._parts: list[str] = []
        self.feed(COMMENT.sub("", markup))  # the parser looks for the end of each comment again and again
        self.close()
        self._end_block()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = given.get("lang") or given.get("xml:lang", "")
        if tag == "meta" and given.get("name", "").lower() == "author":
            self.author = " ".join(given.get("content", "").split())
        if tag == "body" or (tag in BLOCKS and self._inside == ["head"]):
            self._inside = []  # the end of <head> may be left out, and so may <body>
        if tag in self._unread:
            self._inside.append(tag)
        if tag in CELLS:
            self._end_cell()
        elif tag in BLOCKS:
            self._end_block()
            self._begin(tag)
        if tag == "hr" and not self._inside:
            self.blocks.append(TextBlock(ASTERISKS))
        if heading := HEADING.fullmatch(tag):
            self._level = int(heading[1])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self._unread:  # <script/> holds nothing, so nothing after it is left out
            self.handle_starttag(tag, attrs)
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            self._inside = self._inside[: len(self._inside) - 1 - self._inside[::-1].index(tag)]
        if tag in BLOCKS and tag not in CELLS:
            self._end_block()
            if tag not in LINES:
                self._lined = self._line = False
        if HEADING.fullmatch(tag):
            self._level = 0

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self._parts.append(data)
        elif self._inside[-1] == "title" and not self.title:
            self.title = " ".join(data.split())

    def _begin(self, tag: str) -> None:
        """What follows is a line if its tag says so: after a <br> the next line of what stands before it."""
        if tag == "br":
            self._lined = True
        elif tag not in LINES:
            self._lined = False
        self._line = tag in LINES

    def _end_cell(self) -> None:
        if said := " ".join("".join(self._parts).split()):
            self._cells.append(said)
        self._parts = []

    def _end_block(self) -> None:
        self._end_cell()
        if not self._cells:
            return
        # A row of a play is a name and what is said; a row of a table of figures is one line.
        prose = len(self._cells) > 1 and any(cell[-1] in ".!?…”" and " " in cell for cell in self._cells)
        said = LINE.join(self._cells) if prose else _row(self._cells)
        self.blocks.append(TextBlock(said, self._level, self._line and self._lined and not prose and not self._level))
        self._lined = self._line and not prose
        self._cells = []


def _row(cells: list[str]) -> str:
    """The cells of a row with commas between them, where no mark ends one."""
    return " ".join([*(cell if cell[-1] in ".,;:!?" else f"{cell}," for cell in cells[:-1]), cells[-1]])
