"""Sound under speech: a file that is looped, or rain, wind, fire and brown noise that are made here.

A bed that is made is a loop of a minute and a half whose end runs on into its start, since its noise is drawn as a
spectrum, which is periodic by itself. A file's end fades into its start instead.
"""

import math
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tts.audio import decode
from tts.narration.blocks import decibels, windows
from tts.narration.loudness import (
    SILENT,
    STEREO,
    Preset,
    hop_power,
    measure,
    per_sample,
    smoothed,
)

SECONDS = 90  # of a bed that is made
SEED = 15
CROSSFADE = 2.0  # seconds of a file's end that fade into its start
LONGEST = 900.0  # seconds of a file
LOUDEST_SNAP = 12.0  # of a fire, times the deviation of all: none startles

DUCK_HOP = 0.01  # seconds
DUCK_SPREAD = 30  # hops that the gain takes to move half of its way
HOLD = 90  # hops that the bed stays down after speech, so that it does not rise in every pause
SPEECH = -25.0  # dB against the loudness of the speech: what is louder is speech


@dataclass(frozen=True)
class Bed:
    """A sound to loop."""

    name: str
    loop: Float[Tensor, "C N"]
    loudness: float  # LUFS

    @property
    def channels(self) -> int:
        return len(self.loop)


def find_bed(name: str, rate: int) -> Bed:
    """A bed by its name, or from an audio file, at `rate` Hz. Raises ValueError for a bed that is unknown or silent."""
    if name in BEDS:
        loop = make(name, rate, SEED)
    elif Path(name).is_file():
        loop = looped(decode(name, rate, LONGEST)[None], rate)
    else:
        raise ValueError(f"no bed {name!r}: give an audio file, or one of {', '.join(BEDS)}")
    found = measure([loop], rate).loudness
    if found <= SILENT:
        raise ValueError(f"the bed {name} is silent or shorter than it takes to measure")
    return Bed(os.path.basename(name), loop, found)


def under(
    speech: Iterable[Tensor], bed: Bed, rate: int, preset: Preset, *, speech_level: float, seconds: float
) -> Iterator[Tensor]:
    """Lay a bed under speech of `speech_level` LUFS (mono) that lasts `seconds` with the silence around it.

    Alone the bed is `preset.bed_level` LU against the speech; while somebody speaks it goes down by
    `preset.bed_duck` dB, before the first word and until well after the last.
    """
    hop = round(DUCK_HOP * rate)
    reach = HOLD + DUCK_SPREAD + 1
    heard = speech_level + (STEREO if bed.channels == 2 else 0.0)
    factor = decibels(heard + preset.bed_level - bed.loudness)
    at = 0
    for window in windows(speech, hop * 500, reach * hop, reach * hop):
        power = hop_power(window.wave, hop)
        speaking = (power > 10 ** ((speech_level + SPEECH) / 10)).float()
        # Down from the time the gain takes to move before speech until HOLD after it.
        ahead = F.pad(speaking, (HOLD, DUCK_SPREAD + 1))
        down = ahead.unfold(0, HOLD + DUCK_SPREAD + 2, 1).amax(1)
        depth = smoothed(down, DUCK_SPREAD)[HOLD:-HOLD]
        gain = per_sample(10 ** (preset.bed_duck / 20 * depth), hop)[: window.length]
        own = window.wave[:, reach * hop :][:, : window.length]
        fade = faded(at, window.length, rate, preset, seconds)
        yield own + stretch_of(bed.loop, at, window.length) * (factor * gain * fade)
        at += window.length


def faded(at: int, length: int, rate: int, preset: Preset, seconds: float) -> Float[Tensor, " N"]:
    """The gain of a bed's fades from sample `at` on: a quarter of a sine, in and out."""
    if at >= preset.fade_in * rate and at + length <= (seconds - preset.fade_out) * rate:
        return torch.ones(length)
    time = (torch.arange(length, dtype=torch.float64) + at) / rate
    rise = (time / max(preset.fade_in, 1 / rate)).clamp(0, 1)
    fall = ((seconds - time) / max(preset.fade_out, 1 / rate)).clamp(0, 1)
    return ((rise * math.pi / 2).sin() * (fall * math.pi / 2).sin()).float()


