"""Routes for narrations: send a book, follow its making, fetch chapters while the rest is made, cancel, resume."""

import asyncio
import json
import re
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tts import document, settings
from tts.files import whole
from tts.formats import OUTPUTS
from tts.narration.beds import BEDS
from tts.narration.loudness import PRESETS
from tts.narration.outputs import EXTRAS, USUAL
from tts.narration.plan import Order
from tts.narration.script import NARRATOR, OPTIONAL, chapter_numbers
from tts.server.errors import ApiError, told_of
from tts.server.following import followed
from tts.server.gate import Visit
from tts.server.jobs import FINAL, NarrationJob
from tts.server.outline import found_in
from tts.server.runner import Runner
from tts.server.service import Service
from tts.server.speech import ServiceOf, VisitOf, find_voice, language_code, usual_voice
from tts.server.uploads import FILE_HEADERS, copied, keep, plain, suffix_of
from tts.server.worker import ORDER, PROJECT
from tts.voices import AUTO, ENGLISH

router = APIRouter()

Name = Annotated[str, Field(min_length=1, max_length=64)]
Role = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^=\x00-\x1f\x7f]+$")]


class Options(BaseModel):
    """How a book is narrated; see docs/narration.md."""

    model_config = ConfigDict(extra="forbid")
    voice: Name | None = None  # of the narrator; auto or None: the usual one of the language
    language: str = Field(AUTO, max_length=16)  # in which the text is read; auto: as it says, or as it is written
    cast: dict[Role, Name] = Field({}, max_length=200)  # the voice of each role
    quotes: Name | None = None  # the voice of dialogue in prose
    chapters: str | None = Field(None, max_length=1000)  # only these, such as "3-5,8"
    include: list[Literal[tuple(OPTIONAL)]] = Field([], max_length=len(OPTIONAL))
    announce: bool = False
    announce_notes: bool = False
    preset: Literal[tuple(PRESETS)] = "none"
    bed: Literal[tuple(BEDS)] | None = None
    format: Literal[tuple(name.removeprefix(".") for name in OUTPUTS)] = "m4b"
    per_chapter: bool = False
    outputs: list[Literal[tuple(EXTRAS)]] = Field(list(USUAL), max_length=len(EXTRAS))
    speed: float = Field(1.0, ge=0.5, le=2.0, allow_inf_nan=False)
    seed: int = Field(0, ge=0, lt=2**63)


async def runner_of(request: Request) -> Runner:
    return request.app.state.runner


RunnerOf = Annotated[Runner, Depends(runner_of)]


def job_of(id: str, runner: RunnerOf, visit: VisitOf) -> NarrationJob:
    """The job that a path names. Raises ApiError if this user has none of that id."""
    job = runner.store.find(visit.user, id)
    if job is None:
        raise ApiError(404, "You have no narration with this id.", param="id", code="narration_not_found")
    return job


JobOf = Annotated[NarrationJob, Depends(job_of)]


@router.post("/v1/narrations", status_code=201)
async def create(
    service: ServiceOf,
    visit: VisitOf,
    runner: RunnerOf,
    book: Annotated[UploadFile, File(description=f"One of {', '.join(document.FORMATS)}.")],
    options: Annotated[str, Form(max_length=65536, description="JSON: see Options.")] = "{}",
) -> dict[str, Any]:
    """Ask for a narration."""
    try:
        wishes = Options.model_validate_json(options)
        if wishes.chapters is not None:
            chapter_numbers(wishes.chapters)
    except ValidationError as error:
        raise told_of(error.errors()[0]) from None
    except ValueError as error:
        raise ApiError(400, f"{error}.", param="chapters", code="invalid_value") from None
    suffix = suffix_of(book)
    if len(runner.store.of(visit.user)) >= service.conf["jobs_per_user"]:
        raise ApiError(409, "You have too many narrations: delete one.", code="too_many_narrations")
    title = plain(Path(book.filename).stem) or "book"
    job = runner.store.add(visit.user, title)
    folder = runner.folder_of(job)
    try:
        await asyncio.to_thread(keep, book, folder / f"book{suffix}")
        (folder / PROJECT).mkdir()
        order = _order(wishes, folder, f"book{suffix}", title, visit, service)
        with whole(folder / ORDER) as file:
            file.write(json.dumps(asdict(order)).encode())
        runner.store.save(job)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    runner.wake()
    return _told(job, runner)


@router.post("/v1/narrations/outline")
async def outline(
    service: ServiceOf, book: Annotated[UploadFile, File(description="As it would be narrated.")]
) -> dict[str, Any]:
    """What is in a book, and who says how many words of it. Nothing of it is kept."""
    suffix = suffix_of(book)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"book{suffix}"
        await asyncio.to_thread(keep, book, path)
        try:
            async with service.decoding:
                found = await found_in(path)
        except ValueError as error:
            raise ApiError(400, f"{error}.", param="book", code="invalid_book") from None
    chapters = [{"title": title, "words": words} for title, words in found.chapters]
    return {"object": "narration.outline", **asdict(found), "chapters": chapters}


