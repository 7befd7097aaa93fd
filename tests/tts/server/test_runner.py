"""Jobs and the processes that make them: here a program of a few lines, which does as the folder of its job says."""

import asyncio
import json
import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from helpers import timelines
from tts.narration import manifest
from tts.server.jobs import CANCELLED, DONE, FAILED, MAKING, WAITING, JobStore, NarrationJob
from tts.server.runner import LocalProcess, Runner

PROGRAM = """
import json, os, sys, threading, time
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(1)), daemon=True).start()
folder = sys.argv[1]
with open(folder + "/ran", "a") as file:
    file.write(f"{os.getpid()}\\n")
if os.path.exists(folder + "/hang") and not os.path.exists(folder + "/again"):
    open(folder + "/again", "w").close()
    time.sleep(600)
while os.path.exists(folder + "/talks"):
    print(json.dumps({"notice": "at work"}), flush=True)
    time.sleep(0.05)
for line in json.load(open(folder + "/lines")):
    print(json.dumps(line), flush=True)
if os.path.exists(folder + "/lingers"):
    time.sleep(0.5)
if os.path.exists(folder + "/crash"):
    os.kill(os.getpid(), 9)
"""
GOOD = [
    {"work": "speaking", "done": 1.0, "whole": 2.0},
    {"notice": "a notice"},
    {"made": {"files": ["book.m4b"], "seconds": 3.0, "doubtful": 1}},
]


class Place:
    """A store, its runner, and jobs whose programs are told what to do."""

    def __init__(self, folder: Path, shelf: Path | None, at_once: int = 1):
        program = folder / "program.py"
        program.write_text(PROGRAM)
        self.store = JobStore(folder / "jobs.sqlite")
        start = partial(LocalProcess.start, command=(sys.executable, "-S", str(program)))
        self.runner = Runner(self.store, folder / "narrations", at_once, shelf=shelf, start=start, look=0.05)

    def job(self, lines: list, *files: str, user: str = "ann") -> NarrationJob:
        job = self.store.add(user, "title")
        folder = self.runner.folder_of(job)
        folder.mkdir(parents=True)
        (folder / "lines").write_text(json.dumps(lines))
        for name in files:
            (folder / name).touch()
        self.store.save(job)
        self.runner.wake()
        return job

    def now(self, job: NarrationJob) -> NarrationJob:
        return self.store.find(job.user, job.id)

    def runs(self, job: NarrationJob) -> list[int]:
        """The processes that have worked on a job."""
        path = self.runner.folder_of(job) / "ran"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    async def until(self, job: NarrationJob, state: str) -> NarrationJob:
        while self.now(job).state != state:
            await asyncio.sleep(0.02)
        return self.now(job)

    async def until_it_hangs(self, job: NarrationJob) -> None:
        while not (self.runner.folder_of(job) / "again").exists():
            await asyncio.sleep(0.02)


def run(folder: Path, scenario, *, shelf: Path | None = None, at_once: int = 1) -> Place:
    """A scenario beside a runner, which is stopped in the end."""

    async def within() -> Place:
        place = Place(folder, shelf, at_once)
        making = asyncio.create_task(place.runner.run())
        try:
            await asyncio.wait_for(scenario(place), 300)
        finally:
            making.cancel()
            await asyncio.gather(making, return_exceptions=True)
        return place

    return asyncio.run(within())


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_job_tells_how_far_it_is_and_what_came_of_it(tmp_path):
    async def scenario(place):
        job = await place.until(place.job(GOOD), DONE)
        assert (job.done, job.whole, job.notices) == (1.0, 2.0, ["a notice"])
        assert (job.files, job.seconds, job.doubtful) == (["book.m4b"], 3.0, 1)

    run(tmp_path, scenario)


def test_one_that_fails_or_crashes_says_so_and_the_next_one_is_made(tmp_path):
    async def scenario(place):
        jobs = [place.job([{"failed": "no book"}]), place.job([], "crash"), place.job(GOOD)]
        assert (await place.until(jobs[0], FAILED)).message == "no book"
        assert "ended early (-9)" in (await place.until(jobs[1], FAILED)).message
        await place.until(jobs[2], DONE)

    run(tmp_path, scenario)


def test_one_that_is_cancelled_is_killed_and_can_be_resumed(tmp_path):
    async def scenario(place):
        job = place.job(GOOD, "hang")
        await place.until_it_hangs(job)
        await place.runner.cancel(place.now(job))
        assert place.now(job).state == CANCELLED and not any(map(alive, place.runs(job)))
        place.runner.resume(place.now(job))
        await place.until(job, DONE)
        assert len(place.runs(job)) == 2

    run(tmp_path, scenario)


