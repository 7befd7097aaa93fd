"""Plain text: paragraphs apart by blank lines."""

import re

from tts.document.document import Chapter, Document, Paragraph

PARAGRAPHS = re.compile(r"\n[^\S\n]*\n\s*")
# What some programs save under any name, by its first bytes.
OTHER_KINDS = {
    b"%PDF-": "a PDF: turn it into text first, e.g. with pdftotext",
    b"{\\rtf": "rich text: save it as plain text or EPUB",
    b"PK\x03\x04": "a packed file: an EPUB must end in .epub; save anything else as plain text",
}


def decode(data: bytes) -> str:
    """UTF-8, or UTF-16 with its mark, or a ValueError that says what it is instead."""
    for start, kind in OTHER_KINDS.items():
        if data.startswith(start):
            raise ValueError(f"it is {kind}")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # as Windows Notepad saves "Unicode"
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise ValueError(f"it is not whole UTF-16 (byte {error.start}): save it as plain UTF-8 text") from None
    if b"\0" in data:
        raise ValueError("it is no text file (it has zero bytes): save it as plain UTF-8 text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"it is not UTF-8 (byte {error.start}): convert it, e.g. with iconv -f latin1 -t utf-8"
        ) from None


def parse(data: bytes) -> Document:
    """One chapter; lines inside a paragraph stay as they are."""
    lines = decode(data).replace("\r\n", "\n").replace("\r", "\n")
    paragraphs = [paragraph.strip() for paragraph in PARAGRAPHS.split(lines)]
    return Document(chapters=[Chapter(paragraphs=[Paragraph.of(paragraph) for paragraph in paragraphs if paragraph])])
