"""Runs the stages of a show in order. What is there and still right stays; what a person edited stays, too.

FOLDER/.show/stages.json says of every stage from what it was made and what it made, each file by its SHA-256. A stage
is run again when a file that it reads, a setting or a model changed, or when a file that it made is missing. A file
that is not as it was made was edited: it is kept until `redo` names its stage, and the stages after it follow it.
"""

import json
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tts.files import fingerprint, locked, whole
from tts.shows.calls import Calls, digest
from tts.shows.models.open import DEFAULTS, open_eye, open_painter, open_writer
from tts.shows.models.protocols import Eye, Painter, Writer
from tts.shows.show import Planned, Show, suffix_of
from tts.shows.stage import INPUT, Progress, Tell, Work

STATE = ".show"
MAX_TEXT = 10_000  # characters of an input that is a text
Ran = tuple[str, str]  # the name of a stage, and what came of it: one of the next
MADE, KEPT, EDITED = "made", "kept", "edited"


@dataclass(frozen=True)
class Models:
    """What writes, looks and paints, by the choices of the command line. Each is opened when it is first asked for."""

    choices: dict[str, str]  # of writer, eye, painter
    calls: Calls

    @cached_property
    def writer(self) -> Writer:
        return self.calls.writer(open_writer(self.choices["writer"]))

    @cached_property
    def eye(self) -> Eye:
        return self.calls.eye(open_eye(self.choices["eye"]))

    @cached_property
    def painter(self) -> Painter:
        return self.calls.painter(open_painter(self.choices["painter"]))


