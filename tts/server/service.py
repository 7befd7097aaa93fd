"""What all routes share: the nets, the engine that runs them, the voices, and the settings."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from fastapi import Request, Response

from tts.server.engine import Busy, SharedEngine, Turn
from tts.server.errors import ApiError
from tts.server.gate import Visit
from tts.server.library import VoiceLibrary
from tts.server.metrics import Metrics
from tts.synthesis.speaking import Settings, Speaking
from tts.transcription.listener import Listener

T = TypeVar("T")

DECODERS = 2  # processes at once that decode what users send


@dataclass(kw_only=True)
class Service:
    """One for each process."""

    conf: dict  # of conf/serve.yaml
    infer: dict  # of conf/infer.yaml
    speech: Speaking
    engine: SharedEngine
    library: VoiceLibrary
    metrics: Metrics
    listener: Callable[[], Listener]  # loads what listens when first asked; raises ValueError, ModuleNotFoundError
    translator: Callable[[], Listener | None]  # the same of what hears any language and writes English; None: nothing
    decoding: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(DECODERS))
    draining: bool = False  # it is to end, and takes on no more work

    @property
    def settings(self) -> Settings:
        return Settings.parse(self.infer)

    def enter(self, user: str, work: Iterator[T], supplied: Callable[[], bool] = lambda: True) -> Turn[T]:
        """A turn of the engine. Raises ApiError, with the seconds after which to try again, if there are too many."""
        try:
            return self.engine.enter(user, work, supplied)
        except Busy as error:
            raise _refused(error) from None

    def check(self, user: str) -> None:
        """Raises the same ApiError if a turn of this user would not be taken on now."""
        try:
            self.engine.check(user)
        except Busy as error:
            raise _refused(error) from None

    async def once(self, user: str, work: Callable[[], T]) -> T:
        """What a function gives that needs the nets, in the engine's thread."""
        turn = self.enter(user, (work() for _ in range(1)))
        try:
            return await anext(turn)
        finally:
            turn.leave()


# FastAPI would call plain functions in another thread, and the way there and back is longer than they are.
async def service_of(request: Request) -> Service:
    return request.app.state.service


async def visit_of(request: Request) -> Visit:
    return request.state.visit


class Left(Response):
    """For a client who has left before there was an answer: nobody reads it, and the log has its status."""

    def __init__(self):
        super().__init__(status_code=499)


async def first_of(turn: Turn[T], request: Request) -> T | None:
    """The first piece of a turn; None if the client leaves before it is there, or if there is none."""
    waiting = asyncio.ensure_future(anext(turn, None))
    leaving = asyncio.ensure_future(_leaves(request))
    try:
        await asyncio.wait({waiting, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return waiting.result() if waiting.done() else None
    finally:
        for task in (waiting, leaving):
            task.cancel()


def _refused(error: Busy) -> ApiError:
    after = {"Retry-After": str(error.seconds)}
    if error.own:
        return ApiError(429, "You have too many requests at once. Wait until some of them have ended.", headers=after)
    return ApiError(503, "The server is busy. Try again later.", headers=after)


async def _leaves(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
