"""What surely belongs together in two long rows of ids: runs that occur once in both, as in patience diff."""

import bisect

import numpy as np
from jaxtyping import Int

RUNS = (7, 5, 4)  # phonemes of an anchor: long ones across the whole, shorter ones between those
NEAR = 40  # phonemes: a closer gap between anchors needs no more of them
TRUSTED = 3  # anchors that agree with each other before any is believed


def anchors(text: Int[np.ndarray, " S"], heard: Int[np.ndarray, " L"]) -> list[tuple[int, int]]:
    """Places (in text, in what is heard) that surely are the same phoneme, both ascending."""
    chain = _trusted(_chain(text, heard, RUNS[0]), RUNS[0])
    for size in RUNS[1:]:
        if not chain:
            break
        chain = _refine(chain, text, heard, size)
    return chain


def _refine(chain, text, heard, size: int) -> list[tuple[int, int]]:
    """Add shorter anchors wherever the known ones lie far apart, ends included."""
    out = []
    for (t1, h1), (t2, h2) in zip([(-1, -1), *chain], [*chain, (len(text), len(heard))], strict=True):
        gap, sounds = t2 - t1 - 1, h2 - h1 - 1
        if min(gap, sounds) >= NEAR // 2 and max(gap, sounds) >= NEAR:
            # At the ends a whole book may lie before a chapter: look only where the sounds can be.
            reach = 2 * sounds + 100
            low = max(t1 + 1, t2 - reach) if t1 < 0 else t1 + 1
            high = min(t2, t1 + 1 + reach) if t2 == len(text) else t2
            if t1 < 0 or t2 == len(text):
                found = _trusted(_chain(text[low:high], heard[h1 + 1 : h2], size), size)
            else:
                found = _steady(_chain(text[low:high], heard[h1 + 1 : h2], size), gap, sounds)
            out += [(low + t, h1 + 1 + h) for t, h in found]
        if t2 < len(text):
            out.append((t2, h2))
    return out


def _chain(text: np.ndarray, heard: np.ndarray, size: int) -> list[tuple[int, int]]:
    """Runs of `size` phonemes that occur once in both, in the longest order that both share."""
    left, right = _unique(text, size), _unique(heard, size)
    _, a, b = np.intersect1d(left[0], right[0], assume_unique=True, return_indices=True)
    pairs = sorted(zip(left[1][a].tolist(), right[1][b].tolist(), strict=True))
    runs = _longest_ascent(pairs)
    # A run of phonemes is that many places; overlapping runs share them.
    return sorted({(t + k, h + k) for t, h in runs for k in range(size)} if runs else ())


def _unique(ids: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of runs that occur once, and where they begin."""
    if len(ids) < size:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(ids, size)
    value, where, count = np.unique(
        windows @ (257 ** np.arange(size, dtype=np.int64)), return_index=True, return_counts=True
    )
    return value[count == 1], where[count == 1]


def _longest_ascent(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest chain of pairs, sorted by their first, whose seconds ascend too (patience sorting)."""
    tails: list[int] = []
    ends: list[int] = []
    back = [-1] * len(pairs)
    for index, (_, place) in enumerate(pairs):
        spot = bisect.bisect_left(tails, place)
        back[index] = ends[spot - 1] if spot else -1
        tails[spot : spot + 1] = [place]
        ends[spot : spot + 1] = [index]
    out, index = [], ends[-1] if ends else -1
    while index >= 0:
        out.append(pairs[index])
        index = back[index]
    return _consistent(out[::-1])


def _consistent(runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Overlapping runs must be the same diagonal; of two that are not, the later goes."""
    out: list[tuple[int, int]] = []
    for t, h in runs:
        if not out or (t - out[-1][0] == h - out[-1][1]) or (t - out[-1][0] > 8 and h - out[-1][1] > 8):
            out.append((t, h))
    return out


def _trusted(chain: list[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    """Anchors in groups that keep a plausible pace; a lone coincidence is no anchor."""
    groups: list[list[tuple[int, int]]] = []
    for t, h in chain:
        if groups:
            dt, dh = t - groups[-1][-1][0], h - groups[-1][-1][1]
            if abs(dt - dh) <= 0.3 * max(dt, dh) + 10 and dt < 600:
                groups[-1].append((t, h))
                continue
        groups.append([(t, h)])
    return [pair for group in groups if len(group) >= size + TRUSTED for pair in group]


def _steady(chain: list[tuple[int, int]], gap: int, sounds: int) -> list[tuple[int, int]]:
    """Between two anchors that agree in pace, a place far from the line between them is a coincidence."""
    if abs(gap - sounds) > 0.3 * max(gap, sounds) + 10:
        return chain
    return [(t, h) for t, h in chain if abs(t * sounds / gap - h) <= 0.2 * sounds + 10]
