"""What users have asked for, in a database: what the service remembers of its jobs when it is killed.

The database is SQLite, or another that SQLAlchemy knows, such as Postgres, where several processes share it. The work
itself lies in each job's own folder, as a project of `tts.narration` or a show of `tts.shows`, which goes on where it
was stopped.
"""

import secrets
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

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
PAUSED = "paused"  # it has come as far as was asked for, and waits to be looked at
FINAL = frozenset({DONE, FAILED, CANCELLED, PAUSED})
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
class Job:
    """Something that a user has asked for, and how far it is."""

    KIND: ClassVar[str]  # which begins its id
    id: str
    user: str
    state: str
    created: float  # seconds since 1970
    title: str
    work: str = ""  # what is being done, such as speaking or mastering
    done: float = 0.0  # of `whole`, in the work's own unit
    whole: float = 0.0
    message: str = ""  # why it failed
    notices: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)  # that are finished
    seconds: float = 0.0  # of the recording
    doubtful: int = 0  # takes in which the check found a fault

    def tell(self, notice: str) -> None:
        """A notice for the user."""
        self.notices = [*self.notices[-NOTICES + 1 :], notice]

    def note(self, told: dict[str, Any]) -> None:
        """Take over what the process that makes it has told of it."""
        if "notice" in told:
            self.tell(told["notice"])
        elif "work" in told:
            self.work, self.done, self.whole = told["work"], told["done"], told["whole"]
        elif "failed" in told:
            self.state, self.message = FAILED, told["failed"]
        elif "made" in told:
            self.state, self.work = DONE, ""
            self.files, self.seconds = told["made"]["files"], told["made"]["seconds"]
            self.doubtful = told["made"]["doubtful"]
            if notice := told["made"].get("notice"):
                self.tell(notice)
        elif "ended" in told:
            self.state, self.message = FAILED, f"the process that made it ended early ({told['ended']})"


@dataclass(kw_only=True)
class NarrationJob(Job):
    """A narration; its title is the name of the file that was sent."""

    KIND = "narration"


@dataclass(kw_only=True)
class ShowJob(Job):
    """A show; its title is what it is made from, until it has one of its own."""

    KIND = "show"
    show: str = ""  # the name of the show
    stages: dict[str, str] = field(default_factory=dict)  # by stage: begun, made, kept or edited
    until: str | None = None  # the stage after which it pauses

    def note(self, told: dict[str, Any]) -> None:
        if "stage" in told:
            self.stages = {**self.stages, told["stage"]: told["what"]}
            self.title = told.get("title") or self.title
            self.work, self.done, self.whole = "", 0.0, 0.0
        else:
            super().note(told)
        if self.state == DONE and self.until:
            self.state = PAUSED


JobType = TypeVar("JobType", bound=Job)


class JobStore(Generic[JobType]):
    """The jobs of one kind in the database. Every change is on the disk when the call returns.

    Raises ValueError if it cannot be used.
    """

    def __init__(self, place: Path | str, kind: type[JobType] = NarrationJob):
        """`place` is the file of SQLite, or a URL of SQLAlchemy."""
        self.kind = kind
        self._own = JOBS.c.id.startswith(f"{kind.KIND}_", autoescape=True)
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

    def add(self, user: str, title: str, **rest: object) -> JobType:
        """A new job, with an id of its own. It is not in the database before `save`."""
        id = f"{self.kind.KIND}_{secrets.token_hex(8)}"
        return self.kind(id=id, user=user, state=WAITING, created=round(time.time(), 3), title=title, **rest)

    def save(self, job: JobType, *, over: str | None = None) -> bool:
        """Write a job, new or changed; with `over`, only if its state in the database is this one. Gives whether."""
        with self._base.begin() as connection:
            known = update(JOBS).where(JOBS.c.id == job.id).values(job=asdict(job))
            if over is not None:
                return connection.execute(known.where(STATE == over)).rowcount == 1
            if not connection.execute(known).rowcount:
                connection.execute(insert(JOBS).values(id=job.id, user=job.user, started=0.0, job=asdict(job)))
            return True

    def find(self, user: str, id: str) -> JobType | None:
        """A job of this user's own."""
        found = self._jobs(select(JOBS.c.job).where(self._own, JOBS.c.user == user, JOBS.c.id == id))
        return found[0] if found else None

    def of(self, user: str) -> list[JobType]:
        """All jobs of a user, the newest first."""
        return self._jobs(select(JOBS.c.job).where(self._own, JOBS.c.user == user).order_by(JOBS.c.number.desc()))

    def waiting(self) -> int:
        """How many jobs of all users wait."""
        with self._base.connect() as connection:
            return connection.execute(select(func.count()).where(self._own, STATE == WAITING)).scalar_one()

    def begin(self) -> JobType | None:
        """The next job, marked as being made: of the users who wait, the one whose last job began first."""
        other = JOBS.alias()
        alike = other.c.id.startswith(f"{self.kind.KIND}_", autoescape=True)
        last = select(func.max(other.c.started)).where(other.c.user == JOBS.c.user, alike).scalar_subquery()
        waiting = select(JOBS.c.job).where(self._own, STATE == WAITING).order_by(last, JOBS.c.number).limit(1)
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
        for job in self._jobs(select(JOBS.c.job).where(self._own, STATE == MAKING)):
            if job.id not in making:
                job.state = WAITING
                self.save(job, over=MAKING)

    def remove(self, job: JobType) -> None:
        with self._base.begin() as connection:
            connection.execute(delete(JOBS).where(JOBS.c.id == job.id))

    def _jobs(self, query: Select) -> list[JobType]:
        known = {one.name for one in fields(self.kind)}
        with self._base.connect() as connection:
            rows = connection.execute(query).scalars().all()
        return [self.kind(**{key: value for key, value in row.items() if key in known}) for row in rows]


def _url(place: Path | str) -> URL:
    if isinstance(place, str):
        return make_url(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    return URL.create("sqlite", database=str(place))


def _careful(connection: object, record: object) -> None:
    """SQLite keeps what was written, whatever happens, and lets others read meanwhile."""
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
