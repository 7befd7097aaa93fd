"""CTC alignment of words to a recording: of all given words (`place_words`), or of any run of them (`place_run`)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torchaudio.functional import forced_align

from tts.alignment.spell import Spelling, Word
from tts.ctc import runs

STAR = 2.5  # nats below the likeliest phoneme: the cost of a step of speech that is not in the text
SKIPPED = 0.5  # nats: the cost of each word that is skipped before the first one that is said
OUTSIDE = 12.0  # nats below the likeliest phoneme: the most that a step of speech before the text costs
# How the best path came to a state: it stayed, came from the state before, skipped a blank, or entered the text here.
STAY, NEXT, SKIP, ENTER = range(4)


@dataclass(frozen=True)
class Piece:
    """Words `first` to `last` (exclusive) are said between the CTC steps `start` and `stop`.

    `loose`: other speech may stand before, after and between the words. `open`: before and after them only.
    """

    first: int
    last: int
    start: int
    stop: int
    loose: bool
    open: bool = False


def place_words(words: Sequence[Word], piece: Piece, spelling: Spelling) -> list[Word]:
    """The words of a piece with their times, by forced alignment; none if the piece is too short for all of them."""
    chosen = words[piece.first : piece.last]
    emission = torch.from_numpy(spelling.likely[piece.start : piece.stop].astype(np.float32))
    star = emission.shape[1]  # an extra label that stands for any speech outside the text
    gaps = range(len(chosen) + 1) if piece.loose else (0, len(chosen)) if piece.open else ()
    if gaps:
        other = torch.maximum(emission[:, :1], emission.amax(1, keepdim=True) - STAR)
        emission = torch.cat([emission, other], 1)
    ids: list[int] = []
    places = []  # of each word's first phoneme in `ids`
    for number, word in enumerate(chosen):
        ids += [star] if number in gaps else []
        places.append(len(ids))
        ids += word.ids
    ids += [star] if len(chosen) in gaps else []
    repeats = sum(a == b for a, b in zip(ids, ids[1:], strict=False))
    if len(ids) + repeats > len(emission):
        return []
    path, _ = forced_align(emission[None], torch.tensor([ids], dtype=torch.int32), blank=0)
    found = runs(path[0].numpy())
    out = []
    for word, place in zip(chosen, places, strict=True):
        own = found[place : place + len(word.ids)]
        peaks = [float(emission[a:b, id].max().exp()) for (a, b), id in zip(own, word.ids, strict=True)]
        start, end = (piece.start + own[0][0]) / spelling.rate, (piece.start + own[-1][1]) / spelling.rate
        out.append(replace(word, start=start, end=end, confidence=float(np.mean(peaks))))
    return out


def place_run(
    words: Sequence[Word], emission: Float[np.ndarray, "K V"], start: int, rate: float, reward: float = 0.0
) -> list[tuple[int, Word]]:
    """The run of words that is said in `emission`, with their numbers and times, by Viterbi with free ends.

    The path may begin at any word and end at any later one. `start` is the step of the recording at which `emission`
    begins. `reward`, in nats, is what each phoneme on the path gains.
    """
    ids = np.array([id for word in words for id in word.ids])
    spots = np.cumsum([0, *(len(word.ids) for word in words)])  # of each word's first phoneme in `ids`
    emission = emission.astype(np.float32)
    path = _best_path(emission, ids, spots[:-1], reward)
    out = []
    for index, word in enumerate(words):
        first, last = 2 * spots[index] + 1, 2 * spots[index + 1] - 1  # states of its first and last phoneme
        inside = np.flatnonzero((path >= first) & (path <= last) & (path % 2 == 1))
        if not len(inside) or path[inside[-1]] != last:
            continue  # not said here, or not to its end
        places = range(spots[index], spots[index + 1])
        peaks = [float(np.exp(emission[path == 2 * place + 1, ids[place]].max())) for place in places]
        times = (start + inside[0]) / rate, (start + inside[-1] + 1) / rate
        out.append((index, replace(word, start=times[0], end=times[1], confidence=float(np.mean(peaks)))))
    return out


def _best_path(emission: np.ndarray, ids: np.ndarray, begins: np.ndarray, reward: float) -> np.ndarray:
    """The likeliest state of each step; 0 before the text. States are blank, phoneme, blank, ..., phoneme, blank."""
    states = np.zeros(2 * len(ids) + 1, np.int64)
    states[1::2] = ids
    may_skip = np.zeros(len(states), bool)  # from one phoneme to the next without a blank
    may_skip[3::2] = ids[1:] != ids[:-1]
    may_enter = np.zeros(len(states), bool)
    may_enter[2 * begins + 1] = True
    skipped = np.zeros(len(states), np.float32)
    skipped[2 * begins + 1] = SKIPPED * np.arange(len(begins))
    gain = np.zeros(len(states), np.float32)
    gain[1::2] = reward
    scores = np.full(len(states), -np.inf, np.float32)
    moves = np.zeros((len(emission), len(states)), np.int8)
    outside = 0.0  # the score of a path that has not entered the text yet
    outside_step = np.maximum(emission[:, 0], emission.max(1) - OUTSIDE)
    for step, row in enumerate(emission):
        best, move = scores.copy(), moves[step]
        entered = np.where(may_enter, outside - skipped + gain, -np.inf)
        following = np.concatenate([[-np.inf], scores[:-1]]) + gain
        leaping = np.where(may_skip, np.concatenate([[-np.inf, -np.inf], scores[:-2]]) + gain, -np.inf)
        for kind, other in ((NEXT, following), (SKIP, leaping), (ENTER, entered)):
            better = other > best
            best[better], move[better] = other[better], kind
        scores = best + row[states]
        outside += outside_step[step]
    state = int(scores.argmax())
    path = np.zeros(len(emission), np.int64)
    for step in range(len(emission) - 1, -1, -1):
        path[step] = state
        if moves[step, state] == ENTER:
            break
        state -= int(moves[step, state])  # NEXT and SKIP are the numbers of states passed
    return path
