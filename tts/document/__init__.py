"""Texts that people hand in to be read aloud, as chapters and paragraphs.

A new format is one module and one line in `FORMATS`.
"""

from pathlib import Path
from typing import BinaryIO

from tts.document import docx, epub, html, markdown, marks, pdf, rtf, scripts, ssml, subtitles, text
from tts.document.document import (
    ASTERISKS,
    CAPTION,
    CODE,
    DIRECTION,
    HEADING,
    ITEM,
    LEFT_OUT,
    LINE,
    MATTER,
    MAX_BYTES,
    NOTE,
    PAGE,
    PROSE,
    QUOTE,
    ROW,
    SCENE,
    VERSE,
    Chapter,
    Document,
    Paragraph,
    Span,
)

__all__ = [
    "ASTERISKS",
    "CAPTION",
    "CODE",
    "DIRECTION",
    "FORMATS",
    "HEADING",
    "ITEM",
    "LEFT_OUT",
    "LINE",
    "MATTER",
    "MAX_BYTES",
    "NOTE",
    "PAGE",
    "PROSE",
    "QUOTE",
    "REFUSED",
    "ROW",
    "SCENE",
    "VERSE",
    "Chapter",
    "Document",
    "Paragraph",
    "Span",
    "marked_up",
    "parse",
    "read",
]

# Bytes to a Document, by suffix; a suffix that stands neither here nor in REFUSED means plain text.
FORMATS = {
    ".epub": epub.parse,
    ".html": html.parse,
    ".htm": html.parse,
    ".xhtml": html.parse,
    ".md": markdown.parse,
    ".markdown": markdown.parse,
    ".srt": subtitles.parse,
    ".vtt": subtitles.parse,
    ".txt": text.parse,
    ".text": text.parse,
    ".jsonl": scripts.parse_json,
    ".fountain": scripts.parse_fountain,
    ".ssml": ssml.parse,
    ".docx": docx.parse,
    ".rtf": rtf.parse,
    ".pdf": pdf.parse,
}
PACKED = frozenset({".epub", ".docx"})  # read in parts, so that their pictures need no memory
# Formats in which people write for this program, so that marks such as [pause 1] are meant.
MARKED = frozenset(
    {".md", ".markdown", ".txt", ".text", ".html", ".htm", ".xhtml", ".jsonl", ".fountain", ".docx", ".rtf"}
)
SAVE = "save it as EPUB or plain text"
DATA = "write what is to be said into a text file"
# Kinds that would be read aloud with their marks, and what to do instead.
REFUSED = {
    ".doc": SAVE,
    ".odt": SAVE,
    ".pages": SAVE,
    ".mobi": SAVE,
    ".azw3": SAVE,
    ".fb2": SAVE,
    ".rst": SAVE,
    ".tex": SAVE,
    ".ass": "save it as .srt",
    ".ssa": "save it as .srt",
    ".csv": DATA,
    ".tsv": DATA,
    ".json": DATA,
    ".xml": DATA,
    ".yaml": DATA,
    ".log": DATA,
}
MAX_PACKED = 2**30  # bytes of a packed file, most of which are pictures


def read(path: Path) -> Document:
    """A file as a document. Raises ValueError with the path, what is wrong and what to do about it."""
    suffix = path.suffix.lower()
    if suffix in REFUSED:
        raise ValueError(f"cannot read {str(path)!r}: {suffix} files are not read aloud: {REFUSED[suffix]}")
    if path.is_dir():
        raise ValueError(f"{str(path)!r} is a folder: give a file in it")
    if not path.exists():  # a pipe is read, too
        raise ValueError(f"no such file: {str(path)!r}")
    with open(path, "rb") as file:
        packed = suffix in PACKED and path.is_file()
        limit = MAX_PACKED if packed else MAX_BYTES
        data = file if packed else file.read(limit + 1)
        if (path.stat().st_size if packed else len(data)) > limit:
            raise ValueError(f"{str(path)!r} is larger than {limit >> 20} MB: split it")
        try:
            return parse(data, suffix)
        except ValueError as error:
            raise ValueError(f"cannot read {str(path)!r}: {error}") from None


def parse(data: bytes | BinaryIO, suffix: str = "") -> Document:
    """What a file with this suffix holds, as a document; with its speakers, and its marks as spans.

    A text that begins with <speak> is SSML, whatever it is called. Raises ValueError.
    """
    if isinstance(data, bytes) and FORMATS.get(suffix, text.parse) is text.parse and ssml.START.match(data[:2000]):
        return ssml.parse(data)
    found = FORMATS.get(suffix, text.parse)(data)
    if suffix not in (".srt", ".vtt", ".jsonl", ".fountain", ".ssml"):
        found = scripts.with_speakers(found)
    return marks.marked(found) if suffix in MARKED or suffix not in FORMATS else found


def has_marks(words: str) -> bool:
    """Whether a few words are SSML, or hold marks such as [pause 1]."""
    return bool(ssml.START.match(words[:2000].encode("utf-8", "replace")) or marks.MARK.search(words))


def marked_up(words: str) -> Document | None:
    """A few words that are no book as a document, if they are SSML or hold marks such as [pause 1]; else None.

    Raises ValueError that names the line and the element or the mark that cannot be followed.
    """
    if ssml.START.match(words[:2000].encode("utf-8", "replace")):
        return ssml.read(words)
    if not marks.MARK.search(words):
        return None
    return marks.marked(Document(chapters=[Chapter("", text.paragraphs(words))]))
