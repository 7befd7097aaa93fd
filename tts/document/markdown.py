"""Markdown as text: marks go, words stay, headings begin chapters. Code blocks, comments and images are left out."""

import html
import re
from collections.abc import Iterator

from tts.document import text
from tts.document.document import ASTERISKS, LINE, Document, TextBlock, chapters
from tts.document.html import COMMENT

FRONT_MATTER = re.compile(r"\A---[^\S\n]*\n(.*?\n)??(?:---|\.\.\.)[^\S\n]*(?:\n|\Z)", re.DOTALL)
FIELD = re.compile(r"""(?m)^(title|author|lang|language):[^\S\n]*["']?(.*?)["']?[^\S\n]*$""")
FENCE = re.compile(r"\s{0,3}(```+|~~~+)")
HEADING = re.compile(r"\s{0,3}(#{1,6})(?:\s|$)")
UNDERLINE = re.compile(r"\s{0,3}(=+|-+)\s*$")
RULE = re.compile(r"\s{0,3}([-*_])(?:\s*\1){2,}\s*$")
ITEM = re.compile(r"\s*(?:[-*+]|(?P<number>\d{1,3}[.)]))\s+(?:\[[ xX]\]\s+)?")  # "1986. What a year." is none
HARD_BREAK = re.compile(r"(?: {2,}|\\)$")
QUOTE = re.compile(r"^\s{0,3}(?:>\s?)+")
DEFINITION = re.compile(r"\s{0,3}\[[^\]]+\]:\s")  # [name]: address, or the text of a footnote
TABLE_RULE = re.compile(r"\s*\|?(?:\s*:?-+:?\s*\|)+\s*(?::?-+:?)?\s*$")
# Each takes time in proportion to the text, whatever the text is: spans are bounded or hold no further opening mark.
SPAN = r"(?=\S)([^\n]{1,500}?)(?<=\S)"
ADDRESS = r"\((?:[^()]|\([^()]*\))*\)"
INLINE = (
    (re.compile(rf"!\[([^\[\]]*)\]{ADDRESS}"), r"\1"),  # images: what they show
    (re.compile(r"\[\^[^\[\]]+\]"), ""),  # marks of footnotes
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
    lines = text.decode(data).replace("\r\n", "\n").replace("\r", "\n")
    front = FRONT_MATTER.match(lines)
    told = dict(FIELD.findall(front[0])) if front else {}
    found = chapters(_blocks(COMMENT.sub("", lines[front.end() :] if front else lines).split("\n")))
    return Document(
        title=told.get("title", ""),
        author=told.get("author", ""),
        language=told.get("lang", told.get("language", "")),
        chapters=found,
    )


def _blocks(lines: list[str]) -> Iterator[TextBlock]:
    """Paragraphs, list items, rows of tables, quotes and headings, one after the other."""
    open_lines: list[str] = []  # of the paragraph that is being read
    fence = ""
    line_of = ""  # of what the open lines are a line: a list, a table
    before = ""  # the same of the block before
    table = False

    def close(level: int = 0) -> Iterator[TextBlock]:
        nonlocal before, line_of
        said = LINE.join(plain(part) for part in " ".join(open_lines).split(LINE))
        if said.strip(LINE):
            yield TextBlock(said, level, line=bool(line_of) and line_of == before)
            before = line_of
        open_lines.clear()
        line_of = ""

    for line in lines:
        mark = FENCE.match(line)
        if fence:
            fence = "" if mark and mark[1].startswith(fence) else fence
        elif mark:
            yield from close()
            fence = mark[1]
        elif heading := HEADING.match(line):
            yield from close()
            open_lines.append(_heading(line[heading.end() :]))
            yield from close(len(heading[1]))
        elif open_lines and not table and (underline := UNDERLINE.match(line)):
            yield from close(1 if underline[1][0] == "=" else 2)
        elif TABLE_RULE.match(line) and "|" in line:
            line_of = "table" if open_lines else ""
            yield from close()
            table, before = True, "table"
        elif RULE.match(line):
            yield from close()
            yield TextBlock(ASTERISKS)
            before = ""
        elif not line.strip() or DEFINITION.match(line):
            yield from close()
            table = False
        elif table:
            yield from close()
            line_of = "table"
            open_lines.append(_row(line))
        else:
            line = QUOTE.sub("", line)
            if item := ITEM.match(line):
                yield from close()
                line_of = "list"
                line = f"{item['number'] or ''} {line[item.end() :]}"
            broken = HARD_BREAK.search(line)
            open_lines.append(line.strip().removesuffix("\\") + LINE if broken else _row(line))
    yield from close()


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
