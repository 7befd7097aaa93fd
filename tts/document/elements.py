"""What the elements of HTML and EPUB say of what they hold: its kind, its role, and whether it is read."""

import re
from dataclasses import dataclass, field

from tts.document import styles
from tts.document.document import CAPTION, CODE, ITEM, LEFT_OUT, MATTER, NOTE, PROSE, QUOTE, VERSE

BLOCKS = frozenset(
    "p div table td th tr ul ol li dl dt dd h1 h2 h3 h4 h5 h6 hgroup hr pre blockquote figure figcaption caption thead "
    "tbody tfoot section article aside main header footer nav address details summary body form fieldset "
    "linegroup line note sidebar imggroup prodnote".split()
)
VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
UNREAD = frozenset(
    "script style head title svg template noscript audio video object iframe canvas select textarea button rt rp "
    "case del".split()
)
PREFIXES = frozenset({"html", "xhtml", "h", "svg", "m", "mml", "math", "epub"})  # of names of elements; others stay
# An element that begins ends what is open and cannot hold it, up to one of the second set.
_PARTS = frozenset("tbody thead tfoot".split())
ENDS = {
    "li": (frozenset({"li"}), frozenset({"ul", "ol"})),
    **dict.fromkeys(("dt", "dd"), (frozenset({"dt", "dd"}), frozenset({"dl"}))),
    **dict.fromkeys(("td", "th"), (frozenset({"td", "th"}), frozenset({"tr", "table"}))),
    "tr": (frozenset({"tr", "td", "th"}), frozenset({"table"})),
    **dict.fromkeys(_PARTS, (_PARTS | {"tr", "td", "th"}, frozenset({"table"}))),
}
IN_CELLS = frozenset({"p", "div"})  # blocks that leave a row one line; others make its cells paragraphs
MATTER_TYPES = frozenset(
    "toc toc-brief landmarks page-list pagelist loi lot lov loa titlepage halftitlepage imprint colophon "
    "copyright-page cover index other-credits seriespage publisher-logo".split()
)
NOTE_TYPES = frozenset("footnote footnotes endnote endnotes rearnote rearnotes".split())
REFERENCE_TYPES = frozenset({"noteref", "backlink", "biblioref"})
REFERENCE_CLASSES = frozenset(
    "noteref footnote-ref footnoteref footnote_ref fnref fnanchor footnote endnote-ref".split()
)
BACK_CLASSES = frozenset("backlink footnote-back footnote-backref reversefootnote".split())
PAGE_CLASSES = frozenset("pagenum pageno pagenumber page-number page_number pagebreak folionum".split())
VERSE_TYPES = frozenset("verse poem song hymn lyrics".split())
VERSE_CLASSES = frozenset("verse poem poetry stanza lg linegroup poetry-container".split())
STANZAS = frozenset("stanza lg linegroup".split())
VERSE_LINES = frozenset("line l verse-line verseline".split())
BREAK_CLASSES = frozenset(
    "scenebreak scene-break scene_break sectionbreak section-break space-break spacebreak thoughtbreak thought-break "
    "transition asterism ornament ornamental-break tb".split()
)
SPEAKER_CLASSES = frozenset({"speaker", "persona"})
DIRECTION_CLASSES = frozenset("stage-direction stagedirection stagedir".split())
# Elements of DTBook, which EPUB 2 allows, and the classes of HTML that say the same.
DTBOOK = {
    "linegroup": "linegroup",
    "line": "line",
    "note": "footnote",
    "noteref": "noteref",
    "pagenum": "pagenum",
    "prodnote": "caption",
}
LICENCE = frozenset("pg-boilerplate pgheader pg-header pg-footer pgfooter pg-machine-header pg-start-separator".split())
HIDDEN = re.compile(r"(?i)display\s*:\s*none|visibility\s*:\s*hidden")


