"""What the operator of a service lets its users make shows with: which shows, and which models write, look and paint.

Users choose among labels. Addresses, folders and YAML files stand in conf/serve.yaml alone, so no request can make the
service fetch an address or read a file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts.shows.models.open import NAMED, label_of, missing_modules
from tts.shows.show import Show, find_show, shows

MODELS = {"writer": "writers", "eye": "eyes", "painter": "painters"}  # where conf/serve.yaml lists those of a kind


@dataclass(frozen=True, kw_only=True)
class ShowOffer:
    """What may be asked for; `missing` says why that is nothing."""

    shows: Mapping[str, Show]  # by name, with the settings that they have when nothing else is asked
    sources: Mapping[str, str]  # by name, what `find_show` takes
    models: Mapping[str, Mapping[str, str]]  # of writer, eye, painter: each choice by its label, the first one first
    missing: str = ""


def offer_of(conf: Mapping[str, Any]) -> ShowOffer:
    """What conf/serve.yaml offers. Raises ValueError for a show or a model that is none."""
    if not conf["shows"]:
        return _nothing("this server makes none")
    if missing := missing_modules():
        return _nothing(f"it was started without --group shows ({missing[0]} is missing)")
    sources = {name if name in shows() else Path(name).stem: name for name in map(str, conf["shows"])}
    if len(sources) < len(conf["shows"]):
        raise ValueError(f"shows={conf['shows']}: two of them have the same name")
    models = {kind: _labelled(kind, conf[key]) for kind, key in MODELS.items()}
    return ShowOffer(shows={name: find_show(own) for name, own in sources.items()}, sources=sources, models=models)


def show_told(name: str, show: Show) -> dict[str, Any]:
    """A show as users choose it, with what may be said about it."""
    settings = {key: value for own in reversed(show.stages) for key, value in own.settings.items()}
    hosts = dict(one.split("=", 1) for own in show.stages for one in own.settings.get("cast", ()))
    models = {kind for own in show.stages for kind in own.stage.models}
    return {
        "name": name,
        "title": show.title,
        "about": show.about,
        "input": show.input,
        "stages": [own.name for own in show.stages],
        "minutes": settings.get("minutes"),
        "genres": list(settings.get("genres", ())),
        "age": settings.get("age"),
        "hosts": hosts,
        "chapters": "chapters" in settings,
        "language": "to" in settings,
        "models": sorted(models),
    }


def can_translate(writer: str) -> bool:
    """Whether a writer may be asked for another language; those that ship cannot."""
    return writer not in NAMED["writer"]


def _labelled(kind: str, choices: Sequence[str]) -> dict[str, str]:
    found = {label_of(kind, str(choice)): str(choice) for choice in choices}
    if not found or len(found) < len(choices):
        raise ValueError(f"{MODELS[kind]}={list(choices)}: name at least one, and none twice")
    return found


def _nothing(why: str) -> ShowOffer:
    return ShowOffer(shows={}, sources={}, models={}, missing=why)
