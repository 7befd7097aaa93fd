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
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

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


def marked(blocks: Iterable[Tensor], rate: int) -> Iterator[Tensor]:
    """Mark sound, (channels, samples), as it comes. Equal sound gives equal marked sound, however it is cut."""
    yield from map(torch.from_numpy, mark.marked((block.numpy() for block in blocks), rate))


def detect(path: str | os.PathLike) -> Detection:
    """Listen for the mark in an audio file of any length. Raises ValueError for what is no audio."""
    probe(path, LONGEST)
    rate, blocks = decoded(Path(path))
    mono = (block.mean(0, keepdim=True) for block in blocks)
    pieces = windows(mono, round(PIECE * rate), 0, 0)
    return judged(score(resample(piece.wave[0, : piece.length], rate, RATE)) for piece in pieces)


def heard(wave: Float[Tensor, " N"]) -> Detection:
    """Listen for the mark in a wave at RATE Hz."""
    return judged(map(score, wave.split(round(PIECE * RATE))))


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


def score(wave: Float[Tensor, " N"]) -> float:
    """How far the pattern stands out at its best delay, in standard deviations of other patterns on the same wave."""
    folded = _folded(wave)
    if folded is None:
        return 0.0
    shapes = torch.from_numpy(mark.patterns()).repeat_interleave(HOPS, 1)  # (D, PERIOD * HOPS, B)
    shapes = shapes - (shapes.roll(HOPS, 1) + shapes.roll(-HOPS, 1)) / 2  # as the levels are compared
    shapes = torch.fft.rfft(shapes, dim=1).conj()
    found = torch.fft.irfft((torch.fft.rfft(folded, dim=0) * shapes).sum(2), n=len(folded), dim=1)  # (D, delays)
    spread = found[1:].square().mean().sqrt()
    return float(found[0].max() / spread) if spread > 0 else 0.0


def _folded(wave: Float[Tensor, " N"]) -> Float[Tensor, "T B"] | None:
    """The sum of what tiles' levels differ from their neighbours by, over all periods; None for silence."""
    size = round(FRAME * RATE)
    hop = size // HOPS
    if len(wave) < size * 8:
        return None
    power = (
        torch.stft(wave, size, hop, window=torch.hann_window(size), center=False, return_complex=True).abs().square()
    )
    bins = round(BAND * size / RATE)
    start = round(LOWEST * size / RATE)
    levels = 10 * power[start : start + bins * BANDS].view(BANDS, bins, -1).mean(1).clamp_min(1e-12).log10()  # (B, T)
    audible = levels > levels.max() - FLOOR
    tile = HOPS
    padded = F.pad(levels[None], (tile, tile), mode="replicate")[0]
    local = levels - (padded[:, : -2 * tile] + padded[:, 2 * tile :]) / 2
    around = F.avg_pool1d(local.T[None], 2 * NEIGHBOURS + 1, 1, NEIGHBOURS, count_include_pad=False)[0].T
    differs = ((local - around).clamp(-CLIP, CLIP) * audible).T  # (T, B)
    period = PERIOD * HOPS
    return F.pad(differs, (0, 0, 0, -len(differs) % period)).view(-1, period, BANDS).sum(0)
