"""Where sounds are heard in what a codec spells: forced alignment with blanks (CTC; Graves et al. 2006). No torch."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int


def aligned(spelling: Float[np.ndarray, "K V"], sounds: Sequence[int]) -> list[tuple[int, int]]:
    """Where each of these sounds starts and stops in a spelling, in its steps; none if it has no room for all.

    A spelling holds log-probabilities, those of blank 0 included.
    """
    repeats = sum(a == b for a, b in pairwise(sounds))
    if not sounds or len(sounds) + repeats > len(spelling):
        return []
    return runs(best_path(spelling, sounds))


def best_path(spelling: Float[np.ndarray, "K V"], sounds: Sequence[int]) -> Int[np.ndarray, " K"]:
    """The label of each step on the likeliest path through all sounds (Viterbi 1967)."""
    labels = np.zeros(2 * len(sounds) + 1, np.int64)  # a blank before each sound, and one after the last
    labels[1::2] = sounds
    hop = np.full(len(labels), -np.inf, np.float32)  # the cost of passing the blank between two sounds
    hop[3::2] = np.where(labels[3::2] != labels[1:-2:2], 0.0, -np.inf)
    emission = spelling[:, labels]
    back = np.zeros(emission.shape, np.int8)  # by how many states each was reached
    score = np.full((3, len(labels)), -np.inf, np.float32)  # by staying, from the state before, and from that before it
    score[0, :2] = emission[0, :2]
    for step in range(1, len(emission)):
        score[1, 1:] = score[0, :-1]
        score[2, 2:] = score[0, :-2]
        score[2] += hop
        back[step] = score.argmax(0)
        score[0] = score.max(0) + emission[step]
    state = len(labels) - 1 - (score[0, -2] > score[0, -1])
    path = np.empty(len(emission), np.int64)
    for step in range(len(emission) - 1, -1, -1):
        path[step] = labels[state]
        state -= back[step, state]
    return path


def runs(path: Int[np.ndarray, " K"]) -> list[tuple[int, int]]:
    """Where each label of a forced alignment starts and stops, in steps. Label 0 is the blank between equal labels."""
    borders = np.flatnonzero(np.diff(path, prepend=0, append=0)).tolist()  # of all runs but outer blanks
    return [(start, stop) for start, stop in pairwise(borders) if path[start]]
