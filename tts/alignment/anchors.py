"""Anchors between two long sequences of phonemes: runs that occur exactly once in both, as in patience diff."""

import bisect
from itertools import pairwise

import numpy as np
from jaxtyping import Int

RUNS = (7, 5, 4)  # phonemes of an anchor: long ones are searched first, shorter ones in the gaps between them
NEAR = 40  # phonemes: a shorter gap between anchors needs no further anchors
TRUSTED = 3  # further places that must support an anchor before it is trusted


def anchors(text: Int[np.ndarray, " S"], heard: Int[np.ndarray, " L"]) -> list[tuple[int, int]]:
    """Pairs of places (in the text, in what is heard) that hold the same phoneme; both ascend."""
    chain = _straight(_trusted(_chain(text, heard, RUNS[0]), RUNS[0]))
    for size in RUNS[1:]:
        if not chain:
            break
        chain = _straight(_refine(chain, text, heard, size))
    return chain


def pace(chain: list[tuple[int, int]]) -> float:
    """The number of phonemes in the text per phoneme that is heard, as a median over the gaps between anchors.

    It exceeds 1 for a voice of which some phonemes are not heard at all.
    """
    said, heard = np.diff(np.array([(0, 0), *chain]), axis=0)[1:].T
    apart = heard >= NEAR
    return max(1.0, float(np.median(said[apart] / heard[apart]))) if apart.any() else 1.0


def _refine(chain, text, heard, size: int) -> list[tuple[int, int]]:
    """Add shorter anchors in wide gaps between known ones, and before the first and after the last."""
    out, common = [], pace(chain)
    for (t1, h1), (t2, h2) in zip([(-1, -1), *chain], [*chain, (len(text), len(heard))], strict=True):
        gap, sounds = t2 - t1 - 1, h2 - h1 - 1
        if min(gap, sounds) >= NEAR // 2 and max(gap, sounds) >= NEAR:
            # A whole book may precede a chapter: search only as much text as there is sound for.
            reach = 2 * sounds + 100
            low = max(t1 + 1, t2 - reach) if t1 < 0 else t1 + 1
            high = min(t2, t1 + 1 + reach) if t2 == len(text) else t2
            if t1 < 0 or t2 == len(text):
                found = _trusted(_chain(text[low:high], heard[h1 + 1 : h2], size), size)
            else:
                found = _steady(_chain(text[low:high], heard[h1 + 1 : h2], size), gap, sounds, common)
            out += [(low + t, h1 + 1 + h) for t, h in found]
        if t2 < len(text):
            out.append((t2, h2))
    return out


def _chain(text: np.ndarray, heard: np.ndarray, size: int) -> list[tuple[int, int]]:
    """Runs of `size` phonemes that occur once in both: the longest chain that is in order in both."""
    left, right = _unique(text, size), _unique(heard, size)
    _, a, b = np.intersect1d(left[0], right[0], assume_unique=True, return_indices=True)
    pairs = sorted(zip(left[1][a].tolist(), right[1][b].tolist(), strict=True))
    runs = _longest_ascent(pairs)
    # A run stands for `size` pairs of places; overlapping runs share some.
    return sorted({(t + k, h + k) for t, h in runs for k in range(size)} if runs else ())


def _unique(ids: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of the runs that occur once, and where they begin."""
    if len(ids) < size:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(ids, size)
    value, where, count = np.unique(
        windows @ (257 ** np.arange(size, dtype=np.int64)), return_index=True, return_counts=True
    )
    return value[count == 1], where[count == 1]


def _longest_ascent(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest chain of pairs, sorted by their first members, whose second members ascend too (patience sorting)."""
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
    """Overlapping runs must lie on one diagonal; of two that do not, the later one is dropped."""
    out: list[tuple[int, int]] = []
    for t, h in runs:
        if not out or (t - out[-1][0] == h - out[-1][1]) or (t - out[-1][0] > 8 and h - out[-1][1] > 8):
            out.append((t, h))
    return out


def _trusted(chain: list[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    """Anchors in groups that keep a plausible pace; isolated matches are coincidences and are dropped."""
    groups: list[list[tuple[int, int]]] = []
    for t, h in chain:
        if groups:
            dt, dh = t - groups[-1][-1][0], h - groups[-1][-1][1]
            if _keeps(1.0, dt, dh) and dt < 600:
                groups[-1].append((t, h))
                continue
        groups.append([(t, h)])
    return [pair for group in groups if len(group) >= size + TRUSTED for pair in group]


def _straight(chain: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Drop groups far from the line between their neighbours, such as a phrase that the text has in another place."""
    groups: list[list[tuple[int, int]]] = []
    for spot in chain:
        if groups and max(spot[0] - groups[-1][-1][0], spot[1] - groups[-1][-1][1]) < NEAR:
            groups[-1].append(spot)
        else:
            groups.append([spot])
    common = pace(chain)

    def leaps(before: list, after: list) -> bool:
        return not _keeps(common, after[0][0] - before[-1][0], after[0][1] - before[-1][1])

    kept = groups[:1]
    for group, following in pairwise(groups[1:]):
        if leaps(kept[-1], following) or not (leaps(kept[-1], group) and leaps(group, following)):
            kept.append(group)
    return [spot for group in [*kept, *groups[1:][-1:]] for spot in group]


def _keeps(common: float, said: int, heard: int) -> bool:
    """Whether the numbers of phonemes in the text and in what is heard fit the common pace."""
    return abs(said - common * heard) <= 0.3 * max(said, common * heard) + 10


def _steady(chain: list[tuple[int, int]], gap: int, sounds: int, common: float) -> list[tuple[int, int]]:
    """Drop pairs far from the line between two anchors, if those keep the common pace."""
    if not _keeps(common, gap, sounds):
        return chain
    return [(t, h) for t, h in chain if abs(t * sounds / gap - h) <= 0.2 * sounds + 10]
