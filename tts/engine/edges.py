"""Silence at the edges of a spoken sentence, cut as `tts.synthesis.wave.Edges` cuts it."""

import numpy as np
from jaxtyping import Float

QUIET = -32.0  # dB relative to the level of speech
BLOCK, MARGIN, HOLD, FADE = 0.01, 0.06, 0.3, 0.01  # seconds


def trimmed(wave: Float[np.ndarray, " N"], audio: dict) -> Float[np.ndarray, " K"]:
    """Silence at both ends cut down to a margin, the end by `HOLD` at most, and fades, so that nothing clicks."""
    block, margin, hold, fade = (round(seconds * audio["sample_rate"]) for seconds in (BLOCK, MARGIN, HOLD, FADE))
    power = np.square(np.pad(wave, (0, -len(wave) % block))).reshape(-1, block).mean(1)
    loud = np.flatnonzero(power > 10 ** ((audio["level"] + QUIET) / 10))
    if not len(loud):
        wave = wave[max(0, len(wave) - len(wave) % block - margin) :].copy()
    else:
        end = max((loud[-1] + 1) * block + margin, len(wave) - hold)
        wave = wave[max(0, loud[0] * block - margin) : end].copy()
        size = min(fade, len(wave))
        wave[:size] *= np.linspace(0, 1, fade, dtype=np.float32)[:size]
    size = min(fade, len(wave))
    wave[len(wave) - size :] *= np.linspace(1, 0, fade, dtype=np.float32)[fade - size :]
    return wave
