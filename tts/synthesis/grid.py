"""The grid of codes on which speech is rendered, whole or while it is still being spoken.

Codes are rendered in windows. Each sees some codes before those that it renders and a few after them, so a window can
be rendered as soon as these few are spoken. Whole speech is rendered in the same windows: streamed, it is the same
bytes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, repeat
from typing import Any

# In grains of the codec, 43 ms each with ours; docs/experiments.md has what each choice costs.
HOPS = (8, 24, 72)  # that each window renders, the last number from then on: sound comes soon, then cheaply
BEFORE = 8  # that it sees before them; what the decoder keeps reaches further back
AFTER = 6  # that it sees after them
FORESEEN = 16  # frames after those that sound that the vocoder sees; more change nothing

Spoken = tuple[Any, Any]  # a code, and the latents at it or None, in the arrays of the engine that speaks


@dataclass(frozen=True)
class Stretch:
    """The frames that a window renders."""

    number: int  # of the first one in its utterance
    start: int  # counted from the first frame of the window
    ready: int  # so many are final; those after them are only foreseen


@dataclass(frozen=True)
class Window:
    """Codes that are seen at once."""

    spoken: list[Spoken]
    first: int  # the number of the first code in its utterance
    start: int  # the first code that is rendered, counted in this window
    stop: int  # the code after the last one that is; all codes of the window in the last window of an utterance

    def stretch(self, frames_per_code: Fraction, frames: int) -> Stretch:
        """Where it renders in the frames of its codes."""
        first, start, stop = (int(code * frames_per_code) for code in (self.first, self.start, self.stop))
        last = self.stop == len(self.spoken)
        return Stretch(first + start, start, (frames if last else stop) - start)


def first_window(grain: int) -> int:
    """How many codes there must be before the first window can be rendered."""
    return (HOPS[0] + AFTER) * grain


def windows(spoken: Iterable[Spoken], grain: int) -> Iterator[Window]:
    """The windows of an utterance of one item, each as soon as its codes are there. `grain` is the codec's."""
    sizes = (hop * grain for hop in chain(HOPS, repeat(HOPS[-1])))
    held: list[Spoken] = []
    first, start, stop = 0, 0, next(sizes)
    for code in spoken:
        held.append(code)
        if first + len(held) == stop + AFTER * grain:
            yield Window(held[:], first, start - first, stop - first)
            start, stop = stop, stop + next(sizes)
            before = max(0, start - BEFORE * grain)
            del held[: before - first]
            first = before
    if first + len(held) > start:
        yield Window(held, first, start - first, len(held))
