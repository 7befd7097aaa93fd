"""Stage 1: a recording in any format becomes 16-bit mono samples of one rate, or is refused with a reason."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from data.prepare.sources import Source
from tts.alignment.recording import Samples, unpacked

STEP = 0.1  # seconds from one gating block of ITU-R BS.1770-4 to the next; a block spans four steps
ABSOLUTE, RELATIVE = -70.0, -10.0  # LUFS, LU: the two gates of the standard


class SourceRefused(ValueError):
    """A source that cannot be used, with the reason."""


@dataclass(frozen=True, kw_only=True)
class IngestConfig:
    """Limits on what is decoded; see conf/prepare.yaml."""

    max_hours: float
    max_channels: int
    max_gb: float
    max_missing: float


def ingest(source: Source, config: IngestConfig, rate: int, target: Path) -> dict:
    """Decode a source into `target`; returns what is known of its sound. Raises SourceRefused."""
    if os.path.getsize(source.path) == 0:
        raise SourceRefused("an empty file")
    found = _decoded(source, config, rate, target)
    if found["peak"] < 1e-4:
        raise SourceRefused("silence only")
    samples = Samples(target, rate)
    return {**found, "loudness": round(loudness(samples), 2)}


def _decoded(source: Source, config: IngestConfig, rate: int, target: Path) -> dict:
    try:
        return unpacked(source.path, rate, target, **asdict(config))
    except ValueError as error:
        raise SourceRefused(str(error)) from None


def k_weighting(rate: int) -> Float[np.ndarray, "2 6"]:
    """The K-weighting of BS.1770 as second-order sections: a shelf of 4 dB from 1500 Hz, and a high-pass at 38 Hz.

    Symbols are those of the Audio EQ Cookbook (Bristow-Johnson), constants those of torchaudio's `loudness`.
    """
    A, w0 = 10 ** (4 / 40), 2 * np.pi * 1500 / rate
    cos, root = np.cos(w0), 2 * A**0.5 * np.sin(w0) * 2**-0.5  # root: 2 sqrt(A) alpha, with Q = 1 / sqrt(2)
    rising = [A * (A + 1 + (A - 1) * cos + root), -2 * A * (A - 1 + (A + 1) * cos), A * (A + 1 + (A - 1) * cos - root)]
    shelf = [*rising, A + 1 - (A - 1) * cos + root, 2 * (A - 1 - (A + 1) * cos), A + 1 - (A - 1) * cos - root]
    w0 = 2 * np.pi * 38 / rate
    cos, alpha = np.cos(w0), np.sin(w0)  # Q = 1 / 2
    high = [(1 + cos) / 2, -1 - cos, (1 + cos) / 2, 1 + alpha, -2 * cos, 1 - alpha]
    return np.array([shelf, high]) / [[shelf[3]], [high[3]]]


def loudness(samples: Samples) -> float:
    """Integrated loudness in LUFS (ITU-R BS.1770-4), read minute by minute."""
    from scipy.signal import sosfilt  # ten times faster than torchaudio's filters

    rate, step = samples.rate, round(STEP * samples.rate)
    sections, state = k_weighting(rate), np.zeros((2, 2))
    # One array for all blocks: small arrays between the buffers of two minutes would fragment the heap.
    power = np.empty(len(samples) // step)
    for first in range(0, len(power), 600):
        last = min(first + 600, len(power))
        weighted, state = sosfilt(sections, samples.read(first * step, last * step), zi=state)
        np.mean(np.square(weighted, out=weighted).reshape(-1, step), axis=1, out=power[first:last])
    if len(power) < 4:
        return ABSOLUTE
    power = torch.from_numpy(power).unfold(0, 4, 1).mean(1)
    level = -0.691 + 10 * power.clamp_min(1e-12).log10()
    gate = ABSOLUTE
    for _ in range(2):
        kept = power[level > gate]
        if not len(kept):
            return ABSOLUTE
        mean = -0.691 + 10 * float(kept.mean().log10())
        gate = mean + RELATIVE
    return mean


class LazySamples:
    """The samples of a source, decoded when they are first needed: results in the cache may make that unnecessary."""

    def __init__(self, source: Source, config: IngestConfig, rate: int, path: Path):
        self.source, self.config, self.rate, self.path = source, config, rate, path

    def describe(self) -> dict:
        return ingest(self.source, self.config, self.rate, self.path)

    def open(self) -> Samples:
        if not self.path.is_file():
            _decoded(self.source, self.config, self.rate, self.path)
        return Samples(self.path, self.rate)


@contextmanager
def lazy_samples(source: Source, config: IngestConfig, rate: int, folder: Path) -> Iterator[LazySamples]:
    """The samples of a source, in a temporary file that is deleted at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        yield LazySamples(source, config, rate, Path(scratch) / "samples")
