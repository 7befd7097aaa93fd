"""Learns what words follow each other: `python -m tts.transcription.learning FILE... -o english.arpa.gz`.

A file is a book or text that `tts.document` reads, or a table (.tsv, .csv) with a column `text` or `en`. Pairs get
absolute discounting (Ney, Essen and Kneser 1994).
"""

import argparse
import csv
import gzip
import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from tts import document
from tts.cli import Parser, exit_code, run_as_program
from tts.files import whole
from tts.text.language import CODES, Language, language

DISCOUNT = 0.6  # of each pair
UNSEEN = 0.1  # times that a word counts which no text has
BEGIN, END, UNKNOWN = "<s>", "</s>", "<unk>"


def main(argv: list[str] | None = None) -> int:
    return exit_code("learning", lambda: run(sys.argv[1:] if argv is None else argv))


def run(argv: list[str]) -> None:
    parser = Parser(prog="python -m tts.transcription.learning", description=__doc__.partition("\n\n")[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--without", nargs="*", default=[], type=Path, metavar="FILE", help="tables of texts to leave out"
    )
    parser.add_argument("--language", default="en", choices=CODES, help="of the texts (en)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.arpa.gz")
    asked: argparse.Namespace = parser.parse_args(argv)
    own = language(CODES[asked.language])
    kept = {tuple(words) for path in asked.without for words in sentences(path, own)}
    texts = [words for path in asked.files for words in sentences(path, own) if tuple(words) not in kept]
    with whole(asked.output) as file:
        file.write(gzip.compress(arpa(texts, own).encode(), 9, mtime=0))
    print(f"{asked.output}: {sum(map(len, texts))} words of {len(texts)} sentences")


def sentences(path: Path, own: Language) -> Iterator[list[str]]:
    """Sentences as their words, in small letters."""
    for text in _texts(path, own.code):
        for sentence in own.split(text, 1000):
            said = own.normalise(sentence.text).text.lower()
            if words := [word.strip("'") for word in _words(said) if word.strip("'")]:
                yield words


def _texts(path: Path, code: str) -> Iterable[str]:
    if path.suffix not in (".csv", ".tsv"):
        return document.read(path).text.split("\n\n")
    with open(path, encoding="utf-8", newline="") as file:
        head = file.readline().rstrip("\n")
        mark = next(mark for mark in "\t|," if mark in head)
        place = next(number for number, name in enumerate(head.split(mark)) if name.split()[:1] in (["text"], [code]))
        return [row[place] for row in csv.reader(file, delimiter=mark, quoting=csv.QUOTE_NONE)]


def _words(said: str) -> list[str]:
    return "".join(letter if letter.isalpha() or letter == "'" else " " for letter in said).split()


def arpa(texts: Sequence[Sequence[str]], own: Language) -> str:
    """Probabilities of words and of pairs, of words that the language's lexicon knows, in ARPA's format."""
    lexicon = own.lexicon
    single = Counter(word for words in texts for word in words if word in lexicon)
    pairs = Counter(
        pair
        for words in texts
        for pair in pairwise((BEGIN, *words, END))
        if all(word in single or word in (BEGIN, END) for word in pair)
    )
    begun, kinds = Counter(), Counter()
    for (first, _), count in pairs.items():
        begun[first] += count
        kinds[first] += 1
    total = sum(single.values()) + len(texts) + UNSEEN
    alone = {word: count / total for word, count in single.items()} | {END: len(texts) / total}
    back = {word: DISCOUNT * kinds[word] / begun[word] for word in begun}
    lines = ["\\data\\", f"ngram 1={len(single) + 3}", f"ngram 2={len(pairs)}", "", "\\1-grams:"]
    lines += [f"{math.log10(UNSEEN / total):.3f}\t{UNKNOWN}", f"-99\t{BEGIN}\t{math.log10(back[BEGIN]):.3f}"]
    for word in [END, *sorted(single)]:
        lines.append(f"{math.log10(alone[word]):.3f}\t{word}\t{math.log10(back.get(word, 1.0)):.3f}")
    lines += ["", "\\2-grams:"]
    for (first, word), count in sorted(pairs.items()):
        likely = (count - DISCOUNT) / begun[first] + back[first] * alone[word]
        lines.append(f"{math.log10(likely):.3f}\t{first} {word}")
    return "\n".join([*lines, "", "\\end\\", ""])


if __name__ == "__main__":
    run_as_program(main)
