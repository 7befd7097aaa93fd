"""Which language a text is in, by its letters in threes (Dunning 1994, Statistical identification of language).

`trigrams.tsv` has how likely each is in each language, as `learning/train_detection.py` counts them.
"""

import re
from collections import Counter
from functools import lru_cache
from pathlib import Path

from tts.text.language import CODES, named

FILE = Path(__file__).with_name("trigrams.tsv")
STEP = 0.1  # nats by which the file's logarithms are rounded
SURE = 3.0  # nats by which a language must be likelier than the next
READ = 4000  # characters of each sample of a long text
SAMPLES = 5
NOT_WORDS = re.compile(r"\{[^{}]{0,200}\}|<[^<>]{0,300}>|\S{0,60}[@/\\_]\S{0,60}|[^\W\d_]*[0-9]\w*")
LETTERS = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=1)
def _table() -> tuple[list[str], dict[str, list[float]]]:
    """The languages, and the log-probability of each trigram in each of them; "" is a trigram that the file lacks."""
    head, *lines = FILE.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    return head.split("\t")[1:], {row[0]: [-STEP * int(value) for value in row[1:]] for row in rows}


def trigrams(text: str) -> Counter[str]:
    """The letters of words in threes, a space at both ends of a word."""
    found: Counter[str] = Counter()
    for word in LETTERS.findall(NOT_WORDS.sub(" ", text).lower()):
        padded = f" {word} "
        found.update(padded[place : place + 3] for place in range(len(padded) - 2))
    return found


def scores(text: str) -> dict[str, float]:
    """The log-likelihood of a text in each language, by name."""
    languages, table = _table()
    total = [0.0] * len(languages)
    for trigram, count in trigrams(_sampled(text)).items():
        for place, value in enumerate(table.get(trigram, table[""])):
            total[place] += count * value
    return dict(zip(languages, total, strict=True))


def _sampled(text: str) -> str:
    """A few parts of a long text."""
    if len(text) <= READ * SAMPLES:
        return text
    return "\n".join(text[len(text) * n // SAMPLES :][:READ] for n in range(SAMPLES))


def detect(text: str, default: str) -> str:
    """The name of a text's language; `default` if its letters leave a doubt."""
    ranked = sorted(scores(text).items(), key=lambda item: -item[1])
    (best, likely), (_, less) = ranked[:2]
    return best if likely - less >= SURE else default


def language_of(text: str, *, asked: str, told: str, default: str) -> str:
    """The name of the language in which a text is read.

    `asked` is a code or auto: then what the document itself has `told` (BCP 47) decides, or else its letters. A
    document in a language that we lack is read in the `default` one.
    """
    if asked != "auto":
        if not (name := named(asked)):
            raise ValueError(f"language is {asked!r}; it must be auto, {', '.join(CODES)}")
        return name
    return (named(told) or default) if told.strip() else detect(text, default)
