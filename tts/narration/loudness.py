"""How loud sound is and shall be: measures after ITU-R BS.1770-5 and EBU R 128, presets, compressor, limiter, report.

Everything works block by block, so that 20 hours need no more memory than a minute; the powers of 100 ms that the gate
of BS.1770 needs are all that grows (6 MB in 20 hours). Gains have no memory of their own: each follows from the sound
around it, so how the sound is cut into blocks makes no difference.
"""

import math
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from tts.narration.blocks import decibels, windows

SILENT = -120.0  # dB: what digital silence measures
STEREO = 3.0  # dB that two equal channels are louder than one
STEP = 0.1  # seconds: the gate of BS.1770 moves by as much
GATED_STEPS = 4  # its windows last 400 ms
QUIET_STEPS = 5  # the noise floor is measured over 500 ms
ABSOLUTE_GATE = -70.0  # LUFS
RELATIVE_GATE = -10.0  # LU below what passes the absolute gate
OFFSET = -0.691  # dB: a sine of 997 Hz at full scale in one channel measures -3.01 LUFS
WARM_UP = 0.5  # seconds after which the K filter has forgotten what came before
FRAMES = 40  # of a file that is decoded, some 20 ms each, in a block
OVERSAMPLING = 4
FILTER_WIDTH = 16  # zero crossings on each side of the filter that finds peaks between samples
REACH = FILTER_WIDTH + 1  # samples that it hears on each side

LIMITER_HOP = 0.001  # seconds
LIMITER_SPREAD = 15  # hops over which the gain of the limiter moves
SAFETY = 0.1  # dB: gain that moves lifts peaks between samples a little
COMPRESSOR_HOP = 0.01  # seconds
COMPRESSOR_SPREAD = 12  # hops over which levels and gains are smoothed, each way


@dataclass(frozen=True, kw_only=True)
class Preset:
    """What a finished recording shall measure, and what stands around its speech. None asks for nothing."""

    loudness: float | None = None  # LUFS of a mono file; a stereo file, which plays as loud, measures 3 more
    rms: tuple[float, float] | None = None  # dB, the range
    peak: float | None = None  # dBTP, at most
    noise: float | None = None  # dB RMS of the quietest half second, at most
    rate: int | None = None  # Hz of the file; None: that of the nets
    kbits: int | None = None  # kbit/s for each channel; None: as the format has it
    ratio: float = 1.0  # of the compressor; 1: off
    before: float = 0.0  # seconds before the speech
    after: float = 0.0
    bed_before: float = 3.0  # the same, where there is a bed
    bed_after: float = 4.0
    bed_level: float = -20.0  # LU: the bed alone, against the speech
    bed_duck: float = -6.0  # dB: how far the bed goes down under speech
    fade_in: float = 2.0  # seconds, of the bed
    fade_out: float = 3.0

    @property
    def slack(self) -> float:
        """By how many LU or dB a file may miss the middle of what is asked for before it is encoded again."""
        return CLOSE if self.rms is None else (self.rms[1] - self.rms[0]) / 4