class ShowRun:
    """A show in its folder."""

    def __init__(self, show: Show, folder: Path, models: Models, seed: int, tell: Tell, progress: Progress):
        self.show, self.folder, self.models, self.seed = show, folder, models, seed
        self.tell, self.progress = tell, progress
        self.state = folder / STATE / "stages.json"
        self.records = _records(self.state)

    def run(self, given: str | None, *, redo: Collection[str] = (), until: str | None = None) -> list[Ran]:
        """Run the stages, up to and with `until`, anew those of `redo`.

        `given` is the input: a text, or the path of a file; None if the folder has it. Raises ValueError for an unknown
        stage, a missing input, and as the stages do.
        """
        names = [own.name for own in self.show.stages]
        for name in [*redo, *([until] if until else [])]:
            if name not in names:
                raise ValueError(f"no stage {name!r} in the show {self.show.name}: there are {', '.join(names)}")
        with locked(
            self.folder / STATE / "lock", lambda: self.tell(f"waiting for another run that uses {self.folder}")
        ):
            self.records = _records(self.state)
            self._take_input(given)
            ran = []
            for own in self.show.stages:
                ran.append((own.name, self._stage(own, own.name in redo)))
                if own.name == until:
                    break
            return ran

    def _take_input(self, given: str | None) -> None:
        """Copy the input into the folder, unless that was done and a person has edited it there since."""
        path = Path(given).expanduser() if given else None
        is_file = path is not None and len(given) < 4096 and "\n" not in given and path.is_file()
        if given and not is_file and self.show.input != "text":
            raise ValueError(f"there is no file {given!r}: the show {self.show.name} is made from a {self.show.input}")
        if given is None:
            if self._input() is None:
                raise ValueError(f"{self.folder} holds no input yet: give a {self.show.input}")
            return
        if not is_file and len(given) > MAX_TEXT:
            raise ValueError(f"the text has {len(given):,} characters: give {MAX_TEXT:,} at most, or a file")
        key = digest(INPUT, fingerprint(path) if is_file else given)
        record = self.records.get(INPUT, {})
        if record.get("key") == key and self._input() is not None:
            return
        target = self.folder / f"{INPUT}{suffix_of(self.show, path if is_file else None)}"
        for old in self.folder.glob(f"{INPUT}.*"):
            self._put_aside(old, INPUT)
        with whole(target) as file:
            file.write(path.read_bytes() if is_file else f"{given.strip()}\n".encode("utf-8", "replace"))
        self._remember(INPUT, key, 0, {target.name: fingerprint(target)})

    def _input(self) -> Path | None:
        return next(iter(sorted(self.folder.glob(f"{INPUT}.*"))), None)

    def _stage(self, own: Planned, redo: bool) -> str:
        """Run a stage if it has to be; gives what came of it."""
        record = self.records.get(own.name, {})
        begun, made = record.get("begun", False), record.get("made", {})
        take = record.get("take", 0) + redo
        key = self._key(own, take)
        there = self._made(own)
        edited = frozenset(name for name, sha in there.items() if made.get(name) != sha)
        if begun:  # files that were half made are no edits; those that were kept then are
            edited &= frozenset(record.get("keep", ()))
        whole_set = not self._missing(own) and made.keys() <= there.keys()
        if not redo and not begun and whole_set:
            if record.get("key") == key:
                return EDITED if edited else KEPT
            if edited and edited == there.keys():
                self.tell(f"{', '.join(sorted(edited))}: edited by hand and kept; --redo {own.name} makes it anew")
                self._remember(own.name, key, take, made)
                return EDITED
        if redo:
            for name in edited:
                self._put_aside(self.folder / name, own.name)
            edited = frozenset()
        self._remember(own.name, key, take, made, keep=edited)
        own.stage.run(self._work(own, take, edited))
        if missing := self._missing(own):
            raise ValueError(f"stage {own.name} did not make {missing[0]}")
        now = self._made(own)
        self._remember(own.name, key, take, {name: made.get(name, "") if name in edited else now[name] for name in now})
        return MADE

    def _key(self, own: Planned, take: int) -> str:
        """A hash of everything that a stage's result follows from."""
        names = {kind: getattr(self.models, kind).name for kind in own.stage.models}
        read = {name: self._read_print(name, own) for name in own.reads}
        return digest(own.kind, own.stage.version, own.settings, names, read, self.seed, take)

    def _read_print(self, name: str, own: Planned) -> Any:
        if name == INPUT:
            return fingerprint(self._input())
        path = self.folder / name.rstrip("?/")
        if path.is_dir():
            return {str(one.relative_to(path)): fingerprint(one) for one in _files(path)}
        if not path.is_file():
            if name.endswith("?"):
                return None
            raise ValueError(f"stage {own.name} needs {path}, which is gone: --redo the stage that makes it")
        return fingerprint(path)

    def _made(self, own: Planned) -> dict[str, str]:
        """The files of a stage that are there, with their hashes."""
        paths = [self.folder / name for name in own.makes]
        files = [one for path in paths for one in (_files(path) if path.is_dir() else [path]) if one.is_file()]
        return {one.relative_to(self.folder).as_posix(): fingerprint(one) for one in files}

    def _missing(self, own: Planned) -> list[str]:
        return [name for name in own.makes if not name.endswith("?") and not (self.folder / name).exists()]

    def _work(self, own: Planned, take: int, keep: frozenset[str]) -> Work:
        asked = {kind: getattr(self.models, kind) if kind in own.stage.models else None for kind in DEFAULTS}
        return Work(
            folder=self.folder,
            input=self._input(),
            settings=own.settings,
            seed=self.seed + 1000 * take,
            keep=keep,
            tell=self.tell,
            progress=self.progress,
            credits=self.credits,
            **asked,
        )

    def credits(self) -> list[str]:
        """Which models made what there is so far."""
        lines = []
        for own in self.show.stages:
            if own.name in self.records and own.stage.models:
                by = ", ".join(getattr(self.models, kind).name for kind in own.stage.models)
                lines.append(f"{own.name}: {by}")
        return lines

    def _put_aside(self, path: Path, stage: str) -> None:
        """Keep what is replaced on demand, so that no work by hand is lost."""
        kept = self.folder / STATE / "replaced" / f"{stage}-{fingerprint(path)[:8]}-{path.name}"
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, kept)
        self.tell(f"{path.name} is now {kept}")

    def _remember(
        self, name: str, key: str, take: int, made: dict[str, str], *, keep: frozenset[str] | None = None
    ) -> None:
        """Write what is known of a stage; with `keep` it has only begun, and leaves those files as they are."""
        begun = {} if keep is None else {"begun": True, "keep": sorted(keep)}
        self.records[name] = {"key": key, "take": take, "made": made, **begun}
        with whole(self.state) as file:
            file.write(json.dumps(self.records, indent=1, sort_keys=True).encode())


def _records(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {name: own for name, own in found.items() if isinstance(own, dict)} if isinstance(found, dict) else {}


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))
