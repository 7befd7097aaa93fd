"""Continuous batching (Orca: Yu et al. 2022): sentences that are spoken at once share the steps of the GPT.

A step reads the weights of the GPT once, however many sentences it goes on with. No thread waits for work: whoever
lacks a code makes a step, and the others who want codes take part. A sentence joins and leaves between any two steps.
The codes before the first sound of a stream are drawn alone, so that it comes as soon as without others.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Generic, Protocol, TypeVar, runtime_checkable

from tts.synthesis.grid import Spoken

STINT = 16  # steps after which a sentence makes way for one that waits, and codes that are enough for a while


@runtime_checkable
class AnyGeneration(Protocol):
    """The codes of one sentence, in the form in which an engine draws them."""

    over: bool  # nobody wants more of it


G = TypeVar("G", bound=AnyGeneration)
Advance = Callable[[Sequence[G]], Sequence[Spoken | None]]


class ContinuousBatch(Generic[G]):
    """The one place that makes steps of some nets."""

    def __init__(self, steps: Callable[[], Advance], most: int, told: Callable[[int], None] = lambda sentences: None):
        """`steps` makes what makes steps: it gives one code of each generation, None for one that has ended.

        Where that raises, none has gone on. At most `most` take part in a step; `told` gets their number.
        """
        self.steps, self.most, self.told = steps, most, told
        self.changed = threading.Condition()
        self._shared = steps()
        # All that follows is changed under this lock, and the members as well.
        self._members: list[_Member[G]] = []
        self._running: list[_Member[G]] = []  # took part in the last step
        self._stepping = False
        self._tickets = count()

    def draw(self, generation: G, *, alone: bool = False) -> "Drawing":
        """The codes of a generation, drawn along with those of others, or `alone` until it is told to run on."""
        alone = alone or self.most == 1
        member = _Member(generation, self.steps() if alone else self._shared, alone)
        with self.changed:
            self._members.append(member)
        return Drawing(self, member)

    def run_on(self, member: "_Member[G]") -> None:
        """All its codes will be wanted: from now on they are drawn along with those of others."""
        with self.changed:
            member.alone = self.most == 1

    def take(self, member: "_Member[G]") -> Spoken | None:
        """The next code of a member, None where it has ended. Raises what its step has raised."""
        with self.changed:
            member.asked = next(self._tickets)
            try:
                while not (member.made or member.generation.over):
                    if member.alone:
                        self._step([member])
                    elif self._stepping:
                        self.changed.wait()
                    else:
                        self._stepping = True
                        try:
                            self._step(self._chosen())
                        finally:
                            self._stepping = False
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

    def _step(self, running: list["_Member[G]"]) -> None:
        """Make a step. Others may change members while it is computed."""
        advance = running[0].advance if running[0].alone else self._shared
        outcomes: list[Spoken | Exception | None] = []
        for member in running:
            member.stepped = True
        self.changed.release()
        try:
            outcomes = _advanced(advance, [member.generation for member in running])
            self.told(len(running))
        finally:
            self.changed.acquire()
            for member in running:
                member.stepped = False
            for member, outcome in zip(running, outcomes, strict=False):  # none where this thread was interrupted
                self._deliver(member, outcome)
            self.changed.notify_all()

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
        if not self._members:  # the caches of the last ones may go
            self._running, self._shared = [], self.steps()

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

    def __init__(self, batch: ContinuousBatch, member: "_Member"):
        self._batch, self._member = batch, member

    def __next__(self) -> Spoken:
        if (spoken := self._batch.take(self._member)) is None:
            raise StopIteration
        return spoken

    def run_on(self) -> None:
        """All codes will be wanted: they may be drawn along with those of others, before they are asked for."""
        self._batch.run_on(self._member)

    def close(self) -> None:
        self._batch.leave(self._member)

    __del__ = close


@dataclass(eq=False)
class _Member(Generic[G]):
    """A generation in a batch."""

    generation: G
    advance: Advance  # makes its steps while it is drawn alone
    alone: bool
    made: deque[Spoken] = field(default_factory=deque)  # codes that nobody has taken
    drawn: int = 0  # codes so far
    stint: int = 0  # steps since it last joined those that run
    stepped: bool = False  # a step is being made for it
    asked: int | None = None  # since when somebody waits for a code; None: nobody does
    error: Exception | None = None

    @property
    def wants(self) -> bool:
        """Whether it may take part in steps with others."""
        return not (self.generation.over or self.alone or self.stepped)


def _advanced(advance: Advance, generations: list[G]) -> list[Spoken | Exception | None]:
    """What a step gives of each; if it raises, one at a time, as the fault is not that of all."""
    try:
        return list(advance(generations))
    except Exception as error:
        if len(generations) == 1:
            return [error]
        return [outcome for own in generations for outcome in _advanced(advance, [own])]


def _rank(member: _Member) -> tuple[bool, int, int]:
    """Who comes first: those that somebody waits for, the longest first; then those with the fewest codes."""
    return member.asked is None, member.asked or 0, member.drawn
