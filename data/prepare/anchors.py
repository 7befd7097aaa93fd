"""What surely belongs together in two long rows of ids: runs that occur once in both, as in patience diff."""

import bisect
from itertools import pairwise

import numpy as np
from jaxtyping import Int

RUNS = (7, 5, 4)  # phonemes of an anchor: long ones across the whole, shorter ones between those
NEAR = 40  # phonemes: a closer gap between anchors needs no more of them
TRUSTED = 3  # anchors that agree with each other before any is believed


def anchors(text: Int[np.ndarray, " S"], heard: Int[np.ndarray, " L"]) -> list[tuple[int, int]]:
    """Places (in text, in what is heard) that surely are the same phoneme, both ascending."""
    chain = _straight(_trusted(_chain(text, heard, RUNS[0]), RUNS[0]))
    for size in RUNS[1:]:
        if not chain:
            break
        chain = _straight(_refine(chain, text, heard, size))
    return chain


def pace(chain: list[tuple[int, int]]) -> float:
    """How many phonemes of the text there are to one that is heard, where neither has more to tell than the other.

    More than 1 of a voice that is spelt badly, of whose sounds some are not heard at all.
    """
    said, heard = np.diff(np.array([(0, 0), *chain]), axis=0)[1:].T
    apart = heard >= NEAR
    return max(1.0, float(np.median(said[apart] / heard[apart]))) if apart.any() else 1.0


def _refine(chain, text, heard, size: int) -> list[tuple[int, int]]:
    """Add shorter anchors wherever the known ones lie far apart, ends included."""
    out, common = [], pace(chain)
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
                found = _steady(_chain(text[low:high], heard[h1 + 1 : h2], size), gap, sounds, common)
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
            if _keeps(1.0, dt, dh) and dt < 600:
                groups[-1].append((t, h))
                continue
        groups.append([(t, h)])
    return [pair for group in groups if len(group) >= size + TRUSTED for pair in group]


def _straight(chain: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without what lies far from the line between its neighbours: a phrase of another place, spelt well only here."""
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
    """Whether so much is said in what is heard as the common pace makes likely."""
    return abs(said - common * heard) <= 0.3 * max(said, common * heard) + 10


def _steady(chain: list[tuple[int, int]], gap: int, sounds: int, common: float) -> list[tuple[int, int]]:
    """Between two anchors that keep the pace, a place far from the line between them is a coincidence."""
    if not _keeps(common, gap, sounds):
        return chain
    return [(t, h) for t, h in chain if abs(t * sounds / gap - h) <= 0.2 * sounds + 10]
