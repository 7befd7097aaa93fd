"""Unicode characters: one form for each kind of quote, dash and space; Latin letters without their accents."""

import re
import unicodedata
from functools import lru_cache

# Invisible code points and those that only change how their neighbours are drawn. They are removed without a notice.
INVISIBLE = dict.fromkeys(
    [0x00AD, 0x061C, 0x180E, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)]
    + [*range(0xFE00, 0xFE10), *range(0xE0000, 0xE0200)]
)
SAME = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′´`ʼʻ＇", "'"),
        **dict.fromkeys("“”„‟″«»‹›＂", '"'),
        **dict.fromkeys("‐‑﹣－", "-"),
        **dict.fromkeys("‒–", "–"),
        **dict.fromkeys("—―⸺⸻", "—"),
        **dict.fromkeys("−", "−"),
        **dict.fromkeys("⁄∕", "/"),
        "…": "...",
        "℅": "c/o",
        "№": "No. ",
        "¡": "",
        "¿": "",
    }
)
CHANGED = {**INVISIBLE, **SAME}
SPECIAL = re.compile("[`\x80-\U0010ffff]+")  # none of CHANGED is outside
SURROGATE = re.compile("[\ud800-\udfff]")
# Letters that Unicode does not decompose into a plain letter and an accent.
LATIN = str.maketrans(
    {
        **{"æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ß": "ss", "ẞ": "SS", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"},
        **{"đ": "d", "Đ": "D", "þ": "th", "Þ": "Th", "ð": "th", "Ð": "Th", "ı": "i", "ħ": "h", "Ħ": "H", "ŋ": "ng"},
    }
)
COMBINING = re.compile(r"[\u0300-\u036f]+")


def tidy(text: str) -> str:
    """One character for each kind of quote and dash, nothing invisible, and U+FFFD for lone surrogates."""
    if text.isascii():
        return text.replace("`", "'")  # the only one of them that SAME changes
    if SURROGATE.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return unicodedata.normalize("NFC", SPECIAL.sub(lambda match: match[0].translate(CHANGED), text))


@lru_cache(maxsize=65536)
def plain(word: str) -> str:
    """A word without accents and ligatures (café: cafe). Letters of other scripts stay as they are."""
    if word.isascii():
        return word
    return COMBINING.sub("", unicodedata.normalize("NFKD", word.translate(LATIN)))
