"""Attempts at a sentence: which one is kept, and what is told of the others. Needs no torch."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from tts.synthesis.background import background
from tts.synthesis.batching import Drawing
from tts.synthesis.grid import Spoken
from tts.synthesis.listen import Verdict


@dataclass
class Attempt:
    """One attempt at a sentence, as codes, and what is wrong with it."""

    speech: Any  # codes and latents as the engine holds them
    verdict: Verdict


@dataclass
class Begun:
    """An attempt that is still being spoken."""

    spoken: list[Spoken]  # so far
    rest: Drawing
    verdict: Verdict  # on the codes before the first sound

    def go_on(self) -> Iterator[Spoken]:
        """All of its codes, from the first one. What is still to be spoken is drawn in a thread of its own.

        That begins when it is asked for, which is after the first sound: a processor with one free core is not shared
        before.
        """
        yield from list(self.spoken)
        for code in background(self.rest):
            self.spoken.append(code)
            yield code


T = TypeVar("T", Attempt, Begun)


def best_of(make: Callable[[int], T], retries: int) -> tuple[T, list[str]]:
    """The first attempt without a fault, or else the best one, and what was wrong with each of the others.

    `make` makes the attempt of a number.
    """
    attempts: list[T] = []
    for number in range(retries + 1):
        attempts.append(make(number))
        if not attempts[-1].verdict.faults:
            break
    best = min(attempts, key=lambda attempt: attempt.verdict.rank)
    return best, ["; ".join(other.verdict.faults) for other in attempts if other is not best]


def misfit(codes: int, ids: int, *, most: float, least: float) -> list[str]:
    """What is wrong with a sentence of so many codes for so many text ids, if anything. Bounds are codes an id."""
    if codes >= math.ceil(most * ids):
        return ["ran on"]
    return ["stopped early"] if codes < max(1.0, least * ids) else []
