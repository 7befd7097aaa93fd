"""Rich text (.rtf), by striprtf."""

import re

from tts.document import text
from tts.document.document import Document, commas

MAX_RTF = 20 * 2**20  # bytes; pictures are written in them as text
UNSEEN = re.compile(rb"\{\\(?:v|deleted)(?=[\\ \r\n])[^{}]*\}")  # hidden text, and what was deleted
LEVEL = re.compile(rb"\\outlinelevel([0-8])(?!\d)")  # of a heading
HEADS = 0xE000  # signs of no script that stand for the level of a heading until the marks are gone
HEADED = re.compile(f"^[\\s{chr(HEADS)}-{chr(HEADS + 8)}]*([{chr(HEADS)}-{chr(HEADS + 8)}])")
TOLD = re.compile(rb"\{\\(title|author) ([^{}\\]{1,200})\}")


def parse(data: bytes) -> Document:
    if not data.lstrip().startswith(b"{\\rtf"):
        raise ValueError("it is no rich text: save it again as .rtf or as plain text")
    try:
        from striprtf.striprtf import rtf_to_text
    except ImportError:
        raise ValueError("rich text needs a library: run with `uv run --group documents`") from None
    if len(data) > MAX_RTF:
        raise ValueError(f"it is larger than {MAX_RTF >> 20} MB: save it without its pictures")
    marked = LEVEL.sub(lambda found: b"\\u%d?" % (HEADS + int(found[1])), UNSEEN.sub(b"", data))
    try:
        said = rtf_to_text(marked.decode("latin-1"), errors="replace")
    except Exception as error:  # it does not say what it raises
        raise ValueError(f"no readable rich text: {error}") from None
    found = text.prose("\n\n".join(_line(line) for line in said.split("\n") if line.strip()))
    told = {name.decode(): value.decode("latin-1").strip() for name, value in TOLD.findall(data)}
    found.title, found.author = told.get("title", found.title), told.get("author", found.author)
    return found


def _line(line: str) -> str:
    """A row of a table with commas between its cells, and a heading with the signs that Markdown has for it."""
    if level := HEADED.match(line):
        return f"{'#' * min(6, ord(level[1]) - HEADS + 1)} {line[level.end() :].strip()}"
    if line.rstrip().endswith("|"):
        return commas([cell for part in line.split("|") if (cell := part.strip())])
    return line
