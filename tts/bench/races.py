"""Systems on the same texts, turn by turn: on a shared machine only what ran side by side can be compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

from tts.bench.systems import Spoken, System

WARM_UPS = 3


@dataclass
class Result:
    """What a system took for each text, in their order."""

    name: str
    cores: int
    loading: float  # seconds of wall time
    spoken: list[Spoken] = field(default_factory=list)

    @property
    def clock(self) -> str:
        """By which it is compared: on one core by processor time, which other load does not change."""
        return "processor" if self.cores == 1 else "wall"

    @property
    def factors(self) -> list[float]:
        """The real-time factor of each text."""
        return [getattr(one, self.clock) / one.seconds for one in self.spoken]

    def summary(self) -> dict[str, float | str]:
        """The figures of a report."""
        return {
            "name": self.name,
            "cores": self.cores,
            "clock": self.clock,
            "rtf": median(self.factors),
            "rtf_worst": max(self.factors),
            "first_sound_seconds": median(one.first for one in self.spoken),
            "memory_bytes": max(one.memory for one in self.spoken),
            "loading_seconds": self.loading,
        }


def race(systems: Sequence[System], texts: Sequence[str], tell: Callable[[int], None]) -> list[Result]:
    """Let all systems speak each text before the next one; who begins changes. The first texts warm up.

    `tell` gets the number of texts that are done.
    """
    results = [Result(system.name, system.cores, system.loading) for system in systems]
    for text in texts[:WARM_UPS]:
        for system in systems:
            if system.warms_up:
                system.say(text, 0)
    for number, text in enumerate(texts):
        for turn in range(len(systems)):
            index = (number + turn) % len(systems)
            results[index].spoken.append(systems[index].say(text, number))
        tell(number + 1)
    return results


def ratio(result: Result, base: Result) -> dict[str, float]:
    """How many times as long a system takes as another one: the median over texts, and its quartiles."""
    ratios = [own / other for own, other in zip(result.factors, base.factors, strict=True)]
    low, _, high = quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
    return {"median": median(ratios), "low": low, "high": high}
