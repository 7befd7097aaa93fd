"""Markdown as text: marks go, words stay, headings begin chapters. Comments are left out."""

import html
import re
from collections.abc import Iterator

from tts.document.document import (
    CAPTION,
    CODE,
    HEADING,
    ITEM,
    LINE,
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
from tts.document.encoding import decode
from tts.document.page import COMMENT

FRONT_MATTER = re.compile(r"\A---[^\S\n]*\n(.*?\n)??(?:---|\.\.\.)[^\S\n]*(?:\n|\Z)", re.DOTALL)
FIELD = re.compile(
    r"""(?m)^(title|author|lang|language|series|description|date|publisher):[^\S\n]*["']?(.*?)["']?[^\S\n]*$"""
)
FENCE = re.compile(r"\s{0,3}(```+|~~~+)")
HEADING_MARK = re.compile(r"\s{0,3}(#{1,6})(?:\s|$)")
UNDERLINE = re.compile(r"\s{0,3}(=+|-+)\s*$")
RULE = re.compile(r"\s{0,3}([-*_])(?:\s*\1){2,}\s*$")
ITEM_MARK = re.compile(r"\s*(?:[-*+]|(?P<number>\d{1,3}[.)]))\s+(?:\[[ xX]\]\s+)?")  # "1986. What a year." is none
HARD_BREAK = re.compile(r"(?: {2,}|\\)$")
QUOTE_MARK = re.compile(r"^\s{0,3}(?:>\s?)+")
NOTE_TEXT = re.compile(r"\s{0,3}\[\^(?P<name>[^\[\]\s]+)\]:\s*")
NOTE_MARK = re.compile(r"\[\^([^\[\]\s]+)\]")
PICTURE = re.compile(r"!\[([^\[\]]*)\]\((?:[^()]|\([^()]*\))*\)\s*")
DEFINITION = re.compile(r"\s{0,3}\[[^\]]+\]:\s")  # [name]: address, or the text of a footnote
TABLE_RULE = re.compile(r"\|?(?:\s*:?-+:?\s*\|)+\s*(?::?-+:?)?")  # of a line without white space around it
# Each takes time in proportion to the text, whatever the text is: spans are bounded or hold no further opening mark.
SPAN = r"(?=\S)([^\n]{1,500}?)(?<=\S)"
ADDRESS = r"\((?:[^()]|\([^()]*\))*\)"
INLINE = (
    (re.compile(rf"!\[([^\[\]]*)\]{ADDRESS}"), r"\1"),  # images: what they show
    (re.compile(rf"\[([^\[\]]+)\](?:{ADDRESS}|\[[^\[\]]*\])"), r"\1"),  # links: their words
    (re.compile(r"<(?:https?|mailto):[^<>\s]*>"), ""),
    (re.compile(r"</?[A-Za-z][^<>]*>"), ""),
    (re.compile(r"(?<!`)(`{1,3})(?!`)([^\n]{1,500}?)(?<!`)\1(?!`)"), r"\2"),
    (re.compile(rf"\*\*{SPAN}\*\*"), r"\1"),
    (re.compile(rf"\*{SPAN}\*"), r"\1"),
    (re.compile(rf"~~{SPAN}~~"), r"\1"),
    (re.compile(rf"(?<!\w)__{SPAN}__(?!\w)"), r"\1"),
    (re.compile(rf"(?<!\w)_{SPAN}_(?!\w)"), r"\1"),
    (re.compile(r"\\([!-/:-@\[-`{-~])"), r"\1"),  # escapes
)


def parse(data: bytes) -> Document:
    lines = decode(data).replace("\r\n", "\n").replace("\r", "\n")
    front = FRONT_MATTER.match(lines)
    told = dict(FIELD.findall(front[0])) if front else {}
    body = COMMENT.sub(lambda found: "\n" * found[0].count("\n"), lines[front.end() :] if front else lines)
    first = lines.count("\n", 0, front.end()) + 1 if front else 1
    return Document(
        title=told.get("title", ""),
        author=told.get("author", ""),
        language=told.get("lang", told.get("language", "")),
        series=told.get("series", ""),
        description=told.get("description", ""),
        date=told.get("date", ""),
        publisher=told.get("publisher", ""),
        chapters=chapters(_with_notes(bounded(_Blocks(first).of(body.split("\n"))))),
    )


def _with_notes(found: list[Paragraph]) -> list[Paragraph]:
    """Notes after the paragraph that refers to them first; each still begins with its mark. Other marks go."""
    notes: dict[str, list[Paragraph]] = {}
    for part in found:
        if part.kind == NOTE and (mark := NOTE_MARK.match(part.text)):
            notes.setdefault(mark[1], []).append(part)
    out = []
    for part in found:
        if part.kind == NOTE:
            continue
        marks = NOTE_MARK.findall(part.text) if part.kind != CODE else []
        out.append(_unmarked(part) if marks else part)
        for name in marks:
            out += (_unmarked(note) for note in notes.pop(name, []))
    return out + [_unmarked(note) for rest in notes.values() for note in rest]


def _unmarked(part: Paragraph) -> Paragraph:
    lines = (" ".join(NOTE_MARK.sub("", line).split()) for line in part.text.split(LINE))
    return Paragraph.of(LINE.join(lines), part.kind, level=part.level, place=part.place)


class _Blocks:
    """Lines as paragraphs, list items, rows of tables, quotes, headings and code, one after the other."""

    def __init__(self, first: int):
        self._number = first - 1
        self._start = first  # line of what is open
        self._lines: list[str] = []  # of what is open
        self._kind = PROSE
        self._fence = ""
        self._table = False

    def of(self, lines: list[str]) -> Iterator[Paragraph]:
        for line in lines:
            self._number += 1
            yield from self._line(line)
        yield from self._close()

    def _close(self, level: int = 0) -> Iterator[Paragraph]:
        lines, self._lines, kind, self._kind = self._lines, [], self._kind, PROSE
        if kind == CODE:
            said = LINE.join(line.strip() for line in lines)
        else:
            text = " ".join(lines)
            if picture := PICTURE.fullmatch(text):
                kind = CAPTION
                text = picture[1]
            said = LINE.join(plain(part) for part in text.split(LINE))
        if said.strip(LINE):
            yield Paragraph.of(said, HEADING if level else kind, level=level, place=f"line {self._start}")

    def _add(self, line: str) -> None:
        if not self._lines:
            self._start = self._number
        self._lines.append(line)

    def _line(self, line: str) -> Iterator[Paragraph]:
        if not line and not self._fence and not self._lines:
            self._table = False
            return
        mark = FENCE.match(line)
        if self._fence:
            if mark and mark[1].startswith(self._fence):
                self._fence = ""
                yield from self._close()
            else:
                self._add(line)
        elif mark:
            yield from self._close()
            self._fence, self._kind = mark[1], CODE
        elif heading := HEADING_MARK.match(line):
            yield from self._close()
            self._add(_heading(line[heading.end() :]))
            yield from self._close(len(heading[1]))
        elif self._lines and not self._table and (underline := UNDERLINE.match(line)):
            yield from self._close(1 if underline[1][0] == "=" else 2)
        elif "|" in line and TABLE_RULE.fullmatch(line.strip()):
            self._kind = ROW if self._lines else self._kind
            yield from self._close()
            self._table = True
        elif RULE.match(line) or (not self._lines and is_scene(line)):
            yield from self._close()
            yield scene(f"line {self._number}")
        elif noted := NOTE_TEXT.match(line):
            yield from self._close()
            self._kind = NOTE
            self._add(f"[^{noted['name']}] {line[noted.end() :].strip()}")
        elif not line.strip() or DEFINITION.match(line):
            yield from self._close()
            self._table = False
        elif self._table:
            yield from self._close()
            self._kind = ROW
            self._add(_row(line))
            yield from self._close()
        else:
            yield from self._text(line)

    def _text(self, line: str) -> Iterator[Paragraph]:
        quoted = QUOTE_MARK.match(line)
        line = QUOTE_MARK.sub("", line)
        if item := ITEM_MARK.match(line):
            yield from self._close()
            self._kind = ITEM
            line = f"{item['number'] or ''} {line[item.end() :]}"
        elif quoted and not self._lines:
            self._kind = QUOTE
        broken = HARD_BREAK.search(line)
        self._add(line.strip().removesuffix("\\") + LINE if broken else _row(line))


def _row(line: str) -> str:
    """The cells of a row with commas between them; any other line as it is."""
    return line.strip().strip("|").strip().replace(" | ", ", ")


def _heading(words: str) -> str:
    """Without the marks that may close it; "C#" stays."""
    words = words.strip()
    shorn = words.rstrip("#")
    return shorn if shorn[-1:].isspace() else words


def plain(marked: str) -> str:
    """The words of a line without its marks."""
    for pattern, words in INLINE:
        marked = pattern.sub(words, marked)
    return " ".join(html.unescape(marked).split())
