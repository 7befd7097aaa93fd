"""When each word of a text is heard in a long recording: anchors first, then exact alignment between them.

A long text is first matched to what the codec spells (`data/prepare/spell.py`) by runs of phonemes that occur once
in both (`data/prepare/anchors.py`), which finds the way through hours in a second; between anchors,
`torchaudio.functional.forced_align` places every phoneme. Where too little of what is heard is explained so, as of a
voice that the codec spells badly, a short text is aligned at once, and a long one followed minute by minute. Times are
as fine as half a code, about 21 ms.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from torchaudio.functional import forced_align

from data.prepare.anchors import anchors, pace
from data.prepare.spell import Spelling, Word

PIECE = 200  # phonemes aligned at once, about 17 s
DENSE = 40_000_000  # steps times phonemes aligned at once at the most, some 8 minutes
STRIDE = 2800  # CTC steps followed at once, a minute
KEPT = 0.7  # of them, whose words stay: those after might change with what follows
FASTEST = 0.45  # phonemes to a CTC step
STAR = 2.5  # nats below the likeliest sound: what speech outside the text costs
EDGE = 24  # words at an end of a recording that are looked at at once, whether they are left unsaid
DOUBTED = 0.1  # mean probability of phonemes below which a word there is rather not said ...
UNSAID = 0.4  # ... if four phonemes speak against it
WANTED = 2.0  # nats: what each phoneme that is said gains, or a voice that is heard badly would seem to say few
SKIPPED = 0.5  # nats: what each word costs that is passed over to begin at a later one
OUTSIDE = 12.0  # nats below the likeliest sound: what speech before a text costs, which a bad spelling is not


@dataclass(frozen=True)
class Piece:
    """Words first to last (exclusive) are said between two CTC steps; where more is said than they tell, it is `loose`.

    `open`: it may be said before the first and after the last word only.
    """

    first: int
    last: int
    start: int
    stop: int
    loose: bool
    open: bool = False


def align(words: Sequence[Word], spelling: Spelling, believed: float) -> list[Word]:
    """The words that are heard, with times in seconds; text that is not read and speech that is not text are left.

    `believed` is the share of what is heard which a text that surely is that of the speech explains.
    """
    if not words:
        return []
    whole = Piece(0, len(words), 0, len(spelling), loose=False)
    for way in (_anchored, _whole, _stretch, follow) if _at_once(words, whole) else (_anchored, follow):
        found = way(words, spelling)
        if spelling.explained(found) >= believed:
            break
    return found


def _anchored(words: Sequence[Word], spelling: Spelling) -> list[Word]:
    """Words between places where text and spelling surely agree, and beyond them as far as either goes."""
    text = np.array([id for word in words for id in word.ids], dtype=np.int64)
    chain = anchors(text, spelling.heard.ids)
    found = list(pieces(words, spelling, chain)) if chain else []
    if not found:
        return []
    found[0] = _said(words, found[0], spelling, "first")
    found[-1] = _said(words, found[-1], spelling, "last")
    return [word for piece in found for word in _fill(words, piece, spelling)]


def _at_once(words: Sequence[Word], piece: Piece) -> bool:
    """Whether the words of a piece can be aligned in one go."""
    return sum(len(word.ids) for word in words[piece.first : piece.last]) * (piece.stop - piece.start) <= DENSE


def _fill(words: Sequence[Word], piece: Piece, spelling: Spelling) -> list[Word]:
    if _at_once(words, piece):
        return place(words, piece, spelling)
    return follow(words[piece.first : piece.last], spelling, piece.start, piece.stop)


def _whole(words: Sequence[Word], spelling: Spelling) -> list[Word]:
    """All words of a text, but for what nobody says at its ends."""
    piece = Piece(0, len(words), 0, len(spelling), loose=False)
    for end in ("first", "last"):
        piece = _said(words, piece, spelling, end)
    return place(words, piece, spelling)


def _stretch(words: Sequence[Word], spelling: Spelling) -> list[Word]:
    """The words that fill a recording, if spoken as fast as those are which are heard best, and said beside them."""
    found = _place_some(words, spelling.likely, 0, spelling.rate, WANTED)
    if not found:
        return []
    (first, begin), (last, end) = found[0], found[-1]
    spots = np.cumsum([0, *(len(word.ids) for word in words)])
    speed = (spots[last + 1] - spots[first]) / (end.end - begin.start)
    low, high = spots[first] - speed * begin.start, spots[last + 1] + speed * (len(spelling) / spelling.rate - end.end)
    first, last = np.searchsorted(spots, low, "right") - 1, np.searchsorted(spots, high)
    return _whole(words[max(first, 0) : last], spelling)


def _said(words: Sequence[Word], piece: Piece, spelling: Spelling, end: str) -> Piece:
    """A piece at an end of the recording without the words there that nobody says: a heading, the chapter before."""
    while _at_once(words, piece) and (count := _unsaid(words, piece, spelling, end)):
        piece = _shorter(piece, end, count)  # what is left may then fit still better without more
    return piece


def _shorter(piece: Piece, end: str, count: int) -> Piece:
    return replace(piece, first=piece.first + count) if end == "first" else replace(piece, last=piece.last - count)


def _unsaid(words: Sequence[Word], piece: Piece, spelling: Spelling, end: str) -> int:
    """How many words at that end of a piece are rather not said."""
    found = place(words, piece, spelling)
    near, count = piece, min(2 * EDGE, len(found))
    if count and end == "first":
        near = replace(piece, last=piece.first + count, stop=round(found[count - 1].end * spelling.rate))
    elif count:
        near = replace(piece, first=piece.last - count, start=round(found[-count].start * spelling.rate))
    fits = []
    for number in range(min(EDGE, near.last - near.first)):
        heard = place(words, _shorter(near, end, number), spelling)
        fits.append(sum(len(word.ids) * (word.heard - DOUBTED) for word in heard))
    best = int(np.argmax(fits))
    return best if fits[best] > fits[0] + UNSAID else 0


def follow(words: Sequence[Word], spelling: Spelling, start: int = 0, end: int | None = None) -> list[Word]:
    """Words of a recording that begins with its text or soon comes to it, minute by minute."""
    out: list[Word] = []
    first, end = 0, len(spelling) if end is None else end
    while first < len(words) and start < end:
        stop = min(start + STRIDE, end)
        count, last = 0, first
        while last < len(words) and count < FASTEST * (stop - start):
            count += len(words[last].ids)
            last += 1
        found = _place_some(words[first:last], spelling.likely[start:stop], start, spelling.rate)
        limit = (start + KEPT * STRIDE) / spelling.rate if stop < end else math.inf
        kept = [(index, word) for index, word in found if word.end <= limit]
        if kept:
            out += [word for _, word in kept]
            first += kept[-1][0] + 1
            start = max(start + 1, round(kept[-1][1].end * spelling.rate))
        else:
            start += round(KEPT * STRIDE)
    return out


def _place_some(
    words: Sequence[Word], emission: np.ndarray, start: int, rate: float, wanted: float = 0.0
) -> list[tuple[int, Word]]:
    """The words that a stretch holds, from any of them to any later one, with their numbers (Viterbi, free ends).

    `wanted`, in nats, is what each phoneme that is said gains.
    """
    ids = np.array([id for word in words for id in word.ids])
    spots = np.cumsum([0, *(len(word.ids) for word in words)])
    emission = emission.astype(np.float32)
    states = np.zeros(2 * len(ids) + 1, np.int64)  # blank, phoneme, blank, phoneme, ..., blank
    states[1::2] = ids
    leap = np.zeros(len(states), bool)  # from phoneme to phoneme without a blank
    leap[3::2] = ids[1:] != ids[:-1]
    enter = np.zeros(len(states), bool)  # the beginnings of words
    enter[2 * spots[:-1] + 1] = True
    passed = np.zeros(len(states), np.float32)
    passed[2 * spots[:-1] + 1] = SKIPPED * np.arange(len(words))
    gain = np.zeros(len(states), np.float32)
    gain[1::2] = wanted
    before = np.full(len(states), -np.inf, np.float32)
    from_where = np.zeros((len(emission), len(states)), np.int8)
    outside = 0.0  # the price so far of having heard nothing of the text
    price = np.maximum(emission[:, 0], emission.max(1) - OUTSIDE)
    for step, row in enumerate(emission):
        score, where = before.copy(), from_where[step]
        other = np.concatenate([[-np.inf], before[:-1]]) + gain
        better = other > score
        score[better], where[better] = other[better], 1
        other = np.where(leap, np.concatenate([[-np.inf, -np.inf], before[:-2]]) + gain, -np.inf)
        better = other > score
        score[better], where[better] = other[better], 2
        other = outside - passed + gain
        better = enter & (other > score)
        score[better], where[better] = other[better], 3
        before = score + row[states]
        outside += price[step]
    state = int(before.argmax())
    path = np.zeros(len(emission), np.int64)
    for step in range(len(emission) - 1, -1, -1):
        path[step] = state
        if from_where[step, state] == 3:
            break
        state -= int(from_where[step, state])
    out = []
    for index, word in enumerate(words):
        inside = np.flatnonzero((path >= 2 * spots[index] + 1) & (path < 2 * spots[index + 1]) & (path % 2 == 1))
        if not len(inside) or path[inside[-1]] != 2 * spots[index + 1] - 1:
            continue  # not said here, or not to its end
        heard = [
            float(np.exp(emission[path == 2 * place + 1, ids[place]].max()))
            for place in range(spots[index], spots[index + 1])
        ]
        times = (start + inside[0]) / rate, (start + inside[-1] + 1) / rate
        out.append((index, replace(word, start=times[0], end=times[1], heard=float(np.mean(heard)))))
    return out


def align_cues(groups: Sequence[tuple[float, float, Sequence[Word]]], spelling: Spelling, slack: float) -> list[Word]:
    """The same where a transcript says between which times in seconds words are said, give or take `slack`.

    Cues that follow each other are aligned as one: what sounds in the slack of each is said in the next.
    """
    out = []
    for start, end, words in _joined(groups, slack):
        low = max(round((start - slack) * spelling.rate), 0)
        high = min(round((end + slack) * spelling.rate), len(spelling))
        if high > low:
            out += place(words, Piece(0, len(words), low, high, loose=False, open=True), spelling)
    # The slack of two such pieces may overlap: no word begins before the one before it.
    out.sort(key=lambda word: word.start)
    return out


def _joined(
    groups: Sequence[tuple[float, float, Sequence[Word]]], slack: float
) -> Iterator[tuple[float, float, list[Word]]]:
    """Cues that touch each other, as one, until they have the sounds of a piece."""
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


def pieces(words: Sequence[Word], spelling: Spelling, chain: list[tuple[int, int]]) -> Iterator[Piece]:
    """Cut words and recording where both surely agree, into pieces that are quick to align."""
    owner = np.repeat(np.arange(len(words)), [len(word.ids) for word in words])
    begins = np.flatnonzero(np.diff(owner, prepend=-1)) if len(owner) else owner
    # (word, step) pairs where a word begins that an anchor holds: between two of them lies a piece.
    places = dict(chain)
    borders = [(int(owner[t]), t, places[t]) for t in begins.tolist() if t in places and t - 1 in places]
    steps = spelling.heard.steps
    ends = [(0, 0, 0)]
    for border in borders:
        if max(border[1] - ends[-1][1], border[2] - ends[-1][2]) >= PIECE:
            ends.append(border)
    ends.append((len(words), len(owner), len(steps)))
    for before, border in pairwise(ends):
        yield from _piece(before, border, owner, steps, len(spelling), len(words), pace(chain))


def _piece(before, border, owner, steps, total: int, count: int, common: float) -> Iterator[Piece]:
    """One piece, or its two ends where text and speech differ too much from their common pace to be one."""
    sounds, said = common * (border[2] - before[2]), border[1] - before[1]
    start = 0 if before[0] == 0 else _between(steps, before[2])
    stop = total if border[0] == count else _between(steps, border[2])
    first, last = before[0], border[0]
    if not said or not sounds:
        return
    most = int(1.4 * sounds) + 20
    if said > most:  # text that nobody reads: only what can have been said is looked for, from the side that is known
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


def place(words: Sequence[Word], piece: Piece, spelling: Spelling) -> list[Word]:
    """Give the words of a piece their times; none if they cannot all be said in it."""
    chosen = words[piece.first : piece.last]
    emission = torch.from_numpy(spelling.likely[piece.start : piece.stop].astype(np.float32))
    star = emission.shape[1]
    # Where anything may be said that the text does not tell: between any two words, or at both ends.
    gaps = range(len(chosen) + 1) if piece.loose else (0, len(chosen)) if piece.open else ()
    if gaps:
        other = torch.maximum(emission[:, :1], emission.amax(1, keepdim=True) - STAR)
        emission = torch.cat([emission, other], 1)
    ids: list[int] = []
    spots = []
    for number, word in enumerate(chosen):
        ids += [star] if number in gaps else []
        spots.append(len(ids))
        ids += word.ids
    ids += [star] if len(chosen) in gaps else []
    repeats = sum(a == b for a, b in zip(ids, ids[1:], strict=False))
    if len(ids) + repeats > len(emission):
        return []
    path, _ = forced_align(emission[None], torch.tensor([ids], dtype=torch.int32), blank=0)
    path = path[0].numpy()
    borders = np.flatnonzero(np.diff(path, prepend=0, append=0))
    runs = [(a, b) for a, b in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True) if path[a]]
    out = []
    for word, spot in zip(chosen, spots, strict=True):
        own = runs[spot : spot + len(word.ids)]
        heard = [float(emission[a:b, id].max().exp()) for (a, b), id in zip(own, word.ids, strict=True)]
        start, end = (piece.start + own[0][0]) / spelling.rate, (piece.start + own[-1][1]) / spelling.rate
        out.append(replace(word, start=start, end=end, heard=float(np.mean(heard))))
    return out
