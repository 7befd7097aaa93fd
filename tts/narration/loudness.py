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
from itertools import chain
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy.lib.stride_tricks import sliding_window_view

from tts.audio import sinc_filter
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

    def around(self, bed: bool) -> tuple[float, float]:
        """Seconds before and after the speech of a file."""
        return (self.bed_before, self.bed_after) if bed else (self.before, self.after)


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


def measure(blocks: Iterable[np.ndarray], rate: int, *, weigh: bool = True) -> Measured:
    """Measure a whole recording block by block. Without `weigh` its loudness is left out, which is most of the work."""
    step = round(STEP * rate)
    warm = round(WARM_UP * rate)
    # Numbers, no arrays of NumPy: small ones that stay lie between large ones that go, and the heap grows around them.
    weighted, plain = array("d"), array("d")
    peak, power, samples, channels = 0.0, 0.0, 0, 1
    for window in windows(blocks, step * 100, warm, REACH):
        own = window.wave[:, warm : warm + window.length]
        channels = len(own)
        whole = window.length // step * step
        if weigh:
            heard = k_weighted(window.wave, rate)[:, warm : warm + whole]
            weighted.extend(np.square(heard).reshape(channels, -1, step).mean(2).sum(0).tolist())
        squares = np.square(own, dtype=np.float64)
        plain.extend(squares[:, :whole].reshape(channels, -1, step).mean(2).mean(0).tolist())
        peak = max(peak, float(np.abs(own).max()))
        peak = max(peak, float(hop_peaks(window.wave[:, warm - REACH :], step // 10, peak).max()))
        power += float(squares.sum())
        samples += window.length
    return Measured(
        loudness=integrated(np.array(weighted)),
        true_peak=level(peak**2),
        rms=level(power / max(1, samples * channels)),
        noise=quietest(np.array(plain)),
        channels=channels,
        rate=rate,
        seconds=samples / rate,
    )


def level(power: float) -> float:
    """Power in dB, silence as SILENT."""
    return max(SILENT, 10 * math.log10(power)) if power > 0 else SILENT


def integrated(power: Float[np.ndarray, " K"]) -> float:
    """Loudness in LUFS from K-weighted powers of 100 ms, summed over channels: BS.1770-5, equations 3 to 7."""
    if len(power) < GATED_STEPS:
        return OFFSET + level(float(power.mean())) if len(power) else SILENT
    gated = sliding_window_view(power, GATED_STEPS).mean(1)
    gated = gated[gated > 10 ** ((ABSOLUTE_GATE - OFFSET) / 10)]
    if not len(gated):
        return SILENT
    gated = gated[gated > gated.mean() * 10 ** (RELATIVE_GATE / 10)]
    return OFFSET + level(float(gated.mean()))


def quietest(power: Float[np.ndarray, " K"]) -> float:
    """The level of the quietest half second, in dB, from powers of 100 ms."""
    if len(power) < QUIET_STEPS:
        return level(float(power.mean())) if len(power) else SILENT
    return level(float(sliding_window_view(power, QUIET_STEPS).mean(1).min()))


def k_weighted(wave: Float[np.ndarray, "C N"], rate: int) -> Float[np.ndarray, "C N"]:
    """As the ear weighs it: BS.1770's shelf and its high-pass, at any rate; float64, by FFmpeg's biquads."""
    return np.stack([_filtered(channel, rate) for channel in wave])


def _filtered(channel: Float[np.ndarray, " N"], rate: int) -> Float[np.ndarray, " N"]:
    import av

    graph = av.filter.Graph()
    node = graph.add_abuffer(format="dblp", sample_rate=rate, layout="mono")
    for b, a in k_filter(rate):
        values = {f"b{place}": repr(value) for place, value in enumerate(b)}
        values |= {f"a{place}": repr(value) for place, value in enumerate(a)}
        before, node = node, graph.add("biquad", precision="f64", **values)
        before.link_to(node)
    node.link_to(graph.add("abuffersink"))
    graph.configure()
    frame = av.AudioFrame.from_ndarray(channel[None].astype(np.float64), format="dblp", layout="mono")
    frame.sample_rate = rate
    graph.push(frame)
    return graph.pull().to_ndarray()[0]


def k_filter(rate: int) -> tuple[tuple[list[float], list[float]], ...]:
    """Numerators and denominators of the shelf and of the high-pass.

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
    return (shelf, shelf_poles), ([1.0, -2.0, 1.0], pass_poles)


@cache
def _overshoot() -> tuple[float, float]:
    """What `oversampled` gives is at most the first times the highest sample plus the second times the sharpest bend.

    A bend is a second difference. Each phase of the filter is taken apart into a straight line between two samples and
    a rest without mean and slope, which is a filter on bends.
    """
    kernel = _oversampler().T.astype(np.float64)  # (phases, taps)
    middle = kernel.shape[1] // 2
    mean, slope = kernel.sum(1), kernel @ (np.arange(kernel.shape[1]) - middle)
    rest = kernel.copy()
    rest[:, middle] -= mean - slope
    rest[:, middle + 1] -= slope
    straight = np.abs(mean - slope) + np.abs(slope)
    return float(straight.max()), float(np.abs(rest.cumsum(1).cumsum(1)).sum(1).max())


@cache
def _oversampler() -> Float[np.ndarray, "K 4"]:
    """What weights REACH samples before one, it, and REACH after give it and the values between it and the next one."""
    kernel, before = sinc_filter(1, OVERSAMPLING, FILTER_WIDTH)
    assert before == REACH and len(kernel) == 2 * REACH + 1
    return kernel


def oversampled(wave: Float[np.ndarray, "*B N"]) -> Float[np.ndarray, "*B M"]:
    """With the values between the samples, where the peaks of what is played may be; REACH samples go on each side."""
    windows = np.ascontiguousarray(sliding_window_view(wave, 2 * REACH + 1, axis=-1))
    return (windows @ _oversampler()).reshape(*wave.shape[:-1], -1)


def hop_peaks(wave: Float[np.ndarray, "C N"], hop: int, floor: float) -> Float[np.ndarray, " K"]:
    """The true peak of each hop, in the louder channel; zero where it is certainly below `floor`.

    The wave has REACH samples more on each side. Only what may be loud is oversampled, which saves most of the time.
    """
    straight, bent = _overshoot()
    size = hop + 2 * REACH
    heights, bends = np.abs(wave), np.abs(np.diff(wave, 2))
    if straight * heights.max() + bent * bends.max() <= floor:  # nowhere, which takes a tenth of the time to see
        return np.zeros((wave.shape[1] - size) // hop + 1, np.float32)
    highest = sliding_maximum(heights, size, hop).max(0)
    bends = sliding_maximum(bends, size - 2, hop).max(0)
    loud = straight * highest + bent * bends > floor
    peaks = np.zeros(len(loud), np.float32)
    if loud.any():
        hops = sliding_window_view(wave, size, axis=1)[:, ::hop][:, loud]  # (C, loud, size)
        peaks[loud] = np.abs(oversampled(hops)).max((0, 2))
    return peaks


def sliding_maximum(values: Float[np.ndarray, "*B N"], size: int, hop: int = 1) -> Float[np.ndarray, "*B K"]:
    """The highest of each `size` values in a row, every `hop` values; windows are made of two halves that overlap."""
    span = 1
    count = values.shape[-1] - size + 1
    while 2 * span <= size:
        values = np.maximum(values[..., :-span], values[..., span:])
        span *= 2
    return np.maximum(values[..., :count:hop], values[..., size - span :: hop][..., : -(-count // hop)])


def limited(blocks: Iterable[np.ndarray], rate: int, ceiling: float) -> Iterator[np.ndarray]:
    """Turn peaks down to `ceiling` dBTP, softly and before they come; the rest stays as it is."""
    hop = round(LIMITER_HOP * rate)
    reach = 2 * LIMITER_SPREAD + 2  # hops on each side that the gain of a hop and its neighbours depend on
    most = decibels(ceiling - SAFETY)
    for window in windows(blocks, hop * 1000, reach * hop, reach * hop):
        peaks = hop_peaks(np.pad(window.wave, ((0, 0), (REACH, REACH))), hop, most)
        own = window.wave[:, reach * hop :][:, : window.length]
        if peaks.max() <= most:
            yield own
            continue
        need = most / np.maximum(peaks, most)
        lowest = -sliding_maximum(-need, 2 * LIMITER_SPREAD + 3)
        yield own * per_sample(smoothed(lowest, LIMITER_SPREAD), hop)[: window.length]


def compressed(blocks: Iterable[np.ndarray], rate: int, threshold: float, ratio: float) -> Iterator[np.ndarray]:
    """Turn down what is above `threshold` dB RMS, slowly: `ratio` dB more in are 1 dB more out."""
    hop = round(COMPRESSOR_HOP * rate)
    reach = 2 * COMPRESSOR_SPREAD + 1
    for window in windows(blocks, hop * 500, reach * hop, reach * hop):
        power = smoothed(hop_power(window.wave, hop), COMPRESSOR_SPREAD)
        above = np.maximum(10 * np.log10(np.maximum(power, 1e-12)) - threshold, 0)
        gain = smoothed(10 ** (above * (1 / ratio - 1) / 20), COMPRESSOR_SPREAD)
        yield window.wave[:, reach * hop :][:, : window.length] * per_sample(gain, hop)[: window.length]


def hop_power(wave: Float[np.ndarray, "C N"], hop: int) -> Float[np.ndarray, " K"]:
    """The power of each hop, in the louder channel."""
    return np.square(wave).reshape(len(wave), -1, hop).mean(2).max(0)


def smoothed(values: Float[np.ndarray, " K"], reach: int) -> Float[np.ndarray, " L"]:
    """Averages under a Hann window that reaches so far on each side; the ends, which lack neighbours, are left out."""
    weights = np.hanning(2 * reach + 3)[1:-1]
    return np.convolve(values, weights / weights.sum(), "valid").astype(np.float32)


def per_sample(values: Float[np.ndarray, " K"], hop: int) -> Float[np.ndarray, " N"]:
    """Values of hops to those of samples, along straight lines; the first and the last hop only lend a neighbour."""
    place = (np.arange(hop) + 0.5) / hop - 0.5  # of each sample of a hop, from the middle of the hop on
    before, share = np.floor(place).astype(int), (place % 1).astype(np.float32)
    steps = sliding_window_view(values, 3)  # of each hop: what is before it, its own, and what is after it
    return (steps[:, 1 + before] * (1 - share) + steps[:, 2 + before] * share).reshape(-1)


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


def decoded(path: Path) -> tuple[int, Iterator[np.ndarray]]:
    """The rate of an audio file of our own and its blocks, with all channels."""
    import av

    container = av.open(str(path))
    stream = container.streams.audio[0]

    def blocks() -> Iterator[np.ndarray]:
        with container:
            joined = av.AudioResampler("fltp", stream.layout, stream.rate, frame_size=stream.rate)
            for frame in chain(container.decode(stream), (None,)):
                yield from (ready.to_ndarray() for ready in joined.resample(frame))

    return stream.rate, blocks()
