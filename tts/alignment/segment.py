"""Voice activity detection, and the cuts of a recording into clips of a few seconds, made at pauses.

The cuts minimise a total cost by dynamic programming: a cut in a long pause costs little, and so does a clip of about
the target length.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from tts.alignment.recording import Samples
from tts.audio import block_power
from tts.vad import SECONDS, speech_probabilities

HYSTERESIS = 0.15  # speech ends when its probability is this far below the threshold
SHORTEST, GAP = 3, 3  # frames: shorter speech and shorter pauses are ignored
SOFT = 0.2  # seconds: with each of them that a pause is longer, a cut in it costs less by a factor of e
TOO_SHORT = 6.0  # cost of a clip below the least length, as much as several bad cuts
NO_PAUSE = 4.0  # cost of a cut in a pause shorter than `min_pause`
BLOCK = 0.02  # seconds per block of power, where speech without a pause has to be cut


@dataclass(frozen=True, kw_only=True)
class SegmentConfig:
    """How recordings are cut into clips. conf/prepare.yaml says what each value is."""

    min_seconds: float
    max_seconds: float
    target_seconds: float
    max_pause: float
    min_pause: float
    margin: float
    vad_threshold: float

    def __post_init__(self):
        if not self.min_seconds < self.target_seconds < self.max_seconds:
            raise ValueError(
                "segment needs min_seconds < target_seconds < max_seconds, "
                f"got {self.min_seconds:g}, {self.target_seconds:g}, {self.max_seconds:g}"
            )


def segment(samples: Samples, config: SegmentConfig) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Spans of speech, and the clips that hold them, as (start, end) in seconds; none where nobody speaks."""
    probabilities = speech_probabilities(samples.read, len(samples), samples.rate)
    spans = speech_spans(probabilities, config.vad_threshold)
    longest = config.max_seconds - 2 * config.margin
    pieces = [piece for span in spans for piece in split_span(span, samples, longest)]
    return spans, group_spans(pieces, config)


def speech_spans(probabilities: Float[np.ndarray, " K"], threshold: float) -> list[tuple[float, float]]:
    """Spans of speech in seconds. A span begins above the threshold and ends well below it (hysteresis)."""
    spans: list[list[int]] = []
    inside = False
    for frame, probability in enumerate(probabilities):
        if not inside and probability >= threshold:
            inside = True
            if spans and frame - spans[-1][1] < GAP:
                spans[-1][1] = frame + 1
            else:
                spans.append([frame, frame + 1])
        elif inside and probability < threshold - HYSTERESIS:
            inside = False
        if inside:
            spans[-1][1] = frame + 1
    return [(start * SECONDS, end * SECONDS) for start, end in spans if end - start >= SHORTEST]


def split_span(span: tuple[float, float], samples: Samples, longest: float) -> list[tuple[float, float]]:
    """A span, cut at its quietest moments if it is longer than `longest` seconds."""
    start, end = span
    if end - start <= longest:
        return [span]
    parts = math.ceil((end - start) / longest * 1.2)
    length, block = (end - start) / parts, round(BLOCK * samples.rate)
    borders = [start]
    for part in range(1, parts):
        low = start + (part - 0.4) * length
        wave = samples.clip(low, low + 0.8 * length)
        power = block_power(wave[: len(wave) // block * block], block)  # a padded last block would seem quiet
        smooth = np.convolve(power, np.ones(3, np.float32) / 3, "same")
        borders.append(low + (int(smooth.argmin()) + 0.5) * BLOCK)
    borders.append(end)
    return list(zip(borders, borders[1:], strict=False))


def group_spans(spans: list[tuple[float, float]], config: SegmentConfig) -> list[tuple[float, float]]:
    """Group spans of speech into clips at the least total cost, each with a margin of silence on either side."""
    count = len(spans)
    best, before = [0.0] + [math.inf] * count, [0] * (count + 1)
    for last in range(count):
        for first in range(last, -1, -1):
            if first < last and spans[first + 1][0] - spans[first][1] > config.max_pause:
                break
            length = spans[last][1] - spans[first][0]
            if first < last and length > config.max_seconds - 2 * config.margin:
                break
            cost = best[first] + _length_cost(length, config) + _cut_cost(spans, first, config)
            if cost < best[last + 1]:
                best[last + 1], before[last + 1] = cost, first
    groups, last = [], count
    while last:
        groups.append((before[last], last - 1))
        last = before[last]
    return [_with_margins(spans, first, last, config.margin) for first, last in reversed(groups)]


def _length_cost(length: float, config: SegmentConfig) -> float:
    if length < config.min_seconds:
        return TOO_SHORT
    return math.log(length / config.target_seconds) ** 2


def _cut_cost(spans: list[tuple[float, float]], first: int, config: SegmentConfig) -> float:
    """The cost of the cut before a span: little in a long pause, much in a short one."""
    if not first:
        return 0.0
    pause = spans[first][0] - spans[first - 1][1]
    return math.exp(-pause / SOFT) + (NO_PAUSE if pause < config.min_pause else 0.0)


def _with_margins(spans: list[tuple[float, float]], first: int, last: int, margin: float) -> tuple[float, float]:
    start, end = spans[first][0], spans[last][1]
    before = spans[first - 1][1] if first else 0.0
    after = spans[last + 1][0] if last + 1 < len(spans) else math.inf
    # Two clips share a short pause, half of it each.
    return start - min(margin, max(0.0, start - before) / (2 if first else 1)), end + min(margin, (after - end) / 2)
