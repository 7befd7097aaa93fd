"""The bytes of a text file as text, or what they are instead."""

import re

# What some programs save under any name, by its first bytes.
OTHER_KINDS = {
    b"%PDF-": "a PDF: its name must end in .pdf",
    b"{\\rtf": "rich text: its name must end in .rtf, or save it as plain text",
    b"PK\x03\x04": "a packed file: an EPUB must end in .epub; save anything else as plain text",
}
# Signs that say nothing: soft hyphens, joiners, marks of direction, control characters, and those that the readers
# use as marks of their own. The joiner of emoji (U+200D) stays.
NOTHING = [*range(9), *range(14, 28), *range(127, 160), 0xAD, 0x61C, 0x180E, 0x200B, 0x200C, 0x200E, 0x200F]
NOTHING += [
    *range(0xD800, 0xE000),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
    *range(0xE000, 0xE010),
]
UNSAID = dict.fromkeys(NOTHING) | dict.fromkeys([28, 29, 30, 31, 0x85, 0x2029], " ")
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", "01234567890123456789")
KANA = re.compile(r"[\u3040-\u30ff]")
MAX_LINES = 2_000_000  # War and Peace has 66,000; each may take a hundred bytes of memory
SAMPLE = 100_000  # bytes that show which encoding a file has


def decode(data: bytes) -> str:
    """UTF-8, or UTF-16 with its mark, or a ValueError that says what it is instead."""
    if data.count(b"\n") + data.count(b"\r") > MAX_LINES:
        raise ValueError(f"it has more than {MAX_LINES:,} lines: split it")
    for start, kind in OTHER_KINDS.items():
        if data.startswith(start):
            raise ValueError(f"it is {kind}")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # as Windows Notepad saves "Unicode"
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise ValueError(f"it is not whole UTF-16 (byte {error.start}): save it as plain UTF-8 text") from None
    if b"\0" in data:
        raise ValueError(_zeros(data[:SAMPLE]))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"it is not UTF-8 (byte {error.start}): convert it, e.g. with iconv -f {_guess(data[:SAMPLE])} -t utf-8"
        ) from None


def _zeros(sample: bytes) -> str:
    """What a file with zero bytes is: they are every other byte of English in UTF-16."""
    for name, zeros in (("utf-16le", sample[1::2]), ("utf-16be", sample[::2])):
        if len(zeros) > 1 and zeros.count(0) > 0.9 * len(zeros):
            return f"it is UTF-16 without its mark: convert it, e.g. with iconv -f {name} -t utf-8"
    return "it is no text file (it has zero bytes): save it as plain UTF-8 text"


def _guess(sample: bytes) -> str:
    """The encoding in which a text that is no UTF-8 probably is, as iconv calls it."""
    japanese = sample.decode("shift_jis", "ignore")
    if 20 * len(KANA.findall(japanese)) > len(japanese) and len(japanese) < 0.9 * len(sample):
        return "shift_jis"
    return "cp1252" if any(0x80 <= byte < 0xA0 for byte in sample) else "latin1"