@dataclass(slots=True)
class Element:
    """An element that is open, with what holds for its content."""

    tag: str
    kind: str = PROSE
    skip: bool = False
    silent: bool = False  # only to be seen, and therefore skipped
    stanza: int = 0  # of verse: paragraphs of one stanza are lines
    line: bool = False  # of verse
    role: str = ""  # what is done with its text when it ends, see `_role`
    language: str = ""  # of its content, if it is not that of the page
    given: dict[str, str] = field(default_factory=dict)
    anchor: str = ""
    first: int = 0  # paragraph of its beginning
    block: int = 0  # the block in which it began, and its first part there
    part: int = 0

    @classmethod
    def inside(
        cls, above: "Element", tag: str, given: dict[str, str], *, number: int, book: bool, unseen: styles.Hidden
    ) -> "Element":
        """An element that begins inside of another, the `number`-th of its page, which may be that of a book.

        `unseen` is what the page's style sheets hide.
        """
        element = cls(tag, above.kind, above.skip, above.silent, above.stanza, above.line, language=above.language)
        element.given = given
        types = {token.rpartition(":")[2].lower() for token in given.get("epub:type", "").split()}
        types |= {token.lower().removeprefix("doc-") for token in given.get("role", "").split() if "doc-" in token}
        classes = element.classes | {DTBOOK.get(tag, "")}
        element.anchor = given.get("id") or (given.get("name", "") if tag == "a" else "")
        element.role = _role(tag, types, classes, given)
        if element.role != "reference" and above.kind not in LEFT_OUT:
            element.kind = _kind(element, types, classes, above.kind, book) or above.kind
        hidden = "hidden" in given or HIDDEN.search(given.get("style", "")) or styles.hides(unseen, tag, given)
        silent = given.get("aria-hidden", "").strip().lower() == "true"
        if tag in UNREAD or (hidden and element.kind != NOTE):
            element.skip, element.silent = True, False
        elif silent and not element.skip and element.kind != NOTE and element.role != "page":
            element.skip = element.silent = True
        if element.kind == VERSE:
            if classes & STANZAS or (tag == "p" and not classes & VERSE_LINES):
                element.stanza, element.line = number, False
            element.line = element.line or bool(classes & VERSE_LINES)
        return element

    @property
    def classes(self) -> set[str]:
        return set(self.given.get("class", "").lower().split())


def _kind(element: Element, types: set[str], classes: set[str], above: str, book: bool) -> str:
    """The kind that an element gives to what it holds; empty where it gives none."""
    tag, given = element.tag, element.given
    block = tag in BLOCKS
    if types & NOTE_TYPES or (block and classes & (NOTE_TYPES | {"fn"})):
        return NOTE
    if types & MATTER_TYPES or (block and classes & LICENCE) or given.get("id") in LICENCE:
        return MATTER
    if (block and "toc" in classes) or (tag == "nav" and not book):
        return MATTER
    if tag in ("figcaption", "caption") or (block and "caption" in classes):
        return CAPTION
    if tag == "pre" and not types & VERSE_TYPES and not classes & VERSE_CLASSES:
        return CODE
    if types & VERSE_TYPES or (block and classes & (VERSE_CLASSES | VERSE_LINES) and tag not in ("td", "tr")):
        return VERSE
    if tag == "blockquote":
        return "" if above == VERSE else QUOTE
    return ITEM if tag in ("li", "dt", "dd") else ""


def _role(tag: str, types: set[str], classes: set[str], given: dict[str, str]) -> str:
    """What is done with the text of an element when it ends, such as taking it for the mark of a note."""
    if types & REFERENCE_TYPES or (tag in ("a", "noteref") and classes & (REFERENCE_CLASSES | BACK_CLASSES)):
        return "reference"
    if "pagebreak" in types or classes & PAGE_CLASSES:
        return "page"
    if "stage-direction" in types or classes & DIRECTION_CLASSES:
        return "direction"
    if "persona" in types or classes & SPEAKER_CLASSES:
        return "persona"
    if tag == "a" and "href" in given:
        return "link"
    return {"sup": "raised", "sub": "lowered"}.get(tag, "")


def bare_name(name: str) -> str:
    """The name of an element without the prefix of its namespace."""
    prefix, colon, rest = name.partition(":")
    return rest if colon and prefix in PREFIXES else name
