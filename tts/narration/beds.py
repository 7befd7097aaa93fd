"""Sound under speech: a file that is looped, or rain, wind, fire and brown noise that are made here.

A bed that is made is a loop of a minute and a half whose end runs on into its start, since its noise is drawn as a
spectrum, which is periodic by itself. A file's end fades into its start instead.
"""

import math
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from tts.audio import decode
from tts.mersenne import Mersenne
from tts.narration.blocks import decibels, windows
from tts.narration.loudness import (
    SILENT,
    STEREO,
    Preset,
    hop_power,
    measure,
    per_sample,
    sliding_maximum,
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
    loop: Float[np.ndarray, "C N"]
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
    speech: Iterable[np.ndarray],
    bed: Bed,
    rate: int,
    preset: Preset,
    *,
    speech_level: float,
    seconds: Callable[[], float],
) -> Iterator[np.ndarray]:
    """Lay a bed under speech of `speech_level` LUFS (mono) that lasts `seconds` with the silence around it.

    `seconds` is asked for each block. It may be infinite until the silence after the speech has begun, in which the bed
    fades out.

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
        speaking = (power > 10 ** ((speech_level + SPEECH) / 10)).astype(np.float32)
        # Down from the time the gain takes to move before speech until HOLD after it.
        down = sliding_maximum(np.pad(speaking, (HOLD, DUCK_SPREAD + 1)), HOLD + DUCK_SPREAD + 2)
        depth = smoothed(down, DUCK_SPREAD)[HOLD:-HOLD]
        gain = per_sample(10 ** (preset.bed_duck / 20 * depth), hop)[: window.length]
        own = window.wave[:, reach * hop :][:, : window.length]
        fade = faded(at, window.length, rate, preset, seconds())
        yield own + stretch_of(bed.loop, at, window.length) * (np.float32(factor) * gain * fade)
        at += window.length


def faded(at: int, length: int, rate: int, preset: Preset, seconds: float) -> Float[np.ndarray, " N"]:
    """The gain of a bed's fades from sample `at` on: a quarter of a sine, in and out."""
    if at >= preset.fade_in * rate and at + length <= (seconds - preset.fade_out) * rate:
        return np.ones(length, np.float32)
    time = (np.arange(length) + at) / rate
    rise = (time / max(preset.fade_in, 1 / rate)).clip(0, 1)
    fall = ((seconds - time) / max(preset.fade_out, 1 / rate)).clip(0, 1)
    return (np.sin(rise * math.pi / 2) * np.sin(fall * math.pi / 2)).astype(np.float32)


def stretch_of(loop: Float[np.ndarray, "C N"], at: int, length: int) -> Float[np.ndarray, "C K"]:
    """So many samples of an endless loop."""
    parts = []
    while length:
        parts.append(loop[:, at % loop.shape[1] :][:, :length])
        at, length = at + parts[-1].shape[1], length - parts[-1].shape[1]
    return np.concatenate(parts, axis=1)


