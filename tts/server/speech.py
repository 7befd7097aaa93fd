"""OpenAI's routes for speech: `POST /v1/audio/speech` and `GET /v1/models`."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import Receive, Scope, Send

from tts import document
from tts.narration.script import NARRATOR
from tts.server.engine import Closed, Turn
from tts.server.errors import ApiError
from tts.server.gate import Visit
from tts.server.library import Voice
from tts.server.service import Left, Service, first_of, service_of, visit_of
from tts.server.sound import FORMATS
from tts.server.speaking import TimedSentence, Usage, chunks_of, sent
from tts.synthesis.explain import read_in
from tts.text.language import CODES, code_of
from tts.voices import AUTO

IGNORED = "X-Triforce-Ignored"  # names the parameters that were accepted and change nothing
T = TypeVar("T")
router = APIRouter()
ServiceOf = Annotated[Service, Depends(service_of)]
VisitOf = Annotated[Visit, Depends(visit_of)]


class VoiceId(BaseModel):
    """A voice by its id."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(min_length=1, max_length=64)


class SpeechRequest(BaseModel):
    """What OpenAI's clients send."""

    model_config = ConfigDict(extra="forbid")
    model: str = Field(min_length=1, max_length=64)
    input: str = Field(
        min_length=1, description="A text, with or without marks, or SSML; `input_chars` is its bound (4096)."
    )
    voice: Annotated[str, Field(min_length=1, max_length=64)] | VoiceId = Field(
        description="A name, or an id; ours: auto, the one that is usual for the language of the input."
    )
    instructions: str | None = Field(None, max_length=4096, description="Accepted, but this model takes none.")
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: float = Field(1.0, ge=0.25, le=4.0, allow_inf_nan=False)
    stream_format: Literal["audio", "sse"] = "audio"
    language: str = Field(AUTO, max_length=16, description="Ours: in which the input is read; auto: as it is written.")
    timestamps: bool = Field(False, description="Ours: with sse, an event tells when each sentence and word is heard.")


@router.get("/v1/models")
async def models(service: ServiceOf) -> dict[str, Any]:
    """The names under which the models answer that speak and listen."""
    names = dict.fromkeys([*service.conf["models"], *service.conf["listening_models"]])
    return {"object": "list", "data": [_model(name) for name in names]}


@router.get("/v1/models/{name}")
async def model(name: str, service: ServiceOf) -> dict[str, Any]:
    """One of them."""
    if name not in service.conf["listening_models"]:
        _check_model(name, service)
    return _model(name)


@router.post("/v1/audio/speech", response_class=Response)
async def speech(asked: SpeechRequest, request: Request, service: ServiceOf, visit: VisitOf) -> Response:
    """Speak a text: the bytes of a sound file, or events, from the first part of the first sentence on."""
    _check_model(asked.model, service)
    most = service.conf["input_chars"]
    if len(asked.input) > most:
        message = f"The input has {len(asked.input)} characters; at most {most} are spoken at once."
        raise ApiError(400, message, param="input", code="string_above_max_length")
    if asked.timestamps and asked.stream_format != "sse":
        raise ApiError(400, "Timestamps are events: send stream_format=sse.", param="timestamps", code="invalid_value")
    usage = Usage()
    turn = _begin(asked, usage, visit.user, service)
    try:
        first = await first_of(turn, request)
    except ValueError as error:  # nobody can say this text
        turn.leave()
        raise ApiError(400, f"{error}.", param="input", code="unspeakable_input") from None
    except Closed:
        raise ApiError(503, "The server is going down.") from None
    except BaseException:
        turn.leave()
        raise
    if first is None:
        turn.leave()
        return Left()
    service.metrics.first_audio.observe(time.perf_counter() - visit.began)
    sse = asked.stream_format == "sse"
    pieces = _pieces(first, turn, usage, service)
    media = "text/event-stream" if sse else FORMATS[asked.response_format].media
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    if asked.instructions:
        headers[IGNORED] = "instructions"
    return TurnResponse(turn, _events(pieces, usage, visit) if sse else pieces, media, headers)


class TurnResponse(StreamingResponse):
    """Sends what a turn gives, and leaves the turn however that ends."""

    def __init__(self, turn: Turn, content: AsyncIterator[bytes], media: str, headers: dict[str, str]):
        super().__init__(content, media_type=media, headers=headers)
        self.turn = turn

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.turn.leave()


