"""Routes for shows: order one, follow its stages, edit what lies between them, go on, and fetch what came of it."""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import yaml
from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile as FormFile  # of which FastAPI gives some

from tts.files import whole
from tts.server.errors import ApiError, told_of
from tts.server.feeds import base_of
from tts.server.following import followed
from tts.server.jobs import DONE, FINAL, PAUSED, ShowJob
from tts.server.offer import ShowOffer, show_told
from tts.server.photo import keep_picture
from tts.server.runner import Runner
from tts.server.service import Service
from tts.server.showmaker import Commission
from tts.server.showorder import Name, ShowOptions, check_stages, order_of
from tts.server.speech import ServiceOf, VisitOf
from tts.server.uploads import FILE_HEADERS, keep, plain, suffix_of
from tts.server.worker import PROJECT
from tts.shows.records import Records
from tts.shows.show import Show

ALIASES = (yaml.AnchorToken, yaml.AliasToken)  # by which a small text stands for a huge one
router = APIRouter()


async def offer_of(request: Request) -> ShowOffer:
    """What may be asked for. Raises ApiError where that is nothing."""
    offer: ShowOffer = request.app.state.offer
    if offer.missing:
        raise ApiError(404, f"There are no shows here: {offer.missing}.", code="shows_not_offered")
    return offer


async def runner_of(request: Request) -> Runner:
    return request.app.state.shows


OfferOf = Annotated[ShowOffer, Depends(offer_of)]
RunnerOf = Annotated[Runner, Depends(runner_of)]


async def teller_of(
    request: Request, offer: OfferOf, runner: RunnerOf, service: ServiceOf
) -> Callable[[ShowJob], dict]:
    """What tells a show as its user sees it."""

    def told(job: ShowJob) -> dict[str, Any]:
        known = {key: value for key, value in asdict(job).items() if key not in ("user", "files", "stages")}
        show, project = offer.shows.get(job.show), runner.folder_of(job) / PROJECT
        files = show.files(project) if show and job.state not in (DONE, PAUSED) else job.files
        address = base_of(request, service.conf, job)
        return {"object": "show", **known, "address": address, "stages": _stages(job, show, files), "files": files}

    return told


ToldOf = Annotated[Callable[[ShowJob], dict], Depends(teller_of)]


def job_of(id: str, runner: RunnerOf, offer: OfferOf, visit: VisitOf) -> ShowJob:
    """The show that a path names. Raises ApiError if this user has none of that id."""
    job = runner.store.find(visit.user, id)
    if job is None:
        raise ApiError(404, "You have no show with this id.", param="id", code="show_not_found")
    return job


JobOf = Annotated[ShowJob, Depends(job_of)]


class GoingOn(BaseModel):
    """How a show goes on."""

    model_config = ConfigDict(extra="forbid")
    until: Name | None = None  # the stage after which it pauses; None: it goes on to its end
    redo: list[Name] = Field([], max_length=50)  # stages that are made anew, edits included


