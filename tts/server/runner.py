"""Makes the jobs of the store, so many at once, each in a process of its own (`tts.server.narrator`)."""

import asyncio
import json
import logging
import shutil
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tts.server.jobs import CANCELLED, DONE, FAILED, FINAL, MAKING, NOTICES, WAITING, JobStore, NarrationJob
from tts.server.narrator import PROJECT
from tts.server.shelf import put
from tts.settings import ROOT

log = logging.getLogger("tts.server")

NARRATOR = (sys.executable, "-m", "tts.server.narrator")  # what makes the job in the folder that follows
LINE = 1 << 20  # bytes of a line of progress, at most
TICK = 0.01  # seconds between looks at a process that is being started
REST = 1.0  # seconds before another try, where a job could not even be begun


class Runner:
    """The processes that make jobs. `run` goes on until it is cancelled; then all jobs go back to the queue."""

    def __init__(
        self, store: JobStore, folder: Path, at_once: int, *, shelf: Path | None, command: Sequence[str] = NARRATOR
    ):
        self.store, self.folder, self.at_once, self.shelf, self.command = store, folder, at_once, shelf, command
        self._processes: dict[str, Process | None] = {}  # by the id of the job; None: it is being started
        self._news = asyncio.Event()

    def folder_of(self, job: NarrationJob) -> Path:
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

    async def cancel(self, job: NarrationJob) -> None:
        """Stop a job; what was made of it stays, and `resume` goes on from there."""
        if job.state in FINAL:
            return
        job.state = CANCELLED
        self.store.save(job)
        while self._processes.get(job.id, job) is None:  # it is being started
            await asyncio.sleep(TICK)
        if process := self._processes.get(job.id):
            process.kill()
            await process.wait()

    def resume(self, job: NarrationJob) -> None:
        """Put a job that failed or was cancelled back in the queue."""
        job.state, job.message = WAITING, ""
        self.store.save(job)
        self.wake()

    async def remove(self, job: NarrationJob) -> None:
        """Forget a job, and all that was made of it."""
        await self.cancel(job)
        self.store.remove(job)
        await asyncio.to_thread(shutil.rmtree, self.folder_of(job), ignore_errors=True)

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
                self.store.recover(self._processes)
                continue
            await self._news.wait()

    async def _make(self, job: NarrationJob) -> None:
        command = (*self.command, str(self.folder_of(job)))
        process = self._processes[job.id] = None
        try:
            process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=PIPE, stdout=PIPE, limit=LINE)
            self._processes[job.id] = process
            if not self._is_made(job):
                return
            async for line in process.stdout:
                told = json.loads(line)
                if "made" in told and self.shelf:  # before it counts as done: a service that is killed does it again
                    told["made"]["notice"] = await asyncio.to_thread(self._put, job, told["made"]["files"])
                self._note(job, told)
            await process.wait()
            if self._is_made(job) and job.state == MAKING:
                job.state, job.message = FAILED, f"the process that made it ended early ({process.returncode})"
                self.store.save(job)
        finally:
            if process and process.returncode is None:
                process.kill()
                await asyncio.shield(process.wait())
            del self._processes[job.id]
            if job.state == MAKING and self._is_made(job):  # the service ends: the next one goes on
                job.state = WAITING
                self.store.save(job)

    def _put(self, job: NarrationJob, files: list[str]) -> str | None:
        """Put a narration on the shelf. If that fails, it is done all the same; gives a notice that says why."""
        try:
            put(replace(job, files=files), self.folder_of(job) / PROJECT, self.shelf)
        except (ValueError, OSError) as error:
            return f"it is not on the shelf: {getattr(error, 'strerror', None) or error}"
        return None

    def _is_made(self, job: NarrationJob) -> bool:
        """Whether it is still wanted: it may have been cancelled or removed meanwhile."""
        known = self.store.find(job.user, job.id)
        return known is not None and known.state == MAKING

    def _note(self, job: NarrationJob, told: dict) -> None:
        """Keep what a process has told of its job."""
        if not self._is_made(job):
            return
        if "notice" in told:
            self._tell(job, told["notice"])
        elif "work" in told:
            job.work, job.done, job.whole = told["work"], told["done"], told["whole"]
        elif "failed" in told:
            job.state, job.message = FAILED, told["failed"]
        elif "made" in told:
            job.state, job.work = DONE, ""
            job.files, job.seconds = told["made"]["files"], told["made"]["seconds"]
            job.doubtful = told["made"]["doubtful"]
            if notice := told["made"].get("notice"):
                self._tell(job, notice)
        self.store.save(job)

    @staticmethod
    def _tell(job: NarrationJob, notice: str) -> None:
        job.notices = [*job.notices[-NOTICES + 1 :], notice]
