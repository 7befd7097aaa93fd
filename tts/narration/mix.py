"""Takes to the sound of a chapter, one after the other: lead-in, speech, pauses, tail.

Memory holds one take. `tts.narration.chain` adds loudness, a bed and the mark later, so that none of them changes what
is stored.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from tts.narration.script import Segment

LEAD_IN = 0.2  # seconds of silence before the first word of a chapter
TAIL = 1.0  # seconds of silence at the end of a chapter, at least
EDGE = 0.005  # seconds over which a take fades that starts or stops in the middle of a sound
STEP = 1e-3  # of full scale: a smaller step from silence is not heard as a click
LOUDEST = 0.99  # of full scale, after a change of volume


@dataclass(frozen=True)
class Placed:
    """A segment in its chapter, and the next stretch of the chapter's sound."""

    segment: Segment
    wave: np.ndarray  # (N,) float32: the speech with the pause after it, and the lead-in before the first one
    start: float  # seconds from the start of the chapter to the first sample of the speech
    stop: float  # to the last one, before the pause


def mix_chapter(takes: Iterable[tuple[Segment, np.ndarray]], rate: int) -> Iterator[Placed]:
    """Lay the takes of one chapter one after the other, each with the pause of its segment.

    `takes` holds mono float32 waves at `rate` Hz; one without samples leaves only its pause. The waves of what is
    yielded, joined, are the chapter. Times are exact: each pause is rounded to samples once. A take is scaled by the
    volume of its manner here, so that another volume needs no other take.
    """
    at = round(LEAD_IN * rate)
    before = np.zeros(at, np.float32)
    waiting = None
    for segment, wave in takes:
        if waiting is not None:
            yield waiting
        wave = faded(scaled(np.asarray(wave, np.float32), segment.manner.volume), rate)
        pause = np.zeros(round(segment.pause * rate), np.float32)
        start, stop = at, at + len(wave)
        at = stop + len(pause)
        waiting = Placed(segment, np.concatenate((before, wave, pause)), start / rate, stop / rate)
        before = before[:0]
    if waiting is not None:
        missing = round(TAIL * rate) - (at - round(waiting.stop * rate))
        tail = np.zeros(max(0, missing), np.float32)
        yield Placed(waiting.segment, np.concatenate((waiting.wave, tail)), waiting.start, waiting.stop)


def scaled(wave: np.ndarray, volume: float) -> np.ndarray:
    """Louder by `volume` dB, or by as much as does not clip."""
    if not volume or not wave.size:
        return wave
    gain = 10 ** (volume / 20)
    peak = float(np.abs(wave).max())
    return wave * np.float32(min(gain, max(1.0, LOUDEST / peak)) if peak else 1.0)


def faded(wave: np.ndarray, rate: int) -> np.ndarray:
    """The wave, with a short fade at an end that steps from or to silence. `tts.synthesis.wave.trim` fades before."""
    size = min(round(EDGE * rate), len(wave) // 2)
    if not size or max(abs(wave[0]), abs(wave[-1])) <= STEP:
        return wave
    wave = wave.copy()
    ramp = np.linspace(0, 1, size, dtype=np.float32)
    if abs(wave[0]) > STEP:
        wave[:size] *= ramp
    if abs(wave[-1]) > STEP:
        wave[-size:] *= ramp[::-1]
    return wave
