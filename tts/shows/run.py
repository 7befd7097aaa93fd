"""Runs the stages of a show in order. What is there and still right stays; what a person edited stays, too.

A stage is run again when a file that it reads, a setting or a model changed, or when a file that it made is missing. A
file that is not as it was made (`tts.shows.records`) was edited: it is kept until `redo` names its stage, and the
stages after it follow it.
"""

import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from tts.files import fingerprint, locked, whole
from tts.shows.calls import Calls, digest
from tts.shows.models.open import DEFAULTS, open_eye, open_painter, open_writer
from tts.shows.models.protocols import Eye, Painter, Writer
from tts.shows.records import STATE, Record, Records
from tts.shows.show import Planned, Show, files_in, suffix_of
from tts.shows.stage import INPUT, Progress, Tell, Work

MAX_TEXT = 10_000  # characters of an input that is a text
Ran = tuple[str, str]  # the name of a stage, and what came of it: one of the next
MADE, KEPT, EDITED = "made", "kept", "edited"
BEGUN = "begun"  # what `reached` is told before a stage is made


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
        self.records = Records(folder)

    def run(
        self,
        given: str | None,
        *,
        redo: Collection[str] = (),
        until: str | None = None,
        reached: Callable[[str, str], None] = lambda name, what: None,
    ) -> list[Ran]:
        """Run the stages, up to and with `until`, anew those of `redo`.

        `given` is the input: a text, or the path of a file; None if the folder has it. `reached` gets the name of each
        stage and BEGUN before it is made, then what came of it. Raises ValueError for an unknown stage, a missing
        input, and as the stages do.
        """
        self.show.check_stages([*redo, *([until] if until else [])])
        with locked(
            self.folder / STATE / "lock", lambda: self.tell(f"waiting for another run that uses {self.folder}")
        ):
            self.records.read()
            self._take_input(given)
            self.records.redo(redo)
            ran = []
            for own in self.show.stages:
                ran.append((own.name, self._stage(own, reached)))
                reached(*ran[-1])
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
        if self.records.get(INPUT).key == key and self._input() is not None:
            return
        target = self.folder / f"{INPUT}{suffix_of(self.show, path if is_file else None)}"
        for old in self.folder.glob(f"{INPUT}.*"):
            self._put_aside(old, INPUT)
        with whole(target) as file:
            file.write(path.read_bytes() if is_file else f"{given.strip()}\n".encode("utf-8", "replace"))
        self.records.put(INPUT, Record(key=key, made={target.name: fingerprint(target)}))

    def _input(self) -> Path | None:
        return next(iter(sorted(self.folder.glob(f"{INPUT}.*"))), None)

    def _stage(self, own: Planned, reached: Callable[[str, str], None]) -> str:
        """Run a stage if it has to be; gives what came of it."""
        record = self.records.get(own.name)
        record = replace(record, take=record.take + record.redo)
        key = self._key(own, record.take)
        there = self._made(own)
        edited = frozenset(name for name, sha in there.items() if record.made.get(name) != sha)
        if record.begun:  # files that were half made are no edits; those that were kept then are
            edited &= frozenset(record.keep)
        whole_set = not self._missing(own) and record.made.keys() <= there.keys()
        if not record.redo and not record.begun and whole_set:
            if record.key == key:
                return EDITED if edited else KEPT
            if edited and edited == there.keys():
                self.tell(f"{', '.join(sorted(edited))}: edited by hand and kept; --redo {own.name} makes it anew")
                self.records.put(own.name, replace(record, key=key))
                return EDITED
        if record.redo:
            for name in edited:
                self._put_aside(self.folder / name, own.name)
            edited = frozenset()
        self.records.put(own.name, replace(record, key=key, keep=sorted(edited), redo=False))
        reached(own.name, BEGUN)
        own.stage.run(self._work(own, record.take, edited))
        if missing := self._missing(own):
            raise ValueError(f"stage {own.name} did not make {missing[0]}")
        now = self._made(own)
        made = {name: record.made.get(name, "") if name in edited else now[name] for name in now}
        self.records.put(own.name, Record(key=key, take=record.take, made=made))
        return MADE

    def _key(self, own: Planned, take: int) -> str:
        """A hash of everything that a stage's result follows from."""
        names = {kind: getattr(self.models, kind).name for kind in own.stage.models}
        read = {name: self._read_print(name, own) for name in own.reads}
        more = [own.stage.depends(own.settings)] if own.stage.depends else []
        return digest(own.kind, own.stage.version, own.settings, names, read, self.seed, take, *more)

    def _read_print(self, name: str, own: Planned) -> Any:
        if name == INPUT:
            return fingerprint(self._input())
        path = self.folder / name.rstrip("?/")
        if path.is_dir():
            return {str(one.relative_to(path)): fingerprint(one) for one in files_in(path)}
        if not path.is_file():
            if name.endswith("?"):
                return None
            raise ValueError(f"stage {own.name} needs {path}, which is gone: --redo the stage that makes it")
        return fingerprint(path)

    def _made(self, own: Planned) -> dict[str, str]:
        """The files of a stage that are there, with their hashes."""
        return {one.relative_to(self.folder).as_posix(): fingerprint(one) for one in own.files(self.folder)}

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