class Text(BaseModel):
    """A text of a show, as a person has edited it."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1)


@router.get("/v1/shows/offer")
async def offered(offer: OfferOf, service: ServiceOf) -> dict[str, Any]:
    """Which shows there are, what may be said about each, and which models make them."""
    models = {f"{kind}s": list(labels) for kind, labels in offer.models.items()}
    told = [show_told(name, show) for name, show in offer.shows.items()]
    return {"object": "show.offer", "shows": told, **models, "longest": service.conf["show_minutes"]}


@router.post("/v1/shows", status_code=201)
async def create(
    request: Request,
    service: ServiceOf,
    visit: VisitOf,
    runner: RunnerOf,
    offer: OfferOf,
    told: ToldOf,
    show: Annotated[str, Form(max_length=64, description="A name of GET /v1/shows/offer.")],
    text: Annotated[str | None, Form(description="What it is made from, where that is a text or a document.")] = None,
    file: Annotated[UploadFile | None, File(description="The same as a file: a document or a picture.")] = None,
    options: Annotated[str, Form(max_length=65536, description="JSON: see ShowOptions.")] = "{}",
) -> dict[str, Any]:
    """Ask for a show."""
    try:
        wishes = ShowOptions.model_validate_json(options)
    except ValidationError as error:
        raise told_of(error.errors()[0]) from None
    if show not in offer.shows:
        known = ", ".join(offer.shows)
        raise ApiError(400, f"There is no show {show!r}. Shows: {known}.", param="show", code="invalid_value")
    _check_room(runner, visit.user, service)
    asked = offer.shows[show]
    job = runner.store.add(visit.user, _title(text, file) or asked.title, show=show, until=_until(wishes.until, asked))
    folder = runner.folder_of(job)
    try:
        order = order_of(
            wishes, show, folder, visit.user, service=service, offer=offer, base=base_of(request, service.conf, job)
        )
        name = await _take(asked.input, text, file, folder, service)
        budget = {"tokens": service.conf["show_tokens"], "images": service.conf["show_images"]}
        Commission(show=offer.sources[show], input=name, order=order, until=job.until, **budget).save(folder)
        _check_room(runner, visit.user, service)  # others may have come meanwhile
        runner.store.save(job)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    runner.wake()
    return told(job)


@router.get("/v1/shows")
async def shows(runner: RunnerOf, visit: VisitOf, told: ToldOf) -> dict[str, Any]:
    """The shows of this user, the newest first."""
    return {"object": "list", "data": [told(job) for job in runner.store.of(visit.user)]}


@router.get("/v1/shows/events", response_class=Response)
async def all_events(runner: RunnerOf, service: ServiceOf, visit: VisitOf, told: ToldOf) -> Response:
    """All shows of this user as events, one at each change, until nothing is being made."""
    return followed(lambda: runner.store.of(visit.user), told, service)


@router.get("/v1/shows/{id}")
async def show(job: JobOf, told: ToldOf) -> dict[str, Any]:
    """How far one is."""
    return told(job)


@router.get("/v1/shows/{id}/events", response_class=Response)
async def events(job: JobOf, runner: RunnerOf, service: ServiceOf, told: ToldOf) -> Response:
    """The same as events, one at each change, until it is done, paused, has failed or is cancelled."""
    return followed(lambda: [now for now in [runner.store.find(job.user, job.id)] if now], told, service)


@router.get("/v1/shows/{id}/files/{name:path}", response_class=Response)
async def file(name: str, job: JobOf, runner: RunnerOf, told: ToldOf) -> Response:
    """Something that a stage has made."""
    if name not in told(job)["files"]:
        raise ApiError(404, "There is no such file.", param="name", code="file_not_found")
    path = runner.folder_of(job) / PROJECT / name
    return FileResponse(path, filename=path.name, headers=FILE_HEADERS)


@router.put("/v1/shows/{id}/texts/{name}")
async def edit(name: str, sent: Text, job: JobOf, runner: RunnerOf, told: ToldOf) -> dict[str, Any]:
    """Put a person's own text in the place of what a stage has made. What follows from it is made anew by `resume`."""
    if job.state not in FINAL:
        raise ApiError(409, f"It is {job.state}: stop it before you edit it.")
    if name not in [text for stage in told(job)["stages"] for text in stage["texts"]]:
        raise ApiError(404, "There is no such text.", param="name", code="file_not_found")
    if name.endswith(".yaml"):
        await asyncio.to_thread(_check_yaml, sent.text)
    with whole(runner.folder_of(job) / PROJECT / name) as file:
        file.write(sent.text.encode("utf-8", "replace"))
    return told(job)


@router.post("/v1/shows/{id}/cancel")
async def cancel(job: JobOf, runner: RunnerOf, told: ToldOf) -> dict[str, Any]:
    """Stop it. What was made stays."""
    return told(await runner.cancel(job))