def _begin(asked: SpeechRequest, usage: Usage, user: str, service: Service) -> Turn[bytes | TimedSentence]:
    """Raises ApiError for a voice or a language that is not there, and for markup that cannot be followed."""
    try:
        text = document.marked_up(asked.input)
    except ValueError as error:
        raise ApiError(400, f"Invalid 'input': {error}.", param="input", code="invalid_markup") from None
    written, told = (text.text, text.language) if text else (asked.input, "")
    spoken_in = asked.language if asked.language == AUTO else language_code(asked.language)
    language = read_in(service.speech.tokenizer, written, asked=spoken_in, told=told)
    wanted = asked.voice if isinstance(asked.voice, str) else asked.voice.id
    voice = usual_voice(language.code, user, service) if wanted == AUTO else find_voice(wanted, user, service)
    voices = {NARRATOR: voice} | (cast_of(text, user, service) if text else {})
    chunks = chunks_of(
        text or asked.input,
        {role: service.library.latents(own) for role, own in voices.items()},
        speech=service.speech,
        language=language,
        settings=replace(service.settings, speed=asked.speed),
        seed=service.infer["seed"],
    )
    work = sent(
        chunks,
        voice=", ".join(dict.fromkeys(own.id for own in voices.values())),
        speech=service.speech,
        format=FORMATS[asked.response_format],
        mark=service.conf["mark"],
        timed=asked.timestamps,
        usage=usage,
    )
    return service.enter(user, work)


async def _pieces(first: T, turn: Turn[T], usage: Usage, service: Service) -> AsyncIterator[T]:
    """All pieces of a turn; metrics take its usage after the last one."""
    yield first
    async for piece in turn:
        yield piece
    service.metrics.spoken(usage.seconds, usage.faults, turn.used)


async def _events(pieces: AsyncIterator[bytes | TimedSentence], usage: Usage, visit: Visit) -> AsyncIterator[bytes]:
    """Server-sent events in OpenAI's words; an error that comes late is an event, too."""
    try:
        async for piece in pieces:
            if isinstance(piece, TimedSentence):
                yield _event({"type": "speech.audio.sentence", **_timed(piece)})
            else:
                yield _event({"type": "speech.audio.delta", "audio": base64.b64encode(piece).decode()})
    except asyncio.CancelledError:
        raise
    except Exception:
        message = f"The speech ended early. Report it with the id {visit.id}."
        yield _event({"type": "error", **ApiError(500, message).body})
        raise
    counted = {"input_tokens": usage.ids, "output_tokens": usage.codes, "total_tokens": usage.ids + usage.codes}
    yield _event({"type": "speech.audio.done", "usage": counted})


def _timed(sentence: TimedSentence) -> dict[str, Any]:
    """A sentence and its words, whose places in it count characters; times in seconds, to the sample."""
    words = [
        {
            "word": sentence.text[word.first : word.last],
            "first": word.first,
            "last": word.last,
            "start": round(word.start, 6),
            "end": round(word.stop, 6),
        }
        for word in sentence.words
    ]
    return {"text": sentence.text, "start": round(sentence.start, 6), "end": round(sentence.stop, 6), "words": words}


def _event(data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()


def cast_of(text: document.Document, user: str, service: Service) -> dict[str, Voice]:
    """The voices that a text names, the narrator's left out. Raises ApiError for one that is not there."""
    named = {span.voice for chapter in text.chapters for part in chapter.paragraphs for span in part.spans}
    return {name: find_voice(name, user, service, "input") for name in sorted(named - {"", NARRATOR})}


def find_voice(wanted: str, user: str, service: Service, param: str = "voice") -> Voice:
    """A voice that a user may speak with. Raises ApiError that names those that there are."""
    voice = service.library.find(user, wanted)
    if voice is None:
        known = ", ".join(sorted(voice.name for voice in service.library.all(user))[:20]) or "none"
        message = f"There is no voice {wanted[:64]!r}. Voices that you may use: {known}."
        raise ApiError(400, message, param=param, code="voice_not_found")
    return voice


def usual_voice(language: str, user: str, service: Service) -> Voice:
    """The voice for a language, given by its code. Raises ApiError if neither it nor English has one."""
    voice = service.library.usual(user, service.infer, language)
    return voice or find_voice(AUTO, user, service)


def language_code(written: str, param: str = "language") -> str:
    """The code of a language that is spoken here. Raises ApiError for another."""
    code = code_of(written)
    if code is None:
        message = f"The language {written[:40]!r} is not spoken. Languages: {', '.join(CODES)}."
        raise ApiError(400, message, param=param, code="invalid_value")
    return code


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "triforce"}


def _check_model(name: str, service: Service) -> None:
    if name not in service.conf["models"]:
        known = ", ".join(service.conf["models"])
        raise ApiError(404, f"This model does not exist. Models: {known}.", param="model", code="model_not_found")