def looped(wave: Float[np.ndarray, "C N"], rate: int) -> Float[np.ndarray, "C K"]:
    """A wave whose end runs on into its start: the end fades into the start, with constant power."""
    size = min(round(CROSSFADE * rate), wave.shape[1] // 3)
    if not size:
        return wave
    turn = np.linspace(0, math.pi / 2, size + 2, dtype=np.float32)[1:-1]
    loop = wave[:, :-size].copy()
    loop[:, :size] = wave[:, :size] * np.sin(turn) + wave[:, -size:] * np.cos(turn)
    return loop


def make(name: str, rate: int, seed: int) -> Float[np.ndarray, "2 N"]:
    """One of BEDS as a loop in stereo, which follows from the seed alone."""
    loop = BEDS[name](rate, Mersenne(seed))
    return loop * (np.float32(0.1) / rms(loop))


def rms(wave: Float[np.ndarray, "*K"]) -> np.float32:
    """The root of the mean square."""
    return np.float32(np.sqrt(np.square(wave, dtype=np.float64).mean()))


def noise(shape: Callable[[np.ndarray], np.ndarray], rate: int, random: Mersenne) -> Float[np.ndarray, "2 N"]:
    """Periodic noise of two channels, with the magnitude that `shape` gives for each frequency in Hz."""
    size = SECONDS * rate
    hertz = np.fft.rfftfreq(size, 1 / rate).astype(np.float32)
    phases = random.uniform(2, len(hertz)) * np.float32(2 * math.pi)
    spectrum = shape(np.maximum(hertz, np.float32(1e-3))) * np.exp(1j * phases)
    spectrum[:, 0] = 0
    wave = np.fft.irfft(spectrum, n=size)
    return wave / rms(wave)


def drift(low: float, high: float, rate: int, random: Mersenne) -> Float[np.ndarray, " N"]:
    """A slow periodic curve of mean 0 and deviation 1 that moves between `low` and `high` times a second."""
    size = SECONDS * rate
    steps = np.arange(max(1, round(low * SECONDS)), round(high * SECONDS) + 1)
    spectrum = np.zeros(size // 2 + 1, np.complex64)
    spectrum[steps] = np.exp(2j * math.pi * random.uniform(len(steps))) / np.sqrt(steps)
    curve = np.fft.irfft(spectrum, n=size)
    return curve / np.float32(curve.std(dtype=np.float64))


def band(low: float, high: float, slope: float = 2.0) -> Callable[[np.ndarray], np.ndarray]:
    """The magnitude of a band between two frequencies in Hz, with skirts of 6 dB an octave times `slope`."""
    return lambda hertz: 1 / np.sqrt((1 + (low / hertz) ** (2 * slope)) * (1 + (hertz / high) ** (2 * slope)))


def scattered(
    count: int,
    grain: Callable[[np.ndarray], np.ndarray],
    rate: int,
    random: Mersenne,
    times: np.ndarray | None = None,
) -> Float[np.ndarray, "2 N"]:
    """Many short sounds at random moments, each at a place of its own between left and right.

    `grain` gets a column of random numbers for each sound and gives its samples (sounds, samples).
    """
    size = SECONDS * rate
    places = random.uniform(count) if times is None else times % 1
    start = (places * np.float32(size)).astype(np.int64)
    angle = (0.15 + 0.7 * random.uniform(count, 1)) * math.pi / 2
    sounds = grain(random.uniform(count, 3))
    at = ((start[:, None] + np.arange(sounds.shape[1])) % size).ravel()
    sides = [np.bincount(at, (sounds * side(angle)).ravel(), size) for side in (np.cos, np.sin)]
    return np.stack(sides).astype(np.float32)


def brown(rate: int, random: Mersenne) -> Float[np.ndarray, "2 N"]:
    """Noise that falls by 6 dB an octave, as the walk of a particle does; a waterfall behind a wall."""
    return noise(lambda hertz: 1 / np.maximum(hertz, 30.0) / (1 + (20.0 / hertz) ** 4), rate, random)


def rain(rate: int, random: Mersenne) -> Float[np.ndarray, "2 N"]:
    """The hiss of many far drops, which swells and sinks a little, and single near drops over it."""
    far = noise(lambda hertz: band(300.0, 9000.0, 1.0)(hertz) / np.maximum(hertz, 300.0) ** 0.35, rate, random)
    low = noise(band(60.0, 300.0), rate, random)
    swell = decibels(1.0) ** drift(0.03, 0.3, rate, random)

    def drop(drawn: np.ndarray) -> np.ndarray:
        time = (np.arange(round(0.015 * rate)) / rate).astype(np.float32)
        hertz = 1500.0 * 5.0 ** drawn[:, :1]
        loud = 0.12 / (0.02 + drawn[:, 1:2])  # a few drops are near
        decay = 0.0007 + 0.002 * drawn[:, 2:]
        return loud * (1 - np.exp(-time / 0.0002)) * np.exp(-time / decay) * np.sin(2 * math.pi * hertz * time)

    drops = scattered(SECONDS * 150, drop, rate, random)
    return far * swell + 0.35 * low + 0.4 * drops / rms(drops)


def wind(rate: int, random: Mersenne) -> Float[np.ndarray, "2 N"]:
    """Gusts: the stronger they blow, the more the higher bands sound."""
    gust = drift(0.02, 0.25, rate, random)
    whole = noise(lambda hertz: band(50.0, 220.0)(hertz), rate, random) * 3.0 ** (0.4 * gust)
    for number, centre in enumerate((300.0, 450.0, 680.0, 1000.0, 1500.0)):
        own = 0.6 * gust + 0.4 * drift(0.1, 0.8, rate, random)
        layer = noise(band(centre / 1.2, centre * 1.2, 3.0), rate, random)
        whole = whole + layer * 0.5 * 0.6**number * (1.9 + 0.25 * number) ** own
    return whole


def fire(rate: int, random: Mersenne) -> Float[np.ndarray, "2 N"]:
    """A low flutter of flames, a faint hiss, and crackles in clusters."""
    flutter = 1.35 ** drift(0.5, 6.0, rate, random)
    flames = noise(lambda hertz: band(40.0, 160.0)(hertz), rate, random) * flutter
    breath = noise(band(200.0, 900.0, 1.0), rate, random) * 1.5 ** drift(0.2, 3.0, rate, random)
    hiss = noise(band(2500.0, 9000.0, 1.0), rate, random)
    clusters = random.uniform(SECONDS)
    count = SECONDS * 25
    chosen = clusters[random.whole(len(clusters), count)]
    near = random.normal(count) * np.float32(0.4 / SECONDS)
    noises = random.normal(64, round(0.04 * rate))

    def crackle(drawn: np.ndarray) -> np.ndarray:
        time = (np.arange(noises.shape[1]) / rate).astype(np.float32)
        decay = 0.0006 * 12.0 ** drawn[:, :1]
        loud = np.exp(4.0 * drawn[:, 1:2] - 3.0)
        snap = noises[(drawn[:, 2] * 63).astype(np.int64)]
        return loud * snap * (1 - np.exp(-time / 0.0001)) * np.exp(-time / decay)

    snaps = scattered(count, crackle, rate, random, times=chosen + near)
    snaps = LOUDEST_SNAP * np.tanh(snaps / rms(snaps) / LOUDEST_SNAP)
    return flames + 0.25 * breath + 0.05 * hiss + 0.35 * snaps


BEDS = {"rain": rain, "wind": wind, "fire": fire, "brown": brown}