@router.get("/v1/narrations")
async def narrations(runner: RunnerOf, visit: VisitOf) -> dict[str, Any]:
    """The narrations of this user, the newest first."""
    return {"object": "list", "data": [_told(job, runner) for job in runner.store.of(visit.user)]}


@router.get("/v1/narrations/{id}")
async def narration(job: JobOf, runner: RunnerOf) -> dict[str, Any]:
    """How far one is."""
    return _told(job, runner)


@router.get("/v1/narrations/{id}/events", response_class=Response)
async def events(job: JobOf, runner: RunnerOf, service: ServiceOf) -> Response:
    """The same as events, one at each change, until it is done, has failed or is cancelled."""

    def find() -> list[NarrationJob]:
        now = runner.store.find(job.user, job.id)
        return [now] if now else []

    return followed(find, lambda now: _told(now, runner), service)


@router.get("/v1/narrations/{id}/chapters/{number}", response_class=Response)
async def chapter(number: int, job: JobOf, runner: RunnerOf) -> Response:
    """A chapter that is finished, counted from 1, as FLAC, while the rest is made."""
    for path in _chapters(job, runner):
        if _number(path) == number:
            return FileResponse(path, media_type="audio/flac", headers=FILE_HEADERS)
    raise ApiError(404, "This chapter is not there yet.", param="number", code="chapter_not_found")


@router.get("/v1/narrations/{id}/files/{name}", response_class=Response)
async def file(name: str, job: JobOf, runner: RunnerOf) -> Response:
    """A file of a narration that is done: the recording, its manifest, its subtitles."""
    path = runner.folder_of(job) / PROJECT / name if name in job.files else None
    if path is None or not path.is_file():
        raise ApiError(404, "There is no such file.", param="name", code="file_not_found")
    return FileResponse(path, filename=name, headers=FILE_HEADERS)


@router.post("/v1/narrations/{id}/cancel")
async def cancel(job: JobOf, runner: RunnerOf) -> dict[str, Any]:
    """Stop it. What was made stays."""
    return _told(await runner.cancel(job), runner)


@router.post("/v1/narrations/{id}/resume")
async def resume(job: JobOf, runner: RunnerOf) -> dict[str, Any]:
    """Go on with one that was cancelled or has failed."""
    if job.state not in FINAL:
        raise ApiError(409, f"It is {job.state}: there is nothing to resume.")
    runner.resume(job)
    return _told(job, runner)


@router.delete("/v1/narrations/{id}")
async def delete(job: JobOf, runner: RunnerOf) -> dict[str, Any]:
    """Stop it if need be, and delete all of it."""
    await runner.remove(job)
    return {"id": job.id, "deleted": True, "object": "narration.deleted"}


def _order(wishes: Options, folder: Path, book: str, title: str, visit: Visit, service: Service) -> Order:
    """What `tts.narration` is asked for. The voices are copied, so that they can be deleted meanwhile."""

    def found(name: str, param: str) -> str:
        voice = find_voice(name, visit.user, service, param)
        return voice.id if voice.ships else str(copied(voice, folder / "cast" / voice.id))

    wanted = wishes.voice or service.infer["voice"]
    if wanted == AUTO:
        usual_voice(ENGLISH, visit.user, service)  # who reads where the language has nobody
    narrator = AUTO if wanted == AUTO else found(wanted, "voice")
    cast = [f"{role}={found(name, 'cast')}" for role, name in wishes.cast.items()]
    language = wishes.language if wishes.language == AUTO else language_code(wishes.language)
    conf = service.infer | {"voice": narrator, "language": language, "speed": wishes.speed, "seed": wishes.seed}
    settings.check(conf)
    return Order(
        book=str(folder / book),
        output=str(folder / PROJECT / f"{title}.{wishes.format}"),
        conf=conf,
        chapters=wishes.chapters,
        include=tuple(wishes.include),
        announce=wishes.announce,
        announce_notes=wishes.announce_notes,
        cast=(*cast, *([f"{NARRATOR}={narrator}"] if narrator != AUTO else ())),
        quotes=found(wishes.quotes, "quotes") if wishes.quotes else None,
        preset=wishes.preset,
        bed=wishes.bed,
        per_chapter=wishes.per_chapter,
        mark=service.conf["mark"],
        outputs=tuple(wishes.outputs),
    )


def _chapters(job: NarrationJob, runner: Runner) -> list[Path]:
    return sorted((runner.folder_of(job) / PROJECT / "chapters").glob("[0-9]*.flac"))


def _number(path: Path) -> int:
    return int(re.match(r"\d+", path.name)[0])


def _told(job: NarrationJob, runner: Runner) -> dict[str, Any]:
    """A job as its user sees it."""
    known = {key: value for key, value in asdict(job).items() if key != "user"}
    chapters = [_number(path) for path in _chapters(job, runner)]
    return {"object": "narration", **known, "chapters": chapters}
