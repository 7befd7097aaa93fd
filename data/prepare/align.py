"""Alignment of a text to a long recording: when each of its words is said.

A long text is first matched to the phonemes that the codec hears (`data/prepare/spell.py`) by anchors: runs of phonemes
that occur once in both (`data/prepare/anchors.py`). This takes a second for hours of sound. Forced alignment then
places every phoneme between two anchors (`data/prepare/ctc.py`). If the result explains too little of what is heard, as
happens when the codec hears a voice badly, a short text is aligned as a whole, and a long one minute by minute. Times
are exact to half a code, about 21 ms.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from data.prepare.anchors import anchors, pace
from data.prepare.ctc import Piece, place_run, place_words
from data.prepare.spell import Spelling, Word

PIECE = 200  # phonemes aligned at once between anchors, about 17 s
DENSE = 40_000_000  # the most that steps times phonemes may be in one forced alignment, about 8 minutes of speech
STRIDE = 2800  # CTC steps in a window of `align_by_windows`, one minute
KEPT = 0.7  # share of a window whose words are kept: later words may change with the sound that follows
FASTEST = 0.45  # phonemes per CTC step, more than anybody speaks
EDGE = 24  # words at either end of a text that are checked for being unsaid, such as a heading
DOUBTED = 0.1  # a phoneme of lower probability counts against its word being said
UNSAID = 0.4  # words are dropped if that raises the fit by more than this, the weight of four such phonemes
REWARD = 2.0  # nats per phoneme: without it, a badly heard voice would seem to say only a few words


def align(words: Sequence[Word], spelling: Spelling, min_agreement: float) -> list[Word]:
    """The words that are said, with their times; text that is not said and speech that is not text are left out.

    The ways are tried from the fastest on, until the words agree with what is heard by at least `min_agreement`.
    """
    if not words:
        return []
    all_words = Piece(0, len(words), 0, len(spelling), loose=False)
    short = (_align_by_anchors, _align_whole, _align_part, align_by_windows)
    for way in short if _fits(words, all_words) else (_align_by_anchors, align_by_windows):
        found = way(words, spelling)
        if spelling.agreement(found) >= min_agreement:
            break
    return found


def _align_by_anchors(words: Sequence[Word], spelling: Spelling) -> list[Word]:
    """Words between anchors, and words before the first and after the last anchor as far as they are said."""
    text = np.array([id for word in words for id in word.ids], dtype=np.int64)
    chain = anchors(text, spelling.best.ids)
    found = list(cut_at_anchors(words, spelling, chain)) if chain else []
    if not found:
        return []
    found[0] = _without_unsaid(words, found[0], spelling, "first")
    found[-1] = _without_unsaid(words, found[-1], spelling, "last")
    return [word for piece in found for word in _place_piece(words, piece, spelling)]


def _fits(words: Sequence[Word], piece: Piece) -> bool:
    """Whether one forced alignment can take all words of a piece."""
    return sum(len(word.ids) for word in words[piece.first : piece.last]) * (piece.stop - piece.start) <= DENSE


def _place_piece(words: Sequence[Word], piece: Piece, spelling: Spelling) -> list[Word]:
    if _fits(words, piece):
        return place_words(words, piece, spelling)
    return align_by_windows(words[piece.first : piece.last], spelling, piece.start, piece.stop)


def _align_whole(words: Sequence[Word], spelling: Spelling) -> list[Word]:
    """All words of a text in one forced alignment, without those at its ends that are not said."""
    piece = Piece(0, len(words), 0, len(spelling), loose=False)
    for end in ("first", "last"):
        piece = _without_unsaid(words, piece, spelling, end)
    return place_words(words, piece, spelling)


def _align_part(words: Sequence[Word], spelling: Spelling) -> list[Word]:
    """The part of a text that fills the recording: around the best run of words, as much as fits at its speed."""
    found = place_run(words, spelling.likely, 0, spelling.rate, REWARD)
    if not found:
        return []
    (first, begin), (last, end) = found[0], found[-1]
    spots = np.cumsum([0, *(len(word.ids) for word in words)])
    speed = (spots[last + 1] - spots[first]) / (end.end - begin.start)  # phonemes per second
    low, high = spots[first] - speed * begin.start, spots[last + 1] + speed * (len(spelling) / spelling.rate - end.end)
    first, last = np.searchsorted(spots, low, "right") - 1, np.searchsorted(spots, high)
    return _align_whole(words[max(first, 0) : last], spelling)


def _without_unsaid(words: Sequence[Word], piece: Piece, spelling: Spelling, end: str) -> Piece:
    """A piece at an end of the recording without the words there that are not said, such as a heading."""
    while _fits(words, piece) and (count := _unsaid(words, piece, spelling, end)):
        piece = _shorter(piece, end, count)  # dropping more may improve the fit further
    return piece


def _shorter(piece: Piece, end: str, count: int) -> Piece:
    return replace(piece, first=piece.first + count) if end == "first" else replace(piece, last=piece.last - count)


def _unsaid(words: Sequence[Word], piece: Piece, spelling: Spelling, end: str) -> int:
    """How many words at that end of a piece are probably not said."""
    found = place_words(words, piece, spelling)
    near, count = piece, min(2 * EDGE, len(found))
    if count and end == "first":
        near = replace(piece, last=piece.first + count, stop=round(found[count - 1].end * spelling.rate))
    elif count:
        near = replace(piece, first=piece.last - count, start=round(found[-count].start * spelling.rate))
    fits = []
    for number in range(min(EDGE, near.last - near.first)):
        placed = place_words(words, _shorter(near, end, number), spelling)
        fits.append(sum(len(word.ids) * (word.confidence - DOUBTED) for word in placed))
    best = int(np.argmax(fits))
    return best if fits[best] > fits[0] + UNSAID else 0


def align_by_windows(words: Sequence[Word], spelling: Spelling, start: int = 0, end: int | None = None) -> list[Word]:
    """Words of a recording that begins with its text, or reaches it soon, aligned one minute after another."""
    out: list[Word] = []
    first, end = 0, len(spelling) if end is None else end
    while first < len(words) and start < end:
        stop = min(start + STRIDE, end)
        count, last = 0, first
        while last < len(words) and count < FASTEST * (stop - start):
            count += len(words[last].ids)
            last += 1
        found = place_run(words[first:last], spelling.likely[start:stop], start, spelling.rate)
        limit = (start + KEPT * STRIDE) / spelling.rate if stop < end else math.inf
        kept = [(index, word) for index, word in found if word.end <= limit]
        if kept:
            out += [word for _, word in kept]
            first += kept[-1][0] + 1
            start = max(start + 1, round(kept[-1][1].end * spelling.rate))
        else:
            start += round(KEPT * STRIDE)
    return out


def align_cues(groups: Sequence[tuple[float, float, Sequence[Word]]], spelling: Spelling, slack: float) -> list[Word]:
    """The words of a transcript whose cues, (start, end, words), give times in seconds that may be off by `slack`.

    Cues that follow each other closely are aligned together, because the slack of one holds words of the next.
    """
    out = []
    for start, end, words in _joined(groups, slack):
        low = max(round((start - slack) * spelling.rate), 0)
        high = min(round((end + slack) * spelling.rate), len(spelling))
        if high > low:
            out += place_words(words, Piece(0, len(words), low, high, loose=False, open=True), spelling)
    # Two such pieces may overlap by their slack, so their words are put in the order of their times.
    out.sort(key=lambda word: word.start)
    return out


def _joined(
    groups: Sequence[tuple[float, float, Sequence[Word]]], slack: float
) -> Iterator[tuple[float, float, list[Word]]]:
    """Neighbouring cues joined until they hold as many phonemes as a piece should."""
    start, end, joined = 0.0, 0.0, []
    for first, last, words in groups:
        if joined and (first > end + 2 * slack or sum(len(word.ids) for word in joined) >= PIECE):
            yield start, end, joined
            joined = []
        if words:
            start, end = (min(start, first), max(end, last)) if joined else (first, last)
            joined = [*joined, *words]
    if joined:
        yield start, end, joined


def cut_at_anchors(words: Sequence[Word], spelling: Spelling, chain: list[tuple[int, int]]) -> Iterator[Piece]:
    """Cut text and recording at anchors into pieces short enough to be aligned fast."""
    owner = np.repeat(np.arange(len(words)), [len(word.ids) for word in words])  # the word of each phoneme
    begins = np.flatnonzero(np.diff(owner, prepend=-1)) if len(owner) else owner
    places = dict(chain)
    # A border is (word, its first phoneme, the heard phoneme), where an anchor covers the beginning of a word.
    borders = [(int(owner[t]), t, places[t]) for t in begins.tolist() if t in places and t - 1 in places]
    steps = spelling.best.steps
    ends = [(0, 0, 0)]
    for border in borders:
        if max(border[1] - ends[-1][1], border[2] - ends[-1][2]) >= PIECE:
            ends.append(border)
    ends.append((len(words), len(owner), len(steps)))
    for before, border in pairwise(ends):
        yield from _piece(before, border, owner, steps, len(spelling), len(words), pace(chain))


def _piece(before, border, owner, steps, total: int, count: int, common: float) -> Iterator[Piece]:
    """One piece, or only its two ends where the text is too long for the speech at the common pace."""
    sounds, said = common * (border[2] - before[2]), border[1] - before[1]
    start = 0 if before[0] == 0 else _between(steps, before[2])
    stop = total if border[0] == count else _between(steps, border[2])
    first, last = before[0], border[0]
    if not said or not sounds:
        return
    most = int(1.4 * sounds) + 20
    if said > most:  # part of the text is not said: keep only what there is time for, next to the known border
        if before[0] == 0 and border[0] != count:
            first = int(owner[border[1] - min(most, said)]) + 1
        elif border[0] == count and before[0] != 0:
            last = int(owner[before[1] + most - 1])
        else:
            half = most // 2
            middle = (before[2] + border[2]) // 2
            if sounds > 20:
                step = _between(steps, middle)
                yield Piece(first, int(owner[before[1] + half]), start, step, True)
                yield Piece(int(owner[border[1] - half]) + 1, last, step, stop, True)
            return
    if first < last:
        yield Piece(first, last, start, stop, loose=sounds > 1.25 * said + 8)


def _between(steps: np.ndarray, place: int) -> int:
    """The step halfway between a heard phoneme and the one before it."""
    return int(steps[place - 1] + steps[place] + 1) // 2 if place else 0
