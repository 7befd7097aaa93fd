"""Makes the jobs of a store, so many at once, each in a process of its own (`tts.server.worker`)."""

import asyncio
import json
import logging
import shutil
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from tts.server.jobs import CANCELLED, FINAL, MAKING, WAITING, Job, JobStore
from tts.server.shelf import put
from tts.server.worker import PROJECT
from tts.settings import ROOT

log = logging.getLogger("tts.server")

NARRATOR = (sys.executable, "-m", "tts.server.narrator")  # what makes the job in the folder that follows
SHOWMAKER = (sys.executable, "-m", "tts.server.showmaker")
LINE = 1 << 20  # bytes of a line of progress, at most
TICK = 0.01  # seconds between looks at a process that is being started
REST = 1.0  # seconds before another try, where a job could not even be begun


class Lost(Exception):
    """What made a job is gone for reasons that are not the job's, such as the machine."""


class Making(Protocol):
    """A process that makes a job."""

    def told(self) -> AsyncIterator[dict]:
        """What it says of its job; the last thing is its exit code, as `ended`. Raises Lost."""

    async def kill(self) -> None:
        """End it, if it has not ended; when this returns, it has."""


class LocalProcess:
    """One of this machine."""

    def __init__(self, process: Process):
        self._process = process

    @classmethod
    async def start(cls, folder: Path, command: tuple[str, ...] = NARRATOR) -> "LocalProcess":
        """Make the job in a folder."""
        return cls(
            await asyncio.create_subprocess_exec(*command, str(folder), cwd=ROOT, stdin=PIPE, stdout=PIPE, limit=LINE)
        )

    async def told(self) -> AsyncIterator[dict]:
        async for line in self._process.stdout:
            yield json.loads(line)
        yield {"ended": await self._process.wait()}

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


class Runner:
    """The processes that make jobs. `run` goes on until it is cancelled; then all jobs go back to the queue.

    Several processes may know the jobs of one store, but only one of them may `run`. `look` says how often, in seconds,
    it looks for jobs that others have asked for.
    """

    def __init__(
        self,
        store: JobStore,
        folder: Path,
        at_once: int,
        *,
        shelf: Path | None,
        start: Callable[[Path], Awaitable[Making]] = LocalProcess.start,
        look: float | None = None,
    ):
        self.store, self.folder, self.at_once, self.shelf = store, folder, at_once, shelf
        self.start, self.look = start, look
        self._processes: dict[str, Making | None] = {}  # by the id of the job; None: it is being started
        self._news = asyncio.Event()

    def folder_of(self, job: Job) -> Path:
        return self.folder / job.id

    def wake(self) -> None:
        """There may be something to do."""
        self._news.set()

    async def run(self) -> None:
        """Make jobs."""
        self.store.recover()
        workers = [asyncio.create_task(self._work()) for _ in range(self.at_once)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def cancel(self, job: Job) -> Job:
        """Stop a job, and give it as it is then. What was made of it stays, and `resume` goes on from there."""
        while job.state not in FINAL:
            stopped = replace(job, state=CANCELLED)
            if self.store.save(stopped, over=job.state):
                job = stopped
            elif (job := self.store.find(stopped.user, stopped.id)) is None:  # removed meanwhile
                return stopped
        while self._processes.get(job.id, job) is None:  # it is being started
            await asyncio.sleep(TICK)
        if process := self._processes.get(job.id):
            await process.kill()
        return job

    def resume(self, job: Job) -> None:
        """Put a job that failed or was cancelled back in the queue."""
        before, job.state, job.message = job.state, WAITING, ""
        self.store.save(job, over=before)
        self.wake()

    async def remove(self, job: Job) -> None:
        """Forget a job, and all that was made of it."""
        await self.cancel(job)
        self.store.remove(job)
        await self._clear(job)

    async def _work(self) -> None:
        """One job after another."""
        while True:
            self._news.clear()
            try:
                while job := self.store.begin():
                    await self._make(job)
            except Exception as error:  # such as a full disk: the job stays, and is tried again
                log.error(json.dumps({"event": "job not begun", "type": type(error).__name__}))
                await asyncio.sleep(REST)
                self._recover()
                continue
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._news.wait(), self.look)

    def _recover(self) -> None:
        with suppress(Exception):  # the database may be what has failed
            self.store.recover(self._processes)

    async def _make(self, job: Job) -> None:
        process = self._processes[job.id] = None
        try:
            process = self._processes[job.id] = await self.start(self.folder_of(job))
            if not self._is_made(job):
                return
            async for told in process.told():
                if job.state in FINAL:  # it ends now; the job itself may go on already, in another process
                    continue
                if not self._is_made(job):  # another process has stopped or removed it
                    return
                if "made" in told and self.shelf:  # before it counts as done: a service that is killed does it again
                    told["made"]["notice"] = await asyncio.to_thread(self._put, job, told["made"]["files"])
                self._note(job, told)
        except Lost:
            job.tell("what made it was lost: it is made again")
        finally:
            if process:
                await asyncio.shield(process.kill())
            if self._processes.get(job.id) is process:  # or another worker goes on with it already
                del self._processes[job.id]
            if job.state == MAKING:  # the service ends, or its process was lost: the next one goes on
                job.state = WAITING
                self.store.save(job, over=MAKING)
            if not self.store.find(job.user, job.id):
                await self._clear(job)

    async def _clear(self, job: Job) -> None:
        await asyncio.to_thread(shutil.rmtree, self.folder_of(job), ignore_errors=True)

    def _put(self, job: Job, files: list[str]) -> str | None:
        """Put a narration on the shelf. If that fails, it is done all the same; gives a notice that says why."""
        try:
            put(replace(job, files=files), self.folder_of(job) / PROJECT, self.shelf)
        except (ValueError, OSError) as error:
            return f"it is not on the shelf: {getattr(error, 'strerror', None) or error}"
        return None

    def _is_made(self, job: Job) -> bool:
        """Whether it is still wanted: it may have been cancelled or removed meanwhile."""
        known = self.store.find(job.user, job.id)
        return known is not None and known.state == MAKING

    def _note(self, job: Job, told: dict) -> None:
        """Keep what a process has told of its job."""
        job.note(told)
        self.store.save(job, over=MAKING)
