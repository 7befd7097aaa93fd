"""OpenAI's routes for listening: `POST /v1/audio/transcriptions` and `POST /v1/audio/translations`."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.concurrency import run_in_threadpool

from tts.alignment.recording import Samples
from tts.alignment.unpack import CONTAINERS
from tts.server.engine import Closed, Turn
from tts.server.errors import ApiError
from tts.server.service import Left, Service, first_of
from tts.server.speech import IGNORED, ServiceOf, TurnResponse, VisitOf
from tts.server.uploads import keep
from tts.transcription.formats import Transcription, as_srt, as_text, as_vtt, verbose
from tts.transcription.listener import Asked, Listener, check
from tts.transcription.transcribe import HeardClip, gathered, hear, samples_of

Format = Literal["json", "text", "srt", "verbose_json", "vtt"]
router = APIRouter()
Recording = Annotated[UploadFile, File(description=f"One of {', '.join(CONTAINERS)}, as its name says.")]
Model = Annotated[str, Form(min_length=1, max_length=64)]
Prompt = Annotated[str, Form(max_length=4096)]
Temperature = Annotated[float, Form(ge=0.0, le=1.0, allow_inf_nan=False)]


@router.post("/v1/audio/transcriptions", response_class=Response)
async def transcriptions(
    request: Request,
    service: ServiceOf,
    visit: VisitOf,
    file: Recording,
    model: Model,
    language: Annotated[str | None, Form(max_length=16)] = None,
    prompt: Prompt = "",
    response_format: Annotated[Format, Form()] = "json",
    temperature: Temperature = 0.0,
    timestamps: Annotated[list[Literal["word", "segment"]] | None, Form(alias="timestamp_granularities[]")] = None,
    stream: Annotated[bool, Form()] = False,
) -> Response:
    """What is said in a recording, in the language that it is in."""
    if timestamps and response_format != "verbose_json":
        message = "Times are in verbose_json only: send response_format=verbose_json."
        raise ApiError(400, message, param="timestamp_granularities", code="invalid_value")
    shown = timestamps or ["segment"]
    asked = Asked(language=language or None, words="word" in shown, prompt=prompt)
    listener = await _listener(model, asked, service)
    headers = {IGNORED: "temperature"} if temperature else {}
    async with _hearing(file, listener, asked, visit.user, service) as (turn, seconds, held):
        if stream:
            headers |= {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
            return TurnResponse(turn, _events(turn, held.pop_all()), "text/event-stream", headers)
        heard = await _whole(turn, request, listener, asked, seconds)
    return _written(heard, response_format, shown, headers) if heard else Left()


@router.post("/v1/audio/translations", response_class=Response)
async def translations(
    request: Request,
    service: ServiceOf,
    visit: VisitOf,
    file: Recording,
    model: Model,
    prompt: Prompt = "",
    response_format: Annotated[Format, Form()] = "json",
    temperature: Temperature = 0.0,
) -> Response:
    """What is said in a recording of any language, in English: by the listener, or by our nets if they learned it."""
    asked = Asked(translate=True, prompt=prompt)
    listener = await _listener(model, asked, service)
    async with _hearing(file, listener, asked, visit.user, service) as (turn, seconds, _):
        heard = await _whole(turn, request, listener, asked, seconds)
    headers = {IGNORED: "temperature"} if temperature else {}
    return _written(heard, response_format, ["segment"], headers) if heard else Left()


async def _listener(model: str, asked: Asked, service: Service) -> Listener:
    """The listener that the operator chose, loaded when it is first asked for. Raises ApiError if it cannot do this."""
    if model not in service.conf["listening_models"]:
        known = ", ".join(service.conf["listening_models"])
        raise ApiError(404, f"No model of this name listens. Models: {known}.", param="model", code="model_not_found")
    try:
        listener = await run_in_threadpool(service.listener)
    except (ModuleNotFoundError, ValueError) as error:
        reason = f"{error.name} is not installed" if isinstance(error, ModuleNotFoundError) else error
        raise ApiError(404, f"This server does not listen: {reason}.", code="listening_not_offered") from None
    if asked.translate and not listener.translates:
        listener = await run_in_threadpool(service.translator) or listener
    try:
        check(listener, asked)
    except ValueError as error:
        raise ApiError(400, _sentence(error), param="language" if asked.language else "model") from None
    return listener


@asynccontextmanager
async def _hearing(
    file: UploadFile, listener: Listener, asked: Asked, user: str, service: Service
) -> AsyncIterator[tuple[Turn[HeardClip], float, ExitStack]]:
    """The recording is decoded in a process of its own, and heard clip by clip in turns of the engine.

    Gives the turn, the seconds of the recording, and what holds both until they are no longer needed.
    """
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        samples = await _samples(file, folder, service)
        turn = service.enter(user, hear(samples, listener, asked))
        held.callback(turn.leave)
        yield turn, len(samples) / samples.rate, held


async def _whole(
    turn: Turn[HeardClip], request: Request, listener: Listener, asked: Asked, seconds: float
) -> Transcription | None:
    """All that is heard; None if the client leaves before."""
    parts: list[HeardClip] = []
    try:
        while (part := await first_of(turn, request)) is not None:
            parts.append(part)
    except Closed:
        raise ApiError(503, "The server is going down.") from None
    if await request.is_disconnected():
        return None
    return gathered(parts, seconds, listener, asked)


async def _samples(file: UploadFile, folder: Path, service: Service) -> Samples:
    suffix = Path(file.filename or "").suffix.lower()
    if suffix.removeprefix(".") not in CONTAINERS:
        known = ", ".join(CONTAINERS)
        raise ApiError(400, f"The name of the file must end in one of {known}.", param="file", code="invalid_recording")
    sent, raw = folder / f"recording{suffix}", folder / "samples"
    keep(file, sent)
    try:
        async with service.decoding:
            hours = service.conf["hear_minutes"] / 60
            return await asyncio.to_thread(samples_of, sent, raw, max_hours=hours)
    except ValueError as error:
        raise ApiError(400, _sentence(error), param="file", code="invalid_recording") from None


def _written(heard: Transcription, format: Format, granularities: Sequence[str], headers: dict[str, str]) -> Response:
    plain = {"text": as_text, "srt": as_srt, "vtt": as_vtt}
    if format in plain:
        return PlainTextResponse(plain[format](heard), headers=headers)
    found = verbose(heard, granularities) if format == "verbose_json" else {"text": heard.text}
    return JSONResponse(found | {"usage": {"type": "duration", "seconds": round(heard.seconds)}}, headers=headers)


async def _events(turn: Turn[HeardClip], held: ExitStack) -> AsyncIterator[bytes]:
    """OpenAI's events: what was heard in each clip, then the whole text."""
    texts: list[str] = []
    with held:
        async for part in turn:
            for segment in part.segments:
                delta = f" {segment.text}" if texts else segment.text
                texts.append(segment.text)
                yield _event({"type": "transcript.text.delta", "delta": delta})
    yield _event({"type": "transcript.text.done", "text": " ".join(texts)})


def _event(data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()


def _sentence(error: ValueError) -> str:
    text = str(error)
    return f"{text[0].upper()}{text[1:]}."
