"""Finds the speech in a recording with silero-vad, or by loudness if that is not installed or finds no speech."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float
from numpy.lib.stride_tricks import sliding_window_view

from tts.audio import block_power, resample
from tts.vad import FRAME, RATE, speech_probabilities

LIKELY = 0.5  # least probability of speech
REACH, MARGIN = 4, 1  # frames: pauses up to twice REACH (a quarter of a second) stay, and MARGIN around speech
LOUD = 1e-3  # power relative to loud frames (-30 dB) above which a frame counts as speech by loudness
LOUD_SHARE = 0.95  # quantile of power that defines "loud frames"; the very loudest may be a click
FAINTEST = 1e-8  # power (-80 dB) below which a frame is silent
CREST = 4.0  # samples above this multiple of the 99 % quantile of the amplitude are clicks
FEWEST_FRAMES = 32  # about a second

MISSING = "silero-vad is not installed (`uv sync --group prepare`): speech is found by loudness only"


def find_speech(
    wav: Float[np.ndarray, " N"], rate: int, name: str, tell: Callable[[str], None]
) -> Float[np.ndarray, " K"]:
    """The parts of a recording that contain speech, joined, without offset and clicks. Empty if it is silent.

    `tell` gets a notice if speech had to be found by loudness.
    """
    wav = wav - wav.mean()
    low = resample(wav, rate, RATE)
    loud = _loud(low)
    if not loud.any():
        return wav[:0]
    spoken = spoken_frames(low, tell)
    if int(spoken.sum()) < min(FEWEST_FRAMES, int(loud.sum())):
        tell(f"silero-vad found no speech in {name}: its loud parts are used as speech")
        spoken = loud
    near = ~_widen(~_widen(spoken, REACH), REACH - MARGIN)
    kept = near[np.arange(len(wav)) * len(near) // len(wav)]
    return without_clicks(wav[kept])


def spoken_frames(low: Float[np.ndarray, " N"], tell: Callable[[str], None]) -> Bool[np.ndarray, " K"]:
    """Which frames of 32 ms hold speech, of a wave at `RATE`; where silero-vad is not installed, the loud ones."""
    try:
        return _probabilities(low) >= LIKELY
    except ImportError:
        tell(MISSING)
        return _loud(low)


def without_clicks(wav: Float[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
    """Clip samples far above nearly all others, so that clicks change neither the level nor the mel."""
    if not len(wav):
        return wav
    rank = max(1, round(0.99 * len(wav))) - 1
    limit = np.float32(CREST) * np.partition(np.abs(wav), rank)[rank]
    return wav.clip(-limit, limit)


def _widen(marked: Bool[np.ndarray, " K"], frames: int) -> Bool[np.ndarray, " K"]:
    """Mark so many neighbours on each side, too."""
    return sliding_window_view(np.pad(marked, frames), 2 * frames + 1).any(1)


def _loud(low: Float[np.ndarray, " N"]) -> Bool[np.ndarray, " K"]:
    """Marks the frames that are within 30 dB of the loud frames of the recording."""
    power = block_power(low, FRAME)
    heard = power[power > FAINTEST]
    if not len(heard):
        return power > FAINTEST
    return power > max(FAINTEST, LOUD * float(np.quantile(heard, LOUD_SHARE)))


def _probabilities(low: Float[np.ndarray, " N"]) -> Float[np.ndarray, " K"]:
    """The probability of speech in each frame."""

    def read(start: int, stop: int) -> Float[np.ndarray, " N"]:
        inside = low[max(start, 0) : stop]
        before = min(max(-start, 0), stop - start)
        return np.pad(inside, (before, stop - start - before - len(inside)))

    return speech_probabilities(read, len(low), RATE)
