"""One recording on its way into a shard: decoded, trimmed, levelled, encoded, and its words normalised."""

import io
from dataclasses import dataclass

import soundfile
import torch
from jaxtyping import Float
from torch import Tensor

from data.pack.corpora import Clip
from tts.audio import decode, set_level
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


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A clip ready for a shard, or the reason why it is not."""

    data: bytes = b""
    seconds: float = 0.0
    spoken: str = ""  # normalised text
    reason: str = ""


def prepare(clip: Clip, recipe: Recipe) -> Prepared:
    """Never raises for a bad clip: a corpus of thousands always has some."""
    try:
        rate = recipe.audio.sample_rate
        wav = decode(clip.path, rate, max_seconds=LONGEST_RAW)
        if wav.abs().max() < 1e-4:
            raise ValueError("silence only")
        if recipe.trim:
            wav = trim(wav, rate)
        seconds = len(wav) / rate
        if not recipe.min_seconds <= seconds <= recipe.max_seconds:
            raise ValueError(f"{seconds:.2f} s long; wanted {recipe.min_seconds:g} to {recipe.max_seconds:g} s")
        spoken = language().normalise(clip.text).text.strip() if clip.text.strip() else ""
        if clip.text.strip() and not any(character.isalpha() for character in spoken):
            raise ValueError(f"nothing to say in its text {clip.text[:60]!r}")
        data = encode(set_level(wav, recipe.audio), rate, recipe.format)
    except (ValueError, OSError, RuntimeError, MemoryError) as error:  # libsndfile's errors are RuntimeErrors
        return Prepared(reason=str(error) or type(error).__name__)
    return Prepared(data=data, seconds=seconds, spoken=spoken)


def trim(wav: Float[Tensor, " N"], sample_rate: int) -> Float[Tensor, " N2"]:
    """Cut silence off both ends down to `MARGIN`, judged against the speech and the noise of the clip itself."""
    size = round(BLOCK * sample_rate)
    blocks = wav[: len(wav) // size * size].view(-1, size)
    if len(blocks) <= RUN:
        return wav
    power = (blocks - blocks.mean(1, keepdim=True)).square().mean(1)
    active = power[power > power.max() * ACTIVE].mean()
    noise = power.quantile(0.05)
    loud = power > (noise * ABOVE_NOISE).clamp(active * QUIETEST, active * LOUDEST)
    (starts,) = torch.where(loud.unfold(0, RUN, 1).all(1))
    if not len(starts):
        return wav
    margin = round(MARGIN * sample_rate)
    start, stop = int(starts[0]) * size - margin, (int(starts[-1]) + RUN) * size + margin
    return wav[max(start, 0) : stop]


def encode(wav: Float[Tensor, " N"], sample_rate: int, format: str) -> bytes:
    """16-bit FLAC or Opus in Ogg; the same wave always gives the same bytes."""
    container, subtype = FORMATS[format]
    buffer = io.BytesIO()
    soundfile.write(buffer, wav.clamp(-1.0, 1.0).numpy(), sample_rate, format=container, subtype=subtype)
    if container == "OGG":
        set_serial(buffer, SERIAL)
    return buffer.getvalue()
