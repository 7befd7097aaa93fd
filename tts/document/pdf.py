"""PDF files, by pypdfium2: the lines of their pages as paragraphs, without what every page repeats."""

import re
from collections import Counter

from tts.document import text
from tts.document.document import Document

MAX_PAGES = 5_000
EDGE = 2  # lines at the top and the bottom of a page that may be a header or a footer
REPEATED = 3  # pages on which a header stands at least
PAGE_NUMBER = re.compile(
    r"(?i)(?:page\s*)?[-–—|\[(]?\s*(?:\d{1,4}|[ivxlc]{1,7})\s*[-–—|\])]?(?:\s*(?:of|/)\s*\d{1,4})?"
)
HYPHENS = "-\u00ad\u2010\ufffe\x02"  # how pdfium gives the hyphen at the end of a line
ENDS = re.compile(r"[.!?…:;][\"'”’)\]]*$")


def parse(data: bytes) -> Document:
    if b"%PDF-" not in data[:1024]:
        raise ValueError("it is no PDF")
    try:
        import pypdfium2
    except ImportError:
        raise ValueError("a PDF needs a library: run with `uv run --group pdf`, or turn it into text first") from None
    try:
        with pypdfium2.PdfDocument(data) as pdf:
            told = pdf.get_metadata_dict(skip_empty=True)
            if len(pdf) > MAX_PAGES:
                raise ValueError(f"it has more than {MAX_PAGES:,} pages: split it")
            pages = [_page_lines(page) for page in pdf]
    except pypdfium2.PdfiumError as error:
        locked = "password" in str(error).lower()
        reason = "it needs a password: save it without one" if locked else f"no readable PDF: {error}"
        raise ValueError(reason) from None
    if not any(any(page) for page in pages):
        raise ValueError("it has no text, only pictures: make text of them first, e.g. with ocrmypdf")
    found = text.prose(joined(without_edges(pages)))
    found.title, found.author = told.get("Title", ""), told.get("Author", "")
    return found


def _page_lines(page: object) -> list[str]:
    words = page.get_textpage()
    try:
        return [line.strip() for line in words.get_text_bounded().replace("\r", "").split("\n")]
    finally:
        words.close()
        page.close()


def without_edges(pages: list[list[str]]) -> list[list[str]]:
    """Pages without page numbers, and without the lines that several pages begin or end with, numbers aside."""
    pages = [[line for line in page if line] for page in pages]
    counts = Counter(key for page in pages for key in {_key(line) for line in page[:EDGE] + page[-EDGE:]})
    bound = max(REPEATED, len(pages) // 10)
    return [
        [
            line
            for number, line in enumerate(page)
            if not (number < EDGE or number >= len(page) - EDGE)
            or not (PAGE_NUMBER.fullmatch(line) or counts[_key(line)] >= bound)
        ]
        for page in pages
    ]


def _key(line: str) -> str:
    return re.sub(r"\d+", "#", line).strip().casefold()


def joined(pages: list[list[str]]) -> str:
    """Lines as paragraphs: one ends at a line that is short, or that stops before one that begins with a capital."""
    lines = [line for page in pages for line in page]
    widths = sorted(len(line) for line in lines)
    wide = widths[int(0.8 * (len(widths) - 1))] if widths else 0
    out = ""
    before = ""
    for line in lines:
        if not before:
            out = line
        elif before[-1] in HYPHENS and line[:1].islower():
            out = out[:-1] + line
        else:
            # Justified prose fills its lines; a shorter one ends a paragraph, or is a heading.
            ended = len(before) < 0.75 * wide and (ENDS.search(before) or len(before) < 0.6 * wide)
            heads = text.NUMBERED.fullmatch(line) is not None
            out += ("\n\n" if (ended or heads) and not line[:1].islower() else " ") + line
        before = line
    return out.replace("\ufffe", "").replace("\x02", "")
