"""How the next code is chosen from logits: the rules of `gpt.sample` for one sequence, in NumPy."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int


def choose(
    logits: Float[np.ndarray, " V"], history: Sequence[int], uniform: Float[np.ndarray, " 2"], sampling: dict
) -> int:
    """The next id: temperature (0: the likeliest), top-k, top-p, and anew from all where it repeats."""
    if not sampling["temperature"]:
        return int(logits.argmax())
    logits = logits / sampling["temperature"]
    id = draw(logits, top_p(keep_top_k(logits, sampling["top_k"]), sampling["top_p"]), uniform[0])
    window = sampling["repetition_window"]
    if window and list(history[-window:]).count(id) > sampling["repetition_ratio"] * window:
        return draw(logits, top_p(logits, 1.0), uniform[1])
    return id


def keep_top_k(logits: Float[np.ndarray, " V"], k: int) -> Float[np.ndarray, " V"]:
    """Only the k likeliest remain; 0 keeps all."""
    if not 0 < k < len(logits):
        return logits
    return np.where(logits < np.partition(logits, -k)[-k], -np.inf, logits)


def top_p(logits: Float[np.ndarray, " V"], p: float) -> Int[np.ndarray, " K"]:
    """The smallest set of likeliest ids whose probabilities reach p, in ascending order."""
    if p >= 1:
        return np.flatnonzero(logits > -np.inf)
    chances = np.exp(logits - logits.max())
    chances /= chances.sum()
    # Those below this are together less likely than 1 - p, so they are never needed: few are left to be sorted.
    likely = np.flatnonzero(chances >= (1 - p) / len(logits))
    chances = chances[likely]
    falling = np.sort(chances)[::-1]
    before = np.cumsum(falling) - falling
    return likely[chances >= falling[max(1, np.count_nonzero(before < p)) - 1]]


def draw(logits: Float[np.ndarray, " V"], ids: Int[np.ndarray, " K"], uniform: float) -> int:
    """One of the ids, by inverting their cumulative distribution at a uniform number."""
    own = logits[ids].astype(np.float64)
    total = np.cumsum(np.exp(own - own.max()))
    return int(ids[np.searchsorted(total, uniform * total[-1], side="right")])
