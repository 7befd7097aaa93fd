"""Alignment of a text to a long recording: when each of its words is said.

A long text is first matched to the phonemes that the codec hears (`spell.py`) by anchors: runs of phonemes that occur
once in both (`anchors.py`). This takes a second for hours of sound. Forced alignment then places every phoneme between
two anchors (`ctc.py`). If the result explains too little of what is heard, as happens when the codec hears a voice
badly, a short text is aligned as a whole, and a long one minute by minute. Times are exact to half a code, about 21 ms.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from tts.alignment.anchors import anchors, pace
from tts.alignment.ctc import Piece, place_run, place_words
from tts.alignment.spell import Spelling, Word

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


@dataclass(frozen=True)
class TimedWords:
    """Words with the times of their cue in a transcript, in seconds."""

    start: float
    end: float
    words: Sequence[Word]

    @property
    def phonemes(self) -> int:
        return sum(len(word.ids) for word in self.words)


def align_cues(cues: Sequence[TimedWords], spelling: Spelling, slack: float) -> list[Word]:
    """The words of a transcript whose times may be off by `slack` seconds.

    Cues that follow each other closely are aligned together, because the slack of one holds words of the next.
    """
    out = []
    for cue in _joined(cues, slack):
        low = max(round((cue.start - slack) * spelling.rate), 0)
        high = min(round((cue.end + slack) * spelling.rate), len(spelling))
        if high > low:
            out += place_words(cue.words, Piece(0, len(cue.words), low, high, loose=False, open=True), spelling)
    # Two such pieces may overlap by their slack, so their words are put in the order of their times.
    out.sort(key=lambda word: word.start)
    return out


def _joined(cues: Sequence[TimedWords], slack: float) -> Iterator[TimedWords]:
    """Neighbouring cues joined until they hold as many phonemes as a piece should."""
    joined: TimedWords | None = None
    for cue in cues:
        if joined and (cue.start > joined.end + 2 * slack or joined.phonemes >= PIECE):
            yield joined
            joined = None
        if cue.words and joined:
            start, end = min(joined.start, cue.start), max(joined.end, cue.end)
            joined = TimedWords(start, end, [*joined.words, *cue.words])
        elif cue.words:
            joined = cue
    if joined:
        yield joined


@dataclass(frozen=True)
class Border:
    """A place where text and recording can be cut: a word, its first phoneme, and the heard phoneme that matches it."""

    word: int
    phoneme: int
    heard: int


def cut_at_anchors(words: Sequence[Word], spelling: Spelling, chain: list[tuple[int, int]]) -> Iterator[Piece]:
    """Cut text and recording at anchors into pieces short enough to be aligned fast."""
    owner = np.repeat(np.arange(len(words)), [len(word.ids) for word in words])  # the word of each phoneme
    begins = np.flatnonzero(np.diff(owner, prepend=-1)) if len(owner) else owner
    places = dict(chain)
    steps = spelling.best.steps
    borders = [Border(0, 0, 0)]
    for phoneme in begins.tolist():
        if phoneme in places and phoneme - 1 in places:
            border = Border(int(owner[phoneme]), phoneme, places[phoneme])
            if max(border.phoneme - borders[-1].phoneme, border.heard - borders[-1].heard) >= PIECE:
                borders.append(border)
    borders.append(Border(len(words), len(owner), len(steps)))
    for before, after in pairwise(borders):
        yield from _piece(before, after, owner, steps, len(spelling), pace(chain))


def _piece(
    before: Border, after: Border, owner: np.ndarray, steps: np.ndarray, total: int, common: float
) -> Iterator[Piece]:
    """One piece, or only its two ends where the text is too long for the speech at the common pace.

    `owner` is the word of each phoneme, `steps` is where each heard phoneme begins, `total` the steps of the recording.
    """
    begins, ends = before.word == 0, after.phoneme == len(owner)
    sounds, said = common * (after.heard - before.heard), after.phoneme - before.phoneme
    start = 0 if begins else _between(steps, before.heard)
    stop = total if ends else _between(steps, after.heard)
    first, last = before.word, after.word
    if not said or not sounds:
        return
    most = int(1.4 * sounds) + 20
    if said > most:  # part of the text is not said: keep only what there is time for, next to the known border
        if begins and not ends:
            first = int(owner[after.phoneme - min(most, said)]) + 1
        elif ends and not begins:
            last = int(owner[before.phoneme + most - 1])
        else:
            half = most // 2
            if sounds > 20:
                step = _between(steps, (before.heard + after.heard) // 2)
                yield Piece(first, int(owner[before.phoneme + half]), start, step, True)
                yield Piece(int(owner[after.phoneme - half]) + 1, last, step, stop, True)
            return
    if first < last:
        yield Piece(first, last, start, stop, loose=sounds > 1.25 * said + 8)


def _between(steps: np.ndarray, place: int) -> int:
    """The step halfway between a heard phoneme and the one before it."""
    return int(steps[place - 1] + steps[place] + 1) // 2 if place else 0
