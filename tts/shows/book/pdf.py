"""The picture book on paper: a cover, a page for each leaf, and a QR code that leads to the book that reads aloud.

By fpdf2 and segno; letters are DejaVu Serif, which matplotlib carries, so that translations have theirs.
"""

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from tts.files import whole
from tts.shows.book.leaves import Leaf

PAGE = (210.0, 210.0)  # mm, a square book
PICTURE = 0.64  # of the height of a page at most
MARGIN = 14.0  # mm
LETTERS = (17.0, 8.5)  # points: the largest and the smallest of the text
SPACING = 1.42  # of lines, in letters
CODE = 62.0  # mm of the QR code's side
QUIET = 4  # modules around it
INK, DIM, PAPER = (34, 32, 28), (120, 112, 98), (251, 250, 247)
POINT = 25.4 / 72  # mm
MADE = datetime(2000, 1, 1, tzinfo=timezone.utc)  # so that equal books give equal bytes


def write_pdf(
    path: Path,
    *,
    title: str,
    description: str,
    author: str,
    language: str,
    cover: Path | None,
    leaves: Sequence[Leaf],
    address: str,
    credits: Sequence[str],
) -> None:
    """Write the book; `address` is where the page that reads aloud will be found, which the QR code says."""
    import fpdf

    pdf = fpdf.FPDF(unit="mm", format=PAGE)
    pdf.set_auto_page_break(False)
    pdf.set_margin(MARGIN)
    for style, name in (("", "DejaVuSerif.ttf"), ("B", "DejaVuSerif-Bold.ttf"), ("I", "DejaVuSerif-Italic.ttf")):
        pdf.add_font("serif", style, _fonts() / name)
    pdf.set_title(title)
    pdf.set_author(author or "Triforce")
    pdf.set_subject(description)
    pdf.set_lang(language)
    pdf.set_creator("Triforce")
    pdf.set_creation_date(MADE)
    _cover(pdf, cover or leaves[0].picture, title, author, named=cover is not None)
    for number, leaf in enumerate(leaves, 1):
        _leaf(pdf, leaf, number)
    _end(pdf, title, address, credits)
    with whole(path) as file:
        file.write(bytes(pdf.output()))


def _fonts() -> Path:
    from matplotlib import get_data_path

    return Path(get_data_path()) / "fonts" / "ttf"


def _page(pdf) -> None:
    pdf.add_page()
    pdf.set_fill_color(*PAPER)
    pdf.rect(0, 0, *PAGE, style="F")
    pdf.set_text_color(*INK)


def _cover(pdf, picture: Path, title: str, author: str, *, named: bool) -> None:
    """A picture over the whole page, with the title unless the picture has it (`named`)."""
    _page(pdf)
    width, height = _size(picture)
    scale = max(PAGE[0] / width, PAGE[1] / height)
    with pdf.rect_clip(0, 0, *PAGE):
        pdf.image(
            picture, (PAGE[0] - width * scale) / 2, (PAGE[1] - height * scale) / 2, width * scale, height * scale,
            alt_text=title,
        )  # fmt: skip
    if named:
        return
    pdf.set_fill_color(*PAPER)
    with pdf.local_context(fill_opacity=0.88):
        pdf.rect(0, PAGE[1] * 0.74, PAGE[0], PAGE[1] * 0.18, style="F")
    pdf.set_font("serif", "B", 26)
    while pdf.get_string_width(title) > PAGE[0] - 2 * MARGIN and pdf.font_size_pt > 12:
        pdf.set_font_size(pdf.font_size_pt - 1)
    pdf.set_xy(MARGIN, PAGE[1] * 0.765)
    pdf.cell(PAGE[0] - 2 * MARGIN, 14, title, align="C")
    pdf.set_font("serif", "I", 12)
    pdf.set_xy(MARGIN, PAGE[1] * 0.765 + 16)
    pdf.cell(PAGE[0] - 2 * MARGIN, 8, author, align="C")


