"""Voice activity detection by silero-vad, whose weights come with its package. That needs torch; the weights do not."""

from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from tts.audio import resample

RATE = 16_000  # Hz, of silero-vad
FRAME = 512  # samples at that rate: the detector rates 32 ms at a time
CONTEXT = 64  # samples before a frame that it hears again
STATE = 128  # numbers of each of its two layers
SECONDS = FRAME / RATE
WINDOW, WARM = 960, 64  # frames of a window, and frames before it that set the state of the detector
BATCH = 16  # windows at once


@lru_cache(1)
def silero() -> Any:
    """The net, as a session of ONNX Runtime. Raises ImportError where a package is not installed."""
    import onnxruntime

    package = find_spec("silero_vad")
    if package is None:
        raise ModuleNotFoundError("silero-vad is not installed", name="silero_vad")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    path = Path(package.origin).with_name("data") / "silero_vad.onnx"
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def speech_probabilities(
    read: Callable[[int, int], Float[np.ndarray, " N"]], count: int, rate: int
) -> Float[np.ndarray, " K"]:
    """The probability of speech in each frame of 32 ms of `count` samples at `rate` Hz.

    `read` gives the samples from a start to a stop, with silence before the first and after the last, so that a long
    recording need not be in memory. Windows are rated in batches, which is faster.
    """
    size = rate * FRAME // RATE  # samples of the source per frame
    if size * RATE != rate * FRAME:
        raise ValueError(f"a frame of 32 ms is no whole number of samples at {rate} Hz: use another sample rate")
    net, frames = silero(), -(-count // size)
    starts = range(0, frames, WINDOW)
    out = [np.zeros(0, np.float32)]
    for first in range(0, len(starts), BATCH):
        waves = [read((start - WARM) * size, (start + WINDOW) * size) for start in starts[first : first + BATCH]]
        out.append(_rated(net, resample(np.stack(waves), rate, RATE))[:, WARM:].ravel())
    return np.concatenate(out)[:frames]


def _rated(net: Any, waves: Float[np.ndarray, "B N"]) -> Float[np.ndarray, "B K"]:
    """The probability of speech in each frame of some waves, frame after frame as the detector has to hear them."""
    state, rate = np.zeros((2, len(waves), STATE), np.float32), np.array(RATE)
    heard = np.pad(waves, ((0, 0), (CONTEXT, 0)))
    rated = []
    for start in range(0, waves.shape[1], FRAME):
        inputs = {"input": heard[:, start : start + CONTEXT + FRAME], "state": state, "sr": rate}
        one, state = net.run(None, inputs)
        rated.append(one)
    return np.concatenate(rated, axis=1)
