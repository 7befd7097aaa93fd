"""Finds the inaudible mark of synthetic speech, which `tts.synthesis.mark` describes and puts on.

The detector folds the levels over the pattern's period, and looks for the pattern at every delay; chance alone is
measured with other patterns on the same sound.

The pattern stands in this file: everyone can detect the mark, and whoever wants to can remove it. It tells honest
people what they hear. It is no proof against dishonest ones, and it does not say whose voice or which text it is.

Measured on excerpts of 10 s from seven corpora of real speech: found in 210 of 210 after MP3 at 64 kbit/s and in 70 of
70 after Opus at 32 kbit/s, and in none of 420 without a mark, half of them after MP3.
"""

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy.lib.stride_tricks import sliding_window_view

from tts.audio import probe, resample
from tts.narration.blocks import windows
from tts.narration.loudness import decoded
from tts.synthesis import mark
from tts.synthesis.mark import BAND, BANDS, FRAME, LOWEST, PERIOD

RATE = 24_000  # Hz, of detection; a tile's seconds and hertz are the same at every rate
HOPS = 4  # of detection in a tile
NEIGHBOURS = 3  # bands on each side whose common rise and fall is none of the mark's
CLIP = 6.0  # dB: more than this is speech
FLOOR = 50.0  # dB below the loudest: quieter tiles are not heard, and say nothing
PIECE = 20.0  # seconds that are judged at once
LONGEST = 1e6  # seconds of a file
CHANCE = 1e-4  # a mark is claimed if chance would show as much in one of so many recordings


@dataclass(frozen=True)
class Detection:
    """What was heard of the mark."""

    score: float  # how far the best piece stands out, in standard deviations of chance
    chance: float  # probability that a recording of this length without a mark scores as much
    pieces: int  # of 20 s
    marked_pieces: int

    @property
    def marked(self) -> bool:
        return self.chance < CHANCE

    def __str__(self) -> str:
        if not self.marked:
            return f"no mark found (score {self.score:.1f})"
        found = f"marked as synthetic speech: {self.marked_pieces} of {self.pieces} pieces of {PIECE:.0f} s"
        return (
            f"{found}, score {self.score:.1f}; chance would do as much in {max(self.chance, 1e-15):.0e} of recordings"
        )


def detect(path: str | os.PathLike) -> Detection:
    """Listen for the mark in an audio file of any length. Raises ValueError for what is no audio."""
    probe(path, LONGEST)
    rate, blocks = decoded(Path(path))
    mono = (block.mean(0, keepdims=True) for block in blocks)
    pieces = windows(mono, round(PIECE * rate), 0, 0)
    return judged(score(resample(piece.wave[0, : piece.length], rate, RATE)) for piece in pieces)


def heard(wave: Float[np.ndarray, " N"]) -> Detection:
    """Listen for the mark in a wave at RATE Hz."""
    size = round(PIECE * RATE)
    return judged(score(wave[start : start + size]) for start in range(0, len(wave), size))


def judged(scores: Iterable[float]) -> Detection:
    """What the scores of all pieces say together: one clear piece is enough, and more pieces are more chances."""
    scores = list(scores)
    alone = [chance_of(one) for one in scores]
    return Detection(
        score=max(scores, default=0.0),
        chance=-math.expm1(len(alone) * math.log1p(-min(min(alone, default=1.0), 1 - 1e-12))) if alone else 1.0,
        pieces=len(scores),
        marked_pieces=sum(one < CHANCE for one in alone),
    )


def chance_of(score: float) -> float:
    """The probability that the best of all delays reaches a score by chance, from the normal distribution."""
    tail = 0.5 * math.erfc(score / math.sqrt(2))
    return -math.expm1(PERIOD * HOPS * math.log1p(-min(tail, 1 - 1e-12)))


def score(wave: Float[np.ndarray, " N"]) -> float:
    """How far the pattern stands out at its best delay, in standard deviations of other patterns on the same wave."""
    folded = _folded(wave)
    if folded is None:
        return 0.0
    shapes = mark.patterns().repeat(HOPS, 1)  # (D, PERIOD * HOPS, B)
    shapes = shapes - (np.roll(shapes, HOPS, 1) + np.roll(shapes, -HOPS, 1)) / 2  # as the levels are compared
    shapes = np.fft.rfft(shapes, axis=1).conj()
    found = np.fft.irfft((np.fft.rfft(folded, axis=0) * shapes).sum(2), n=len(folded), axis=1)  # (D, delays)
    spread = np.sqrt(np.square(found[1:]).mean())
    return float(found[0].max() / spread) if spread > 0 else 0.0


def _folded(wave: Float[np.ndarray, " N"]) -> Float[np.ndarray, "T B"] | None:
    """The sum of what tiles' levels differ from their neighbours by, over all periods; None for silence."""
    size = round(FRAME * RATE)
    hop = size // HOPS
    if len(wave) < size * 8:
        return None
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(np.float32)
    power = np.square(np.abs(np.fft.rfft(sliding_window_view(wave, size)[::hop] * window))).T
    bins = round(BAND * size / RATE)
    start = round(LOWEST * size / RATE)
    bands = power[start : start + bins * BANDS].reshape(BANDS, bins, -1).mean(1)
    levels = 10 * np.log10(np.maximum(bands, 1e-12))  # (B, T)
    audible = levels > levels.max() - FLOOR
    tile = HOPS
    padded = np.pad(levels, ((0, 0), (tile, tile)), mode="edge")
    local = levels - (padded[:, : -2 * tile] + padded[:, 2 * tile :]) / 2
    near = np.pad(local, ((NEIGHBOURS, NEIGHBOURS), (0, 0)), constant_values=np.nan)
    around = np.nanmean(sliding_window_view(near, 2 * NEIGHBOURS + 1, axis=0), axis=2)
    differs = ((local - around).clip(-CLIP, CLIP) * audible).T  # (T, B)
    period = PERIOD * HOPS
    return np.pad(differs, ((0, -len(differs) % period), (0, 0))).reshape(-1, period, BANDS).sum(0)
