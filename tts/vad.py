"""Voice activity detection by silero-vad, whose weights come with its package."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from tts.audio import resample

RATE = 16_000  # Hz, of silero-vad
FRAME = 512  # samples at that rate: the detector rates 32 ms at a time
SECONDS = FRAME / RATE
WINDOW, WARM = 960, 64  # frames of a window, and frames before it that set the state of the detector
BATCH = 16  # windows at once


@lru_cache(1)
def silero() -> Any:
    """The net. Raises ImportError where its package is not installed."""
    from silero_vad import load_silero_vad

    return load_silero_vad(onnx=True)


@torch.inference_mode()
def speech_probabilities(read: Callable[[int, int], Tensor], count: int, rate: int) -> Float[Tensor, " K"]:
    """The probability of speech in each frame of 32 ms of `count` samples at `rate` Hz.

    `read` gives the samples from a start to a stop, with silence before the first and after the last, so that a long
    recording need not be in memory. Windows are rated in batches, which is faster.
    """
    size = rate * FRAME // RATE  # samples of the source per frame
    if size * RATE != rate * FRAME:
        raise ValueError(f"a frame of 32 ms is no whole number of samples at {rate} Hz: use another sample rate")
    net, frames = silero(), -(-count // size)
    starts = range(0, frames, WINDOW)
    out = [torch.zeros(0)]
    for first in range(0, len(starts), BATCH):
        waves = [read((start - WARM) * size, (start + WINDOW) * size) for start in starts[first : first + BATCH]]
        batch = resample(torch.stack(waves), rate, RATE)
        net.reset_states()
        heard = torch.cat([net(part, RATE) for part in batch.split(FRAME, dim=1)], dim=1)
        out.append(heard[:, WARM:].reshape(-1))
    return torch.cat(out)[:frames]
