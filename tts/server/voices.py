"""Routes for voices: list, create from recordings, mix, delete. A user sees those that ship and the own ones."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import soundfile
from fastapi import APIRouter, File, Form, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from tts.alignment.recording import Samples, unpacked
from tts.alignment.unpack import CONTAINERS
from tts.server.errors import ApiError
from tts.server.library import Voice
from tts.server.service import Service
from tts.server.speech import ServiceOf, VisitOf, find_voice, language_code
from tts.voices import is_tuned
from tts.voices.clone import SHORTEST

CONSENT = "I am the speaker of these recordings, or the speaker allows me to clone this voice."
CLIPS = 10  # recordings of one voice, at most
LIMITS = {"max_channels": 8, "max_gb": 4.0, "max_missing": 0.1}  # of the decoder, see `unpacked`
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
router = APIRouter()


class Part(BaseModel):
    """One voice of a mix."""

    model_config = ConfigDict(extra="forbid")
    voice: str = Field(min_length=1, max_length=64)
    share: float = Field(1.0, gt=0.0, le=1e6, allow_inf_nan=False)


class MixRequest(BaseModel):
    """A new voice between others; the shares may have any sum."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    voices: list[Part] = Field(min_length=2, max_length=8)


@router.get("/v1/audio/voices")
async def voices(service: ServiceOf, visit: VisitOf) -> dict[str, Any]:
    """The voices that this user may speak with, and what must be said to clone one."""
    found = [_told(voice) for voice in service.library.all(visit.user)]
    return {"object": "list", "data": found, "consent": CONSENT}


@router.post("/v1/audio/voices")
async def create(
    service: ServiceOf,
    visit: VisitOf,
    name: Annotated[Name, Form()],
    consent: Annotated[str, Form(description=f"The words: {CONSENT}")],
    audio_sample: Annotated[list[UploadFile], File(description="A recording, or several of one speaker.")],
    type: Annotated[str, Form()] = "audio_sample",
    language: Annotated[
        str, Form(max_length=16, description="Ours: that the speaker speaks, such as en or de.")
    ] = "en",
) -> dict[str, Any]:
    """Make a voice from recordings of one speaker."""
    if type != "audio_sample":
        raise ApiError(400, "Voices are made from recordings only: send type=audio_sample.", param="type")
    if consent.strip() != CONSENT:
        raise ApiError(400, f"To clone a voice, confirm: consent={CONSENT}", param="consent", code="consent_missing")
    spoken = language_code(language)
    if len(audio_sample) > CLIPS:
        raise ApiError(400, f"At most {CLIPS} recordings make a voice.", param="audio_sample")
    _check_name(name, visit.user, service)
    with tempfile.TemporaryDirectory() as folder:
        clips = await _clips(audio_sample, Path(folder), service)
        try:
            voice = await service.once(visit.user, lambda: service.library.clone(visit.user, name, clips, spoken))
        except ValueError as error:
            raise _refused(str(error).replace(f"{folder}/", "")) from None
    return _told(voice)


@router.post("/v1/audio/voices/mix")
async def mix(asked: MixRequest, service: ServiceOf, visit: VisitOf) -> dict[str, Any]:
    """Make a voice between others."""
    _check_name(asked.name, visit.user, service)
    parts = [(find_voice(part.voice, visit.user, service, "voices"), part.share) for part in asked.voices]
    if tuned := [voice.name for voice, _ in parts if is_tuned(voice.path)]:
        raise ApiError(400, f"{tuned[0]} is tuned, and tuned voices cannot be mixed.", param="voices")
    return _told(await service.once(visit.user, lambda: service.library.mix(visit.user, asked.name, parts)))


@router.delete("/v1/audio/voices/{id}")
async def delete(id: str, service: ServiceOf, visit: VisitOf) -> dict[str, Any]:
    """Delete a voice of this user's own."""
    for voice in service.library.own(visit.user):
        if voice.id == id:
            service.library.delete(voice)
            return {"id": id, "deleted": True, "object": "audio.voice.deleted"}
    raise ApiError(404, "You have no voice with this id.", param="id", code="voice_not_found")


async def _clips(uploads: Sequence[UploadFile], folder: Path, service: Service) -> list[Path]:
    """The recordings as plain sound. What a user sends is decoded in a process of its own, with bounds."""
    rate, seconds = service.speech.audio.sample_rate, service.conf["clip_seconds"]
    clips = []
    for number, upload in enumerate(uploads, 1):
        suffix = Path(upload.filename or "").suffix.lower()
        if suffix.removeprefix(".") not in CONTAINERS:
            raise _refused(f"recording {number} must be one of {', '.join(CONTAINERS)}, and its name must say so")
        sent, raw, clip = (folder / f"recording {number}{end}" for end in (suffix, ".raw", ".voice.wav"))
        sent.write_bytes(await upload.read())
        try:
            async with service.decoding:
                await asyncio.to_thread(unpacked, sent, rate, raw, max_hours=seconds / 3600, **LIMITS)
        except ValueError as error:
            raise _refused(f"recording {number}: {error}; at most {seconds:g} s of sound are taken") from None
        samples = Samples(raw, rate)
        if len(samples) < SHORTEST * rate:
            raise _refused(f"recording {number} is shorter than {SHORTEST:g} s")
        soundfile.write(clip, samples.read(0, len(samples)), rate, "PCM_16")
        clips.append(clip)
    return clips


def _check_name(name: str, user: str, service: Service) -> None:
    own = service.library.own(user)
    if len(own) >= service.conf["voices_per_user"]:
        raise ApiError(409, f"You have {len(own)} voices, which is the limit: delete one.", code="too_many_voices")
    taken = {*service.library.aliases, *(voice.name for voice in (*service.library.shipped, *own))}
    if name in taken or name.startswith("voice_"):
        raise ApiError(409, "A voice has this name already: give another one.", param="name", code="name_taken")


def _refused(reason: str) -> ApiError:
    return ApiError(400, f"{reason[0].upper()}{reason[1:]}.", param="audio_sample", code="invalid_recording")


def _told(voice: Voice) -> dict[str, Any]:
    return {
        "id": voice.id,
        "name": voice.name,
        "object": "audio.voice",
        "created_at": voice.created,
        "type": "audio_sample",
        "description": voice.card.description,
        "language": voice.card.language,
        "ships": voice.ships,
    }
