"""Tables of texts with their translations: a column for each language, named by its code in the first line."""

import csv
from collections.abc import Iterator
from pathlib import Path

from tts.text.language import CODES, code_of

SEVERAL = "|"  # between several texts of one cell


def read_pairs(path: Path) -> Iterator[dict[str, list[str]]]:
    """What each line of a table (.tsv) says in each language, by code. Raises ValueError that names the line."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        codes = [code_of(name.split()[0]) if name.strip() else None for name in next(rows, [])]
        if len(codes) < 2 or None in codes or len(set(codes)) < len(codes):
            raise ValueError(f"{path}: its first line must name two languages or more of {', '.join(CODES)}, with tabs")
        for number, row in enumerate(rows, 2):
            if len(row) != len(codes) or not all(cell.strip() for cell in row):
                raise ValueError(f"{path}, line {number}: a line has a text in each of {', '.join(codes)}, with tabs")
            cells = zip(codes, row, strict=True)
            yield {code: [text.strip() for text in cell.split(SEVERAL) if text.strip()] for code, cell in cells}