PRESETS = {
    "none": Preset(),
    "podcast": Preset(loudness=-19.0, peak=-1.0),
    # What ACX asks for: half a second of silence before, and one to five after.
    "audiobook": Preset(rms=(-23.0, -18.0), peak=-3.0, noise=-60.0, rate=44_100, kbits=192, before=0.5),
    "bedtime": Preset(
        loudness=-19.0,
        peak=-1.0,
        ratio=2.0,
        before=7.0,
        after=8.0,
        bed_before=7.0,
        bed_after=8.0,
        fade_in=3.0,
        fade_out=5.0,
    ),
}
TOLERANCE = 0.5  # LU that a result may be off
CLOSE = 0.3  # LU that it shall be off at most


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a recording measures."""

    loudness: float  # LUFS, integrated; SILENT if it was not asked for
    true_peak: float  # dBTP
    rms: float  # dB, of all samples of all channels
    noise: float  # dB RMS of the quietest half second
    channels: int
    rate: int  # Hz
    seconds: float


@dataclass(frozen=True)
class Requirement:
    """One line of a report."""

    what: str
    asked: str
    measured: str
    met: bool


def measure(blocks: Iterable[Tensor], rate: int, *, weigh: bool = True) -> Measured:
    """Measure a whole recording block by block. Without `weigh` its loudness is left out, which is most of the work."""
    step = round(STEP * rate)
    warm = round(WARM_UP * rate)
    # Numbers, no tensors: small ones that stay lie between large ones that go, and the heap grows around them.
    weighted, plain = array("d"), array("d")
    peak, power, samples, channels = 0.0, 0.0, 0, 1
    for window in windows(blocks, step * 100, warm, REACH):
        own = window.wave[:, warm : warm + window.length]
        channels = len(own)
        whole = window.length // step * step
        if weigh:
            heard = k_weighted(window.wave, rate)[:, warm : warm + whole]
            weighted.extend(heard.square().view(channels, -1, step).mean(2).sum(0).tolist())
        plain.extend(own[:, :whole].double().square().view(channels, -1, step).mean(2).mean(0).tolist())
        peak = max(peak, float(own.abs().max()))
        peak = max(peak, float(hop_peaks(window.wave[:, warm - REACH :], step // 10, peak).max()))
        power += float(own.double().square().sum())
        samples += window.length
    return Measured(
        loudness=integrated(torch.tensor(weighted, dtype=torch.float64)),
        true_peak=level(peak**2),
        rms=level(power / max(1, samples * channels)),
        noise=quietest(torch.tensor(plain, dtype=torch.float64)),
        channels=channels,
        rate=rate,
        seconds=samples / rate,
    )


def level(power: float) -> float:
    """Power in dB, silence as SILENT."""
    return max(SILENT, 10 * math.log10(power)) if power > 0 else SILENT


def integrated(power: Float[Tensor, " K"]) -> float:
    """Loudness in LUFS from K-weighted powers of 100 ms, summed over channels: BS.1770-5, equations 3 to 7."""
    if len(power) < GATED_STEPS:
        return OFFSET + level(float(power.mean())) if len(power) else SILENT
    gated = power.unfold(0, GATED_STEPS, 1).mean(1)
    gated = gated[gated > 10 ** ((ABSOLUTE_GATE - OFFSET) / 10)]
    if not len(gated):
        return SILENT
    gated = gated[gated > gated.mean() * 10 ** (RELATIVE_GATE / 10)]
    return OFFSET + level(float(gated.mean()))


def quietest(power: Float[Tensor, " K"]) -> float:
    """The level of the quietest half second, in dB, from powers of 100 ms."""
    if len(power) < QUIET_STEPS:
        return level(float(power.mean())) if len(power) else SILENT
    return level(float(power.unfold(0, QUIET_STEPS, 1).mean(1).min()))


def k_weighted(wave: Float[Tensor, "C N"], rate: int) -> Float[Tensor, "C N"]:
    """As the ear weighs it: BS.1770's shelf and its high-pass, at any rate; float64."""
    from torchaudio.functional import lfilter  # a slow import, which speaking does without

    numerator, denominator = _k_filter(rate)
    return lfilter(wave.double(), denominator, numerator, clamp=False)


@cache
def _k_filter(rate: int) -> tuple[Float[Tensor, " K"], Float[Tensor, " K"]]:
    """Numerator and denominator of the shelf and the high-pass in one filter, which takes half the time of two.

    The analogue prototypes behind the table for 48 kHz are those that libebur128 derived.
    """
    k = math.tan(math.pi * 1681.974450955533 / rate)
    q, high = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    middle = high**0.4996667741545416
    norm = 1 + k / q + k * k
    shelf = [(high + middle * k / q + k * k) / norm, 2 * (k * k - high) / norm, (high - middle * k / q + k * k) / norm]
    shelf_poles = [1.0, 2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm]
    k, q = math.tan(math.pi * 38.13547087602444 / rate), 0.5003270373238773
    norm = 1 + k / q + k * k
    pass_poles = [1.0, 2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm]
    return _product(shelf, [1.0, -2.0, 1.0]), _product(shelf_poles, pass_poles)