def test_one_that_goes_on_before_its_process_has_ended_is_not_taken_for_a_failure(tmp_path):
    async def scenario(place):
        job = place.job(GOOD, "lingers")
        for runs in (1, 2, 3):
            await place.until(job, DONE)
            assert len(place.runs(job)) == runs
            place.runner.resume(place.now(job))
        assert (await place.until(job, DONE)).message == ""

    run(tmp_path, scenario, at_once=2)


def test_one_that_is_removed_leaves_nothing(tmp_path):
    async def scenario(place):
        job = place.job(GOOD, "hang")
        await place.until_it_hangs(job)
        (process,) = place.runs(job)
        await place.runner.remove(place.now(job))
        assert place.now(job) is None and not alive(process) and not place.runner.folder_of(job).exists()
        await place.until(place.job(GOOD), DONE)

    run(tmp_path, scenario)


def test_what_another_process_asks_for_cancels_and_removes_is_made_stopped_and_cleared(tmp_path):
    async def scenario(place):
        other = Runner(JobStore(tmp_path / "jobs.sqlite"), tmp_path / "narrations", 1, shelf=None)
        jobs = [other.store.add("ann", "title") for _ in range(3)]
        for job in jobs:
            folder = other.folder_of(job)
            folder.mkdir(parents=True)
            (folder / "lines").write_text(json.dumps(GOOD))
            (folder / "talks").touch()
            other.store.save(job)
        await place.until(jobs[0], MAKING)
        assert (await other.cancel(place.now(jobs[0]))).state == CANCELLED
        await place.until(jobs[1], MAKING)
        await other.remove(place.now(jobs[1]))
        (tmp_path / "narrations" / jobs[2].id / "talks").unlink()
        await place.until(jobs[2], DONE)
        assert not any(map(alive, place.runs(jobs[0]))) and not other.folder_of(jobs[1]).exists()
        assert place.now(jobs[0]).state == CANCELLED and place.now(jobs[1]) is None
        other.store.close()

    run(tmp_path, scenario)


def test_when_the_service_ends_its_jobs_go_back_and_the_next_one_makes_them(tmp_path):
    async def begin(place):
        place.job(GOOD, "hang")
        (job,) = place.store.of("ann")
        await place.until_it_hangs(job)
        assert place.now(job).state == MAKING

    place = run(tmp_path, begin)
    (job,) = place.store.of("ann")
    assert job.state == WAITING and not any(map(alive, place.runs(job)))

    async def end(place):
        await place.until(job, DONE)
        assert len(place.runs(job)) == 2

    run(tmp_path, end)


def test_one_that_was_made_when_the_service_was_killed_is_made_again(tmp_path):
    place = Place(tmp_path, None)
    job = place.job(GOOD)
    assert place.store.begin().id == job.id and place.now(job).state == MAKING
    place.store.close()  # as if it were killed now

    async def scenario(place):
        await place.until(job, DONE)

    run(tmp_path, scenario)


def test_one_that_is_done_stands_on_the_shelf_under_its_author_and_title(tmp_path):
    shelf = tmp_path / "shelf"
    book = replace(timelines.of(timelines.book()), title="../Salt/Light", author="J. <Sea>")

    async def scenario(place):
        job = place.store.add("ann", "title")
        project = place.runner.folder_of(job) / "project"
        project.mkdir(parents=True)
        (project / "book.m4b").write_bytes(b"sound")
        manifest.write(book, project / "manifest.json")
        made = {"files": ["book.m4b", "manifest.json"], "seconds": 3.0, "doubtful": 0}
        (project.parent / "lines").write_text(json.dumps([{"made": made}]))
        place.store.save(job)
        place.runner.wake()
        assert (await place.until(job, DONE)).notices == []
        bare = await place.until(place.job([{"made": made | {"files": ["book.m4b"]}}]), DONE)
        assert bare.notices == ["it is not on the shelf: a narration without manifest.json goes on no shelf"]

    run(tmp_path, scenario, shelf=shelf)
    folder = shelf / "ann" / "J. Sea" / "Salt Light"
    assert (folder / "book.m4b").read_bytes() == b"sound"
    known = json.loads((folder / "metadata.json").read_text("utf-8"))
    assert known["title"] == book.title and known["authors"] == [book.author] and known["narrators"] == ["LJ"]
    assert [chapter["title"] for chapter in known["chapters"]] == [chapter.title for chapter in book.chapters]
    assert {path.name for path in folder.iterdir()} == {"book.m4b", "metadata.json"}
