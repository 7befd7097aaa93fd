"""Trains the model that reads words which a dictionary lacks, for any language that gives a `Dictionary`.

Two parts of the dictionary are held out: words at random, as the literature does, whose inflected forms may be among
the words of the training; and whole families of words (abbreviate, abbreviated, abbreviating), which nothing of the
training resembles so closely.
"""

import argparse
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tts.cli import Parser, UsageError
from tts.files import whole
from tts.text.g2p import HISTORY, NEVER, ORDER, REACH, Reader
from tts.text.learning.align_g2p import align
from tts.text.learning.ngram_g2p import estimate, packed
from tts.text.lexicon import Pronunciations

WIDTH, BLOCKS = 192, 4
POSITIONS = 1024  # letters in a batch
RATE, WARM_UP, LOWEST = 2e-3, 300, 0.01  # learning rate, its first steps, and its last share
FORGET = 0.08  # share of the labels before a letter that training hides, because in use some of them are wrong
RAREST = 8  # words; a label that fewer words have is an error of the alignment or the dictionary
RAREST_PAIR = 3  # words; the same for a letter with its label
HELD_OUT, TUNING, FAMILIES = 5500, 1000, 5000  # words


def bare(phones: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Phones without stress."""
    return tuple(phone.rstrip("012") for phone in phones)


@dataclass(frozen=True, kw_only=True)
class Dictionary:
    """What the model of a language learns from."""

    alphabet: str  # letters; the first stands for padding
    words: dict[str, Pronunciations]
    stems: Callable[[str], Iterable[str]]  # spellings of the words from which a word may be derived
    longest: int  # letters of a word of the training


def families(dictionary: Dictionary) -> list[list[str]]:
    """Words with the same stem, as far as spelling shows it."""
    parent = {word: word for word in dictionary.words}

    def root(word: str) -> str:
        while parent[word] != word:
            parent[word] = parent[parent[word]]
            word = parent[word]
        return word

    for word in dictionary.words:
        for stem in dictionary.stems(word):
            if stem in parent:
                parent[root(word)] = root(stem)
    found = defaultdict(list)
    for word in dictionary.words:
        found[root(word)].append(word)
    return [found[name] for name in sorted(found)]


@dataclass(frozen=True, kw_only=True)
class Split:
    """Which words are for what; lists of distinct words. Only `training` may hold apostrophes."""

    training: list[str]
    tuning: list[str]  # on which settings are chosen
    held_out: list[str]  # words at random
    held_out_families: list[str]


def split(dictionary: Dictionary) -> Split:
    """The same split every time."""
    rng = random.Random(20260)
    groups = families(dictionary)
    rng.shuffle(groups)
    strict: set[str] = set()
    for group in groups:
        if len(strict) > FAMILIES:
            break
        strict |= set(group)
    rest = [word for word in sorted(dictionary.words) if word not in strict]
    rng.shuffle(rest)
    held_out, tuning, training = rest[:HELD_OUT], rest[HELD_OUT : HELD_OUT + TUNING], rest[HELD_OUT + TUNING :]
    return Split(
        training=sorted(training),
        tuning=sorted(filter(str.isalpha, tuning)),
        held_out=sorted(filter(str.isalpha, held_out)),
        held_out_families=sorted(filter(str.isalpha, strict)),
    )


@dataclass(frozen=True, kw_only=True)
class AlignedWords:
    """What the net learns: words, and the number of the label of each of their letters."""

    alphabet: str
    labels: list[str]
    words: list[list[int]]
    targets: list[list[int]]


def samples(dictionary: Dictionary, words: list[str]) -> AlignedWords:
    """Every pronunciation of these words, aligned with their letters."""
    stressed = {}
    for word in words:
        for phones in dictionary.words[word] if len(word) <= dictionary.longest else ():
            stressed.setdefault((word, bare(phones)), tuple(phones))
    cuts = align(list(stressed), dictionary.alphabet)
    found = []
    for (word, _), phones, cut in zip(stressed, stressed.values(), cuts, strict=True):
        if cut is not None:
            ends = np.cumsum([len(chunk) for chunk in cut])
            found.append((word, [" ".join(phones[end - len(c) : end]) for c, end in zip(cut, ends, strict=True)]))
    counts = Counter(" ".join(bare(label.split())) for _, labels in found for label in labels)
    found = [(w, said) for w, said in found if min(counts[" ".join(bare(label.split()))] for label in said) >= RAREST]
    labels = ["", *sorted({label for _, said in found for label in said}, key=str.split)]
    numbers = {label: number for number, label in enumerate(labels[1:], 1)}
    return AlignedWords(
        alphabet=dictionary.alphabet,
        labels=labels,
        words=[[dictionary.alphabet.index(letter) for letter in word] for word, _ in found],
        targets=[[numbers[label] for label in said] for _, said in found],
    )


class Net(nn.Module):
    """What `tts.text.g2p.Reader` computes, to be trained."""

    def __init__(self, alphabet: int, labels: int):
        super().__init__()
        self.letters = nn.Conv1d(alphabet, WIDTH, 2 * REACH + 1, padding=REACH)
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(BLOCKS))
        self.convs = nn.ModuleList(nn.Linear(3 * WIDTH, WIDTH) for _ in range(BLOCKS))
        self.points = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(BLOCKS))
        self.norm = nn.LayerNorm(WIDTH)
        self.encoded = nn.Linear(WIDTH, WIDTH)
        self.history = nn.Parameter(torch.randn(HISTORY, labels, WIDTH) * 0.05)  # the newest label first
        self.middle = nn.Linear(WIDTH, WIDTH)
        self.last = nn.LayerNorm(WIDTH)
        self.out = nn.Linear(WIDTH, labels)
        for point in self.points:
            nn.init.zeros_(point.weight)

    def forward(self, letters: Tensor, labels: Tensor) -> Tensor:
        """Scores (B, S, labels) of each letter's label, given the letters (B, S) and the labels before it."""
        hidden = self.letters(F.one_hot(letters, self.letters.in_channels).float().mT).mT
        for norm, conv, point in zip(self.norms, self.convs, self.points, strict=True):
            padded = F.pad(norm(hidden), (0, 0, 1, 1))
            near = torch.cat([padded[:, :-2], padded[:, 1:-1], padded[:, 2:]], -1)
            hidden = hidden + point(F.relu(conv(near)))
        if self.training:
            labels = torch.where(torch.rand(labels.shape) < FORGET, 0, labels)
        before = F.pad(labels, (HISTORY, 0))
        size = labels.shape[1]
        seen = sum(self.history[k][before[:, HISTORY - 1 - k :][:, :size]] for k in range(HISTORY))
        hidden = F.relu(self.encoded(self.norm(hidden)) + seen)
        return self.out(self.last(hidden + F.relu(self.middle(hidden))))


def ngram(data: AlignedWords) -> dict[str, np.ndarray]:
    """The n-gram of letters with their labels, stress aside, and the number of each pair, as `Reader` takes them."""
    sounds = [" ".join(bare(label.split())) for label in data.labels]
    words = [
        [(letter, sounds[label]) for letter, label in zip(word, said, strict=True)]
        for word, said in zip(data.words, data.targets, strict=True)
    ]
    counts = Counter(pair for word in words for pair in word)
    pairs = sorted(pair for pair, count in counts.items() if count >= RAREST_PAIR)
    numbers = {pair: number for number, pair in enumerate(pairs, 1)}
    sequences = [[0, *(numbers[pair] for pair in word), 0] for word in words if all(pair in numbers for pair in word)]
    table = [[numbers.get((letter, sound), NEVER) for sound in sounds] for letter in range(len(data.alphabet))]
    return {"graphones": np.array(table, np.uint8), **packed(*estimate(sequences, ORDER))}


def export(net: Net, labels: list[str], arrays: dict[str, np.ndarray], path: Path) -> None:
    """The net in half precision and the n-gram, as `Reader` takes them."""
    weights = {name: value.half().numpy() for name, value in net.state_dict().items()}
    weights["letters.weight"] = weights["letters.weight"].transpose(2, 1, 0)
    weights["letters.weight"][:, 0] = 0  # around a word the convolution sees zeros, and no padding is ever learned
    with whole(path) as file:
        np.savez_compressed(file, labels=np.array(labels), **weights, **arrays)


def batches(words: list[list[int]], rng: random.Random) -> Iterator[list[int]]:
    """Numbers of words of one length; every word once."""
    order = list(range(len(words)))
    rng.shuffle(order)
    by_length = defaultdict(list)
    for number in order:
        by_length[len(words[number])].append(number)
    found = []
    for length, numbers in by_length.items():
        size = max(1, POSITIONS // length)
        found += [numbers[start : start + size] for start in range(0, len(numbers), size)]
    rng.shuffle(found)
    yield from found


def train(data: AlignedWords, epochs: int, out: Path, after_epoch: Callable[[int], None]) -> None:
    """Fits a net and writes it after every epoch. A stopped training continues from the file `out` + `.checkpoint`."""
    arrays = ngram(data)
    torch.manual_seed(0)
    net = Net(len(data.alphabet), len(data.labels))
    matrices = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": 0.02}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.98))
    checkpoint, done = Path(f"{out}.checkpoint"), 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(state["net"])
        optimizer.load_state_dict(state["optimizer"])
        done = state["epochs"]
    for epoch in range(done, epochs):
        torch.manual_seed(epoch)
        turns = list(batches(data.words, random.Random(epoch)))
        for turn, batch in enumerate(turns):
            step = epoch * len(turns) + turn
            rate = RATE * min(1, (step + 1) / WARM_UP) * max(LOWEST, 1 - step / (epochs * len(turns)))
            for group in optimizer.param_groups:
                group["lr"] = rate
            letters = torch.tensor([data.words[number] for number in batch])
            labels = torch.tensor([data.targets[number] for number in batch])
            scores = net(letters, labels).flatten(0, 1)
            loss = F.cross_entropy(scores, labels.flatten(), label_smoothing=0.02, reduction="sum") / POSITIONS
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
        export(net, data.labels, arrays, out)
        with whole(checkpoint) as file:
            torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict(), "epochs": epoch + 1}, file)
        after_epoch(epoch + 1)
    checkpoint.unlink(missing_ok=True)