def _product(a: list[float], b: list[float]) -> Float[Tensor, " K"]:
    """The coefficients of the product of two polynomials."""
    return torch.from_numpy(np.convolve(a, b))


def oversampled(wave: Float[Tensor, "C N"]) -> Float[Tensor, "C M"]:
    """With the values between the samples, where the peaks of what is played may be."""
    return _oversampler()(wave)


@cache
def _oversampler() -> nn.Module:
    from torchaudio.transforms import Resample  # a slow import, which speaking does without

    return Resample(1, OVERSAMPLING, lowpass_filter_width=FILTER_WIDTH)


@cache
def _overshoot() -> tuple[float, float]:
    """What `oversampled` gives is at most the first times the highest sample plus the second times the sharpest bend.

    A bend is a second difference. Each phase of the filter is taken apart into a straight line between two samples and
    a rest without mean and slope, which is a filter on bends.
    """
    kernel = _oversampler().kernel[:, 0].double()  # (phases, taps)
    middle = kernel.shape[1] // 2
    mean, slope = kernel.sum(1), kernel @ (torch.arange(kernel.shape[1]).double() - middle)
    rest = kernel.clone()
    rest[:, middle] -= mean - slope
    rest[:, middle + 1] -= slope
    straight = (mean - slope).abs() + slope.abs()
    return float(straight.max()), float(rest.cumsum(1).cumsum(1).abs().sum(1).max())


def hop_peaks(wave: Float[Tensor, "C N"], hop: int, floor: float) -> Float[Tensor, " K"]:
    """The true peak of each hop, in the louder channel; zero where it is certainly below `floor`.

    The wave has REACH samples more on each side. Only what may be loud is oversampled, which saves most of the time.
    """
    straight, bent = _overshoot()
    size = hop + 2 * REACH
    highest = F.max_pool1d(wave.abs(), size, hop).amax(0)
    bends = F.max_pool1d(wave.diff(n=2).abs(), size - 2, hop).amax(0)
    loud = straight * highest + bent * bends > floor
    peaks = torch.zeros(len(loud))
    if loud.any():
        hops = wave.unfold(1, size, hop)[:, loud]  # (C, loud, size)
        own = slice(REACH * OVERSAMPLING, (REACH + hop) * OVERSAMPLING)
        peaks[loud] = oversampled(hops.flatten(0, 1))[:, own].abs().amax(1).view(len(wave), -1).amax(0)
    return peaks


def limited(blocks: Iterable[Tensor], rate: int, ceiling: float) -> Iterator[Tensor]:
    """Turn peaks down to `ceiling` dBTP, softly and before they come; the rest stays as it is."""
    hop = round(LIMITER_HOP * rate)
    reach = 2 * LIMITER_SPREAD + 2  # hops on each side that the gain of a hop and its neighbours depend on
    most = decibels(ceiling - SAFETY)
    for window in windows(blocks, hop * 1000, reach * hop, reach * hop):
        peaks = hop_peaks(F.pad(window.wave, (REACH, REACH)), hop, most)
        own = window.wave[:, reach * hop :][:, : window.length]
        if peaks.max() <= most:
            yield own
            continue
        need = (most / peaks.clamp_min(most))[None]
        lowest = -F.max_pool1d(-need, 2 * LIMITER_SPREAD + 3, 1)[0]
        yield own * per_sample(smoothed(lowest, LIMITER_SPREAD), hop)[: window.length]


