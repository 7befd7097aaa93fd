"""Narrations that are asked for, in SQLite: what the service remembers of them when it is killed.

The work itself lies in each job's own folder, as a project of `tts.narration`, which goes on where it was stopped.
"""

import json
import secrets
import sqlite3
import time
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

WAITING, MAKING, DONE, FAILED, CANCELLED = "waiting", "making", "done", "failed", "cancelled"
FINAL = frozenset({DONE, FAILED, CANCELLED})
NOTICES = 50  # that are kept of a job, at most
SCHEMA = """
create table if not exists jobs (
    number integer primary key autoincrement,
    id text not null unique,
    user text not null,
    started real not null,  -- when work on it last began; 0: never
    job text not null  -- the rest, as JSON
);
create index if not exists jobs_of_user on jobs (user, number);
"""


@dataclass(kw_only=True)
class NarrationJob:
    """A narration that a user has asked for, and how far it is."""

    id: str
    user: str
    state: str
    created: float  # seconds since 1970
    title: str  # the name of the file that was sent
    work: str = ""  # speaking, mastering
    done: float = 0.0  # of `whole`, in the work's own unit
    whole: float = 0.0
    message: str = ""  # why it failed
    notices: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)  # that are finished
    seconds: float = 0.0  # of the recording
    doubtful: int = 0  # takes in which the check found a fault


class JobStore:
    """The database. Every change is on the disk when the call returns."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._base = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._base.execute("pragma journal_mode = wal")
        self._base.execute("pragma synchronous = full")
        self._base.executescript(SCHEMA)

    def close(self) -> None:
        self._base.close()

    def add(self, user: str, title: str) -> NarrationJob:
        """A new job, with an id of its own. It is not in the database before `save`."""
        return NarrationJob(
            id=f"narration_{secrets.token_hex(8)}", user=user, state=WAITING, created=round(time.time(), 3), title=title
        )

    def save(self, job: NarrationJob) -> None:
        """Write a job, new or changed."""
        self._base.execute(
            "insert into jobs (id, user, started, job) values (?, ?, 0, ?) on conflict (id) do update set job = ?",
            (job.id, job.user, text := json.dumps(asdict(job)), text),
        )

    def find(self, user: str, id: str) -> NarrationJob | None:
        """A job of this user's own."""
        found = self._jobs("select job from jobs where user = ? and id = ?", (user, id))
        return found[0] if found else None

    def of(self, user: str) -> list[NarrationJob]:
        """All jobs of a user, the newest first."""
        return self._jobs("select job from jobs where user = ? order by number desc", (user,))

    def begin(self) -> NarrationJob | None:
        """The next job, marked as being made: of the users who wait, the one whose last job began first."""
        query = """
            select job from jobs where json_extract(job, '$.state') = ? order by
            (select max(started) from jobs as other where other.user = jobs.user), number limit 1
        """
        found = self._jobs(query, (WAITING,))
        if not found:
            return None
        job = found[0]
        job.state, job.message = MAKING, ""
        self.save(job)
        self._base.execute("update jobs set started = ? where id = ?", (time.time(), job.id))
        return job

    def recover(self, making: Collection[str] = ()) -> None:
        """Put jobs back in the queue that are said to be made, except those that are."""
        for job in self._jobs("select job from jobs where json_extract(job, '$.state') = ?", (MAKING,)):
            if job.id not in making:
                job.state = WAITING
                self.save(job)

    def remove(self, job: NarrationJob) -> None:
        self._base.execute("delete from jobs where id = ?", (job.id,))

    def _jobs(self, query: str, values: Sequence[str]) -> list[NarrationJob]:
        known = {one.name for one in fields(NarrationJob)}
        with closing(self._base.execute(query, values)) as rows:
            return [
                NarrationJob(**{key: value for key, value in json.loads(row[0]).items() if key in known})
                for row in rows
            ]
