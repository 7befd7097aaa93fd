"""A show: a YAML file that names its stages, in order, with their settings and prompts.

title: Bedtime story
about: A story from a sentence, read over a bed of sound.
input: text              # or document, picture
settings:                # of every stage that has a setting of that name
  minutes: 4
stages:
  - stage: story         # one of `tts.shows.stages.STAGES`
    prompt: ...
  - stage: narrate
    name: speak          # if a stage comes twice
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tts import document
from tts.settings import CONF
from tts.shows.stage import INPUT, PLACE, REQUIRED, ShowStage, read_yaml
from tts.shows.stages import STAGES, find_stage

SHIPPED = CONF / "shows"
KINDS = ("text", "document", "picture")  # of input
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")
TEXTS = (".md", ".txt", ".yaml")
KEYS = {"title", "about", "input", "settings", "stages"}


@dataclass(frozen=True)
class Planned:
    """A stage of a show with its settings, and the files that it reads and makes."""

    name: str
    kind: str
    stage: ShowStage
    settings: dict[str, Any]
    reads: tuple[str, ...]
    makes: tuple[str, ...]

    def files(self, folder: Path) -> list[Path]:
        """What it made that is in a show's folder."""
        paths = [folder / name.rstrip("?") for name in self.makes]
        found = [one for path in paths for one in (files_in(path) if path.is_dir() else [path])]
        return [path for path in found if path.is_file()]


@dataclass(frozen=True)
class Show:
    """A recipe that was checked: every file that a stage reads is made before it."""

    name: str
    title: str
    about: str
    input: str  # one of KINDS
    stages: tuple[Planned, ...]

    def files(self, folder: Path) -> list[str]:
        """The names of what its stages have made in a folder, in their order."""
        return [path.relative_to(folder).as_posix() for own in self.stages for path in own.files(folder)]

    def texts(self, stage: Planned) -> list[str]:
        """The names of the files of a stage that a person may edit: texts that another stage reads."""
        read = {name.rstrip("?") for own in self.stages for name in own.reads}
        return [name for one in stage.makes if (name := one.rstrip("?")) in read and Path(name).suffix in TEXTS]

    def check_stages(self, names: Iterable[str]) -> None:
        """Raise ValueError for the first name that no stage has."""
        known = [own.name for own in self.stages]
        for name in names:
            if name not in known:
                raise ValueError(f"no stage {name!r} in the show {self.name}: there are {', '.join(known)}")


def files_in(folder: Path) -> Iterator[Path]:
    """The files of a folder that are not hidden, as those are that are being written."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))


def read_settings(typed: Iterable[str]) -> dict[str, Any]:
    """Settings as a person types them: `setting=value` or `stage.setting=value`, values being YAML.

    Raises ValueError that quotes what is none.
    """
    found = {}
    for text in typed:
        key, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"{text!r} is no setting: use key=value")
        try:
            found[key] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise ValueError(f"{text!r} cannot be read: put quotes around the value") from None
    return found


def shows() -> dict[str, Path]:
    """The shows that ship, by name."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.yaml"))}


def find_show(name: str, settings: Mapping[str, Any] | None = None, given: Mapping[str, Any] | None = None) -> Show:
    """A show by its name, or from a YAML file.

    `settings`: values by `setting` or `stage.setting`, which go before all others. `given`: settings that stages take
    if they have them. Raises ValueError that names the file and the remedy.
    """
    path = shows().get(name) or Path(name).expanduser()
    if path.suffix not in (".yaml", ".yml") or not path.is_file():
        raise ValueError(f"no show {name!r}: give {', '.join(shows())}, or a YAML file of stages")
    try:
        return _show(path.stem, read_yaml(path), dict(settings or {}), dict(given or {}))
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}" if path.name not in str(error) else str(error)) from None


def _show(name: str, found: Any, settings: dict[str, Any], given: dict[str, Any]) -> Show:
    if not isinstance(found, dict) or not isinstance(found.get("stages"), list) or not found["stages"]:
        raise ValueError("it is no show: it needs a list of stages")
    if odd := found.keys() - KEYS:
        raise ValueError(f"unknown {sorted(map(str, odd))[0]!r}: a show has {', '.join(sorted(KEYS))}")
    if found.get("input") not in KINDS:
        raise ValueError(f"input is {found.get('input')!r}: it must be one of {', '.join(KINDS)}")
    common = found.get("settings") or {}
    if not isinstance(common, dict):
        raise ValueError("settings must be a list of lines such as minutes: 4")
    entries = [_entry(own) for own in found["stages"]]
    names = [own["name"] for own in entries]
    if twice := sorted({one for one in names if names.count(one) > 1}):
        raise ValueError(f"two stages are called {twice[0]!r}: give one another name")
    general, special = _by_stage(settings, names)
    known = {key for own in entries for key in find_stage(own["stage"]).settings}
    for key in [*common, *general]:
        if key not in known:
            raise ValueError(f"no stage has a setting {key!r}; there are {', '.join(sorted(known))}")
    for own in entries:
        if odd := special.get(own["name"], {}).keys() - find_stage(own["stage"]).settings.keys():
            raise ValueError(f"stage {own['name']} has no setting {sorted(odd)[0]!r}: --stages lists them")
    planned = [_planned(own, common, given, {**general, **special.get(own["name"], {})}) for own in entries]
    _check_files(planned)
    return Show(name, str(found.get("title") or name), str(found.get("about") or ""), found["input"], tuple(planned))


