"""`python -m tts.text.english.learning.train_homographs TRAIN.tsv`: learn the weights of `homographs.py`.

TRAIN.tsv is a file of the Wikipedia homograph data (Gorman, Mazovetskiy, Nikolaev, LREC 2018; Apache-2.0), a labelled
sentence in each line: github.com/google-research-datasets/WikipediaHomographData. To them come the sentences of
`homographs.examples.txt`, which are our own: what books say oftener than Wikipedia, and words that it does not cover.
Other verbs of all these sentences teach the signs of past and present, by which "read" is judged.
"""

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tts.cli import Parser, exit_code, run_as_program
from tts.files import whole
from tts.text.english.homographs import (
    BESIDE,
    BUCKET_BITS,
    Homographs,
    Place,
    buckets,
    features,
    hashes,
    place_of,
    tokenise,
)
from tts.text.english.senses import Sense, read_senses

OUT = BESIDE / "homographs.npz"
STEPS = 100
FITS = 3  # with other features dropped in each; the mean of their weights depends less on chance
RATE = 0.05
DECAY = 5.0  # L2, against a loss that is a sum over examples
KEPT = 0.5  # the share of features seen in a step, so that none is relied on alone (Wager et al. 2013, arXiv 1307.1493)
OWN = 2  # how often each of our own sentences counts
LARGEST = 127  # of int8


# Verbs whose spelling shows their tense, as that of "read" does not: the base form, then the others.
VERBS = """write wrote written|see saw seen|take took taken|give gave given|know knew known|speak spoke spoken
sing sang sung|hear heard|tell told|teach taught|hold held|keep kept|begin began begun|buy bought
think thought|send sent|say said|get got|feel felt|bring brought|lose lost|draw drew drawn
eat ate eaten|sit sat|find found|make made|go went gone|become became|leave left|meet met|win won
build built|choose chose chosen|forget forgot|fall fell fallen|grow grew grown|throw threw thrown
drive drove driven|break broke broken|wear wore worn"""
TENSES = {
    verb[0]: [Sense(verb[0], ("base_form",), ""), *(Sense(form, ("past_form",), "") for form in verb[1:])]
    for verb in map(str.split, VERBS.replace("\n", "|").split("|"))
}


class LabelledWord(NamedTuple):
    """A homograph in a sentence, and the name of its sense."""

    word: str
    sense: str
    place: Place


def read_wikipedia(path: Path) -> Iterator[LabelledWord]:
    """Examples of a file of the Wikipedia homograph data. Its offsets count bytes."""
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            before = len(row["sentence"].encode()[: int(row["start"])].decode())
            starts, tokens = tokenise(row["sentence"])
            i = max(i for i, start in enumerate(starts) if start <= before)
            yield LabelledWord(row["homograph"], row["wordid"], place_of(tokens, i))


def read_own(path: Path, senses: dict[str, list[Sense]]) -> Iterator[LabelledWord]:
    """Examples of lines like `tear_nou: A tear fell. | She shed a tear.`; a sentence's first such word is meant."""
    words = {sense.name: word for word, known in senses.items() for sense in known}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, _, sentences = line.partition(": ")
        for sentence in sentences.split(" | "):
            _, tokens = tokenise(sentence)
            lower = [token.lower() for token in tokens]
            if name not in words or words[name] not in lower:
                raise ValueError(f"{path}: no {name!r} in {sentence!r}")
            yield LabelledWord(words[name], name, place_of(tokens, lower.index(words[name])))


def tenses(examples: list[LabelledWord]) -> Iterator[LabelledWord]:
    """Other verbs around the homographs, whose tense is known. They teach `read` the signs of tense."""
    verbs = {sense.name: verb for verb, forms in TENSES.items() for sense in forms}
    for example in examples:
        place = example.place
        tokens = [*reversed(place.left), place.word, *place.right]
        for i, token in enumerate(tokens):
            if token in verbs:
                yield LabelledWord(verbs[token], token, place_of(tokens, i))


