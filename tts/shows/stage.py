"""A stage of a show: a function with the files that it reads and makes, all of them plain and open to editing."""

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tts.files import whole
from tts.shows.models.protocols import Eye, Painter, Writer

REQUIRED = ...  # a setting that the YAML of a show has to give
INPUT = "input"  # what the show is made from
PLACE = re.compile(r"\{(\w+)\}")

Tell = Callable[[str], None]
Progress = Callable[[str], AbstractContextManager[Callable[[float, float], None]]]


@dataclass(frozen=True, kw_only=True)
class ShowStage:
    """A kind of stage.

    Names of files are relative to the show's folder. `{source}` in one stands for the setting `source`, a name that
    ends in / is a folder of files, and one that ends in ? may be missing.
    """

    run: Callable[["Work"], None]
    reads: tuple[str, ...]
    makes: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)  # with their defaults; REQUIRED where there is none
    models: tuple[str, ...] = ()  # what is asked: of writer, eye, painter
    version: int = 1  # raised when the same files and settings come to give another result
    # What else its result follows from, as plain data by its settings, such as the hash of a file elsewhere.
    depends: Callable[[Mapping[str, Any]], Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Work:
    """What the function of a stage works with."""

    folder: Path  # of the show
    input: Path  # what the show is made from, in that folder
    settings: Mapping[str, Any]
    seed: int
    keep: frozenset[str]  # names of files that a person edited, which stay as they are
    tell: Tell
    progress: Progress
    writer: Writer
    eye: Eye
    painter: Painter
    credits: Callable[[], list[str]]  # what made what there is so far, a line each

    def path(self, name: str) -> Path:
        return self.folder / name

    def read(self, name: str) -> str:
        """A text of the show. Raises ValueError if it is empty or no UTF-8."""
        return read_text(self.path(name))

    def read_yaml(self, name: str) -> Any:
        """Plain data of the show; raises ValueError with the line for what is no YAML."""
        return read_yaml(self.path(name))

    def read_fields(self, name: str, *needed: str) -> dict[str, str]:
        """A YAML of single lines by their names. Raises ValueError if it is something else or lacks one."""
        found = self.read_yaml(name)
        if not isinstance(found, dict) or any(isinstance(value, dict | list) for value in found.values()):
            raise ValueError(f"{self.path(name)} must be lines such as {next(iter(needed), 'name')}: some text")
        fields = {str(key): " ".join(str(value).split()) for key, value in found.items() if value is not None}
        if missing := [key for key in needed if not fields.get(key)]:
            raise ValueError(f"{self.path(name)} needs a line {missing[0]}: some text")
        return fields

    def write(self, name: str, text: str) -> None:
        """Write a text of the show whole, unless a person edited it."""
        if name not in self.keep:
            with whole(self.path(name)) as file:
                file.write(text.encode("utf-8", "replace"))

    def write_yaml(self, name: str, value: Any) -> None:
        self.write(name, yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=100))


def read_text(path: Path) -> str:
    """A text file. Raises ValueError if it is empty or no UTF-8."""
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8: save it as plain UTF-8 text") from None
    if not text.strip():
        raise ValueError(f"{path} is empty: write something into it, or remove it to have it made again")
    return text


def read_yaml(path: Path) -> Any:
    """Plain data of a YAML file; raises ValueError with the line for what is none."""
    try:
        return yaml.safe_load(read_text(path))
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise ValueError(f"{path}{place}: it is no YAML") from None


def fill(template: str, **values: object) -> str:
    """A template with `{name}` replaced. Nothing else in it means anything; raises ValueError for an unknown name."""

    def value(found: re.Match) -> str:
        if found[1] not in values:
            raise ValueError(f"{found[0]} in a prompt stands for nothing: there are {', '.join(values)}")
        return str(values[found[1]])

    return PLACE.sub(value, template)