def _leaf(pdf, leaf: Leaf, number: int) -> None:
    """A picture, and under it the text in the largest letters that fit."""
    _page(pdf)
    width, height = _size(leaf.picture)
    high = min(PAGE[1] * PICTURE, PAGE[0] * height / width)
    wide = high * width / height
    pdf.image(leaf.picture, (PAGE[0] - wide) / 2, 0, wide, high, alt_text=leaf.description)
    top, bottom = high + 6, PAGE[1] - 14
    letters = LETTERS[0]
    while letters > LETTERS[1] and _height(pdf, leaf, letters) > bottom - top:
        letters -= 0.5
    free = max(0.0, bottom - top - _height(pdf, leaf, letters))
    pdf.set_y(top + free * 0.35)
    for style, text, share in _blocks(leaf):
        pdf.set_font("serif", style, letters * share)
        pdf.set_text_color(*(DIM if style == "I" else INK))
        pdf.set_x(MARGIN)
        pdf.multi_cell(PAGE[0] - 2 * MARGIN, letters * share * SPACING * POINT, text, align="L", new_y="NEXT")
        pdf.ln(letters * 0.35 * POINT)
    pdf.set_font("serif", "", 8)
    pdf.set_text_color(*DIM)
    pdf.set_xy(0, PAGE[1] - 10)
    pdf.cell(PAGE[0], 5, str(number), align="C")


def _blocks(leaf: Leaf) -> list[tuple[str, str, float]]:
    """Style, text, and share of the size of letters."""
    title = [("B", leaf.title, 1.12)] if leaf.title else []
    translated = [("I", leaf.translation, 0.84)] if leaf.translation else []
    return [*title, *(("", text, 1.0) for text in leaf.text), *translated]


def _height(pdf, leaf: Leaf, letters: float) -> float:
    """How high the text of a leaf is in letters of that size, in mm."""
    total = 0.0
    for style, text, share in _blocks(leaf):
        pdf.set_font("serif", style, letters * share)
        lines = pdf.multi_cell(PAGE[0] - 2 * MARGIN, 1, text, align="L", dry_run=True, output="LINES")
        total += len(lines) * letters * share * SPACING * POINT + letters * 0.35 * POINT
    return total


def _end(pdf, title: str, address: str, credits: Sequence[str]) -> None:
    """The QR code, and whose work is in the book."""
    import segno

    _page(pdf)
    code = segno.make(address, error="m", micro=False)
    rows = [list(row) for row in code.matrix]
    module = CODE / (len(rows) + 2 * QUIET)
    left, top = (PAGE[0] - CODE) / 2, 34.0
    pdf.set_fill_color(255, 255, 255)
    pdf.rect(left, top, CODE, CODE, style="F")
    pdf.set_fill_color(0, 0, 0)
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            stop = x
            while stop < len(row) and row[stop]:
                stop += 1
            if stop > x:  # dark modules of a row in one piece, so that no printer leaves a gap
                pdf.rect(
                    left + (x + QUIET) * module, top + (y + QUIET) * module, (stop - x) * module, module * 1.01, "F"
                )
            x = stop + 1
    pdf.set_font("serif", "B", 13)
    pdf.set_xy(MARGIN, 20)
    pdf.cell(PAGE[0] - 2 * MARGIN, 8, "Listen to this book", align="C")
    pdf.set_font("serif", "", 8.5)
    pdf.set_xy(MARGIN, top + CODE + 4)
    pdf.multi_cell(PAGE[0] - 2 * MARGIN, 4.6, address, align="C", new_x="LMARGIN", new_y="NEXT")
    pdf.set_text_color(*DIM)
    pdf.set_font("serif", "", 7.5)
    pdf.set_xy(MARGIN, 126)
    for line in credits:
        pdf.set_x(MARGIN)
        pdf.multi_cell(PAGE[0] - 2 * MARGIN, 4.2, line, align="C", new_x="LMARGIN", new_y="NEXT")


def _size(path: Path) -> tuple[int, int]:
    from PIL import Image

    with Image.open(path) as image:
        return image.size
