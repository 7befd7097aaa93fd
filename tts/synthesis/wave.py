"""Tempo and edges of a spoken sentence, piece by piece: nothing waits for more than the next tenths of a second.

In NumPy, for engines with torch and without it.
"""

import math
from collections.abc import Iterable, Iterator

import numpy as np
from jaxtyping import Float

from tts.audio import block_power
from tts.records import AudioConfig

QUIET = -32.0  # dB relative to the level of speech: a block below is silence
BLOCK = 0.01  # seconds
MARGIN = 0.06  # seconds kept around what is not silence, so that soft onsets and releases stay
HOLD = 0.3  # seconds of silence that may be the end; after more, the sentence is taken to go on
FADE = 0.01  # seconds


def stretched(mels: Iterable[tuple[np.ndarray, int]], speed: float) -> Iterator[tuple[Float[np.ndarray, "B M T"], int]]:
    """Change the tempo and keep the pitch: frames are interpolated in time, before the vocoder finds their phases.

    Takes and gives mels that continue each other: frames, of which so many are ready, and those after them are only
    foreseen and come again. In the last mel all are ready.
    """
    if speed == 1:
        yield from mels
        return
    held = None  # the frames from number `first` on that are still needed
    first = done = 0  # `done` frames were given
    for mel, ready in mels:
        seen = mel if held is None else np.concatenate((held, mel), axis=-1)
        known, there = first + seen.shape[-1] - mel.shape[-1] + ready, first + seen.shape[-1]
        ended = known == there
        stop = max(1, round(known / speed)) if ended else _reach(known, speed)
        numbers = np.arange(done, stop if ended else _reach(there, speed), dtype=np.float64)
        place = ((numbers + 0.5) * speed - 0.5).clip(0, there - 1) - first
        before = place.astype(np.int64)
        after = np.minimum(before + 1, seen.shape[-1] - 1)
        share = (place - before).astype(mel.dtype)
        yield seen[..., before] * (1 - share) + seen[..., after] * share, stop - done
        needed = min(known, max(0, math.floor((stop + 0.5) * speed - 0.5)))
        held, first, done = seen[..., needed - first : known - first], needed, stop


def _reach(frames: int, speed: float) -> int:
    """How many frames of another tempo lie between the first of so many and the last."""
    return math.floor((frames - 0.5) / speed - 0.5) + 1


class Edges:
    """Cuts silence at both ends of a sentence down to a margin, and fades, so that pauses have their length.

    Silence is what is far below the level at which all speech is. A stretch of it is held back until sound follows or
    it has lasted `HOLD`, so a silent end that is longer is cut by so much and no more.
    """

    def __init__(self, audio: AudioConfig):
        self.block, self.margin, self.hold, self.fade = (
            round(seconds * audio.sample_rate) for seconds in (BLOCK, MARGIN, HOLD, FADE)
        )
        self.quiet = 10 ** ((audio.level + QUIET) / 10)
        self.start = 0  # samples that were cut off before the sound; all as long as there is none
        self._held = np.zeros(0, np.float32)  # what was not given, from `_first` on
        self._first = self._heard = 0  # samples: given or cut off, searched for sound
        self._end: int | None = None  # where the last sound ends

    def push(self, wave: Float[np.ndarray, " N"]) -> Float[np.ndarray, " K"]:
        """Take what follows, and give what can be given of it."""
        self._held = np.concatenate((self._held, wave))
        there = self._first + len(self._held)
        self._search(there - (there - self._heard) % self.block)
        if self._end is None:
            self._drop(self._heard - self.margin)
            return np.zeros(0, np.float32)
        return self._give(min(there, max(self._end + self.margin, there - self.hold)) - self.fade)

    def finish(self) -> Float[np.ndarray, " K"]:
        """The rest, to where the sentence ends; a sentence that is all silence is a margin of it."""
        there = self._first + len(self._held)
        self._search(there)
        end = there if self._end is None else self._end + self.margin
        rest = self._give(min(there, max(end, there - self.hold)))
        size = min(self.fade, len(rest))
        rest[len(rest) - size :] *= _ramp(self.fade)[::-1][self.fade - size :]
        return rest

    def _search(self, stop: int) -> None:
        """Look for sound up to `stop`."""
        power = block_power(self._held[self._heard - self._first : stop - self._first], self.block)
        loud = np.flatnonzero(power > self.quiet)
        if len(loud):
            if self._end is None:
                self._drop(self._heard + int(loud[0]) * self.block - self.margin)
                size = min(self.fade, len(self._held))
                self._held[:size] *= _ramp(self.fade)[:size]
            self._end = self._heard + (int(loud[-1]) + 1) * self.block
        self._heard = stop

    def _drop(self, stop: int) -> None:
        """Cut off what is before `stop`."""
        size = max(0, stop - self._first)
        self._held = self._held[size:].copy()
        self._first += size
        self.start = self._first

    def _give(self, stop: int) -> np.ndarray:
        size = max(0, stop - self._first)
        given, self._held = self._held[:size], self._held[size:]
        self._first += size
        return given


def trim(wave: Float[np.ndarray, " N"], audio: AudioConfig) -> Float[np.ndarray, " K"]:
    """A sentence without the silence at its ends."""
    edges = Edges(audio)
    return np.concatenate((edges.push(wave), edges.finish()))


def _ramp(size: int) -> Float[np.ndarray, " K"]:
    return np.linspace(0, 1, size, dtype=np.float32)
