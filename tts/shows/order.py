"""What a show is asked for, kept in its folder as settings.yaml, so that nothing has to be said again to go on."""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from tts.files import whole
from tts.shows.models.open import DEFAULTS
from tts.shows.show import Show, find_show
from tts.shows.stage import read_yaml

FILE = "settings.yaml"
HEAD = """\
# What this show was asked for. It holds when the show goes on; what stands on the command line goes before it, and is
# remembered here. Change or remove lines as you like.
"""


@dataclass(frozen=True, kw_only=True)
class ShowOrder:
    """All that a show follows from besides its input and the edits of a person."""

    models: dict[str, str] = field(default_factory=dict)  # of writer, eye, painter; those that ship where none is named
    seed: int | None = None  # 0 where none is given
    voice: str | None = None  # of the narrator
    cast: dict[str, str] = field(default_factory=dict)  # the voice of each role
    about: str | None = None  # what a photo shows
    filter: list[str] | None = None  # words and themes that may not occur
    settings: dict[str, Any] = field(default_factory=dict)  # of stages, by `setting` or `stage.setting`

    def show(self, name: str) -> Show:
        """The show of that name with these settings. Raises ValueError as `find_show` does."""
        given = {"voice": self.voice, "cast": cast_list(self.cast), "about": self.about, "filter": self.filter}
        return find_show(name, self.settings, {key: value for key, value in given.items() if value is not None})

    def over(self, before: "ShowOrder") -> "ShowOrder":
        """This order where it says something, the earlier one where it does not."""
        said = {key: value for key, value in asdict(self).items() if value is not None}
        joined = {key: {**getattr(before, key), **said[key]} for key in ("models", "cast", "settings")}
        return replace(before, **said | joined)

    def save(self, folder: Path, show: Show) -> None:
        """Keep it in the folder of a show."""
        said = {key: value for key, value in asdict(self).items() if value not in (None, {})}
        text = yaml.safe_dump({"show": show.name} | said, allow_unicode=True, sort_keys=False, width=100)
        with whole(folder / FILE) as file:
            file.write((HEAD + text).encode("utf-8", "replace"))


def kept_order(folder: Path, show: str) -> ShowOrder:
    """What the show in a folder was asked for; an empty order if nothing is kept there.

    `show` is the name of the show that is to go on. Raises ValueError if the folder holds another, or for a file that
    is no order.
    """
    path = folder / FILE
    if not path.exists():
        return ShowOrder()
    found = read_yaml(path)
    known = {**asdict(ShowOrder()), "show": ""}
    if not isinstance(found, dict) or found.keys() - known.keys():
        odd = sorted(map(str, found.keys() - known.keys()))[0] if isinstance(found, dict) else "no lines"
        raise ValueError(f"{path} has {odd!r}: it may have {', '.join(known)}")
    name = found.pop("show", show)
    if name != show:
        raise ValueError(f"{folder} holds the show {name!r}: give {show!r} another folder")
    kinds = {"models": dict, "cast": dict, "settings": dict, "seed": int, "voice": str, "about": str, "filter": list}
    for key, value in found.items():
        if not isinstance(value, kinds[key]) or (kinds[key] is int and isinstance(value, bool)):
            raise ValueError(f"{path}: {key} is {value!r}; remove the line, or write it as it was")
    if odd := found.get("models", {}).keys() - DEFAULTS.keys():
        raise ValueError(f"{path}: models has {sorted(odd)[0]!r}; there are {', '.join(DEFAULTS)}")
    return ShowOrder(**found)


def cast_list(cast: dict[str, str]) -> list[str] | None:
    """ROLE=VOICE for each, as stages take it; None for none."""
    return [f"{role}={voice}" for role, voice in cast.items()] or None
