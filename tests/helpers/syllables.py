"""Noise that rises and falls as speech does, with syllables, pauses and the slope of its spectrum; no net is needed."""

import numpy as np
from jaxtyping import Float

from tts.mersenne import Mersenne


def syllables(seconds: float, rate: int, channels: int = 1, seed: int = 0) -> Float[np.ndarray, "C N"]:
    """So many seconds at a peak of 0.7, in sentences of 1.9 s and pauses of 0.6 s."""
    size = round(seconds * rate)
    spectrum = np.fft.rfft(Mersenne(seed).normal(channels, size))
    hertz = np.fft.rfftfreq(size, 1 / rate)
    wave = np.fft.irfft(spectrum / np.sqrt(1 + (hertz / 500) ** 2) * (hertz > 80), n=size)
    time = np.arange(size) / rate
    wave = wave * np.maximum(np.sin(2 * np.pi * 3.1 * time) + 0.6, 0) * ((time % 2.5) < 1.9)
    return (wave / np.abs(wave).max() * 0.7).astype(np.float32)


def parts(wave: Float[np.ndarray, "C N"], size: int) -> list[Float[np.ndarray, "C K"]]:
    """A wave cut into blocks of so many samples; the last one may be shorter."""
    return [wave[:, start : start + size] for start in range(0, wave.shape[1], size)]
