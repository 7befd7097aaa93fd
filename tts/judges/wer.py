"""Word and character error rates: a normaliser that says what the words of a text are, and the edit distance.

A change of either changes figures. Reports carry `VERSION`, so that figures made by different rules are never compared.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache, partial

from tts.text import language as languages

VERSION = "words and edits 1"  # count up with every change of a result; a test holds results and version together
SPELT = {"mr": "mister", "mrs": "missus", "dr": "doctor", "st": "saint", "etc": "et cetera", "&": "and"}
NUMBER = re.compile(r"(\d[\d,]*)(st|nd|rd|th)?")
TOKEN = re.compile(r"&|[a-z]+(?:'[a-z]+)*")
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
PHONES = re.compile(r"(\{[^{}]*\})")  # a word in phones, {HH AH L OW}


def normalised_words(text: str, language: str = "english") -> list[str]:
    """Words in lower case, numbers spelt, only letters and inner apostrophes kept.

    Hyphens part words. Phones in braces stay as they are. Other languages than English read numbers and abbreviations
    as for speaking.
    """
    plain = _plain if language == "english" else partial(_read, language=language)
    pieces = PHONES.split(text)
    return [word for piece in pieces for word in ([piece] if PHONES.fullmatch(piece) else plain(piece))]


def symbols(words: Sequence[str]) -> list[str]:
    """Letters, or phones of a word in phones, with single spaces between words."""
    spelt = [word[1:-1].split() if word.startswith("{") else list(word) for word in words]
    return [symbol for word in spelt for symbol in (" ", *word)][1:]


@cache
def _speller():
    """What spells numbers, imported only now: that takes a second or more."""
    from inflect import engine

    return engine()


def _plain(text: str) -> list[str]:
    text = unicodedata.normalize("NFKD", text.replace("\u2019", "'")).lower()
    text = "".join(character for character in text if not unicodedata.combining(character))
    tokens = TOKEN.findall(NUMBER.sub(_spell, text))
    return " ".join(SPELT.get(token, token) for token in tokens).split()


def _read(text: str, language: str) -> list[str]:
    said = languages.language(language).normalise(text).text
    return WORD.findall(unicodedata.normalize("NFC", said.replace("\u2019", "'")).lower())


def _spell(match: re.Match) -> str:
    number = match[1].replace(",", "")
    return f" {_speller().number_to_words(number + (match[2] or ''))} "


def edit_distance(reference: Sequence, hypothesis: Sequence) -> int:
    """Levenshtein distance: the fewest insertions, deletions and substitutions."""
    return edit_table(reference, hypothesis)[-1][-1]


def edit_table(reference: Sequence, hypothesis: Sequence) -> list[list[int]]:
    """Distances between all prefixes; row i, column j: the first i of the reference, the first j of the hypothesis."""
    rows = [list(range(len(hypothesis) + 1))]
    for i, expected in enumerate(reference, 1):
        above, row = rows[-1], [i]
        for j, heard in enumerate(hypothesis, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (expected != heard)))
        rows.append(row)
    return rows


def word_edits(reference: str, hypothesis: str, language: str = "english") -> tuple[int, int]:
    """Word edits, and the words of the reference: WER is the ratio of their sums."""
    expected = normalised_words(reference, language)
    return edit_distance(expected, normalised_words(hypothesis, language)), len(expected)


def character_edits(reference: str, hypothesis: str, language: str = "english") -> tuple[int, int]:
    """Character (or phone) edits with single spaces between words, and those of the reference, for CER."""
    expected = symbols(normalised_words(reference, language))
    return edit_distance(expected, symbols(normalised_words(hypothesis, language))), len(expected)
