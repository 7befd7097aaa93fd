"""Stage 1: a file that somebody put out becomes samples of one rate, or a reason why not."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from data.prepare.sources import Source
from tts.audio import RATES
from tts.files import whole
from tts.settings import ROOT

TIMEOUT = 4 * 3600  # seconds for one file
STEP = 0.1  # seconds: gating blocks of ITU-R BS.1770-4 are four of them, and begin at each
ABSOLUTE, RELATIVE = -70.0, -10.0  # LUFS, LU: its two gates


class Refused(ValueError):
    """The source is set aside, for this reason."""


@dataclass(frozen=True, kw_only=True)
class Ingest:
    """Limits on what is decoded."""

    max_hours: float
    max_channels: int
    max_gb: float  # memory of the decoder
    truncated: float  # share of the claimed length that may be missing


class Samples:
    """The wave of a source on disk: 16 bits, mono, read in pieces, so that its length costs no memory."""

    def __init__(self, path: Path, rate: int):
        self.path, self.rate = path, rate  # Hz
        self.count = path.stat().st_size // 2

    def __len__(self) -> int:
        return self.count

    def read(self, start: int, stop: int) -> Float[Tensor, " N"]:
        """Samples from start to stop; silence where the recording has none."""
        first, last = (min(max(place, 0), self.count) for place in (start, stop))
        # Not mapped into memory: the pages of a long recording would count as the worker's own.
        inside = np.fromfile(self.path, "<i2", last - first, offset=2 * first).astype(np.float32) / 32768
        wave = np.pad(inside, (min(max(-start, 0), stop - start), 0))
        return torch.from_numpy(np.pad(wave, (0, stop - start - len(wave))))

    def clip(self, start: float, end: float) -> Float[Tensor, " N"]:
        """What sounds between two times in seconds."""
        return self.read(round(start * self.rate), min(round(end * self.rate), len(self)))


def ingest(source: Source, settings: Ingest, rate: int, target: Path) -> dict:
    """Decode a source into `target` and describe it. Raises Refused."""
    if os.path.getsize(source.path) == 0:
        raise Refused("an empty file")
    found = decode(source, settings, rate, target)
    if found["peak"] < 1e-4:
        raise Refused("silence only")
    samples = Samples(target, rate)
    return {**found, "loudness": round(loudness(samples), 2)}


def decode(source: Source, settings: Ingest, rate: int, target: Path) -> dict:
    """Samples of a source, through the guarded child `data/prepare/unpack.py`; `target` appears whole or not at all."""
    limits = {
        "suffix": os.path.splitext(source.path)[1][1:].lower(),
        "seconds": settings.max_hours * 3600,
        "channels": settings.max_channels,
        "rates": RATES,
        "truncated": settings.truncated,
        "bytes": int(settings.max_gb * 2**30),
    }
    command = [sys.executable, "-m", "data.prepare.unpack", str(rate), json.dumps(limits)]
    try:
        with open(source.path, "rb") as file, whole(target, shared=True) as out:
            done = subprocess.run(command, cwd=ROOT, stdin=file, stdout=out, stderr=subprocess.PIPE, timeout=TIMEOUT)
            said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
            try:
                found = json.loads(said)
            except ValueError:
                raise Refused(f"the decoder died of it ({_cause(done.returncode)})") from None
            if "refused" in found:
                _check_space(target.parent, found["refused"])
                raise Refused(found["refused"])
    except subprocess.TimeoutExpired:
        raise Refused(f"decoding took more than {TIMEOUT} s") from None
    return found


def _cause(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit {code}"


def _check_space(folder: Path, reason: str) -> None:
    """A full disk is no fault of the source."""
    if "No space left" in reason:
        raise OSError(28, reason, str(folder))


def weighting(rate: int) -> Float[np.ndarray, "2 6"]:
    """The K-weighting of BS.1770 as second-order sections: a shelf of 4 dB from 1500 Hz, and a high-pass at 38 Hz.

    Audio EQ Cookbook (Bristow-Johnson), with A, w0 and alpha as there and the figures of torchaudio's `loudness`.
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
    from scipy.signal import sosfilt  # ten times as quick as torchaudio's filters

    rate, step = samples.rate, round(STEP * samples.rate)
    sections, state = weighting(rate), np.zeros((2, 2))
    # One array for all: small ones kept between the buffers of two minutes would keep the heap from using them again.
    power = np.empty(len(samples) // step)
    for first in range(0, len(power), 600):
        last = min(first + 600, len(power))
        weighted, state = sosfilt(sections, samples.read(first * step, last * step).numpy(), zi=state)
        np.mean(np.square(weighted, out=weighted).reshape(-1, step), axis=1, out=power[first:last])
    if len(power) < 4:
        return ABSOLUTE
    power = torch.from_numpy(power).unfold(0, 4, 1).mean(1)
    level = -0.691 + 10 * power.clamp_min(1e-12).log10()
    for gate in (ABSOLUTE, None):
        kept = power[level > (gate if gate is not None else mean + RELATIVE)]
        if not len(kept):
            return ABSOLUTE
        mean = -0.691 + 10 * float(kept.mean().log10())
    return mean


@contextmanager
def decoded(source: Source, settings: Ingest, rate: int, folder: Path) -> Iterator["Lazy"]:
    """The samples of a source for as long as it is worked on: decoded when first asked for, then deleted."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        yield Lazy(source, settings, rate, Path(scratch) / "samples")


class Lazy:
    """Decodes when first asked; `open` gives the samples."""

    def __init__(self, source: Source, settings: Ingest, rate: int, path: Path):
        self.source, self.settings, self.rate, self.path = source, settings, rate, path

    def describe(self) -> dict:
        return ingest(self.source, self.settings, self.rate, self.path)

    def open(self) -> Samples:
        if not self.path.is_file():
            decode(self.source, self.settings, self.rate, self.path)
        return Samples(self.path, self.rate)