@router.post("/v1/shows/{id}/resume")
async def resume(
    job: JobOf, runner: RunnerOf, offer: OfferOf, service: ServiceOf, told: ToldOf, asked: GoingOn | None = None
) -> dict[str, Any]:
    """Go on with one that has ended or pauses: what was edited is followed, and stages of `redo` are made anew."""
    asked = asked or GoingOn()
    if job.state not in FINAL:
        raise ApiError(409, f"It is {job.state}: there is nothing to resume.")
    if job.show not in offer.shows:
        raise ApiError(409, f"This server makes the show {job.show!r} no more.")
    show, folder = offer.shows[job.show], runner.folder_of(job)
    check_stages(show, [asked.until] if asked.until else [], "until")
    check_stages(show, asked.redo, "redo")
    _check_queue(runner, service)
    job.until, job.stages = _until(asked.until, show), {}
    Records(folder / PROJECT).redo(asked.redo)
    replace(Commission.read(folder), until=job.until).save(folder)
    runner.resume(job)
    return told(job)


@router.delete("/v1/shows/{id}")
async def delete(job: JobOf, runner: RunnerOf) -> dict[str, Any]:
    """Stop it if need be, and delete all of it."""
    await runner.remove(job)
    return {"id": job.id, "deleted": True, "object": "show.deleted"}


def _stages(job: ShowJob, show: Show | None, files: Sequence[str]) -> list[dict[str, Any]]:
    """What came of each stage, and which of its texts may be edited."""
    if show is None:
        return [{"name": name, "state": state, "texts": []} for name, state in job.stages.items()]
    return [
        {
            "name": own.name,
            "state": job.stages.get(own.name, "waiting"),
            "texts": [name for name in show.texts(own) if name in files],
        }
        for own in show.stages
    ]


def _until(name: str | None, show: Show) -> str | None:
    """The stage after which it pauses; None for its end."""
    return name if name != show.stages[-1].name else None


def _title(text: str | None, file: FormFile | None) -> str:
    return plain(Path(file.filename or "").stem if file else (text or "").strip().split("\n")[0])


def _check_room(runner: Runner, user: str, service: Service) -> None:
    if len(runner.store.of(user)) >= service.conf["shows_per_user"]:
        raise ApiError(409, "You have too many shows: delete one.", code="too_many_shows")
    _check_queue(runner, service)


def _check_queue(runner: Runner, service: Service) -> None:
    if runner.store.waiting() >= service.conf["shows_waiting"]:
        raise ApiError(503, "Too many shows wait already. Try again later.", headers={"Retry-After": "60"})


async def _take(kind: str, text: str | None, file: FormFile | None, folder: Path, service: Service) -> str:
    """Keep what a show is made from; gives the name of its file. Raises ApiError for what is no such thing."""
    if kind == "picture":
        if file is None:
            raise ApiError(400, "This show is made from a picture: send one as file.", param="file")
        return await _picture(file, folder, service)
    if kind == "document" and file is not None:
        name = f"input{suffix_of(file, 'file')}"
        await asyncio.to_thread(keep, file, folder / name)
        return name
    if file is not None or not (text or "").strip():
        raise ApiError(400, f"This show is made from a {kind}: send it as text.", param="text")
    most = service.conf["input_chars"]
    if kind == "text" and len(text) > most:
        message = f"The text has {len(text)} characters; at most {most} are read."
        raise ApiError(400, message, param="text", code="string_above_max_length")
    with whole(folder / "input.txt") as out:
        out.write(text.encode("utf-8", "replace"))
    return "input.txt"


async def _picture(file: FormFile, folder: Path, service: Service) -> str:
    sent = folder / "sent"
    await asyncio.to_thread(keep, file, sent)
    try:
        async with service.decoding:
            await keep_picture(sent, folder / "input.jpg", service.conf["picture_pixels"])
    except ValueError as error:
        message = f"{error}."
        raise ApiError(400, f"{message[0].upper()}{message[1:]}", param="file", code="invalid_picture") from None
    finally:
        sent.unlink(missing_ok=True)
    return "input.jpg"


def _check_yaml(text: str) -> None:
    """Raise ApiError that names the line of what is no plain YAML."""
    try:
        if any(isinstance(token, ALIASES) for token in yaml.scan(text, yaml.SafeLoader)):
            raise ApiError(400, "The text may not use & and * of YAML.", param="text", code="invalid_yaml")
        yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark else ""
        raise ApiError(400, f"It is no YAML{place}.", param="text", code="invalid_yaml") from None