def edits(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """The fewest insertions, deletions and replacements that turn one into the other (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1]


def judge(guess: Callable[[str], list[str]], words: dict[str, Pronunciations]) -> dict[str, float]:
    """Error rates of words and phones, without and with stress; of a word's pronunciations the nearest counts.

    And milliseconds of processor time that the guess of a word takes.
    """
    begun = time.process_time()
    guesses = [guess(word) for word in words]
    figures = {"words": len(words), "ms a word": round((time.process_time() - begun) / len(words) * 1000, 2)}
    for kind, form in (("", bare), (" with stress", tuple)):
        wrong = faults = phones = 0
        for word, guessed in zip(words, guesses, strict=True):
            said = form(guessed)
            fewest, size = min((edits(said, form(right)), len(right)) for right in words[word])
            wrong, faults, phones = wrong + (fewest > 0), faults + fewest, phones + size
        figures[f"word error{kind}"] = round(wrong / len(words), 4)
        figures[f"phone error{kind}"] = round(faults / phones, 4)
    return figures


def command(program: str, read: Callable[[], Dictionary], arguments: list[str] | None) -> None:
    """The command line of a language: train, judge, or both."""
    parser = Parser(prog=program, description="Train the model that reads unknown words, or judge a trained one.")
    parser.add_argument("-o", "--out", type=Path, help="train, and write the weights to this file")
    parser.add_argument("--epochs", type=int, default=15, help="how often to go through the dictionary (15)")
    parser.add_argument("--judge", type=Path, metavar="FILE", help="measure these weights on held-out words")
    options: argparse.Namespace = parser.parse_args(arguments)
    if not (options.out or options.judge):
        raise UsageError(f"nothing to do: give --out or --judge; see {parser.prog} --help")
    dictionary = read()
    parts = split(dictionary)

    def judged(weights: Path, words: list[str]) -> str:
        reader = Reader(weights, dictionary.alphabet)
        return json.dumps(judge(reader.phones, {word: dictionary.words[word] for word in words}))

    if options.out:

        def report(epoch: int) -> None:
            print(f"epoch {epoch}:", judged(options.out, parts.tuning), flush=True)

        train(samples(dictionary, parts.training), options.epochs, options.out, report)
    if options.judge:
        print("held-out words:", judged(options.judge, parts.held_out))
        print("held-out families:", judged(options.judge, parts.held_out_families))
