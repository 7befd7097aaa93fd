"""Stage 2: where speech is, and where to cut it: at pauses, into clips of a few seconds.

Speech is found by silero-vad, whose weights come in its package. The cuts are the cheapest way through all pauses: long
pauses are cheap to cut at, lengths far from the target dear.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float

from data.prepare.ingest import Refused, Samples
from tts.audio import resample

RATE = 16_000  # Hz, of silero-vad
FRAME = 512  # samples at that rate: it looks at 32 ms at a time
SECONDS = FRAME / RATE
WINDOW, WARM = 960, 64  # frames heard side by side, and frames before each to find its state
BATCH = 16  # windows at once
OFF = 0.15  # speech ends where its probability falls this far below the threshold
SHORTEST, GAP = 3, 3  # frames: briefer speech and briefer pauses are not believed
SOFT = 0.2  # seconds: how fast the price of a cut falls with the pause
TOO_SHORT = 6.0  # price of a clip below the least length: as of several bad cuts
BLOCK = 0.02  # seconds over which energy is taken where there is no pause


@dataclass(frozen=True, kw_only=True)
class Segment:
    """How to cut; see conf/prepare.yaml."""

    min_seconds: float
    max_seconds: float
    target_seconds: float
    max_pause: float
    min_pause: float
    margin: float
    speech: float

    def __post_init__(self):
        if not self.min_seconds < self.target_seconds < self.max_seconds:
            raise ValueError(
                "segment needs min_seconds < target_seconds < max_seconds, "
                f"got {self.min_seconds:g}, {self.target_seconds:g}, {self.max_seconds:g}"
            )


def segment(samples: Samples, settings: Segment) -> dict:
    """Spans of speech and clips to cut, [start, end] in seconds. Raises Refused where nobody speaks."""
    heard = probabilities(samples)
    spans = speech(heard, settings.speech)
    if not spans:
        raise Refused("no speech in it")
    pieces = [piece for span in spans for piece in split(span, samples, settings.max_seconds - 2 * settings.margin)]
    clips = cut(pieces, settings)
    return {"speech": _rounded(spans), "clips": _rounded(clips)}


def _rounded(spans: list[tuple[float, float]]) -> list[list[float]]:
    return [[round(start, 4), round(end, 4)] for start, end in spans]


@lru_cache(1)
def _silero():
    from silero_vad import load_silero_vad

    return load_silero_vad(onnx=True)


@torch.inference_mode()
def probabilities(samples: Samples) -> Float[np.ndarray, " K"]:
    """The probability of speech in each frame of 32 ms; windows are heard side by side, which is faster."""
    vad = _silero()
    size = samples.rate * FRAME // RATE  # samples of the source per frame
    if size * RATE != samples.rate * FRAME:
        raise ValueError(f"{samples.rate} Hz has no whole frames of {FRAME} at {RATE} Hz: use another audio rate")
    frames = -(-len(samples) // size)
    starts = range(0, frames, WINDOW)
    out = []
    for first in range(0, len(starts), BATCH):
        batch = starts[first : first + BATCH]
        waves = [samples.read((start - WARM) * size, (start + WINDOW) * size) for start in batch]
        wave = resample(torch.stack(waves), samples.rate, RATE)
        vad.reset_states()
        heard = torch.cat([vad(part, RATE) for part in wave.split(FRAME, dim=1)], dim=1)
        out.append(heard[:, WARM:].reshape(-1))
    return torch.cat(out)[:frames].numpy() if out else np.zeros(0, np.float32)


def speech(heard: Float[np.ndarray, " K"], threshold: float) -> list[tuple[float, float]]:
    """Spans in seconds where speech is likely: it begins above the threshold and ends some way below."""
    spans: list[list[int]] = []
    inside = False
    for frame, probability in enumerate(heard):
        if not inside and probability >= threshold:
            inside = True
            if spans and frame - spans[-1][1] < GAP:
                spans[-1][1] = frame + 1
            else:
                spans.append([frame, frame + 1])
        elif inside and probability < threshold - OFF:
            inside = False
        if inside:
            spans[-1][1] = frame + 1
    return [(start * SECONDS, end * SECONDS) for start, end in spans if end - start >= SHORTEST]


def split(span: tuple[float, float], samples: Samples, longest: float) -> list[tuple[float, float]]:
    """A span that nobody breathes in for too long, cut where it is quietest."""
    start, end = span
    if end - start <= longest:
        return [span]
    parts = math.ceil((end - start) / longest * 1.2)
    length, block = (end - start) / parts, round(BLOCK * samples.rate)
    borders = [start]
    for part in range(1, parts):
        low = start + (part - 0.4) * length
        wave = samples.clip(low, low + 0.8 * length)
        power = wave[: len(wave) // block * block].view(-1, block).square().mean(1)
        smooth = torch.nn.functional.avg_pool1d(power[None], 3, 1, 1)[0]
        borders.append(low + (int(smooth.argmin()) + 0.5) * BLOCK)
    borders.append(end)
    return list(zip(borders, borders[1:], strict=False))


def cut(spans: list[tuple[float, float]], settings: Segment) -> list[tuple[float, float]]:
    """Group spans of speech into clips at the least price, each with a margin of the silence around it."""
    count = len(spans)
    best, before = [0.0] + [math.inf] * count, [0] * (count + 1)
    for last in range(count):
        for first in range(last, -1, -1):
            if first < last and spans[first + 1][0] - spans[first][1] > settings.max_pause:
                break
            length = spans[last][1] - spans[first][0]
            if first < last and length > settings.max_seconds - 2 * settings.margin:
                break
            price = best[first] + _price(length, settings) + _cut_price(spans, first, settings)
            if price < best[last + 1]:
                best[last + 1], before[last + 1] = price, first
    groups, last = [], count
    while last:
        groups.append((before[last], last - 1))
        last = before[last]
    return [_with_margins(spans, first, last, settings.margin) for first, last in reversed(groups)]


def _price(length: float, settings: Segment) -> float:
    if length < settings.min_seconds:
        return TOO_SHORT
    return math.log(length / settings.target_seconds) ** 2


def _cut_price(spans: list[tuple[float, float]], first: int, settings: Segment) -> float:
    """Of the cut before a span: little in a long pause, much in a short one."""
    if not first:
        return 0.0
    pause = spans[first][0] - spans[first - 1][1]
    return math.exp(-pause / SOFT) + (4.0 if pause < settings.min_pause else 0.0)


def _with_margins(spans: list[tuple[float, float]], first: int, last: int, margin: float) -> tuple[float, float]:
    start, end = spans[first][0], spans[last][1]
    before = spans[first - 1][1] if first else 0.0
    after = spans[last + 1][0] if last + 1 < len(spans) else math.inf
    # The clip before takes its half of a short pause too.
    return start - min(margin, max(0.0, start - before) / (2 if first else 1)), end + min(margin, (after - end) / 2)
