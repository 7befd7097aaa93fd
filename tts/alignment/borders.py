"""Exact borders of words, from where the sound begins and ends, and clips whose borders cut no word.

CTC marks the middle of a phoneme rather than its whole length. Between two words without a pause the border is moved
to the quietest moment; beside a pause, a word lasts as long as it sounds.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from tts.alignment.recording import Samples
from tts.alignment.spell import Word
from tts.audio import block_power

BLOCK = 0.01  # seconds per block of power
MINUTE = 6000  # blocks whose loudness and noise are judged together
CLOSURE = 6  # blocks: the closure of a stop consonant is shorter, a pause is longer
QUIET = 3e-4  # -35 dB of active speech: the threshold of silence where the room is quieter than that
ABOVE_NOISE = 4.0  # 6 dB above the noise floor: the threshold elsewhere
JOINED = 0.04  # seconds: a shorter gap between two words is not searched for silence
LONGEST_EDGE = 0.6  # seconds: no phoneme lasts longer than this


def refine_borders(found: Sequence[Word], samples: Samples) -> list[Word]:
    """The same words with borders moved to where their sound begins and ends."""
    power, threshold = power_and_threshold(samples)
    out = list(found)
    for index in range(len(out) + 1):
        before = out[index - 1] if index else None
        after = out[index] if index < len(out) else None
        low = before.end if before else after.start - LONGEST_EDGE
        high = after.start if after else before.end + LONGEST_EDGE
        end, start = _gap(power, threshold, low, high)
        if before:
            out[index - 1] = replace(before, end=max(end, before.start + BLOCK))
        if after:
            out[index] = replace(after, start=max(0.0, start))
    return out


def _gap(power: np.ndarray, threshold: np.ndarray, low: float, high: float) -> tuple[float, float]:
    """Where one word ends and the next begins, in seconds, given the CTC peaks `low` and `high` on either side."""
    middle = (low + high) / 2
    first, last = max(int(low / BLOCK), 0), min(int(np.ceil(high / BLOCK)), len(power))
    if high - low < JOINED or last <= first:
        return middle, middle
    quiet = _silences(power[first:last] <= threshold[first:last])
    if not len(quiet):
        quietest = (first + int(power[first:last].argmin()) + 0.5) * BLOCK
        return (quietest, quietest) if high - low < LONGEST_EDGE else (low, high)
    end, start = (first + int(quiet[0, 0])) * BLOCK, (first + int(quiet[-1, 1])) * BLOCK
    return min(max(low, end), low + LONGEST_EDGE), max(min(high, start), high - LONGEST_EDGE)


def _silences(quiet: np.ndarray) -> np.ndarray:
    """Starts and ends of runs of quiet blocks, without runs as short as the closure of a stop consonant."""
    borders = np.flatnonzero(np.diff(quiet.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    return borders[borders[:, 1] - borders[:, 0] >= min(CLOSURE, len(quiet))]


def power_and_threshold(samples: Samples) -> tuple[Float[np.ndarray, " K"], Float[np.ndarray, " K"]]:
    """The power of each block, and the power above which it is sound, judged by the speech and noise of its minute."""
    block = round(BLOCK * samples.rate)
    power, threshold = np.empty((2, len(samples) // block), np.float32)
    for first in range(0, len(power), MINUTE):
        last = min(first + MINUTE, len(power))
        own = block_power(samples.read(first * block, last * block), block)
        active = own[own >= own.max() * 1e-3].mean()
        noise = np.quantile(own, 0.05)
        power[first:last] = own
        threshold[first:last] = max(min(max(noise * ABOVE_NOISE, active * 1e-4), active * 10**-1.5), active * QUIET)
    return power, threshold


def move_off_words(clips: Sequence[Sequence[float]], found: Sequence[Word]) -> list[tuple[float, float]]:
    """Clips whose borders lie inside no word: each border that did is moved to the nearer border of that word."""
    starts = np.array([word.start for word in found])
    out: list[tuple[float, float]] = []
    for start, end in clips:
        start, end = _outside(start, found, starts), _outside(end, found, starts)
        if out:
            start = max(start, out[-1][1])
        out.append((start, max(end, start)))
    return out


def _outside(time: float, found: Sequence[Word], starts: np.ndarray) -> float:
    """The time itself, or the nearer border of the word that it lies in."""
    index = int(np.searchsorted(starts, time, "right")) - 1
    if index < 0 or not found[index].start < time < found[index].end:
        return time
    word = found[index]
    return word.start if time - word.start < word.end - time else word.end
