"""Stage 5: duplicate clips, found by acoustic fingerprints, whatever their format, level or noise.

The fingerprint is that of Haitsma and Kalker (2002): the signs of differences of band energies along time and
frequency. Clips that share landmarks (min-hashes of pairs of frames) are compared bit by bit. The index is on disk, so
a larger corpus needs no more memory.
"""

import sqlite3
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

WINDOW, HOP = 0.34, 0.064  # seconds
BANDS, LOW, HIGH = 17, 300.0, 3000.0  # Hz
APART = 4  # frames between the two frames of a landmark
MARKS = 32  # landmarks of a clip
QUIET = 1e-3  # -30 dB of the loudest frame: quieter frames give no landmarks
SHIFT = 16  # frames by which one copy may begin earlier than the other
OVERLAP = 0.7  # of the shorter clip that must overlap
CROWD = 64  # clips looked up per landmark at the most


@dataclass(frozen=True, kw_only=True)
class DedupConfig:
    """When two clips are duplicates; see conf/prepare.yaml."""

    max_bit_error: float
    min_landmarks: int


@dataclass(frozen=True)
class AcousticFingerprint:
    """16 bits for each 64 ms of a clip, and its landmarks."""

    bits: bytes
    marks: tuple[int, ...]


@lru_cache(4)
def _bands(rate: int) -> Tensor:
    size = round(WINDOW * rate)
    edges = torch.logspace(np.log10(LOW), np.log10(HIGH), BANDS + 1) * size / rate
    bins = torch.arange(size // 2 + 1)
    return torch.stack([(bins >= a) & (bins < b) for a, b in zip(edges, edges[1:], strict=False)]).float()


@lru_cache(1)
def _hashes() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(20021017)
    return rng.integers(1, 2**31, (MARKS, 1)) | 1, rng.integers(0, 2**31, (MARKS, 1))


def acoustic_fingerprint(wave: Float[Tensor, " N"], rate: int) -> AcousticFingerprint:
    """Any sample rate near 24 kHz gives nearly the same bits."""
    size, hop = round(WINDOW * rate), round(HOP * rate)
    frames = torch.nn.functional.pad(wave, (0, max(0, size + hop - len(wave)))).unfold(0, size, hop)
    power = torch.view_as_real(torch.fft.rfft(frames * torch.hann_window(size))).square().sum(-1)
    energy = (power @ _bands(rate).T).clamp_min(1e-9).log()
    rise = energy[:, :-1] - energy[:, 1:]
    signs = (rise[1:] - rise[:-1] > 0).numpy()
    bits = signs @ (1 << np.arange(BANDS - 1))
    loud = power.sum(1)
    loud = (loud > QUIET * loud.max()).numpy()[1:]
    pairs = (bits[:-APART] & 0xFFF) << 12 | (bits[APART:] & 0xFFF)
    pairs = np.unique(pairs[loud[:-APART] & loud[APART:]])
    if not len(pairs):
        return AcousticFingerprint(bits.astype("<u2").tobytes(), ())
    a, b = _hashes()
    marks = ((a * pairs[None] + b) % (2**31 - 1)).min(1)
    return AcousticFingerprint(bits.astype("<u2").tobytes(), tuple(marks.tolist()))


def bit_error_rate(left: bytes, right: bytes) -> float:
    """The share of bits that differ between two fingerprints at their best shift; 1 if they overlap too little."""
    a, b = np.frombuffer(left, "<u2"), np.frombuffer(right, "<u2")
    need = OVERLAP * min(len(a), len(b))
    if min(len(a), len(b)) < 0.5 * max(len(a), len(b)) or not need:
        return 1.0
    margins = (SHIFT, SHIFT + max(len(a) - len(b), 0))
    shifted, there = (_windows(np.pad(x, margins), len(a)) for x in (b, np.ones(len(b), bool)))
    sizes = there.sum(1)
    shares = (np.bitwise_count(shifted ^ a) * there).sum(1) / (np.maximum(sizes, 1) * (BANDS - 1))
    return float(shares[sizes >= need].min(initial=1.0))


def _windows(x: np.ndarray, size: int) -> np.ndarray:
    """One row per shift."""
    return np.lib.stride_tricks.sliding_window_view(x, size)[: 2 * SHIFT + 1]


class ClipIndex:
    """The clips accepted so far, in a temporary database on disk."""

    def __init__(self, path: Path, config: DedupConfig):
        path.unlink(missing_ok=True)
        self.config = config
        self.path = path
        self.base = sqlite3.connect(path, isolation_level=None)
        self.base.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-20000;"
            "CREATE TABLE clips (number INTEGER PRIMARY KEY, id TEXT, sha256 TEXT, bits BLOB);"
            "CREATE INDEX by_hash ON clips (sha256);"
            "CREATE TABLE marks (slot INTEGER, mark INTEGER, number INTEGER,"
            " PRIMARY KEY (slot, mark, number)) WITHOUT ROWID;"
            "BEGIN"
        )

    def __enter__(self) -> "ClipIndex":
        return self

    def __exit__(self, *_: object) -> None:
        self.base.close()
        self.path.unlink(missing_ok=True)

    def add(self, id: str, sha256: str, sound: AcousticFingerprint) -> str:
        """Add a clip, unless an earlier one has the same bytes or sounds the same; returns the earlier one's id."""
        found = self.base.execute("SELECT id FROM clips WHERE sha256 = ?", (sha256,)).fetchone()
        if found:
            return found[0]
        shared: Counter[int] = Counter()
        for slot, mark in enumerate(sound.marks):
            query = "SELECT number FROM marks WHERE slot = ? AND mark = ? ORDER BY number LIMIT ?"
            shared.update(number for (number,) in self.base.execute(query, (slot, mark, CROWD)))
        for number, count in sorted(shared.items(), key=lambda item: (-item[1], item[0])):
            if count < self.config.min_landmarks:
                break
            other, bits = self.base.execute("SELECT id, bits FROM clips WHERE number = ?", (number,)).fetchone()
            if bit_error_rate(sound.bits, bits) < self.config.max_bit_error:
                return other
        number = self.base.execute(
            "INSERT INTO clips (id, sha256, bits) VALUES (?, ?, ?)", (id, sha256, sound.bits)
        ).lastrowid
        self.base.executemany("INSERT INTO marks VALUES (?, ?, ?)", [(s, m, number) for s, m in enumerate(sound.marks)])
        return ""
