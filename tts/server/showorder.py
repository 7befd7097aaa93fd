"""What a user may say about a show, and the order of `tts.shows` that follows: nothing that they say becomes a path."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tts import settings
from tts.narration.beds import BEDS
from tts.narration.script import chapter_numbers
from tts.server.errors import ApiError
from tts.server.offer import ShowOffer, can_translate
from tts.server.service import Service
from tts.server.speech import find_voice
from tts.server.uploads import copied
from tts.shows.order import ShowOrder
from tts.shows.show import Show
from tts.voices import AUTO

Name = Annotated[str, Field(min_length=1, max_length=64)]
Word = Annotated[str, Field(min_length=1, max_length=100)]
# Options that are settings of stages, and what they are called there.
SETTINGS = {
    "minutes": "minutes",
    "genre": "genre",
    "age": "age",
    "chapters": "chapters",
    "language": "to",
    "bed": "bed",
}


class ShowOptions(BaseModel):
    """How a show is made; see docs/shows.md. What is left out is as the show has it."""

    model_config = ConfigDict(extra="forbid")
    minutes: float | None = Field(None, ge=0.2, allow_inf_nan=False)
    about: str | None = Field(None, max_length=500)  # what a photo shows
    genre: Name | None = None
    age: int | None = Field(None, ge=1, le=99)
    chapters: str | None = Field(None, max_length=100)  # only these, such as "1" or "3-5"
    language: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z ()-]{1,39}$")] | None = None  # of a translation
    bed: Literal[("auto", "none", *BEDS)] | None = None
    voice: Name | None = None  # of the narrator
    cast: dict[Name, Name] = Field({}, max_length=20)  # the voice of each host
    filter: list[Word] = Field([], max_length=200)  # words and themes that may not occur
    writer: Name | None = None
    eye: Name | None = None
    painter: Name | None = None
    seed: int = Field(0, ge=0, lt=2**31)
    until: Name | None = None  # the stage after which it pauses, so that its texts can be edited


def order_of(
    wishes: ShowOptions, name: str, folder: Path, user: str, *, service: Service, offer: ShowOffer, base: str
) -> ShowOrder:
    """What `tts.shows` is asked for. A user's voices are copied into the folder of the job.

    `base` is the address at which the show will be seen. Raises ApiError for what the show or the server does not have.
    """

    def spoken(wanted: str, param: str) -> str:
        voice = find_voice(wanted, user, service, param)
        return voice.id if voice.ships else str(copied(voice, folder / "cast" / voice.id))

    show, narrator = offer.shows[name], wishes.voice or service.infer["voice"]
    models = {kind: _model(kind, getattr(wishes, kind), offer) for kind in offer.models}
    _check(wishes, show, models["writer"], service.conf["show_minutes"])
    known = {key for own in show.stages for key in own.settings}
    said = {setting: getattr(wishes, option) for option, setting in SETTINGS.items()}
    own = {key: value for key, value in said.items() if value is not None}
    own |= {"speaking": _speaking(service.infer), "mark": service.conf["mark"], "base": base}
    order = ShowOrder(
        models=models,
        seed=wishes.seed,
        voice=None if narrator == AUTO else spoken(narrator, "voice"),
        cast={role: spoken(voice, "cast") for role, voice in wishes.cast.items()},
        about=wishes.about,
        filter=wishes.filter or None,
        settings={key: value for key, value in own.items() if key in known},
    )
    try:
        order.show(offer.sources[name])
    except ValueError as error:
        raise ApiError(400, f"{error}.", code="invalid_value") from None
    return order


def _check(wishes: ShowOptions, show: Show, writer: str, longest: float) -> None:
    """Raise ApiError for what does not suit the show."""
    known: dict[str, Any] = {}
    for own in show.stages:
        known |= own.settings
    wanted = [*SETTINGS.items(), ("about", "about")]
    if odd := [option for option, key in wanted if getattr(wishes, option) is not None and key not in known]:
        raise _wrong(odd[0], f"The show {show.name} has no {odd[0]}")
    if wishes.minutes and wishes.minutes > longest:
        raise _wrong("minutes", f"A show has {longest:g} minutes at most")
    if wishes.genre and wishes.genre not in known["genres"]:
        raise _wrong("genre", f"There is no genre {wishes.genre!r}. Genres: {', '.join(known['genres'])}")
    hosts = [one.partition("=")[0] for own in show.stages for one in own.settings.get("cast", ())]
    if odd := [role for role in wishes.cast if role not in hosts]:
        raise _wrong("cast", f"Nobody is called {odd[0]!r} in this show. Its hosts: {', '.join(hosts) or 'none'}")
    if wishes.language and not can_translate(writer):
        raise _wrong("language", "This writer cannot translate. Choose another one, or leave the language out")
    if wishes.chapters is not None:
        try:
            chapter_numbers(wishes.chapters)
        except ValueError as error:
            raise _wrong("chapters", f"{error}") from None
    check_stages(show, [wishes.until] if wishes.until else [], "until")


def check_stages(show: Show, names: list[str], param: str) -> None:
    """Raise ApiError for a stage that the show does not have."""
    try:
        show.check_stages(names)
    except ValueError as error:
        raise _wrong(param, f"{error}") from None


def _model(kind: str, label: str | None, offer: ShowOffer) -> str:
    """The choice behind a label."""
    offered: Mapping[str, str] = offer.models[kind]
    if label is None:
        return next(iter(offered.values()))
    if label not in offered:
        raise _wrong(kind, f"There is no {kind} {label!r}. This server has: {', '.join(offered)}")
    return offered[label]


def _speaking(infer: Mapping[str, Any]) -> list[str]:
    """How the service speaks, where that differs from conf/infer.yaml as it ships."""
    usual, own = settings.flatten(settings.compose([])), settings.flatten(dict(infer))
    kept = {key: value for key, value in own.items() if key not in settings.RULES and value != usual[key]}
    return [f"{key}={json.dumps(value)}" for key, value in kept.items() if key != "voice"]


def _wrong(param: str, message: str) -> ApiError:
    return ApiError(400, f"{message}.", param=param, code="invalid_value")
