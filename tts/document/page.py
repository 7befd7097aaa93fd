"""A page of HTML, alone or inside an EPUB, as paragraphs; with the parser of the standard library."""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from html.parser import HTMLParser

from tts.document import encoding, styles
from tts.document.directions import ENTER, LEAVE, directions, unwrapped
from tts.document.document import (
    CAPTION,
    CODE,
    DIRECTION,
    HEADING,
    LEFT_OUT,
    LINE,
    MAX_PARAGRAPHS,
    PAGE,
    PROSE,
    QUOTE,
    ROW,
    SCENE,
    VERSE,
    Paragraph,
    commas,
    heading,
    is_scene,
    scene,
)
from tts.document.elements import BLOCKS, BREAK_CLASSES, ENDS, IN_CELLS, UNREAD, VOID, Element, bare_name
from tts.document.encoding import LOWERED, PLAIN, RAISED
from tts.document.mathml import ELEMENTS, Formula, marked
from tts.document.passages import CLOSE, is_passage, merged, passage, plain, with_languages

PARTED = frozenset({PROSE, QUOTE, VERSE, HEADING})  # kinds in which signs alone part two scenes
COMMENT = re.compile(r"<!--(?:.*?-->|.*)", re.DOTALL)
DOCTYPE = re.compile(r"\A[^<]*(?:<\?[^>]*>\s*)?<!DOCTYPE[^<>\[]{0,1000}\[[^\]]*\]\s*>", re.IGNORECASE)
LEVEL = re.compile(r"h([1-6])")
NOTE_MARK = re.compile(r"[\[(]?(?:\d{1,4}|[a-z]|[ivxlc]{1,6})[\])]?|[*†‡§¶]{1,4}|\[[^\]]{1,6}\]", re.IGNORECASE)
NOTE_NAME = re.compile(r"(?i)fn|foot|note|ftn|endn|(?:^|[-_])ref")
NOTE_PAGE = re.compile(r"(?i)(?<![a-z])(?:foot|end)?notes?(?![a-z])")  # the name of a file
GLUED = re.compile(r"(?:[^\W\d_]{3}[.,;:!?]?|[.,!?][\"”’'»)]?)$")  # what stands right before the mark of a note
EMPTY_BRACKETS = re.compile(r"\s?(?:\[\s*\]|\(\s*\))")  # what was around the mark of a note
BACK_MARK = re.compile(r"(?:[↩↑⏎⮐⤴^]\ufe0e?|\[?(?:back|return|↩)\]?)+", re.IGNORECASE)
GENERIC_ALT = re.compile(
    r"(?i)(?:image|img|picture|photo|illustration|figure|cover|logo|decoration|ornament|\*|.*\.(?:jpe?g|png|gif|svg))?\d*"
)
PAGE_NUMBER = re.compile(r"(?i)[\[({]?\s*(?:p(?:age|g|p)?\.?\s*)?(\d{1,5}|[ivxlc]{1,8})\s*[\])}]?")
ENCODINGS = ("iso8859", "cp125", "latin", "mac", "koi8", "shift_jis", "cp932", "euc", "gb", "big5")
ENCODING = re.compile(rb"""(?i)(?:encoding|charset)\s*=\s*["']?\s*([\w.:-]{2,40})""")
NEXT = "\u2029"  # within a block, until it ends: where a paragraph of a cell ends
BLANK = f" \t\r\n\f\xa0{LINE}{NEXT}{ENTER}{LEAVE}{CLOSE}"
LONGEST_NAME = 60  # characters, of who speaks
LOOK_BACK = 100  # open elements among which the one that ends is looked for; parts of a block that are looked through
DEEPEST = 200_000  # open elements
MAX_PARTS = 1_000_000  # of a paragraph, between marks
LONGEST_TAG = 1_000_000  # characters; the pictures that pages hold in their tags say nothing anyway


