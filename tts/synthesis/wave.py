"""Tempo and edges of a spoken sentence."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tts.audio import block_power
from tts.types import Mel

QUIET = 1e-4  # power relative to the loudest block, -40 dB: below is silence
MARGIN = 0.06  # seconds kept around what is not silence, so that soft onsets and releases stay
FADE = 0.01  # seconds


def stretch(mel: Mel, speed: float) -> Mel:
    """Change the tempo and keep the pitch: frames are interpolated in time, before the vocoder finds their phases."""
    if speed == 1:
        return mel
    size = max(1, round(mel.frames.shape[-1] / speed))
    length = (mel.length / speed).round().long().clamp(1, size)
    return Mel(F.interpolate(mel.frames, size=size, mode="linear"), length)


def sounding(wave: Float[Tensor, " N"], sample_rate: int) -> range:
    """The samples between the silences at both ends, with a margin; none if everything is silent."""
    block = sample_rate // 100
    power = block_power(wave, block)
    loud = (power > power.max() * QUIET).nonzero() if len(power) else power.nonzero()
    if not len(loud):
        return range(0)
    margin = round(MARGIN * sample_rate)
    return range(max(0, int(loud[0]) * block - margin), min(len(wave), (int(loud[-1]) + 1) * block + margin))


def trim(wave: Float[Tensor, " N"], sample_rate: int) -> Float[Tensor, " K"]:
    """Cut silence at both ends down to a margin, and fade, so that pauses have their length and nothing clicks."""
    sound = sounding(wave, sample_rate)
    if not sound:
        return wave
    wave = wave[sound.start : sound.stop].clone()
    size = min(round(FADE * sample_rate), len(wave))
    ramp = torch.linspace(0, 1, size)
    wave[:size] *= ramp
    wave[-size:] *= ramp.flip(0)
    return wave
