"""One recording on its way into a shard: decoded, trimmed, levelled, encoded, its text normalised and aligned."""

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile
import torch
from jaxtyping import Float
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor

from data.pack.alignment import Aligner
from tts.audio import block_power, decode, set_level
from tts.corpus import Recording
from tts.ogg import SERIAL, set_serial
from tts.text.language import language
from tts.types import AudioConfig

MARGIN = 0.15  # seconds of silence kept on either side
BLOCK = 0.02  # seconds over which energy is taken
ACTIVE = 1e-3  # -30 dB: a block this close to the loudest is speech (as in `set_level`)
QUIETEST = 1e-4  # -40 dB of active speech: anything below is silence
LOUDEST = 10**-2.2  # -22 dB: anything above is speech, however noisy the room
ABOVE_NOISE = 4.0  # 6 dB above the noise floor
RUN = 2  # blocks; a shorter burst is a click
FORMATS = {"flac": ("FLAC", "PCM_16"), "opus": ("OGG", "OPUS")}
LONGEST_RAW = 600.0  # seconds decoded before trimming; a longer file is a book, not a clip


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is done to every clip."""

    audio: AudioConfig
    format: str  # flac or opus
    min_seconds: float
    max_seconds: float
    trim: bool
    codec: Path | None  # says when each sound is heard; None: that is found out in training


@dataclass(frozen=True, kw_only=True)
class EncodedClip:
    """A clip ready for a shard, or the reason why it is not."""

    data: bytes = b""
    seconds: float = 0.0
    spoken: str = ""  # normalised text
    times: tuple[float, ...] = ()  # seconds at which the sounds of `spoken` are heard, if they were looked for
    reason: str = ""


def encode_recording(recording: Recording, recipe: Recipe, spoken_in: str) -> EncodedClip:
    """Encode a recording whose text is in the language of this name.

    Never raises for a bad recording: a corpus of thousands always has some."""
    try:
        rate = recipe.audio.sample_rate
        wav = decode(recording.path, rate, max_seconds=LONGEST_RAW)
        if np.abs(wav).max() < 1e-4:
            raise ValueError("silence only")
        if recipe.trim:
            wav = cut_silence(wav, rate)
        seconds = len(wav) / rate
        if not recipe.min_seconds <= seconds <= recipe.max_seconds:
            raise ValueError(f"{seconds:.2f} s long; wanted {recipe.min_seconds:g} to {recipe.max_seconds:g} s")
        reads = language(spoken_in)
        spoken = reads.normalise(recording.text).text.strip() if recording.text.strip() else ""
        if recording.text.strip() and not any(character.isalpha() for character in spoken):
            raise ValueError(f"nothing to say in its text {recording.text[:60]!r}")
        data = encode(set_level(wav, recipe.audio), rate, recipe.format)
        times = ()
        if recipe.codec and spoken:
            times = _aligner(recipe.codec, recipe.audio).times(_decoded(data), spoken, spoken_in)
    except (ValueError, OSError, RuntimeError, MemoryError) as error:  # libsndfile's errors are RuntimeErrors
        return EncodedClip(reason=str(error) or type(error).__name__)
    return EncodedClip(data=data, seconds=seconds, spoken=spoken, times=tuple(times))


def _decoded(data: bytes) -> Float[Tensor, " N"]:
    """What training will hear: rounding to 16 bits, and Opus, may change a code and with it the times around it."""
    return torch.from_numpy(soundfile.read(io.BytesIO(data), dtype="float32")[0])


@lru_cache(1)
def _aligner(codec: Path, audio: AudioConfig) -> Aligner:
    return Aligner(codec, audio)  # once in each worker


def cut_silence(wav: Float[np.ndarray, " N"], sample_rate: int) -> Float[np.ndarray, " N2"]:
    """Cut silence off both ends down to `MARGIN`, judged against the speech and the noise of the clip itself."""
    size = round(BLOCK * sample_rate)
    blocks = wav[: len(wav) // size * size].reshape(-1, size)
    if len(blocks) <= RUN:
        return wav
    # Without the mean of each block: an offset or a rumble is no speech.
    power = block_power((blocks - blocks.mean(1, keepdims=True)).ravel(), size)
    active = power[power > power.max() * ACTIVE].mean()
    noise = np.quantile(power, 0.05)
    loud = power > np.clip(noise * ABOVE_NOISE, active * QUIETEST, active * LOUDEST)
    (starts,) = np.nonzero(sliding_window_view(loud, RUN).all(1))
    if not len(starts):
        return wav
    margin = round(MARGIN * sample_rate)
    start, stop = int(starts[0]) * size - margin, (int(starts[-1]) + RUN) * size + margin
    return wav[max(start, 0) : stop]


def encode(wav: Float[np.ndarray, " N"], sample_rate: int, format: str) -> bytes:
    """16-bit FLAC or Opus in Ogg; the same wave always gives the same bytes."""
    container, subtype = FORMATS[format]
    buffer = io.BytesIO()
    soundfile.write(buffer, wav.clip(-1.0, 1.0), sample_rate, format=container, subtype=subtype)
    if container == "OGG":
        set_serial(buffer, SERIAL)
    return buffer.getvalue()
