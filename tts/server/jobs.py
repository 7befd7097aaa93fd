"""Narrations that are asked for, in a database: what the service remembers of them when it is killed.

The database is SQLite, or another that SQLAlchemy knows, such as Postgres, where several processes share it. The work
itself lies in each job's own folder, as a project of `tts.narration`, which goes on where it was stopped.
"""

import secrets
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from sqlalchemy import (
    JSON,
    URL,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    create_engine,
    delete,
    event,
    func,
    insert,
    make_url,
    select,
    update,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

WAITING, MAKING, DONE, FAILED, CANCELLED = "waiting", "making", "done", "failed", "cancelled"
FINAL = frozenset({DONE, FAILED, CANCELLED})
NOTICES = 50  # that are kept of a job, at most
PATIENCE = 5  # seconds in which a database elsewhere must answer

JOBS = Table(
    "jobs",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("user", String, nullable=False),
    Column("started", Float, nullable=False),  # when work on it last began; 0: never
    Column("job", JSON, nullable=False),  # the rest
    Index("jobs_of_user", "user", "number"),
    sqlite_autoincrement=True,
)
STATE = JOBS.c.job["state"].as_string()


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
    """The database. Every change is on the disk when the call returns.

    Raises ValueError if it cannot be used.
    """

    def __init__(self, place: Path | str):
        """`place` is the file of SQLite, or a URL of SQLAlchemy."""
        try:
            url = _url(place)
            local = url.get_backend_name() == "sqlite"
            self._base = create_engine(
                url, pool_pre_ping=not local, connect_args={} if local else {"connect_timeout": PATIENCE}
            )
            if local:
                event.listen(self._base, "connect", _careful)
            with self._base.begin() as connection:
                JOBS.metadata.create_all(connection)
        except (ArgumentError, NoSuchModuleError, DBAPIError) as error:
            reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
            where = make_url(place).render_as_string() if isinstance(place, str) and "://" in place else place
            raise ValueError(f"the database {where} cannot be used ({reason})") from None

    def close(self) -> None:
        self._base.dispose()

    def add(self, user: str, title: str) -> NarrationJob:
        """A new job, with an id of its own. It is not in the database before `save`."""
        return NarrationJob(
            id=f"narration_{secrets.token_hex(8)}", user=user, state=WAITING, created=round(time.time(), 3), title=title
        )

    def save(self, job: NarrationJob, *, over: str | None = None) -> bool:
        """Write a job, new or changed; with `over`, only if its state in the database is this one. Gives whether."""
        with self._base.begin() as connection:
            known = update(JOBS).where(JOBS.c.id == job.id).values(job=asdict(job))
            if over is not None:
                return connection.execute(known.where(STATE == over)).rowcount == 1
            if not connection.execute(known).rowcount:
                connection.execute(insert(JOBS).values(id=job.id, user=job.user, started=0.0, job=asdict(job)))
            return True

    def find(self, user: str, id: str) -> NarrationJob | None:
        """A job of this user's own."""
        found = self._jobs(select(JOBS.c.job).where(JOBS.c.user == user, JOBS.c.id == id))
        return found[0] if found else None

    def of(self, user: str) -> list[NarrationJob]:
        """All jobs of a user, the newest first."""
        return self._jobs(select(JOBS.c.job).where(JOBS.c.user == user).order_by(JOBS.c.number.desc()))

    def begin(self) -> NarrationJob | None:
        """The next job, marked as being made: of the users who wait, the one whose last job began first."""
        other = JOBS.alias()
        last = select(func.max(other.c.started)).where(other.c.user == JOBS.c.user).scalar_subquery()
        waiting = select(JOBS.c.job).where(STATE == WAITING).order_by(last, JOBS.c.number).limit(1)
        while found := self._jobs(waiting):
            job = found[0]
            job.state, job.message = MAKING, ""
            if self.save(job, over=WAITING):  # or somebody else has changed it meanwhile
                with self._base.begin() as connection:
                    connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(started=time.time()))
                return job
        return None

    def recover(self, making: Collection[str] = ()) -> None:
        """Put jobs back in the queue that are said to be made, except those that are."""
        for job in self._jobs(select(JOBS.c.job).where(STATE == MAKING)):
            if job.id not in making:
                job.state = WAITING
                self.save(job, over=MAKING)

    def remove(self, job: NarrationJob) -> None:
        with self._base.begin() as connection:
            connection.execute(delete(JOBS).where(JOBS.c.id == job.id))

    def _jobs(self, query: Select) -> list[NarrationJob]:
        known = {one.name for one in fields(NarrationJob)}
        with self._base.connect() as connection:
            rows = connection.execute(query).scalars().all()
        return [NarrationJob(**{key: value for key, value in row.items() if key in known}) for row in rows]


def _url(place: Path | str) -> URL:
    if isinstance(place, str):
        return make_url(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    return URL.create("sqlite", database=str(place))


def _careful(connection: object, record: object) -> None:
    """SQLite keeps what was written, whatever happens, and lets others read meanwhile."""
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
