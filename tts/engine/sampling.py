"""How the next code is chosen from logits: the rules of `gpt.sample` for one sequence, in NumPy."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float


def choose(
    logits: Float[np.ndarray, " V"], history: Sequence[int], uniform: Float[np.ndarray, " 2"], sampling: dict
) -> int:
    """The next id: temperature (0: the likeliest), top-k, top-p, and anew from all where it repeats."""
    if not sampling["temperature"]:
        return int(logits.argmax())
    logits = logits / sampling["temperature"]
    id = draw(keep_top_p(keep_top_k(logits, sampling["top_k"]), sampling["top_p"]), uniform[0])
    window = sampling["repetition_window"]
    if window and list(history[-window:]).count(id) > sampling["repetition_ratio"] * window:
        return draw(logits, uniform[1])
    return id


def keep_top_k(logits: Float[np.ndarray, " V"], k: int) -> Float[np.ndarray, " V"]:
    """Only the k likeliest remain; 0 keeps all."""
    if not 0 < k < len(logits):
        return logits
    return np.where(logits < np.partition(logits, -k)[-k], -np.inf, logits)


def keep_top_p(logits: Float[np.ndarray, " V"], p: float) -> Float[np.ndarray, " V"]:
    """Only the smallest set of likeliest ids whose probabilities reach p remains."""
    if p >= 1:
        return logits
    chances = softmax(logits)
    # Those below this are together less likely than 1 - p, so they are never needed: few are left to be sorted.
    likely = np.flatnonzero(chances >= (1 - p) / len(logits))
    order = likely[np.argsort(logits[likely])[::-1]]
    before = np.cumsum(chances[order]) - chances[order]
    last = order[max(1, int((before < p).sum())) - 1]
    return np.where(logits < logits[last], -np.inf, logits)


def draw(logits: Float[np.ndarray, " V"], uniform: float) -> int:
    """Invert the cumulative distribution at a uniform number: an id of zero probability is never drawn."""
    (possible,) = np.nonzero(logits > -np.inf)
    total = np.cumsum(softmax(logits[possible].astype(np.float64)))
    return int(possible[np.searchsorted(total, uniform * total[-1], side="right")])


def softmax(logits: Float[np.ndarray, " V"]) -> Float[np.ndarray, " V"]:
    """Probabilities."""
    chances = np.exp(logits - logits.max())
    return chances / chances.sum()
