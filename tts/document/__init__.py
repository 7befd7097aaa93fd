"""Texts that people hand in to be read aloud, as chapters and paragraphs.

A new format is one module and one line in `FORMATS`.
"""

from pathlib import Path

from tts.document import epub, html, markdown, subtitles, text
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
}
SAVE = "save it as EPUB or plain text"
DATA = "write what is to be said into a text file"
# Kinds that would be read aloud with their marks, and what to do instead.
REFUSED = {
    ".rtf": SAVE,
    ".doc": SAVE,
    ".docx": SAVE,
    ".odt": SAVE,
    ".pages": SAVE,
    ".mobi": SAVE,
    ".azw3": SAVE,
    ".fb2": SAVE,
    ".rst": SAVE,
    ".tex": SAVE,
    ".pdf": "turn it into text first, e.g. with pdftotext",
    ".ass": "save it as .srt",
    ".ssa": "save it as .srt",
    ".csv": DATA,
    ".tsv": DATA,
    ".json": DATA,
    ".xml": DATA,
    ".yaml": DATA,
    ".log": DATA,
}


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
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"{str(path)!r} is larger than {MAX_BYTES >> 20} MB: split it")
    try:
        return FORMATS.get(suffix, text.parse)(data)
    except ValueError as error:
        raise ValueError(f"cannot read {str(path)!r}: {error}") from None
