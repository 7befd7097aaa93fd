"""The lines of a text: which breaks between them are heard, and which only keep lines from getting too long."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

from tts.text.markup import BREAK, RULE
from tts.text.roman import roman_value

# What ends where a passage of text ends; `pauses` of conf/infer.yaml says how long a silence each leaves.
LINE, HEADING, PARAGRAPH, SCENE = "line", "heading", "paragraph", "scene"

Known = Callable[[str], bool]  # whether the language has a word

SCENES_INLINE = "*⁂❦"
SCENE_INLINE = re.compile(r"(?<=\S)[ \t]{1,20}(?:\*[ \t]?\*[ \t]?\*|⁂|❦)[ \t]{1,20}(?=\S)")
BULLETS_INLINE = "•‣◦▪●"
BULLET_INLINE = re.compile(rf"[ \t]{{1,20}}[{BULLETS_INLINE}][ \t]{{1,20}}")
LEADING = re.compile(r"[.·…_](?:[ \t]?[.·…_]){3}")
LEADERS = re.compile(r"[ \t]{0,9}(?:[.·…_][ \t]?){4,200}[ \t]{0,9}(?=\S{1,12}[ \t]*$)")  # of a table of contents
SIGNS = r"*⁂~=_\-–—―#+.·•^`❦❧☙◆◇✦✧★☆●○■□§|:─━═│┃┌┐└┘├┤┬┴┼╔╗╚╝║╠╣╬%/\\<>"
BARS = "|│║"
FENCING = ("`", "~")
FENCE = re.compile(r"(?:```|~~~)[ \t]{0,4}[\w+#.-]{1,20}|```")  # around code, with the name of its language
ONLY_SIGNS = re.compile(rf"[{SIGNS}\s]+")
SCENE_ALONE = frozenset("⁂❦❧☙◆◇✦✧★☆●○■#§*•")  # one of them alone is a scene break
TABLE_RULE = re.compile(r"[|+:\-=\s─━═│┃┌┐└┘├┤┬┴┼╔╗╚╝║╠╣╬]+")
FRAMED = re.compile(r"([=*~#_+\-])\1{1,79}\s*(?=[^\W_])(.{1,200}?)\s*\1{2,80}")
HEADING_MARK = re.compile(r"#{1,6}[ \t]+(?=\S)")
CLOSING_MARK = re.compile(r"\s+#+$")
QUOTE_MARK = re.compile(r"(?!>[0-9])(?:>[ \t]?){1,9}")  # >5 is a number
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
DIVIDING = ("-", "\u00ad")  # at the end of a line, in a word
DIVIDED = re.compile(r"\w-$|\u00ad$")
LAST_PART = re.compile(r"(-?)([^\W\d_]*)$")
FIRST_PART = re.compile(r"[^\W\d_]{0,40}")
COMPOUND = re.compile(r"[^\W\d_]{1,40}-[^\W\d_]{1,40}")
WORD = re.compile(r"\S*")
COLUMNS = re.compile(r"(?<=\S) {3,}(?=\S)")

WRAPPED = 60  # prose is rarely wrapped at fewer columns
NARROW = 30  # no text that runs on stands in so few columns
LIST = 45  # the longest line of a list without marks and capitals
UNWRAPPED = 120  # a line with more characters is a paragraph
PROSE_LINES = 10  # that begin with a small letter show how wide prose is
VERSE = 90  # the longest line of verse
TITLE = 60  # the longest heading that is known by its shape alone
CAPITALS = 0.9  # of the lines of verse begin with one
SHORT = 0.6  # of the widest line: too short for a line that was wrapped


class Passage(NamedTuple):
    """Text that runs on, and what ends after it: LINE, HEADING, PARAGRAPH or SCENE."""

    text: str
    ends: str


class _Line(NamedTuple):
    text: str  # without its list mark if that says nothing, and without indentation
    first: int  # characters of its first word
    capital: bool  # it begins with one
    width: int
    indent: int
    forced: bool  # it begins after a break that is heard whatever the shape
    mark: str  # of a list, that stands before it
    heading: bool
    cells: bool  # a row of a table


@dataclass(frozen=True)
class _Page:
    """What the whole text says about its paragraphs."""

    columns: int  # prose is wrapped at so many at least
    line: Callable[[str, bool, bool], _Line]  # of what is written, whether in a table, whether forced
    known: Known
    compounds: frozenset[str]  # words with a hyphen, which keep it where a line ends at it


def passages(text: str, known: Known) -> list[Passage]:
    """The text as passages in order. Nothing but white space, list marks, rules and frames is lost."""
    if _any_in(SCENES_INLINE, text):
        text = SCENE_INLINE.sub(RULE, text)
    if _any_in(BULLETS_INLINE, text):
        text = BULLET_INLINE.sub(BREAK, text)
    out: list[Passage] = []
    paragraph: list[str] = []
    lines = text.split("\n")
    leaders, bars = LEADING.search(text) is not None, _any_in(BARS, text)
    page = _Page(
        columns=_columns(lines),
        line=lru_cache(maxsize=1024)(partial(_line, leaders=leaders, bars=bars)),  # lists and tables repeat lines
        known=lru_cache(maxsize=4096)(known),
        compounds=frozenset(COMPOUND.findall(text.lower()) if "-\n" in text else ()),
    )
    for line in [*lines, ""]:
        if line.strip(" \t\u3000\xa0"):
            paragraph.append(line)
            continue
        for block in _blocks(paragraph, page):
            if block is None:
                _end(out, SCENE)
            else:
                out += _paragraph(block, page)
        paragraph = []
    return _with_headings(out)


def _any_in(signs: str, text: str) -> bool:
    return any(sign in text for sign in signs)


def _columns(lines: list[str]) -> int:
    """At how many columns prose here is wrapped at least. Narrow prose shows by small letters at line starts."""
    starts = [line.lstrip()[:1] for line in lines]
    inner = [after for before, after in zip(starts, starts[1:], strict=False) if before and after]
    small = sum([letter.islower() for letter in inner])
    narrow = small >= PROSE_LINES and 2 * small > len(inner)
    return min(WRAPPED, max(map(len, lines))) if narrow else WRAPPED


def _end(out: list[Passage], kind: str) -> None:
    """What ends after the last passage."""
    if out:
        out[-1] = Passage(out[-1].text, kind)


def _blocks(lines: list[str], page: _Page) -> Iterator[list[_Line] | None]:
    """The lines of a paragraph, parted where a scene ends, which is a None."""
    block: list[_Line] = []
    bares = [line.strip() for line in lines]
    signs = [not bare[:1].isalnum() and ONLY_SIGNS.fullmatch(bare) is not None for bare in bares]
    table = any([only and _is_table_rule(bare) for only, bare in zip(signs, bares, strict=True)])
    for line, bare, only in zip(lines, bares, signs, strict=True):
        if bare[:1] in FENCING and FENCE.fullmatch(bare):
            yield block
            block = []
        elif not only:
            if BREAK in line:
                parts = enumerate(line.split(BREAK))
                block += [page.line(part, table, number > 0) for number, part in parts if part.strip()]
            elif bare:
                block.append(page.line(line, table, False))
        elif _is_underline(bare, block):
            block[-1] = block[-1]._replace(heading=True)
        elif _is_scene(bare) and not (table and TABLE_RULE.fullmatch(bare)):
            yield block
            yield None
            block = []
        elif not (_is_table_rule(bare) or bare.startswith("```") or bare in "|>"):
            block.append(page.line(line, table, False))
    yield block


def _is_table_rule(bare: str) -> bool:
    """|---|:--:| or +----+ or box drawing."""
    if not TABLE_RULE.fullmatch(bare):
        return False
    return any(sign in bare for sign in "─━═┌└├") or ("-" in bare or "=" in bare) and ("|" in bare or "+-" in bare)


def _is_underline(bare: str, block: list[_Line]) -> bool:
    """==== or ---- under one line, which it makes a heading."""
    if not block or len(set(bare)) > 1 or bare[0] not in "=-~" or len(bare) < 3 or block[-1].mark:
        return False
    return bare[0] == "=" or (len(block) == 1 and not _is_at_end(ENDED, block[-1].text))


def _is_scene(bare: str) -> bool:
    signs = "".join(bare.split())
    if bare.startswith("```") or signs in ("...", "....", "…"):
        return False
    return signs in SCENE_ALONE or len(signs) >= 3 or (len(signs) == 2 and signs[0] in SCENE_ALONE)


def _line(raw: str, table: bool, forced: bool, *, leaders: bool, bars: bool) -> _Line:
    """`leaders` says whether rows of dots stand anywhere in the text, `bars` whether those of tables may."""
    text = written = raw.strip()
    indent = len(raw[: len(raw) - len(raw.lstrip())].expandtabs(8)) if raw[0].isspace() else 0
    mark, heading = "", False
    if MARKED.match(text):
        text, mark, heading = _without_mark(text)
    if leaders and LEADING.search(text):
        text = LEADERS.sub("\t", text)
    cells: list[str] = []
    if bars and _any_in(BARS, written) and (table or (written[0] in BARS and written[-1] in BARS)):
        cells = re.split(f"[{BARS}]", text)
    elif "\t" in text:
        cells = text.split("\t")
    if cells:
        text = _row(cells)
    return _Line(text, *_beginning(text), indent + len(written), indent, forced, mark, heading, bool(cells))


def _beginning(text: str) -> tuple[int, bool]:
    """How long the first word is, and whether a capital begins the text."""
    return len(WORD.match(text)[0]), CAPITAL.match(text) is not None


def _without_mark(text: str) -> tuple[str, str, bool]:
    """A line without the mark of a heading, a quotation or a list; the mark of a list; whether it is a heading.

    Numbers and letters are read, so they stay.
    """
    if quoted := QUOTE_MARK.match(text):
        text = text[quoted.end() :].strip()
    if mark := HEADING_MARK.match(text):
        return CLOSING_MARK.sub("", text[mark.end() :]), "", True
    if framed := FRAMED.fullmatch(text):
        return framed[2], "", True
    if (mark := BULLET.match(text)) or TICK_BOX.match(text):
        said = text[mark.end() :] if mark else text
        box = TICK_BOX.match(said)
        return said[box.end() :] if box else said, text[0], False
    if mark := NUMBERED.match(text):
        return f"{mark[0].strip()} {text[mark.end() :]}", mark[0].strip(), False
    return text, text[0] if CIRCLED.match(text) else "", False


def _row(cells: list[str]) -> str:
    """The cells of a row with a comma between them, where no mark ends one."""
    said = [cell.strip() for cell in cells if cell.strip()]
    return " ".join(cell if cell[-1] in ",;:.!?" or cell is said[-1] else f"{cell}," for cell in said)


def _paragraph(lines: list[_Line], page: _Page) -> Iterator[Passage]:
    if not lines:
        return
    if sum(["   " in line.text for line in lines]) > 1:  # columns apart by spaces
        lines = [_in_columns(line) for line in lines]
    start = 0
    for number, kind in enumerate([*_breaks(lines, page.columns), PARAGRAPH], 1):
        if kind:
            text = _joined(lines[start:number], page)
            yield Passage(text, HEADING if lines[start].heading and number - start == 1 else kind)
            start = number


def _in_columns(line: _Line) -> _Line:
    text = _row(COLUMNS.split(line.text))
    first, capital = _beginning(text)
    return line._replace(text=text, first=first, capital=capital, cells=True)


def _breaks(lines: list[_Line], columns: int) -> list[str]:
    """What ends after each line but the last: LINE, HEADING, PARAGRAPH, or nothing."""
    if len(lines) < 2:
        return []
    widest = max([line.width for line in lines])
    margin = min([line.indent for line in lines])
    # Whoever wraps prose puts a word into the next line only if it has no room in this one.
    needed = [a.width + 1 + b.first for a, b in zip(lines, lines[1:], strict=False)]
    columns = max(widest, columns)
    items = _items(lines)
    listed = any(items)
    every = _each_line_is_heard(lines, needed, columns)
    found = []
    for number, (a, b) in enumerate(zip(lines, lines[1:], strict=False)):
        item = items[number] or items[number + 1]
        hyphen = a.text[-1:] in DIVIDING and b.text[:1].isalnum() and DIVIDED.search(a.text[-2:])
        heard = b.forced or a.heading or b.heading or items[number + 1] or a.cells or b.cells or (every and not hyphen)
        inside = every or widest < WRAPPED or item or a.cells or b.forced  # no paragraph ends
        if not (heard and inside):
            # A line that ends early, such as a heading or the last one of a paragraph.
            stopped, short = _is_at_end(STOPPED, a.text), a.width <= SHORT * widest
            early = stopped or items[number] or short
            last = stopped and (short or b.indent >= margin + 2 or a.width > UNWRAPPED)  # of a paragraph
            heard = heard or (needed[number] <= columns and b.capital and not hyphen and early)
            heard = heard or (b.capital and ((last and not short) or (listed and b.indent < a.indent)))
        if not heard:
            found.append("")
        elif a.heading or (
            number == 0 and not (item or every or a.cells or b.forced) and not _is_at_end(ENDED, a.text)
        ):
            found.append(HEADING)
        else:
            found.append(LINE if inside or not last else PARAGRAPH)
    return found


def _is_at_end(pattern: re.Pattern[str], text: str) -> bool:
    """Whether one of the patterns that begin in the last characters of a text matches."""
    return not text[-1:].isalnum() and pattern.search(text[-6:]) is not None


def _items(lines: list[_Line]) -> list[bool]:
    """Which lines begin an item of a list. A mark alone may be the dash, the number or the initial of a sentence."""
    marked = [number for number, line in enumerate(lines) if line.mark]
    if not marked:
        return [False] * len(lines)
    first = marked[0]
    led = first == 0 or _is_at_end(ENDED, lines[first - 1].text)
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
    value = roman_value(bare)
    return places | ({("numeral", value)} if value else set())


def _each_line_is_heard(lines: list[_Line], needed: list[int], columns: int) -> bool:
    """Whether the lines are verse, a list without marks, an address: by capitals where lines begin, and short lines.

    `needed` are the columns that each line would take with the first word of the next, where prose has `columns`.
    """
    widest = max([line.width for line in lines])
    if widest > VERSE or any([line.mark for line in lines]):
        return False
    if sum([line.capital for line in lines]) >= CAPITALS * len(lines):
        room = sum([width <= columns for width in needed])
        return 3 * room >= len(needed) and (widest < WRAPPED or len(lines) > 2)
    if widest < NARROW and len(lines) == 2:
        return all(len(line.text.split()) <= 3 and line.text.replace(" ", "").isalnum() for line in lines)
    inside = sum([width <= widest for width in needed])
    return len(lines) > 2 and (widest < NARROW or (widest < LIST and 2 * inside >= len(needed)))


def _joined(lines: list[_Line], page: _Page) -> str:
    """Lines as one, words that were divided at the ends of lines as they were before."""
    if len(lines) == 1:
        return " ".join(lines[0].text.split())
    parts = [_before(a.text, b.text, page) for a, b in zip(lines, lines[1:], strict=False)]
    return " ".join("".join([*parts, lines[-1].text]).split())


def _before(line: str, after: str, page: _Page) -> str:
    """A line as it goes on into the next: with a space, or without, as after a hyphen: nega- tive, well- known."""
    last = line[-1]
    if last == "\u00ad":
        return line[:-1]
    if last not in "-—–" or not after[:1].isalnum():
        return f"{line} "
    if last != "-":
        return line if line[-2:-1].strip() else f"{line} "
    if not line[-2:-1].isalnum():
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
        if passage.ends == PARAGRAPH and (number == 0 or found[number - 1].ends in (PARAGRAPH, SCENE, HEADING)):
            short = len(passage.text) <= TITLE and CAPITAL.match(passage.text)
            title = short and (passage.text[-1].isalnum() or passage.text.isupper())
            if title and number + 1 < len(found):
                passage = Passage(passage.text, HEADING)
        out.append(passage)
    return out