def _entry(own: Any) -> dict[str, Any]:
    own = {"stage": own} if isinstance(own, str) else own
    if not isinstance(own, dict) or own.get("stage") not in STAGES:
        wrong = own.get("stage") if isinstance(own, dict) else own
        raise ValueError(f"no stage {wrong!r}: there are {', '.join(STAGES)}")
    own = {"name": own["stage"], **own}
    if not isinstance(own["name"], str) or not own["name"].replace("_", "").isalnum():
        raise ValueError(f"{own['name']!r} is no name of a stage: use letters and digits")
    return own


def _by_stage(settings: dict[str, Any], names: list[str]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Settings for all stages, and those for single ones by their names."""
    general: dict[str, Any] = {}
    special: dict[str, dict[str, Any]] = {}
    for key, value in settings.items():
        stage, dot, inner = key.rpartition(".")
        if dot and stage not in names:
            raise ValueError(f"{key}: no stage {stage!r}; there are {', '.join(names)}")
        (special.setdefault(stage, {}) if dot else general)[inner] = value
    return general, special


def _planned(entry: dict, common: dict[str, Any], given: dict[str, Any], own: dict[str, Any]) -> Planned:
    """A stage with its settings: the defaults, then those of the show, of the entry, given ones and `own`.

    A given list is added to what the show has.
    """
    kind, name = entry["stage"], entry["name"]
    stage = find_stage(kind)
    written = {key: value for key, value in entry.items() if key not in ("stage", "name")}
    for key in written:
        if key not in stage.settings:
            raise ValueError(f"stage {name} has no setting {key!r}; it has {', '.join(stage.settings) or 'none'}")
    settings = {**stage.settings, **{key: own for key, own in common.items() if key in stage.settings}, **written}
    for key, value in given.items():
        if key in settings:
            settings[key] = [*settings[key], *value] if isinstance(value, list) else value
    settings |= {key: value for key, value in own.items() if key in settings}
    for key, value in settings.items():
        _check_value(f"{name}.{key}", value, stage.settings[key])
    return Planned(name, kind, stage, settings, _files(stage.reads, settings), _files(stage.makes, settings))


def _check_value(key: str, value: Any, default: Any) -> None:
    """A value is of the kind of its default."""
    if value is REQUIRED:
        raise ValueError(f"{key} is missing: the show has to give it")
    if default is REQUIRED or default is None or value is None:
        right = value is not None or default is None
    elif isinstance(default, float):
        right = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        right = type(value) is type(default)
    if not right:
        raise ValueError(f"{key} is {value!r}; it must be like {default!r}")


def _files(names: Iterable[str], settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The names with settings filled in. Raises ValueError for one that leads out of the show's folder."""
    filled = tuple(PLACE.sub(lambda found: str(settings[found[1]]), name) for name in names)
    for name in filled:
        path = Path(name)
        if path.is_absolute() or ".." in path.parts or not path.parts or path.parts[0].startswith("."):
            raise ValueError(f"{name!r} is no name of a file in the show's folder")
    return filled


def _check_files(planned: list[Planned]) -> None:
    made: dict[str, str] = {}
    for own in planned:
        for name in own.reads:
            if name != INPUT and not name.endswith("?") and name not in made:
                raise ValueError(f"stage {own.name} reads {name}, which no stage before it makes")
        for name in own.makes:
            if name in made or name == INPUT:
                raise ValueError(f"stages {made.get(name, INPUT)} and {own.name} both make {name}: rename one of them")
            made[name] = own.name


def suffix_of(show: Show, given: Path | None) -> str:
    """The suffix of the file in which the input is kept. Raises ValueError for a file of the wrong kind."""
    if given is None or show.input == "text":
        return ".txt"
    suffix = given.suffix.lower()
    if show.input == "picture" and suffix not in PICTURES:
        raise ValueError(f"{given.name!r} is no picture: give {', '.join(PICTURES)}")
    if show.input == "document" and suffix in document.REFUSED:
        raise ValueError(f"{given.name!r} cannot be read: {document.REFUSED[suffix]}")
    return suffix or ".txt"
