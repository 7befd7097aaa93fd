"""An n-gram of graphones by Kneser and Ney, smoothed with three discounts (Chen and Goodman 1999, equation 27)."""

from collections import Counter, defaultdict
from math import log

import numpy as np

from tts.text.g2p import STEP

LEAST = 0.1  # discount; few counts may give a negative one

Gram = tuple[int, ...]


def estimate(sequences: list[list[int]], order: int) -> tuple[dict[Gram, float], dict[Gram, float]]:
    """Log-probability of the last graphone of each n-gram, and the log backoff weight of each context."""
    counts = _counts(sequences, order)
    total = sum(counts[0].values())
    probs = {gram: count / total for gram, count in counts[0].items()}
    backoffs: dict[Gram, float] = {}
    for grams in counts[1:]:
        discounts = _discounts(Counter(grams.values()))
        totals, taken = Counter(), defaultdict(float)
        for gram, count in grams.items():
            totals[gram[:-1]] += count
            taken[gram[:-1]] += discounts[min(count, 3)]
        backoffs |= {context: taken[context] / totals[context] for context in totals}
        for gram, count in grams.items():
            own = (count - discounts[min(count, 3)]) / totals[gram[:-1]]
            probs[gram] = own + backoffs[gram[:-1]] * probs[gram[1:]]
    logs = {gram: log(prob) for gram, prob in probs.items()}
    return logs, {context: log(weight) for context, weight in backoffs.items()}


def _counts(sequences: list[list[int]], order: int) -> list[Counter[Gram]]:
    """n-grams of 1 to `order`: how often, or for the lower orders after how many different graphones, they occur."""
    counts = [Counter() for _ in range(order)]
    for sequence in sequences:
        for length in range(1, order + 1):
            for end in range(max(2, length), len(sequence) + 1):
                counts[length - 1][tuple(sequence[end - length : end])] += 1
    for lower, higher in zip(counts, counts[1:], strict=False):
        for gram, number in Counter(gram[1:] for gram in higher).items():
            if len(gram) == 1 or gram[0] != 0:  # nothing stands before a word
                lower[gram] = number
    return counts


def _discounts(times: Counter[int]) -> list[float]:
    """What is taken from an n-gram that occurs 0, 1, 2, or more times."""
    share = times[1] / max(1, times[1] + 2 * times[2])
    ratios = [times[n + 1] / max(1, times[n]) for n in (1, 2, 3)]
    found = [n - (n + 1) * share * ratio for n, ratio in zip((1, 2, 3), ratios, strict=True)]
    return [0.0, *(max(LEAST, discount) for discount in found)]


def packed(probs: dict[Gram, float], backoffs: dict[Gram, float]) -> dict[str, np.ndarray]:
    """The n-grams as the tree that `tts.text.g2p.Graphones` reads: nodes by length, then by parent."""
    grams = sorted(probs.keys() | backoffs.keys(), key=lambda gram: (len(gram), gram))
    children = Counter(gram[:-1] for gram in grams)
    return {
        "ngram.last": np.array([gram[-1] for gram in grams], np.uint8),
        "ngram.children": np.array([children[gram] for gram in [(), *grams]], np.uint8),
        "ngram.probs": _bytes([probs.get(gram, -np.inf) for gram in grams]),
        "ngram.backoffs": _bytes([backoffs.get(gram, 0.0) for gram in [(), *grams]]),
    }


def _bytes(logs: list[float]) -> np.ndarray:
    return np.clip(np.rint(np.array(logs) / -STEP), 0, 255).astype(np.uint8)
