"""The order of training: which clips make which batch, as a plan that is made before ranks and workers share it out.

The plan of an epoch is a pure function of the clips, the seed and the epoch. So one number, how many samples of the
plans are done, says where a run is, whatever it ran on.
"""

import itertools
from bisect import bisect_right
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from jaxtyping import Int

BUCKET = 32  # batches whose clips are sorted by length together: more pads less and shuffles less


@dataclass(frozen=True)
class Draw:
    """One clip of one batch, and the seed of everything random about it."""

    clip: int
    seed: int


@dataclass(frozen=True)
class PlannedBatch:
    """One batch, and how many samples of the run are done with it."""

    draws: list[Draw]
    done: int


@dataclass(frozen=True)
class Plan:
    """The samples of one epoch in order, and where its batches end."""

    clips: np.ndarray  # (samples,)
    seeds: np.ndarray  # (samples,) of everything random about each
    ends: np.ndarray  # (batches,) samples before the end of each batch
    padding: float  # share of what the batches hold that is padding

    def batch(self, start: int, stop: int) -> list[Draw]:
        return [Draw(int(self.clips[place]), int(self.seeds[place])) for place in range(start, stop)]


def draw_counts(weights: Sequence[float], rng: np.random.Generator) -> Int[np.ndarray, " K"]:
    """How often an epoch holds each clip: `weight` times, the fraction by chance."""
    weight = np.asarray(weights, dtype=float)
    return (np.floor(weight) + (rng.random(len(weight)) < weight % 1)).astype(int)


def epoch_size(weights: Sequence[float], *, seed: int, epoch: int) -> int:
    """Samples of an epoch, without planning it."""
    return int(draw_counts(weights, np.random.default_rng([seed, epoch])).sum())


def plan_epoch(
    seconds: Sequence[float], weights: Sequence[float], *, seed: int, epoch: int, batch_seconds: float
) -> Plan:
    """One epoch: a permutation, cut into buckets that are sorted by length, cut into batches within the budget.

    `batch_seconds` counts padding: the longest clip times the number of clips, unless one clip alone exceeds it.
    """
    rng = np.random.default_rng([seed, epoch])
    length = np.asarray(seconds, dtype=float)
    counts = draw_counts(weights, rng)
    order = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    share = max(1, round(BUCKET * batch_seconds / length.mean())) if len(length) else 1
    batches: list[np.ndarray] = []
    for start in range(0, len(order), share):
        bucket = order[start : start + share]
        bucket = bucket[np.argsort(length[bucket], kind="stable")]
        first = 0
        for place, newest in enumerate(length[bucket].tolist()):  # ascending, so each newcomer is the longest so far
            if place > first and (place - first + 1) * newest > batch_seconds:
                batches.append(bucket[first:place])
                first = place
        batches.append(bucket[first:])
    batches = [batches[place] for place in rng.permutation(len(batches))]
    clips = np.concatenate([*batches, np.zeros(0, dtype=int)])
    held = sum(len(batch) * length[batch].max() for batch in batches)
    return Plan(
        clips=clips,
        seeds=rng.integers(2**62, size=len(clips)),
        ends=np.cumsum([len(batch) for batch in batches], dtype=int),
        padding=1 - length[clips].sum() / held if held else 0.0,
    )


class Planner:
    """The plans of all epochs in a row: the n-th sample of a run is the same one whoever asks."""

    def __init__(
        self,
        seconds: Sequence[float],
        weights: Sequence[float],  # times per epoch
        *,
        seed: int,
        batch_seconds: float,
        aside: Set[int] = frozenset(),  # clips that are not read
    ):
        self.aside = aside
        self.epoch = lru_cache(2)(
            lambda epoch: plan_epoch(seconds, weights, seed=seed, epoch=epoch, batch_seconds=batch_seconds)
        )
        self.size = partial(epoch_size, weights, seed=seed)
        self.starts = [0]  # samples before each epoch

    def start(self, epoch: int) -> int:
        """Samples before an epoch."""
        while len(self.starts) <= epoch:
            self.starts.append(self.starts[-1] + self.size(epoch=len(self.starts) - 1))
        return self.starts[epoch]

    def locate(self, sample: int) -> int:
        """The epoch that a sample belongs to."""
        while self.starts[-1] <= sample:
            self.start(len(self.starts))
        return bisect_right(self.starts, sample) - 1

    def batches(self, sample: int) -> Iterator[PlannedBatch]:
        """All batches from a sample on, without end; what is set aside counts as done and is not read."""
        for epoch in itertools.count(self.locate(sample)):
            plan, start = self.epoch(epoch), self.start(epoch)
            for first, stop in itertools.pairwise([0, *plan.ends.tolist()]):
                draws = [draw for draw in plan.batch(max(first, sample - start), stop) if draw.clip not in self.aside]
                if draws:
                    yield PlannedBatch(draws, start + stop)

    def turns(self, sample: int, rank: int, world: int) -> Iterator[PlannedBatch]:
        """What one rank of several reads: each takes one batch in turn, and all are done with the last one's."""
        batches = self.batches(sample)
        while turn := list(itertools.islice(batches, world)):
            yield PlannedBatch(turn[rank].draws, turn[-1].done)
