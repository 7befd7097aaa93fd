"""The check of what was spoken: finds words that were skipped, repeated, garbled or added.

The codec spells the sounds of its codes. A path goes through the sounds of the text in their order, with blanks between
them, as in a forced alignment (CTC: Graves et al. 2006). Between words the path may also jump, forward over words or
back to earlier ones, or wait while something else is heard. Jumping and waiting cost, so a fault is reported only if it
explains what was heard better by more than its cost. A sound that is spelled a little wrong is no fault.

The costs were set on codes of recordings of two readers, with an earlier codec. With the shipped codec,
`tts.evaluate hearing` on 41 validation sentences of both readers finds a fault in none of the whole sentences, in 95 %
of those with a word cut out, 78 % with a word said twice, 98 % with three words said twice, all with the last word cut
off, and 98 % with words of another sentence added. The check misses words of one or two sounds.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from jaxtyping import Float, Int

from tts.text.tokenizer import Tokenizer, untagged

FAULT = 11.0  # nats; the cost of a jump between words, and of beginning to wait
PASSING = 1.0  # nats; the cost of each step at which a sound is heard while waiting

WRITTEN = re.compile(r"\{[^{}]*\}|[^\W\d_]+(?:'[^\W\d_]+)*")
SAYS = {
    "skips": "skips {}",
    "stops": "stopped early before {}",
    "repeats": "repeats {}",
    "garbles": "garbles {}",
    "besides": "adds something before {}",
    "after": "ran on past its end",
}


@dataclass(frozen=True)
class Fault:
    """What is wrong with the words of a text from number `start` up to `stop`, counted from 0."""

    kind: str  # of `SAYS`
    start: int
    stop: int

    def describe(self, words: Sequence[str]) -> str:
        """The fault in a few words of English."""
        said = words[self.start : self.stop]
        return SAYS[self.kind].format("'" + " ".join(said if len(said) <= 4 else [*said[:2], "...", said[-1]]) + "'")


@dataclass(frozen=True)
class Verdict:
    """What is wrong with the codes of one sentence."""

    faults: list[str]
    loss: float  # nats, see `find_faults`; 0 if nobody listened

    @property
    def rank(self) -> tuple[int, float]:
        """The lowest is the best."""
        return len(self.faults), self.loss


def listen(spelling: Float[np.ndarray, "K V"], text: str, tokenizer: Tokenizer, *, whole: bool = True) -> Verdict:
    """Look for the words of a normalised text in what a codec spells of the codes (`Codec.spell`).

    If the codes are not whole but the beginning of more, the text may end anywhere. Phones that the codec does not
    know are looked for as those that come nearest to them.
    """
    tokenizer = tokenizer.within(spelling.shape[-1])
    words = group(tokenizer.encode(text), tokenizer.silent_ids)
    faults, loss = find_faults(spelling, words, tokenizer.letter_ids, whole=whole)
    names = name(text, words, tokenizer)
    return Verdict([fault.describe(names) for fault in faults], loss)


def group(ids: Sequence[int], silent_ids: Collection[int]) -> list[list[int]]:
    """The sounds of each word. Ids without a sound, such as spaces, part words."""
    return [list(own) for silent, own in groupby(ids, key=lambda id: id in silent_ids) if not silent]


def name(text: str, words: Sequence[Sequence[int]], tokenizer: Tokenizer) -> list[str]:
    """The words as the text writes them, or as the tokenizer spells them if it counts other words."""
    written = WRITTEN.findall(untagged(text))
    return written if len(written) == len(words) else [tokenizer.decode(list(word)) for word in words]


def find_faults(
    spelling: Float[np.ndarray, "K V"],
    words: Sequence[Sequence[int]],
    letter_ids: Collection[int],
    *,
    whole: bool = True,
) -> tuple[list[Fault], float]:
    """Look for words, given as their sounds, in log-probabilities of sounds, blank 0.

    Returns faults, and the nats by which the best path is less likely than whatever sounds best, costs of faults
    included. Nobody knows how a letter sounds, so it may sound like anything, at no more than the cost of waiting.
    Unless `whole`, the path may end at any sound.
    """
    if not words or not len(spelling):
        return [Fault("stops", 0, len(words))] if words else [], 0.0
    labels = np.array([0] + [label for word in words for sound in word for label in (sound, 0)])
    borders = np.cumsum([0] + [2 * len(word) for word in words])  # the blank before each word, and the last one
    passing = PASSING * (np.exp(spelling[:, :1]) - 1.0)
    emission = (spelling - spelling.max(1, keepdims=True))[:, labels]
    letters = np.isin(labels, list(letter_ids))
    emission[:, letters] = np.maximum(emission[:, letters], passing)
    path, loss = _search(emission, passing[:, 0], labels, borders, whole)
    return _faults(path, len(labels), borders, whole), loss


def _search(
    emission: Float[np.ndarray, "K S"],
    passing: Float[np.ndarray, " K"],
    labels: Int[np.ndarray, " S"],
    borders: Int[np.ndarray, " W"],
    whole: bool,
) -> tuple[Int[np.ndarray, " K"], float]:
    """The best path (Viterbi 1967) and what it loses. State S + b is waiting at border b."""
    size, ends = len(labels), len(borders)
    waits = size + np.arange(ends)
    hop = np.zeros(size, bool)  # past the blank between two sounds
    hop[3::2] = labels[3::2] != labels[1:-2:2]
    last = np.maximum(borders - 1, 0)  # the sound before each border
    back = np.empty((len(emission), size + ends), np.int32)
    said, waited = np.full(size, -np.inf), np.full(ends, -np.inf)
    leave, origin = np.full(ends, -np.inf), np.full(ends, -1)  # the best way to stand at each border, and its state
    leave[0] = 0.0
    stand, before = leave, origin  # the same without those that wait
    states = np.arange(size)
    for step, heard in enumerate(emission):
        come, own = said.copy(), states.copy()
        _improve(come, own, slice(1, None), said[:-1], states[:-1])
        _improve(come, own, slice(2, None), np.where(hop[2:], said[:-2], -np.inf), states[:-2])
        at = leave.argmax()
        jump = leave[at] - FAULT
        enter, source = np.where(leave >= jump, leave, jump), np.where(leave >= jump, origin, origin[at])
        _improve(come, own, borders, enter, source)
        _improve(come, own, borders[:-1] + 1, enter[:-1], source[:-1])
        back[step, :size] = own
        back[step, size:] = np.where(waited >= stand - FAULT, waits, before)
        waited = np.maximum(waited, stand - FAULT) + passing[step]
        said = come + heard
        spoken = said[last] > said[borders]
        stand, before = np.where(spoken, said[last], said[borders]), np.where(spoken, last, borders)
        leave, origin = np.where(waited > stand, waited, stand), np.where(waited > stand, waits, before)
    if whole:
        finish = leave - FAULT
        finish[-1] += FAULT
        state = origin[finish.argmax()]
    else:
        finish = np.concatenate((said, waited))
        state = finish.argmax()
    path = np.empty(len(emission), np.int64)
    for step in range(len(emission) - 1, -1, -1):
        path[step] = state
        state = back[step, state]
    return path, -float(finish.max())


def _improve(value: np.ndarray, source: np.ndarray, at: slice | np.ndarray, other: np.ndarray, of: np.ndarray) -> None:
    """Take the other value, and the state that it comes from, where it is larger."""
    better = other > value[at]
    value[at], source[at] = np.where(better, other, value[at]), np.where(better, of, source[at])


def _faults(path: Int[np.ndarray, " K"], size: int, borders: Int[np.ndarray, " W"], whole: bool) -> list[Fault]:
    """Waits and jumps on a path as faults. Words are garbled if the path jumps over them and waits there."""
    end = len(borders) - 1
    waits = dict.fromkeys((path[path >= size] - size).tolist())
    places = np.where(path < size, path, borders[np.maximum(path - size, 0)]).tolist()
    found = []
    for place, then in zip([0, *places], [*places, size - 1 if whole else places[-1]], strict=True):
        if 0 <= then - place <= 1 + then % 2:  # on, or past a blank from sound to sound
            continue
        here, there = int(np.searchsorted(borders, place)), int(np.searchsorted(borders, then, "right")) - 1
        if there < here:
            found.append(Fault("repeats", there, here))
        elif here in waits or there in waits:
            found.append(Fault("garbles", here, there))
            waits.pop(here, None)
            waits.pop(there, None)
        else:
            found.append(Fault("stops" if there == end else "skips", here, there))
    found += [Fault("besides", border, border + 1) for border in waits if border < end]
    return found + [Fault("after", end, end) for border in waits if border == end]
