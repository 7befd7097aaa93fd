"""The lines of a text: which breaks between them are heard, and which only keep lines from getting too long."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from tts.text.markup import BREAK, RULE

# What ends where a passage of text ends; `pauses` of conf/infer.yaml says how long a silence each leaves.
LINE, HEADING, PARAGRAPH, SCENE = "line", "heading", "paragraph", "scene"

Known = Callable[[str], bool]  # whether the language has a word

SCENE_INLINE = re.compile(r"(?<=\S)[ \t]{1,20}(?:\*[ \t]?\*[ \t]?\*|⁂|❦)[ \t]{1,20}(?=\S)")
BULLET_INLINE = re.compile(r"[ \t]{1,20}[•‣◦▪●][ \t]{1,20}")
LEADING = re.compile(r"(?:[.·…_][ \t]?){4}")
LEADERS = re.compile(r"[ \t]{0,9}(?:[.·…_][ \t]?){4,200}[ \t]{0,9}(?=\S{1,12}[ \t]*$)")  # of a table of contents
SIGNS = r"*⁂~=_\-–—―#+.·•^`❦❧☙◆◇✦✧★☆●○■□§|:─━═│┃┌┐└┘├┤┬┴┼╔╗╚╝║╠╣╬%/\\<>"
FENCE = re.compile(r"(?:```|~~~)[ \t]{0,4}[\w+#.-]{1,20}|```")  # around code, with the name of its language
ONLY_SIGNS = re.compile(rf"[{SIGNS}\s]+")
SCENE_ALONE = frozenset("⁂❦❧☙◆◇✦✧★☆●○■#§*•")  # one of them alone is a scene break
TABLE_RULE = re.compile(r"[|+:\-=\s─━═│┃┌┐└┘├┤┬┴┼╔╗╚╝║╠╣╬]+")
FRAMED = re.compile(r"([=*~#_+\-])\1{1,79}\s*(?=[^\W_])(.{1,200}?)\s*\1{2,80}")
HEADING_MARK = re.compile(r"#{1,6}[ \t]+(?=\S)")
CLOSING_MARK = re.compile(r"\s+#+$")
QUOTE_MARK = re.compile(r"(?:>[ \t]?){1,9}")
BULLETS = r"\-*+•‣◦▪▫●○■□➢➤►▶→✓✔☐☑☒·–—"
BULLET = re.compile(rf"[{BULLETS}][ \t]+(?=\S)")
TICK_BOX = re.compile(r"\[[ xX]\][ \t]+")
NUMBERED = re.compile(r"\(?(?:[0-9]{1,3}|[A-Za-z]|[ivxlcIVXLC]{1,6})(?:[.)]|\.\))(?:[ \t]+|(?=[A-Z][a-z]))(?=\S)")
# What may begin with one of the marks above, so that most lines need no further look.
MARKED = re.compile(rf"[{BULLETS}#>=~(\[]|[0-9①-➓]|[A-Za-z]{{1,6}}[.)]")
CIRCLED = re.compile(r"[①-⓿❶-❿➀-➓]\s*")
CAPITAL = re.compile(r"[\"'“‘(\[¿¡*_—–§$£€#-]{0,4}[ ]?[A-Z0-9À-ÖØ-ÞĀ-Ž]")
STOPPED = re.compile(r"[.!?…][\"'”’»)\]]{0,4}$|[—–-][\"'”’»]{1,4}$")
ENDED = re.compile(rf"{STOPPED.pattern}|[:;]$")
DIVIDED = re.compile(r"\w-$|\u00ad$")
LAST_PART = re.compile(r"(-?)([^\W\d_]*)$")
FIRST_PART = re.compile(r"[^\W\d_]{0,40}")
COMPOUND = re.compile(r"[^\W\d_]{1,40}-[^\W\d_]{1,40}")
WORD = re.compile(r"\S*")
COLUMNS = re.compile(r"(?<=\S) {3,}(?=\S)")

TENS, ONES = ["", *"x xx xxx xl l".split()], ["", *"i ii iii iv v vi vii viii ix".split()]
ROMAN = [ten + one for ten in TENS for one in ONES]  # by value, to 59
WRAPPED = 60  # prose is rarely wrapped at fewer columns
NARROW = 30  # no text that runs on stands in so few columns
LIST = 45  # the longest line of a list without marks and capitals
UNWRAPPED = 120  # a line with more characters is a paragraph
PROSE_LINES = 10  # that begin with a small letter show how wide prose is
VERSE = 90  # the longest line of verse
TITLE = 60  # the longest heading that is known by its shape alone
CAPITALS = 0.9  # of the lines of verse begin with one
SHORT = 0.6  # of the widest line: too short for a line that was wrapped


@dataclass(frozen=True, slots=True)
class Passage:
    """Text that runs on, and what ends after it: LINE, HEADING, PARAGRAPH or SCENE."""

    text: str
    ends: str


@dataclass(slots=True)
class _Line:
    text: str  # without its list mark if that says nothing, and without indentation
    width: int
    indent: int
    forced: bool  # it begins after a break that is heard whatever the shape
    mark: str = ""  # of a list, that stands before it
    heading: bool = False
    cells: bool = False  # a row of a table


@dataclass(frozen=True)
class _Page:
    """What the whole text says about its paragraphs."""

    columns: int  # prose is wrapped at so many at least
    known: Known
    compounds: frozenset[str]  # words with a hyphen, which keep it where a line ends at it


def passages(text: str, known: Known) -> list[Passage]:
    """The text as passages in order. Nothing but white space, list marks, rules and frames is lost."""
    text = BULLET_INLINE.sub(BREAK, SCENE_INLINE.sub(RULE, text))
    known = lru_cache(maxsize=4096)(known)
    out: list[Passage] = []
    paragraph: list[str] = []
    lines = text.split("\n")
    page = _Page(_columns(lines), known, frozenset(COMPOUND.findall(text.lower()) if "-\n" in text else ()))
    for line in [*lines, ""]:
        if line.strip(" \t\u3000\xa0"):
            paragraph.append(line)
            continue
        for block in _blocks(paragraph):
            if block is None:
                _end(out, SCENE)
            else:
                out += _paragraph(block, page)
        paragraph = []
    return _with_headings(out)


def _columns(lines: list[str]) -> int:
    """At how many columns prose here is wrapped at least. Narrow prose shows by small letters at line starts."""
    inner = [after.lstrip()[:1] for before, after in zip(lines, lines[1:], strict=False) if before.strip()]
    small = sum(letter.islower() for letter in inner)
    narrow = small >= PROSE_LINES and 2 * small > len([letter for letter in inner if letter])
    return min(WRAPPED, max(map(len, lines))) if narrow else WRAPPED


def _end(out: list[Passage], kind: str) -> None:
    """What ends after the last passage."""
    if out:
        out[-1] = Passage(out[-1].text, kind)


def _blocks(lines: list[str]) -> Iterator[list[_Line] | None]:
    """The lines of a paragraph, parted where a scene ends, which is a None."""
    block: list[_Line] = []
    bares = [line.strip() for line in lines]
    table = any(map(_is_table_rule, bares))
    for line, bare in zip(lines, bares, strict=True):
        signs = not bare[:1].isalnum()  # it may be nothing but signs
        if signs and FENCE.fullmatch(bare):
            yield block
            block = []
            continue
        if not signs or not ONLY_SIGNS.fullmatch(bare):
            parts = line.split(BREAK) if BREAK in line else [line]
            block += [_line(part, table, number > 0) for number, part in enumerate(parts) if part.strip()]
        elif _is_underline(bare, block):
            block[-1].heading = True
        elif _is_scene(bare) and not (table and TABLE_RULE.fullmatch(bare)):
            yield block
            yield None
            block = []
        elif not (_is_table_rule(bare) or bare.startswith("```") or bare in "|>"):
            block.append(_line(line, table, False))
    yield block


def _is_table_rule(bare: str) -> bool:
    """|---|:--:| or +----+ or box drawing."""
    if bare[:1].isalnum() or not TABLE_RULE.fullmatch(bare):
        return False
    return any(sign in bare for sign in "─━═┌└├") or ("-" in bare or "=" in bare) and ("|" in bare or "+-" in bare)


def _is_underline(bare: str, block: list[_Line]) -> bool:
    """==== or ---- under one line, which it makes a heading."""
    if not block or len(set(bare)) > 1 or bare[0] not in "=-~" or len(bare) < 3 or block[-1].mark:
        return False
    return bare[0] == "=" or (len(block) == 1 and not ENDED.search(block[-1].text[-6:]))


def _is_scene(bare: str) -> bool:
    signs = "".join(bare.split())
    if bare.startswith("```") or signs in ("...", "....", "…"):
        return False
    return signs in SCENE_ALONE or len(signs) >= 3 or (len(signs) == 2 and signs[0] in SCENE_ALONE)


def _line(raw: str, table: bool, forced: bool) -> _Line:
    text = raw.strip()
    indent = len(raw) - len(raw.lstrip()) if raw[0].isspace() else 0
    if indent and "\t" in raw[:indent]:
        indent = len(raw[:indent].expandtabs(8))
    line = _Line(text, indent + len(text), indent, forced)
    if MARKED.match(text):
        _without_mark(line)
    if LEADING.search(line.text):
        line.text = LEADERS.sub("\t", line.text)
    bars = "|" in text or "│" in text or "║" in text
    if bars and (table or (text[0] in "|│║" and text[-1] in "|│║")):
        line.cells, line.text = True, _row(re.split(r"[|│║]", line.text))
    elif "\t" in line.text:
        line.cells, line.text = True, _row(line.text.split("\t"))
    return line


def _without_mark(line: _Line) -> None:
    """Take the mark of a heading, a quotation or a list from a line. Numbers and letters are read, so they stay."""
    if quoted := QUOTE_MARK.match(line.text):
        line.text = line.text[quoted.end() :].strip()
    text = line.text
    if mark := HEADING_MARK.match(text):
        line.heading, line.text = True, CLOSING_MARK.sub("", text[mark.end() :])
    elif framed := FRAMED.fullmatch(text):
        line.heading, line.text = True, framed[2]
    elif (mark := BULLET.match(text)) or TICK_BOX.match(text):
        line.mark = text[0]
        text = text[mark.end() :] if mark else text
        box = TICK_BOX.match(text)
        line.text = text[box.end() :] if box else text
    elif mark := NUMBERED.match(text):
        line.mark, line.text = mark[0].strip(), f"{mark[0].strip()} {text[mark.end() :]}"
    elif CIRCLED.match(text):
        line.mark = text[0]


def _row(cells: list[str]) -> str:
    """The cells of a row with a comma between them, where no mark ends one."""
    said = [cell.strip() for cell in cells if cell.strip()]
    return " ".join(cell if cell[-1] in ",;:.!?" or cell is said[-1] else f"{cell}," for cell in said)


def _paragraph(lines: list[_Line], page: _Page) -> Iterator[Passage]:
    if not lines:
        return
    if sum("   " in line.text for line in lines) > 1:  # columns apart by spaces
        for line in lines:
            line.text, line.cells = _row(COLUMNS.split(line.text)), True
    heard = _breaks(lines, page.columns)
    start = 0
    for number in range(1, len(lines) + 1):
        if number == len(lines) or heard[number - 1]:
            text = _joined([line.text for line in lines[start:number]], page)
            kind = PARAGRAPH if number == len(lines) else heard[number - 1]
            yield Passage(text, HEADING if lines[start].heading and number - start == 1 else kind)
            start = number


def _breaks(lines: list[_Line], columns: int) -> list[str]:
    """What ends after each line but the last: LINE, HEADING, PARAGRAPH, or nothing."""
    if len(lines) < 2:
        return []
    widest = max(line.width for line in lines)
    margin = min(line.indent for line in lines)
    pairs = list(zip(lines, lines[1:], strict=False))
    # Whoever wraps prose puts a word into the next line only if it has no room in this one.
    needed = [a.width + 1 + len(WORD.match(b.text)[0]) for a, b in pairs]
    room = [width <= max(widest, columns) for width in needed]
    items = _items(lines)
    listed = any(items)
    every = _each_line_is_heard(lines, widest, room, [width <= widest for width in needed])
    found = []
    for number, (a, b) in enumerate(pairs):
        mark = not a.text[-1:].isalnum()  # one may end the line
        hyphen = mark and bool(DIVIDED.search(a.text[-2:])) and b.text[:1].isalnum()
        stopped = mark and bool(STOPPED.search(a.text[-6:]))
        ended = mark and bool(ENDED.search(a.text[-6:]))
        capital, short = bool(CAPITAL.match(b.text)), a.width <= SHORT * widest
        heard = b.forced or a.heading or b.heading or items[number + 1] or a.cells or b.cells
        heard = heard or (every and not hyphen)
        # A line that ends early, such as a heading or the last one of a paragraph.
        heard = heard or (room[number] and capital and not hyphen and (stopped or items[number] or short))
        last = stopped and (short or b.indent >= margin + 2 or a.width > UNWRAPPED)  # of a paragraph
        heard = heard or (capital and last and not short) or (listed and capital and b.indent < a.indent)
        if not heard:
            found.append("")
        elif a.heading or (
            number == 0 and not ended and not items[0] and not items[1] and not every and not a.cells and not b.forced
        ):
            found.append(HEADING)
        else:
            inside = items[number] or every or a.cells or b.forced or items[number + 1] or widest < WRAPPED
            found.append(PARAGRAPH if last and not inside else LINE)
    return found


def _items(lines: list[_Line]) -> list[bool]:
    """Which lines begin an item of a list. A mark alone may be the dash, the number or the initial of a sentence."""
    marked = [number for number, line in enumerate(lines) if line.mark]
    if not marked:
        return [False] * len(lines)
    first = marked[0]
    led = first == 0 or bool(ENDED.search(lines[first - 1].text[-6:]))
    known: set[tuple[str, int]] = set()
    for number in marked:
        known |= _places(lines[number].mark)
    found = [False] * len(lines)
    for number in marked:
        places = _places(lines[number].mark)
        follows = any((kind, value + step) in known for kind, value in places for step in (-1, 1))
        found[number] = (
            follows or (not places and (led or lines[number].mark not in "-+–—·")) or len(marked) == len(lines)
        )
    return found


def _places(mark: str) -> set[tuple[str, int]]:
    """The kinds of numbering to which a mark may belong, with its place in each; none for a bullet."""
    bare = mark.strip("().[] \t").lower()
    if bare.isdecimal():
        return {("number", int(bare))}
    if not bare.isalpha():
        return set()
    places = {("letter", ord(bare))} if len(bare) == 1 else set()
    return places | ({("numeral", ROMAN.index(bare))} if bare in ROMAN else set())


def _each_line_is_heard(lines: list[_Line], widest: int, room: list[bool], inside: list[bool]) -> bool:
    """Whether the lines are verse, a list without marks, an address: by capitals where lines begin, and short lines.

    `room` says which next words have room in a line of wrapped prose, `inside` which in the widest line here.
    """
    if widest > VERSE or any(line.mark for line in lines):
        return False
    capitals = sum(bool(CAPITAL.match(line.text)) for line in lines)
    if capitals >= CAPITALS * len(lines):
        return 3 * sum(room) >= len(room) and (widest < WRAPPED or len(lines) > 2)
    if widest < NARROW and len(lines) == 2:
        return all(len(line.text.split()) <= 3 and line.text.replace(" ", "").isalnum() for line in lines)
    return len(lines) > 2 and (widest < NARROW or (widest < LIST and 2 * sum(inside) >= len(inside)))


def _joined(lines: list[str], page: _Page) -> str:
    """Lines as one, words that were divided at the ends of lines as they were before."""
    if len(lines) > 1:
        lines = [*(_before(a, b, page) for a, b in zip(lines, lines[1:], strict=False)), lines[-1]]
    return " ".join("".join(lines).split())


def _before(line: str, after: str, page: _Page) -> str:
    """A line as it goes on into the next: with a space, or without, as after a hyphen: nega- tive, well- known."""
    if line[-1] == "\u00ad":
        return line[:-1]
    if line[-1] in "—–" and line[-2:-1].strip() and after[:1].isalnum():
        return line
    if line[-1] != "-" or not line[-2:-1].isalnum() or not after[:1].isalnum():
        return f"{line} "
    compound, first = LAST_PART.search(line[-40:-1].lower()).groups()
    second = FIRST_PART.match(after)[0]
    if compound or not first or not second.islower() or f"{first}-{second}" in page.compounds:
        return line
    return line[:-1] if page.known(first + second) or not page.known(first) else line


def _with_headings(found: list[Passage]) -> list[Passage]:
    """A short line that stands alone and does not end like a sentence is a heading of what follows."""
    out = []
    for number, passage in enumerate(found):
        alone = passage.ends == PARAGRAPH and (number == 0 or found[number - 1].ends in (PARAGRAPH, SCENE, HEADING))
        short = len(passage.text) <= TITLE and CAPITAL.match(passage.text)
        title = short and (passage.text[-1].isalnum() or passage.text.isupper())
        out.append(Passage(passage.text, HEADING) if alone and title and number + 1 < len(found) else passage)
    return out