class Problem:
    """All candidate senses of all examples as arrays. A segment is the features of one candidate for one kind."""

    def __init__(self, examples: list[LabelledWord], senses: dict[str, list[Sense]]):
        places: list[np.ndarray] = []
        rows: list[int] = []  # the candidate of each segment
        firsts: list[int] = []  # the first candidate of each example
        golds: list[int] = []
        count = 0
        for example in examples:
            found = hashes(features(example.place))
            candidates = senses[example.word]
            firsts.append(count)
            golds.append(count + [sense.name for sense in candidates].index(example.sense))
            for row, sense in enumerate(candidates, count):
                places += [*buckets(found, hashes(sense.kinds)[:, None])]
                rows += [row] * len(sense.kinds)
            count += len(candidates)
        self.lengths = np.array([len(place) for place in places])
        self.places = np.concatenate(places).astype(np.int32)
        self.segments = np.concatenate([[0], np.cumsum(self.lengths)[:-1]])
        self.rows, self.firsts, self.golds = np.array(rows), np.array(firsts), np.array(golds)
        self.example = np.repeat(np.arange(len(examples)), np.diff([*firsts, count]))

    def gradient(self, weights: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """Of the cross-entropy, summed over examples. `seen` scales each feature of each segment."""
        scores = np.add.reduceat(weights[self.places] * seen, self.segments)
        scores = np.bincount(self.rows, scores, len(self.example))
        grown = np.exp(scores - np.maximum.reduceat(scores, self.firsts)[self.example])
        error = grown / np.add.reduceat(grown, self.firsts)[self.example]
        error[self.golds] -= 1
        return np.bincount(self.places, np.repeat(error[self.rows], self.lengths) * seen, len(weights))


def fit(problem: Problem, seed: int) -> np.ndarray:
    """float32 weights, 2**BUCKET_BITS, of the least cross-entropy with L2 and dropout: Adam on all examples at once."""
    weights = np.zeros(1 << BUCKET_BITS, np.float32)
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    generator = np.random.default_rng(seed)
    for step in range(1, STEPS + 1):
        seen = (generator.random(len(problem.places), np.float32) < KEPT) / np.float32(KEPT)
        gradient = problem.gradient(weights, seen).astype(np.float32) + DECAY * weights
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.99 * square + 0.01 * gradient**2
        move = mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.99**step)) + 1e-6)
        weights -= RATE * (1.02 - step / STEPS) * move
    return weights


def quantised(weights: np.ndarray) -> np.ndarray:
    """int8 in proportion to the weights; only the order of scores matters, so no scale is kept."""
    return np.round(weights * (LARGEST / np.abs(weights).max())).astype(np.int8)


def report(examples: list[LabelledWord], tagger: Homographs) -> str:
    """The share of examples that are right, over all and as a mean over words."""
    right = defaultdict(list)
    for example in examples:
        right[example.word].append(tagger.sense(example.place, tagger.senses[example.word]).name == example.sense)
    micro = sum(map(sum, right.values())) / len(examples)
    macro = sum(sum(of) / len(of) for of in right.values()) / len(right)
    return f"{micro:.1%} of {len(examples)} examples right; {macro:.1%} as a mean over {len(right)} words"


def main(arguments: list[str] | None = None) -> None:
    parser = Parser(prog="python -m tts.text.english.learning.train_homographs", description=__doc__.splitlines()[0])
    parser.add_argument("train", type=Path, help="train.tsv of the Wikipedia homograph data")
    parser.add_argument("--own", type=Path, default=BESIDE / "homographs.examples.txt", help="our own sentences")
    parser.add_argument("--check", type=Path, help="eval.tsv of the same data, to report how much of it is right")
    parser.add_argument("--out", type=Path, default=OUT, help="where to write the weights")
    options: argparse.Namespace = parser.parse_args(arguments)
    senses = read_senses(BESIDE / "homographs.tsv")
    wikipedia, own = list(read_wikipedia(options.train)), list(read_own(options.own, senses))
    verbs = tenses([*wikipedia, *own])
    problem = Problem([*wikipedia, *own * OWN, *verbs], senses | TENSES)
    tagger = Homographs(senses, quantised(sum(fit(problem, seed) for seed in range(FITS))))
    with whole(options.out) as file:
        np.savez_compressed(file, weights=tagger.weights)
    if options.check:
        print(report(list(read_wikipedia(options.check)), tagger))


if __name__ == "__main__":
    run_as_program(lambda: exit_code("train_homographs", main))
