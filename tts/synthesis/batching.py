"""Continuous batching (Orca: Yu et al. 2022): sentences that are spoken at once share the steps of the GPT.

A step reads the weights of the GPT once, however many sentences it goes on with. No thread waits for work: whoever
lacks a code makes a step, and the others who want codes take part. A sentence joins and leaves between any two steps.
"""

import math
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Generic, Protocol, TypeVar, runtime_checkable

from tts.synthesis.grid import Spoken

STINT = 16  # steps after which a sentence makes way for one that waits, and codes that are enough for a while


@runtime_checkable
class Generation(Protocol):
    """The codes of one sentence, in the form in which an engine draws them."""

    over: bool  # nobody wants more of it


G = TypeVar("G", bound=Generation)
Advance = Callable[[Sequence[G]], Sequence[Spoken | None]]


class Batch(Generic[G]):
    """The one place that makes steps of some nets."""

    def __init__(self, advance: Advance, most: int, told: Callable[[int], None] = lambda sentences: None):
        """`advance` gives one code of each generation, None for one that has ended; where it raises, none has gone on.

        At most `most` take part in a step; `told` gets their number.
        """
        self.advance, self.most, self.told = advance, most, told
        self.changed = threading.Condition()
        # All that follows is changed under this lock, and the members as well.
        self._members: list[_Member[G]] = []
        self._running: list[_Member[G]] = []  # took part in the last step
        self._stepping = False
        self._tickets = count()

    def draw(self, generation: G, *, first: int | None = None) -> "Drawing":
        """The codes of a generation. The `first` ones may be drawn before they are asked for, all where it is None."""
        member = _Member(generation, math.inf if first is None else first)
        with self.changed:
            self._members.append(member)
        return Drawing(self, member)

    def take(self, member: "_Member[G]") -> Spoken | None:
        """The next code of a member, None where it has ended. Raises what its step has raised."""
        with self.changed:
            member.asked = next(self._tickets)
            if not member.wants:
                member.ahead = math.inf
            try:
                while not (member.made or member.generation.over):
                    if self._stepping:
                        self.changed.wait()
                    else:
                        self._step()
            finally:
                member.asked = None
            if member.made:
                return member.made.popleft()
            if member.error:
                raise member.error
            return None

    def leave(self, member: "_Member[G]") -> None:
        """Nobody takes the rest."""
        with self.changed:
            self._end(member)
            member.made.clear()
            self.changed.notify_all()

    def _step(self) -> None:
        """Make a step. Others may change members while it is computed, and wait for its end."""
        running = self._chosen()
        outcomes: list[Spoken | Exception | None] = []
        self._stepping = True
        self.changed.release()
        try:
            outcomes = self._advanced([member.generation for member in running])
            self.told(len(running))
        finally:
            self.changed.acquire()
            self._stepping = False
            for member, outcome in zip(running, outcomes, strict=False):  # none where this thread was interrupted
                self._deliver(member, outcome)
            self.changed.notify_all()

    def _advanced(self, generations: list[G]) -> list[Spoken | Exception | None]:
        """What a step gives of each; if it raises, one at a time, as the fault is not that of all."""
        try:
            return list(self.advance(generations))
        except Exception as error:
            if len(generations) == 1:
                return [error]
            return [outcome for own in generations for outcome in self._advanced([own])]

    def _deliver(self, member: "_Member[G]", outcome: Spoken | Exception | None) -> None:
        if member.generation.over:  # it left meanwhile
            return
        if outcome is None or isinstance(outcome, Exception):
            member.error = outcome
            self._end(member)
        else:
            member.made.append(outcome)
            member.drawn, member.stint = member.drawn + 1, member.stint + 1

    def _end(self, member: "_Member[G]") -> None:
        member.generation.over = True
        self._members = [other for other in self._members if other is not member]

    def _chosen(self) -> list["_Member[G]"]:
        """Who takes part in the next step.

        Those of the last one stay as long as they want codes, and the others follow: first those somebody waits for,
        the longest first. Who has taken part in enough steps, or has enough codes, makes way for those.
        """
        running = [member for member in self._running if member.wants]
        for member in sorted((other for other in self._members if other.wants and other not in running), key=_rank):
            if len(running) == self.most:
                resting = [other for other in running if max(other.stint, len(other.made)) >= STINT]
                if member.asked is None or not resting:
                    break
                running.remove(max(resting, key=lambda other: other.stint))
            member.stint = 0
            running.append(member)
        self._running = running
        return running


class Drawing(Iterator[Spoken]):
    """The codes of one sentence, as they are drawn. Whoever leaves before the last one should `close` it."""

    def __init__(self, batch: Batch, member: "_Member"):
        self._batch, self._member = batch, member

    def __next__(self) -> Spoken:
        if (spoken := self._batch.take(self._member)) is None:
            raise StopIteration
        return spoken

    def run_on(self) -> None:
        """All codes will be wanted: they may be drawn along with those of others, before they are asked for."""
        self._member.ahead = math.inf

    def close(self) -> None:
        self._batch.leave(self._member)

    __del__ = close


@dataclass(eq=False)
class _Member(Generic[G]):
    """A generation in a batch."""

    generation: G
    ahead: float  # so many codes may be drawn before they are asked for
    made: deque[Spoken] = field(default_factory=deque)  # codes that nobody has taken
    drawn: int = 0  # codes so far
    stint: int = 0  # steps since it last joined those that run
    asked: int | None = None  # since when somebody waits for a code; None: nobody does
    error: Exception | None = None

    @property
    def wants(self) -> bool:
        return not self.generation.over and self.drawn < self.ahead


def _rank(member: _Member) -> tuple[bool, int, int]:
    """Who comes first: those that somebody waits for, the longest first; then those with the fewest codes."""
    return member.asked is None, member.asked or 0, member.drawn