def decode(data: bytes) -> str:
    """A page as text: by its mark, by what it says of itself, or as UTF-8."""
    named = ENCODING.search(data[:1024])
    if not data.startswith((b"\xff\xfe", b"\xfe\xff", codecs.BOM_UTF8)) and named:
        try:
            name = codecs.lookup(named[1].decode("ascii")).name
            if name.startswith(ENCODINGS):
                return data.decode(name)
        except (LookupError, UnicodeDecodeError):
            pass  # it is not what it says
    return encoding.decode(data)


@dataclass(frozen=True, slots=True)
class Reference:
    """A mark of a note: where it stands and where the note is."""

    paragraph: int  # index of the last paragraph of its block
    href: str
    mark: str  # what it says, such as 3 or [*]


class Page(HTMLParser):
    """The paragraphs of a page with their kinds, where its anchors are, and its references to notes.

    Everything inside a block runs on; tags and scripts are left out. `book` says that a menu without a type belongs to
    the text, `sheet` gives what a linked style sheet hides.
    """

    def __init__(
        self,
        markup: str,
        place: str = "",
        *,
        book: bool = False,
        sheet: Callable[[str], styles.Hidden] = lambda href: set(),
    ):
        super().__init__(convert_charrefs=True)
        self.paragraphs: list[Paragraph] = []
        self.anchors: dict[str, tuple[int, int]] = {}  # id: index of the first paragraph, and of that after the last
        self.references: list[Reference] = []
        self.title = self.author = self.language = ""
        self.linked: dict[int, int] = {}  # by paragraph: characters inside links that lead elsewhere in the book
        self._place, self._book, self._sheet = place, book, sheet
        self._unseen: styles.Hidden = set()
        self._stack = [Element("")]
        self._open: dict[str, int] = {}  # how many elements of each name are open
        self._roles: dict[str, int] = {}  # and of each role
        self._parts: list[str] = []
        self._block = self._elements = 0
        self._level = 0
        self._term = ""  # the anchor of the last term of a list of definitions
        self._speaker = ""
        self._lead: tuple[int, int] | None = None  # the parts of the block that name who speaks
        self._row: list[str] | None = None  # the cells of the row that is open
        self._pending: list[Paragraph] = []  # captions and pages, which come after the block
        self._marks: list[tuple[str, str]] = []  # of notes in the block: where each leads, and what it says
        self._formula: Formula | None = None  # that is open
        self._links = 0  # characters of links in it
        self._stanza = (0, False)  # of the paragraph before
        # The parser looks for the end of each comment again and again; lines are counted, so they stay.
        self.feed(COMMENT.sub(lambda found: "\n" * found[0].count("\n"), DOCTYPE.sub("", markup)).replace("\0", ""))
        self.close()
        self._end_formula()
        self._pop_to(1)
        self._end_block()
        self._end_row()

    # What the parser calls

    def parse_starttag(self, i: int) -> int:
        end = self.check_for_whole_start_tag(i)
        return end if end - i > LONGEST_TAG else super().parse_starttag(i)

    def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
        tag = bare_name(name)
        if self._formula and self._is_inside(tag):
            self._formula.begin(tag)
            return
        self._end_formula()
        given = {key: value or "" for key, value in attrs}
        self._tell(tag, given)
        if (tag == "body" or tag in BLOCKS) and self._open.get("head"):
            self._pop("head")  # its end may be left out, and so may <body>
        if tag in ENDS:
            self._imply(*ENDS[tag])
        elif tag in BLOCKS and self._open.get("p"):
            self._imply(frozenset({"p"}), BLOCKS - {"p"})
        if tag in BLOCKS:
            self._begin_block(tag)
        if tag in VOID:
            self._void(tag, given)
            return
        element = self._element(tag, given)
        if element.role and self._roles.get(element.role):
            element.role = ""  # one inside another says nothing new
        elif element.role:
            self._roles[element.role] = 1
        self._stack.append(element)
        self._open[tag] = self._open.get(tag, 0) + 1
        if len(self._stack) > DEEPEST:
            raise ValueError(f"its elements are nested more than {DEEPEST:,} deep")
        if element.skip:
            return
        if element.role == "direction":
            self._parts.append(ENTER)
        elif tag == "q":
            self._parts.append("“")
        elif tag == "math":
            said = _line(given.get("alttext", ""))
            self._parts.append(marked(said))
            element.skip = bool(said)
            self._formula = None if said else Formula()
        if level := LEVEL.fullmatch(tag):
            self._level = int(level[1])
            self._speaker = ""

    def handle_startendtag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(name, attrs)
        if bare_name(name) not in VOID:
            self.handle_endtag(name)

    def handle_endtag(self, name: str) -> None:
        tag = bare_name(name)
        if self._formula and self._is_inside(tag):
            self._formula.end(tag)
            return
        self._end_formula()
        if not self._open.get(tag):
            if tag in BLOCKS:
                self._end_block()
            return
        if tag in BLOCKS or tag in UNREAD:
            self._pop(tag)
            return
        for depth in range(len(self._stack) - 1, max(0, len(self._stack) - LOOK_BACK), -1):
            if self._stack[depth].tag == tag:
                self._pop_to(depth)
                return
            if self._stack[depth].tag in BLOCKS:
                return

    def handle_data(self, data: str) -> None:
        top = self._stack[-1]
        if top.tag == "title" and not self._open.get("svg"):
            self.title = " ".join(f"{self.title} {data}".split())
        elif top.tag == "style":
            self._unseen |= styles.hidden_by(data)
        if top.skip and not (top.silent and self._parts_scenes(data)):
            return
        if self._formula:
            self._formula.add(data.translate(encoding.UNSAID))
            return
        if top.kind in (CODE, VERSE) and self._open.get("pre"):
            data = data.replace("\n", LINE)
        else:
            data = data.replace(LINE, " ")
        self._parts.append(data.translate(encoding.UNSAID))
        if len(self._parts) > MAX_PARTS:
            raise ValueError(f"a paragraph is marked up in more than {MAX_PARTS:,} parts")

    def _parts_scenes(self, data: str) -> bool:
        """Whether signs that part two scenes begin a block."""
        return is_scene(data) and len(self._parts) < LOOK_BACK and not "".join(self._parts).strip()

    def unknown_decl(self, data: str) -> None:
        if data.startswith("CDATA["):
            self.handle_data(data[len("CDATA[") :])

    # Elements

    def _is_inside(self, tag: str) -> bool:
        """Whether an element belongs to the formula that is open."""
        return tag != "math" and (tag in ELEMENTS or self._formula.unread)

    def _end_formula(self) -> None:
        if self._formula:
            self._parts.append(self._formula.written())
            self._formula = None

    def _tell(self, tag: str, given: dict[str, str]) -> None:
        if tag == "html":
            self.language = given.get("lang") or given.get("xml:lang", "")
        elif tag == "meta" and given.get("name", "").lower() == "author":
            self.author = " ".join(given.get("content", "").split())
        elif tag == "link" and given.get("rel", "").lower() == "stylesheet" and given.get("media", "") != "print":
            self._unseen |= self._sheet(given.get("href", ""))
        elif tag == "noteref":  # of DTBook
            given.setdefault("href", given.get("idref", ""))

    def _element(self, tag: str, given: dict[str, str]) -> Element:
        self._elements += 1
        element = Element.inside(
            self._stack[-1], tag, given, number=self._elements, book=self._book, unseen=self._unseen
        )
        told = (given.get("lang") or given.get("xml:lang", "")).strip()
        if told and tag not in ("html", "body"):
            element.language = told if told != self.language else ""
        element.first, element.block, element.part = len(self.paragraphs), self._block, len(self._parts)
        return element

    def _begin_block(self, tag: str) -> None:
        if self._row is not None and tag in ("td", "th"):
            self._parts.clear()
            return
        if self._row is not None and tag not in IN_CELLS:
            self._flow()
        self._end_block()
        if tag == "tr":
            self._row, self._speaker = [], ""

    def _void(self, tag: str, given: dict[str, str]) -> None:
        top = self._stack[-1]
        if given.get("id") and len(self.anchors) < MAX_PARAGRAPHS:
            self.anchors.setdefault(given["id"], (len(self.paragraphs), len(self.paragraphs) + 1))
        if top.skip:
            return
        if tag == "br":
            self._parts.append(LINE)
        elif tag == "hr":
            self._speaker = ""
            if top.kind not in LEFT_OUT:
                self._part_scenes()
        elif tag == "img" and (alt := " ".join(given.get("alt", "").split())):
            bare = not "".join(self._parts).strip()
            if (len(alt) == 1 and alt.isalpha()) or (self._level and bare):
                self._parts.append(alt)  # an initial, or a heading in a picture
            elif not GENERIC_ALT.fullmatch(alt.strip("[]. ")) and given.get("role") not in ("presentation", "none"):
                kind = top.kind if top.kind in LEFT_OUT else CAPTION
                self._pending.append(Paragraph.of(alt, kind, place=self._where()))

    # Ends

    def _imply(self, ended: frozenset[str], bounds: frozenset[str]) -> None:
        """End the elements that cannot hold what begins."""
        outermost = 0
        for depth in range(len(self._stack) - 1, max(0, len(self._stack) - LOOK_BACK), -1):
            if self._stack[depth].tag in bounds:
                break
            if self._stack[depth].tag in ended:
                outermost = depth
        if outermost:
            self._pop_to(outermost)

    def _pop(self, tag: str) -> None:
        depth = len(self._stack) - 1
        while self._stack[depth].tag != tag:
            depth -= 1
        self._pop_to(depth)

    def _pop_to(self, depth: int) -> None:
        while len(self._stack) > depth:
            element = self._stack[-1]
            if element.role:
                self._roles[element.role] = 0
                if not element.skip:
                    self._finish(element)
            if element.tag == "q" and not element.skip:
                self._parts.append("”")
            if element.tag in BLOCKS:
                self._end_element(element)
            elif element.language != self._stack[-2].language:
                self._end_passage(element)
            self._stack.pop()
            self._open[element.tag] -= 1
            if element.anchor and len(self.anchors) < MAX_PARAGRAPHS:
                pending = element.tag not in BLOCKS or element.tag in ("td", "th")
                self.anchors.setdefault(element.anchor, (element.first, len(self.paragraphs) + pending))
            if element.tag == "dt":
                self._term = element.anchor
            elif element.tag == "dd" and self._term in self.anchors:  # what is said of a term belongs to it
                self.anchors[self._term] = (self.anchors[self._term][0], len(self.paragraphs))

    def _end_element(self, element: Element) -> None:
        if element.tag in ("td", "th") and self._row is not None:
            self._end_cell(element)
            return
        self._end_block()
        if not element.classes.isdisjoint(BREAK_CLASSES) and len(self.paragraphs) == element.first:
            if not element.skip and element.kind in PARTED:
                self._part_scenes()  # by a picture, or by space alone
        if element.tag in ("tr", "table"):
            self._end_row()
        if element.tag in ("tr", "table", "section", "article", "body"):
            self._speaker = ""
        if LEVEL.fullmatch(element.tag):
            self._level = 0

    def _end_passage(self, element: Element) -> None:
        """Mark what an element inside a block says in another language, if it is more than a few words."""
        if element.skip or element.block != self._block:
            return
        said = "".join(self._parts[element.part :])
        if is_passage(said):
            self._parts[element.part :] = [passage(said, element.language)]

    def _finish(self, element: Element) -> None:
        """What the role of an element makes of its text."""
        if element.role == "direction":
            self._parts.append(LEAVE)
            return
        if element.block != self._block:
            return  # it holds blocks, which have ended
        said = "".join(self._parts[element.part :])
        bare = " ".join(said.translate(PLAIN).split())
        if element.role in ("raised", "lowered"):
            if self._marks and not bare.strip(" ,;–-[]()"):
                del self._parts[element.part :]  # what parted the marks of several notes
            elif bare.isdigit() and len(bare) < 4:
                self._parts[element.part :] = [bare.translate(RAISED if element.role == "raised" else LOWERED)]
        elif element.role == "page":
            self._pages(bare or element.given.get("title") or element.given.get("aria-label", ""))
            del self._parts[element.part :]
        elif element.role == "persona":
            if not "".join(self._parts[: element.part]).strip() and bare:
                self._lead = (element.part, len(self._parts))
        elif element.role == "reference" or self._is_mark(element, bare):
            self._marks.append((element.given.get("href", ""), bare))
            del self._parts[element.part :]
        elif ":" not in element.given.get("href", ":"):
            self._links += len(bare)

    def _is_mark(self, element: Element, bare: str) -> bool:
        """Whether a link without a type is the mark of a note, or leads back to one."""
        target = element.given.get("href", "")
        if "#" not in target:
            return False
        if BACK_MARK.fullmatch(bare):
            return True
        if not NOTE_MARK.fullmatch(bare):
            return False
        raised = any(above.role == "raised" for above in self._stack[-4:-1])
        said = "".join(self._parts[element.part :])
        file, _, place = target.partition("#")
        named = NOTE_NAME.search(place) or NOTE_NAME.search(element.anchor) or NOTE_PAGE.search(file)
        if bare.isdigit() and element.part and GLUED.search(self._parts[element.part - 1]):
            return True
        return bool(raised or said != said.translate(PLAIN) or named or not bare.isalnum())

    def _pages(self, number: str) -> None:
        found = PAGE_NUMBER.fullmatch(number.strip())
        if found or number.strip():
            said = f"Page {found[1]}" if found else number.strip()
            self._pending.append(Paragraph.of(said, PAGE, place=self._where()))

    # Blocks and rows

    def _where(self) -> str:
        return self._place or f"line {self.getpos()[0]}"

    def _end_block(self) -> None:
        if self._row is not None:
            if self._open.get("td") or self._open.get("th"):
                self._parts.append(NEXT)
            else:
                self._parts.clear()  # between cells
            return
        raw = self._after_name()
        if self._marks:
            raw = EMPTY_BRACKETS.sub("", raw)
        self._parts.clear()
        self._block += 1
        if raw.strip(BLANK):
            self._add(raw, self._stack[-1])
        self._end_references()

    def _after_name(self) -> str:
        """The text of the block. Where it begins with the name of who speaks, this is remembered and taken away."""
        lead, self._lead = self._lead, None
        if lead is None:
            return "".join(self._parts)
        named = _line(plain("".join(self._parts[lead[0] : lead[1]])))
        rest = "".join(self._parts[lead[1] :]).lstrip()
        marked = rest[:1] in (".", ":", "—", "–", LINE) or named[-1:] in (".", ":")
        if len(named) > LONGEST_NAME or (rest and not marked):
            return "".join(self._parts)
        self._speaker = named.rstrip(" .:,—–-")
        return rest.lstrip(f".:—– {LINE}")

    def _end_references(self) -> None:
        for paragraph in self._pending:
            self._emit(paragraph)
        if self._links and self.paragraphs:
            self.linked[len(self.paragraphs) - 1 - len(self._pending)] = self._links
        self._links = 0
        self._pending.clear()
        for href, mark in self._marks[: MAX_PARAGRAPHS - len(self.references)]:
            self.references.append(Reference(max(0, len(self.paragraphs) - 1), href, mark))
        self._marks.clear()

    def _end_cell(self, cell: Element) -> None:
        raw = "".join(self._parts)
        name = _line(raw.replace(NEXT, " ")).rstrip(" .:") if cell.role == "persona" and not self._row else ""
        self._parts.clear()
        self._lead = None
        self._block += 1
        if name:
            self._row, self._speaker, self._links = None, name, 0  # what follows in the row is what they say
        else:
            self._row.append(raw)

    def _flow(self) -> None:
        """The row that is open holds more than text: its cells are paragraphs."""
        cells, self._row = [*self._row, "".join(self._parts)], None
        self._parts.clear()
        self._block += 1
        for cell in cells:
            self._add(cell, self._stack[-1])

    def _end_row(self) -> None:
        cells = [cell for cell in self._row or [] if cell.strip(BLANK)]
        self._row = None
        top = self._stack[-1]
        kind = top.kind if top.kind in LEFT_OUT else ROW
        lines = [[line for part in re.split(f"[{NEXT}{LINE}]", cell) if (line := _line(part))] for cell in cells]
        # A row of a play is a name and what is said; a row of a table of figures is one line.
        prose = any(line[-1] in ".!?…”" and " " in line for cell in lines for line in cell)
        if len(cells) == 1:
            self._add(cells[0], top, top.kind if prose else kind)
        elif cells:
            said = [plain(LINE.join(cell)).replace(ENTER, "").replace(LEAVE, "") for cell in lines]
            self._emit(Paragraph.of(LINE.join(said) if prose else commas(said), kind, place=self._where()))
        self._end_references()

    def _add(self, raw: str, element: Element, kind: str = "") -> None:
        """A block as paragraphs: a heading is one, and others end at an empty line and where a direction stands."""
        kind = kind or element.kind
        if not raw.strip(BLANK):
            return
        level = self._level or (self._group_level() if self._open.get("hgroup") else 0)
        if level:
            kind = kind if kind in LEFT_OUT else HEADING
            self._emit(Paragraph.of(_heading(raw), kind, level=level, place=self._where()))
            return
        for part in re.split(rf"{LINE}\s*{LINE}(?:\s|{LINE})*|{NEXT}", raw):
            for said, directed in directions(part):
                lines = [line for piece in said.split(LINE) if (line := _line(piece))]
                if not lines:
                    continue
                if directed:
                    self._emit(Paragraph.of(unwrapped(" ".join(lines)), DIRECTION, place=self._where()))
                    continue
                speaker = self._speaker if kind not in LEFT_OUT else ""
                self._said(Paragraph.of(LINE.join(lines), kind, speaker=speaker, place=self._where()), element)

    def _group_level(self) -> int:
        before = self.paragraphs[-1] if self.paragraphs else None
        return min(6, before.level + 1) if before and before.level else 2

    def _said(self, paragraph: Paragraph, element: Element) -> None:
        """Emit a paragraph; the next line of a stanza goes on in the paragraph of the line before."""
        stanza, self._stanza = self._stanza, (element.stanza, element.line)
        before = self.paragraphs[-1] if self.paragraphs else None
        if (
            paragraph.kind == VERSE
            and before is not None
            and before.kind == VERSE
            and not self._pending
            and (element.stanza, element.line) == stanza
            and (element.line or (element.stanza and element.tag != "p"))
        ):
            line = with_languages(paragraph, element.language)
            spans = (*before.spans, replace(line.spans[0], text=LINE + line.spans[0].text), *line.spans[1:])
            self.paragraphs[-1] = replace(before, spans=merged(spans))
        else:
            self._emit(paragraph)

    def _part_scenes(self) -> None:
        if not self.paragraphs or self.paragraphs[-1].kind != SCENE:
            self._emit(scene(self._where()))

    def _emit(self, paragraph: Paragraph) -> None:
        if paragraph.kind in PARTED and is_scene(paragraph.text):
            self._part_scenes()
            return
        if len(self.paragraphs) >= MAX_PARAGRAPHS:
            raise ValueError(f"it has more than {MAX_PARAGRAPHS:,} paragraphs: split it")
        if paragraph.kind != VERSE:
            self._stanza = (0, False)
        self.paragraphs.append(with_languages(paragraph, self._stack[-1].language))


def _line(raw: str) -> str:
    return " ".join(raw.split())


def _heading(raw: str) -> str:
    raw = plain(raw).replace(ENTER, "").replace(LEAVE, "").replace(NEXT, LINE)
    return heading([line for piece in raw.split(LINE) if (line := _line(piece))])
