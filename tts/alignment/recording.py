"""A recording in any format as 16-bit mono samples of one rate on disk, decoded in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from jaxtyping import Float

from tts.audio import RATES
from tts.files import whole
from tts.settings import ROOT

TIMEOUT = 4 * 3600  # seconds for one file


class Samples:
    """The decoded wave of a source on disk, 16-bit mono. It is read in pieces, so a long recording takes no memory."""

    def __init__(self, path: Path, rate: int):
        self.path, self.rate = path, rate  # Hz
        self.count = path.stat().st_size // 2

    def __len__(self) -> int:
        return self.count

    def read(self, start: int, stop: int) -> Float[np.ndarray, " N"]:
        """Samples from start to stop, with silence before the beginning and after the end of the recording."""
        first, last = (min(max(place, 0), self.count) for place in (start, stop))
        # Not mapped into memory: the pages of a long recording would count as the worker's own.
        inside = np.fromfile(self.path, "<i2", last - first, offset=2 * first).astype(np.float32) / 32768
        wave = np.pad(inside, (min(max(-start, 0), stop - start), 0))
        return np.pad(wave, (0, stop - start - len(wave)))

    def clip(self, start: float, end: float) -> Float[np.ndarray, " N"]:
        """The wave between two times in seconds."""
        return self.read(round(start * self.rate), min(round(end * self.rate), len(self)))


def unpacked(
    path: str | os.PathLike,
    rate: int,
    target: Path,
    *,
    max_hours: float,
    max_channels: int,
    max_gb: float,
    max_missing: float,
) -> dict:
    """Decode a recording in the child process `tts/alignment/unpack.py`; `target` appears only when it is complete.

    Gives what is known of the recording. The limits are on its length, its channels, the child's memory, and the share
    that a damaged file may lack. Raises ValueError with the reason if it cannot be used, and OSError if the disk is
    full, which is not its fault.
    """
    limits = {
        "suffix": os.path.splitext(path)[1][1:].lower(),
        "seconds": max_hours * 3600,
        "channels": max_channels,
        "rates": RATES,
        "max_missing": max_missing,
        "bytes": int(max_gb * 2**30),
    }
    command = [sys.executable, "-m", "tts.alignment.unpack", str(rate), json.dumps(limits)]
    try:
        with open(path, "rb") as file, whole(target, shared=True) as out:
            done = subprocess.run(command, cwd=ROOT, stdin=file, stdout=out, stderr=subprocess.PIPE, timeout=TIMEOUT)
            said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
            try:
                found = json.loads(said)
            except ValueError:
                raise ValueError(f"the decoder crashed ({_cause(done.returncode)})") from None
            if "refused" in found:
                _check_space(target.parent, found["refused"])
                raise ValueError(found["refused"])
    except subprocess.TimeoutExpired:
        raise ValueError(f"decoding took more than {TIMEOUT} s") from None
    return found


def _cause(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit {code}"


def _check_space(folder: Path, reason: str) -> None:
    """Raise OSError if the reason is a full disk, which is not the fault of the source."""
    if "No space left" in reason:
        raise OSError(28, reason, str(folder))
