"""Silence at the edges of a spoken sentence."""

import numpy as np
from jaxtyping import Float

QUIET = 1e-4  # power relative to the loudest block, -40 dB: below is silence
MARGIN = 0.06  # seconds kept around what is not silence
FADE = 0.01  # seconds


def trimmed(wave: Float[np.ndarray, " N"], sample_rate: int) -> Float[np.ndarray, " K"]:
    """Cut silence at both ends down to a margin, and fade, so that pauses have their length and nothing clicks."""
    block = sample_rate // 100
    power = np.square(np.pad(wave, (0, -len(wave) % block))).reshape(-1, block).mean(1)
    loud = np.flatnonzero(power > power.max() * QUIET) if len(power) else power
    if not len(loud):
        return wave
    margin = round(MARGIN * sample_rate)
    wave = wave[max(0, loud[0] * block - margin) : (loud[-1] + 1) * block + margin].copy()
    size = min(round(FADE * sample_rate), len(wave))
    ramp = np.linspace(0, 1, size, dtype=np.float32)
    wave[:size] *= ramp
    wave[-size:] *= ramp[::-1]
    return wave
