"""What words are, for judging: one pinned normaliser and the edit distance. A change here changes every figure.

Reports carry the hash of this file, so figures that were made with another normaliser can be told apart.
"""

import re
import unicodedata
from collections.abc import Sequence

from inflect import engine

SPELT = {"mr": "mister", "mrs": "missus", "dr": "doctor", "st": "saint", "etc": "et cetera", "&": "and"}
NUMBER = re.compile(r"(\d[\d,]*)(st|nd|rd|th)?")
TOKEN = re.compile(r"&|[a-z]+(?:'[a-z]+)*")
PHONES = re.compile(r"(\{[^{}]*\})")  # a word in phones, {HH AH L OW}
INFLECT = engine()


def words(text: str) -> list[str]:
    """Lower case, numbers spelt, letters and inner apostrophes only; hyphens part words; phones stay as they are."""
    pieces = PHONES.split(text)
    return [word for piece in pieces for word in ([piece] if PHONES.fullmatch(piece) else _plain(piece))]


def symbols(words: Sequence[str]) -> list[str]:
    """Letters, or phones of a word in phones, with single spaces between words."""
    spelt = [word[1:-1].split() if word.startswith("{") else list(word) for word in words]
    return [symbol for word in spelt for symbol in (" ", *word)][1:]


def _plain(text: str) -> list[str]:
    text = unicodedata.normalize("NFKD", text.replace("\u2019", "'")).lower()
    text = "".join(character for character in text if not unicodedata.combining(character))
    tokens = TOKEN.findall(NUMBER.sub(_spell, text))
    return " ".join(SPELT.get(token, token) for token in tokens).split()


def _spell(match: re.Match) -> str:
    number = match[1].replace(",", "")
    return f" {INFLECT.number_to_words(number + (match[2] or ''))} "


def distance(reference: Sequence, hypothesis: Sequence) -> int:
    """Levenshtein distance: the fewest insertions, deletions and substitutions."""
    return table(reference, hypothesis)[-1][-1]


def table(reference: Sequence, hypothesis: Sequence) -> list[list[int]]:
    """Distances between all prefixes; row i, column j: the first i of the reference, the first j of the hypothesis."""
    rows = [list(range(len(hypothesis) + 1))]
    for i, expected in enumerate(reference, 1):
        above, row = rows[-1], [i]
        for j, heard in enumerate(hypothesis, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (expected != heard)))
        rows.append(row)
    return rows


def word_edits(reference: str, hypothesis: str) -> tuple[int, int]:
    """Word edits, and the words of the reference: WER is the ratio of their sums."""
    expected = words(reference)
    return distance(expected, words(hypothesis)), len(expected)


def character_edits(reference: str, hypothesis: str) -> tuple[int, int]:
    """Character (or phone) edits with single spaces between words, and those of the reference, for CER."""
    expected = symbols(words(reference))
    return distance(expected, symbols(words(hypothesis))), len(expected)