def compressed(blocks: Iterable[Tensor], rate: int, threshold: float, ratio: float) -> Iterator[Tensor]:
    """Turn down what is above `threshold` dB RMS, slowly: `ratio` dB more in are 1 dB more out."""
    hop = round(COMPRESSOR_HOP * rate)
    reach = 2 * COMPRESSOR_SPREAD + 1
    for window in windows(blocks, hop * 500, reach * hop, reach * hop):
        power = smoothed(hop_power(window.wave, hop), COMPRESSOR_SPREAD)
        above = (10 * power.clamp_min(1e-12).log10() - threshold).clamp_min(0)
        gain = smoothed(10 ** (above * (1 / ratio - 1) / 20), COMPRESSOR_SPREAD)
        yield window.wave[:, reach * hop :][:, : window.length] * per_sample(gain, hop)[: window.length]


def hop_power(wave: Float[Tensor, "C N"], hop: int) -> Float[Tensor, " K"]:
    """The power of each hop, in the louder channel."""
    return wave.square().view(len(wave), -1, hop).mean(2).amax(0)


def smoothed(values: Float[Tensor, " K"], reach: int) -> Float[Tensor, " L"]:
    """Averages under a Hann window that reaches so far on each side; the ends, which lack neighbours, are left out."""
    weights = torch.hann_window(2 * reach + 3, periodic=False)[1:-1]
    return F.conv1d(values[None, None], (weights / weights.sum())[None, None])[0, 0]


def per_sample(values: Float[Tensor, " K"], hop: int) -> Float[Tensor, " N"]:
    """Values of hops to those of samples, along straight lines; the first and the last hop only lend a neighbour."""
    return F.interpolate(values[None, None], scale_factor=hop, mode="linear")[0, 0, hop:-hop]


def requirements(preset: Preset, measured: Measured) -> list[Requirement]:
    """What a preset asks for and what a file measures."""
    lines = []
    if preset.loudness is not None:
        asked = preset.loudness + (STEREO if measured.channels == 2 else 0.0)
        met = abs(measured.loudness - asked) <= TOLERANCE
        lines.append(Requirement("loudness", f"{asked:.1f} ± {TOLERANCE} LUFS", f"{measured.loudness:.1f} LUFS", met))
    if preset.rms is not None:
        low, high = preset.rms
        met = low <= measured.rms <= high
        lines.append(Requirement("RMS", f"{low:.0f} to {high:.0f} dB", f"{measured.rms:.1f} dB", met))
    if preset.peak is not None:
        met = measured.true_peak <= preset.peak
        lines.append(Requirement("true peak", f"<= {preset.peak:.0f} dBTP", f"{measured.true_peak:.1f} dBTP", met))
    if preset.noise is not None:
        met = measured.noise <= preset.noise
        lines.append(Requirement("noise floor", f"<= {preset.noise:.0f} dB", f"{measured.noise:.1f} dB", met))
    if preset.rate is not None:
        lines.append(
            Requirement("sample rate", f"{preset.rate} Hz", f"{measured.rate} Hz", measured.rate == preset.rate)
        )
    return lines


def table(path: Path, lines: list[Requirement]) -> str:
    """The report of one file for people."""
    rows = [(line.what, line.asked, line.measured, "met" if line.met else "MISSED") for line in lines]
    rows = [(path.name, "asked", "measured", ""), *rows]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def decoded(path: Path) -> tuple[int, Iterator[Tensor]]:
    """The rate of an audio file of our own and its blocks, with all channels."""
    import av

    container = av.open(str(path))
    stream = container.streams.audio[0]

    def blocks() -> Iterator[Tensor]:
        with container:
            resampler = av.AudioResampler("fltp", stream.layout, stream.rate)
            frames = (ready for frame in container.decode(stream) for ready in resampler.resample(frame))
            while parts := [torch.from_numpy(frame.to_ndarray()) for frame in islice(frames, FRAMES)]:
                yield torch.cat(parts, dim=1)

    return stream.rate, blocks()
