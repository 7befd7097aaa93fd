"""Estimates with 95 % intervals: by a two-level bootstrap over clips and seeds, or by Wilson's formula for shares."""

import math
from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Float, Int

REPLICATES = 2000
SEED = 20_261_115  # fixed: the same opinions give the same report, and all subjects use the same draws of clips


@dataclass(frozen=True)
class Estimate:
    """A value and the 95 % interval around it."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"

    def data(self) -> dict[str, float]:
        return {name: round(value, 5) for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Ratio:
    """What is summed and divided, by clip and seed: edits and words for an error rate, values and ones for a mean."""

    top: Float[np.ndarray, "C S"]
    bottom: Float[np.ndarray, "C S"]

    @property
    def value(self) -> float:
        return float(self.top.sum() / self.bottom.sum())

    def replicates(self, clips: Int[np.ndarray, "R C"]) -> Float[np.ndarray, " R"]:
        """The ratio of each replicate: the clips are given, the seeds of each clip are drawn here."""
        seeds = np.random.default_rng(SEED + 1).integers(self.top.shape[1], size=(*clips.shape, self.top.shape[1]))
        index = clips[..., None]
        with np.errstate(invalid="ignore", divide="ignore"):  # the sum below may be 0 in a draw
            return self.top[index, seeds].sum((1, 2)) / self.bottom[index, seeds].sum((1, 2))


def estimate(ratio: Ratio, minus: Ratio | None = None) -> Estimate:
    """A ratio with its interval, or its difference from another ratio, paired by clip."""
    count = len(ratio.top)
    clips = np.random.default_rng(SEED).integers(count, size=(REPLICATES, count))
    value, drawn = ratio.value, ratio.replicates(clips)
    if minus is not None:
        if len(minus.top) != count:
            raise ValueError(f"{count} clips cannot be paired with {len(minus.top)}: judge both on the same clips")
        value, drawn = value - minus.value, drawn - minus.replicates(clips)
    low, high = np.percentile(drawn[np.isfinite(drawn)], [2.5, 97.5])
    return Estimate(value, float(low), float(high))


def wilson(count: int, total: int) -> Estimate:
    """A share with Wilson's interval. Near 0, where the bootstrap would say 0 to 0, it keeps its width."""
    z, p = 1.959964, count / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    return Estimate(p, max(0.0, middle - half), min(1.0, middle + half))
