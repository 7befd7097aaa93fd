"""One thread works for all clients, a piece for one and then a piece for another, so that nobody waits for a book.

What a client wants is a *turn*: an iterator, each step of which makes a piece of sound. The next piece is always made
for the turn that has used the engine least so far. A new turn therefore begins at once, and a short one ends soon,
however long the others are ("least attained service": Nuyens and Wierman 2008). Of so many pieces one is made for the
turn that has waited longest, so a long one goes on however many short ones come.
"""

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")

FAIR = 4  # of so many pieces one is made for whoever has waited longest
AHEAD = 8  # pieces that are made for a client who does not take them
LONGEST_WAIT = 60  # seconds that a refused client is told to wait, at most
NEWEST = 0.1  # share of the last turn in the usual length of one


class Busy(Exception):
    """There are as many turns as there may be."""

    def __init__(self, *, own: bool, seconds: int):
        super().__init__("too many requests of this user" if own else "too many requests")
        self.own = own  # all of them are this user's
        self.seconds = seconds  # after which it is worth trying again


class Closed(Exception):
    """The engine was closed before the turn ended."""


class Turn(Generic[T]):
    """What one client waits for: `async for piece in turn`. Whoever takes it must `leave` it in the end."""

    def __init__(self, engine: "SharedEngine", user: str, number: int, work: Iterator[T], supplied: Callable[[], bool]):
        self.user, self.number = user, number
        self.supplied = supplied  # whether the next step has all that it needs
        self.used = 0.0  # seconds of the engine
        self.served = engine.pieces  # how many pieces there were when the last one was made for it
        self._engine, self._work = engine, work
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        # All that follows is changed under the engine's lock.
        self._made: deque[T] = deque()
        self._error: BaseException | None = None
        self._ended = self._left = False

    def __aiter__(self) -> "Turn[T]":
        return self

    async def __anext__(self) -> T:
        while True:
            with self._engine.changed:
                if self._made:
                    self._engine.changed.notify()
                    return self._made.popleft()
                if self._error:
                    raise self._error
                if self._ended:
                    raise StopAsyncIteration
                self._news.clear()
            await self._news.wait()

    def leave(self) -> None:
        """Nobody waits for the rest."""
        with self._engine.changed:
            self._left = True
            self._engine.changed.notify()

    def supply(self) -> None:
        """There may be what the next step needs."""
        with self._engine.changed:
            self._engine.changed.notify()

    @property
    def ready(self) -> bool:
        """Whether the engine has something to do for it."""
        return self._left or (len(self._made) < AHEAD and self.supplied())

    def step(self) -> bool:
        """Make the next piece, in the engine's thread; gives whether there is more to do."""
        piece, error, more = None, None, False
        began = time.perf_counter()
        try:
            if self._left:
                self._close()
            else:
                piece = next(self._work)
                more = True
        except StopIteration:
            pass
        except Exception as fault:  # it is the client's, not the engine's
            error = fault
        self.used += time.perf_counter() - began
        with self._engine.changed:
            if more:
                self._made.append(piece)
            self._error, self._ended = error, not more
        self.tell()
        return more

    def tell(self) -> None:
        """Wake the client."""
        with suppress(RuntimeError):  # its loop is closed
            self._loop.call_soon_threadsafe(self._news.set)

    def abandon(self) -> None:
        """End it, in the engine's thread, as the engine is closed; the engine's lock is held."""
        self._error, self._ended = Closed("the engine was closed"), True
        self.tell()
        with suppress(Exception):
            self._close()

    def _close(self) -> None:
        """Give up what the work holds, such as threads of its own."""
        if isinstance(self._work, Generator):
            self._work.close()


class SharedEngine:
    """The thread, and the turns that it works for."""

    def __init__(self, *, most: int, most_per_user: int):
        self.most, self.most_per_user = most, most_per_user
        self.changed = threading.Condition()
        self.turns: list[Turn] = []
        self.pieces = 0  # that were made, of all turns
        self._number = 0
        self._usual = 1.0  # seconds of the engine that a turn takes
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def enter(self, user: str, work: Iterator[T], supplied: Callable[[], bool] = lambda: True) -> Turn[T]:
        """Take on work for a user. Raises Busy at once if there is too much of it.

        Work that waits for something else says whether it is `supplied`; whoever supplies it tells the turn.
        """
        with self.changed:
            self.check(user)
            self._number += 1
            turn = Turn(self, user, self._number, work, supplied)
            self.turns.append(turn)
            self.changed.notify()
        return turn

    def check(self, user: str) -> None:
        """Raises Busy if a turn of this user would not be taken on now."""
        own = sum(turn.user == user for turn in tuple(self.turns)) >= self.most_per_user
        if own or len(self.turns) >= self.most or self._closed:
            raise Busy(own=own, seconds=min(LONGEST_WAIT, max(1, math.ceil(self._usual))))

    def close(self) -> None:
        """Stop after the piece that is being made."""
        with self.changed:
            self._closed = True
            self.changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while turn := self._next():
            if not turn.step():
                with self.changed:
                    self.turns.remove(turn)
                self._usual += NEWEST * (turn.used - self._usual)
        with self.changed:
            for turn in self.turns:
                turn.abandon()
            self.turns.clear()

    def _next(self) -> Turn | None:
        """The turn whose time has come; None when the engine is closed."""
        with self.changed:
            while not self._closed:
                if ready := [turn for turn in self.turns if turn.ready]:
                    self.pieces += 1
                    turn = min(ready, key=_waiting if self.pieces % FAIR == 0 else _using)
                    turn.served = self.pieces
                    return turn
                self.changed.wait()
        return None


def _using(turn: Turn) -> tuple[bool, float, int]:
    """Who comes first: whoever has left, as that is done at once, then whoever has used the engine least."""
    return not turn._left, turn.used, turn.number


def _waiting(turn: Turn) -> tuple[int, int]:
    """Who comes first: whoever has waited longest."""
    return turn.served, turn.number
