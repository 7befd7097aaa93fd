"""An inaudible mark that says that speech is synthetic, and its detector.

A spread-spectrum mark in the spectrum's magnitude (after Cox et al. 1997, "Secure spread spectrum watermarking for
multimedia", and Kirovski and Malvar 2003): time and frequency are tiled, and the level of each tile goes up or down by
a decibel after a fixed pattern that repeats every few seconds. A change that follows the sound's own
level is masked by it. The detector folds the levels over the pattern's period, and looks for the pattern at every
delay; chance alone is measured with other patterns on the same sound.

The pattern stands in this file: everyone can detect the mark, and whoever wants to can remove it. It tells honest
people what they hear. It is no proof against dishonest ones, and it does not say whose voice or which text it is.

Measured on excerpts of 10 s from seven corpora of real speech: found in 210 of 210 after MP3 at 64 kbit/s and in 70 of
70 after Opus at 32 kbit/s, and in none of 420 without a mark, half of them after MP3.
"""

import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tts.audio import probe, resample
from tts.narration.blocks import windows
from tts.narration.loudness import decoded

RATE = 24_000  # Hz, of detection; a tile's seconds and hertz are the same at every rate
FRAME = 1024 / 24_000  # seconds; frames overlap by half
TILE_FRAMES = 2  # half frames that a tile lasts
PERIOD = 64  # tiles
BAND = 187.5  # Hz, the height of a tile
BANDS = 30
LOWEST = 375.0  # Hz
STRENGTH = 1.0  # dB up or down
SEED = 2026
DECOYS = 15  # other patterns, which show what chance does

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


@cache
def patterns() -> Float[Tensor, "D T B"]:
    """Signs of every tile: the mark's own first, then decoys. Half of each moment and of each band's time are up."""
    generator = torch.Generator().manual_seed(SEED)
    halves = torch.tensor([1.0, -1.0]).repeat_interleave(BANDS // 2)
    drawn = [[halves[torch.randperm(BANDS, generator=generator)] for _ in range(PERIOD)] for _ in range(DECOYS + 1)]
    return torch.stack([torch.stack(rows) for rows in drawn])


def marked(blocks: Iterable[Tensor], rate: int) -> Iterator[Tensor]:
    """Mark sound block by block. Equal sound gives equal marked sound, however it is cut into blocks."""
    hop = round(FRAME * rate / 2)
    period = PERIOD * TILE_FRAMES
    gains = _gains(hop, rate)  # (period, bins)
    window = torch.hann_window(2 * hop).sqrt()
    frames = 2  # a block: speech that is heard while it is made must not wait for more
    first = 0
    for held in windows(blocks, hop * frames, hop, hop):
        spectra = torch.stft(
            held.wave, 2 * hop, hop, window=window, center=False, return_complex=True
        )  # (C, bins, frames + 1)
        rows = gains[(torch.arange(frames + 1) + first) % period]
        parts = torch.fft.irfft(spectra.mT * rows, n=2 * hop) * window  # (C, frames + 1, 2 hop)
        sound = parts[:, :-1, hop:] + parts[:, 1:, :hop]
        yield sound.reshape(len(held.wave), -1)[:, : held.length]
        first += frames


def _gains(hop: int, rate: int) -> Float[Tensor, "T F"]:
    """The factor of each bin in each frame of a period."""
    hertz = torch.arange(hop + 1) * (rate / 2 / hop)
    band = ((hertz - LOWEST) / BAND).floor().long()
    inside = (band >= 0) & (band < BANDS)
    signs = patterns()[0].repeat_interleave(TILE_FRAMES, 0)[:, band.clamp(0, BANDS - 1)]
    return torch.where(inside, 10 ** (STRENGTH / 20 * signs), torch.ones(()))


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
    shapes = patterns().repeat_interleave(HOPS, 1)  # (D, PERIOD * HOPS, B)
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