def stretch_of(loop: Float[Tensor, "C N"], at: int, length: int) -> Float[Tensor, "C K"]:
    """So many samples of an endless loop."""
    parts = []
    while length:
        parts.append(loop[:, at % loop.shape[1] :][:, :length])
        at, length = at + parts[-1].shape[1], length - parts[-1].shape[1]
    return torch.cat(parts, dim=1)


def looped(wave: Float[Tensor, "C N"], rate: int) -> Float[Tensor, "C K"]:
    """A wave whose end runs on into its start: the end fades into the start, with constant power."""
    size = min(round(CROSSFADE * rate), wave.shape[1] // 3)
    if not size:
        return wave
    turn = torch.linspace(0, math.pi / 2, size + 2)[1:-1]
    loop = wave[:, :-size].clone()
    loop[:, :size] = wave[:, :size] * turn.sin() + wave[:, -size:] * turn.cos()
    return loop


def make(name: str, rate: int, seed: int) -> Float[Tensor, "2 N"]:
    """One of BEDS as a loop in stereo, which follows from the seed alone."""
    loop = BEDS[name](rate, torch.Generator().manual_seed(seed))
    return loop * (0.1 / loop.square().mean().sqrt())


def noise(shape: Callable[[Tensor], Tensor], rate: int, generator: torch.Generator) -> Float[Tensor, "2 N"]:
    """Periodic noise of two channels, with the magnitude that `shape` gives for each frequency in Hz."""
    size = SECONDS * rate
    hertz = torch.fft.rfftfreq(size, 1 / rate)
    phases = torch.rand(2, len(hertz), generator=generator) * 2 * math.pi
    spectrum = torch.polar(shape(hertz.clamp_min(1e-3)).expand(2, -1).contiguous(), phases)
    spectrum[:, 0] = 0
    wave = torch.fft.irfft(spectrum, n=size)
    return wave / wave.square().mean().sqrt()


def drift(low: float, high: float, rate: int, generator: torch.Generator) -> Float[Tensor, " N"]:
    """A slow periodic curve of mean 0 and deviation 1 that moves between `low` and `high` times a second."""
    size = SECONDS * rate
    steps = torch.arange(max(1, round(low * SECONDS)), round(high * SECONDS) + 1)
    spectrum = torch.zeros(size // 2 + 1, dtype=torch.complex64)
    spectrum[steps] = torch.polar(1 / steps.float().sqrt(), torch.rand(len(steps), generator=generator) * 2 * math.pi)
    curve = torch.fft.irfft(spectrum, n=size)
    return curve / curve.std()


def band(low: float, high: float, slope: float = 2.0) -> Callable[[Tensor], Tensor]:
    """The magnitude of a band between two frequencies in Hz, with skirts of 6 dB an octave times `slope`."""
    return lambda hertz: 1 / (1 + (low / hertz) ** (2 * slope)).sqrt() / (1 + (hertz / high) ** (2 * slope)).sqrt()


def scattered(
    count: int, grain: Callable[[Tensor], Tensor], rate: int, generator: torch.Generator, times: Tensor | None = None
) -> Float[Tensor, "2 N"]:
    """Many short sounds at random moments, each at a place of its own between left and right.

    `grain` gets a column of random numbers for each sound and gives its samples (sounds, samples).
    """
    size = SECONDS * rate
    places = torch.rand(count, generator=generator) if times is None else times % 1
    start = (places * size).long()
    angle = (0.15 + 0.7 * torch.rand(count, 1, generator=generator)) * math.pi / 2
    sounds = grain(torch.rand(count, 3, generator=generator))
    at = (start[:, None] + torch.arange(sounds.shape[1])) % size
    wave = torch.zeros(2, size)
    wave[0].index_put_((at,), sounds * angle.cos(), accumulate=True)
    wave[1].index_put_((at,), sounds * angle.sin(), accumulate=True)
    return wave


def brown(rate: int, generator: torch.Generator) -> Float[Tensor, "2 N"]:
    """Noise that falls by 6 dB an octave, as the walk of a particle does; a waterfall behind a wall."""
    return noise(lambda hertz: 1 / hertz.clamp_min(30.0) / (1 + (20.0 / hertz) ** 4), rate, generator)


def rain(rate: int, generator: torch.Generator) -> Float[Tensor, "2 N"]:
    """The hiss of many far drops, which swells and sinks a little, and single near drops over it."""
    far = noise(lambda hertz: band(300.0, 9000.0, 1.0)(hertz) / hertz.clamp_min(300.0) ** 0.35, rate, generator)
    low = noise(band(60.0, 300.0), rate, generator)
    swell = decibels(1.0) ** drift(0.03, 0.3, rate, generator)

    def drop(drawn: Tensor) -> Tensor:
        time = torch.arange(round(0.015 * rate)) / rate
        hertz = 1500.0 * 5.0 ** drawn[:, :1]
        loud = 0.12 / (0.02 + drawn[:, 1:2])  # a few drops are near
        decay = 0.0007 + 0.002 * drawn[:, 2:]
        return loud * (1 - (-time / 0.0002).exp()) * (-time / decay).exp() * (2 * math.pi * hertz * time).sin()

    drops = scattered(SECONDS * 150, drop, rate, generator)
    return far * swell + 0.35 * low + 0.4 * drops / drops.square().mean().sqrt()


def wind(rate: int, generator: torch.Generator) -> Float[Tensor, "2 N"]:
    """Gusts: the stronger they blow, the more the higher bands sound."""
    gust = drift(0.02, 0.25, rate, generator)
    whole = noise(lambda hertz: band(50.0, 220.0)(hertz), rate, generator) * 3.0 ** (0.4 * gust)
    for number, centre in enumerate((300.0, 450.0, 680.0, 1000.0, 1500.0)):
        own = 0.6 * gust + 0.4 * drift(0.1, 0.8, rate, generator)
        layer = noise(band(centre / 1.2, centre * 1.2, 3.0), rate, generator)
        whole = whole + layer * 0.5 * 0.6**number * (1.9 + 0.25 * number) ** own
    return whole


def fire(rate: int, generator: torch.Generator) -> Float[Tensor, "2 N"]:
    """A low flutter of flames, a faint hiss, and crackles in clusters."""
    flutter = 1.35 ** drift(0.5, 6.0, rate, generator)
    flames = noise(lambda hertz: band(40.0, 160.0)(hertz), rate, generator) * flutter
    breath = noise(band(200.0, 900.0, 1.0), rate, generator) * 1.5 ** drift(0.2, 3.0, rate, generator)
    hiss = noise(band(2500.0, 9000.0, 1.0), rate, generator)
    clusters = torch.rand(SECONDS, generator=generator)
    count = SECONDS * 25
    chosen = clusters[torch.randint(len(clusters), (count,), generator=generator)]
    near = torch.randn(count, generator=generator) * 0.4 / SECONDS
    noises = torch.randn(64, round(0.04 * rate), generator=generator)

    def crackle(drawn: Tensor) -> Tensor:
        time = torch.arange(noises.shape[1]) / rate
        decay = 0.0006 * 12.0 ** drawn[:, :1]
        loud = (4.0 * drawn[:, 1:2] - 3.0).exp()
        snap = noises[(drawn[:, 2] * 63).long()]
        return loud * snap * (1 - (-time / 0.0001).exp()) * (-time / decay).exp()

    snaps = scattered(count, crackle, rate, generator, times=chosen + near)
    snaps = LOUDEST_SNAP * (snaps / snaps.square().mean().sqrt() / LOUDEST_SNAP).tanh()
    return flames + 0.25 * breath + 0.05 * hiss + 0.35 * snaps


BEDS = {"rain": rain, "wind": wind, "fire": fire, "brown": brown}
