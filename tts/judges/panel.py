"""Judges at work: in processes of their own, and nothing is judged twice.

Every wave comes to every judge at 16 kHz and 16 bits, and what was said of it is kept under the hash of exactly those
samples, of what the judge was told besides, and of who the judge is. A survey that was stopped goes on where it
stopped.
"""

import hashlib
import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from tqdm import tqdm

from tts.audio import resample

RATE = 16_000  # Hz, of every judge
SHORTEST = 0.1  # seconds; less is no speech, and no judge takes it


@dataclass(frozen=True)
class Evidence:
    """A wave, the words that it should hold, and the recording that it should sound like, if there is one."""

    wave: Float[Tensor, " N"]
    text: str = ""
    recording: Float[Tensor, " K"] | None = None


@runtime_checkable
class Judge(Protocol):
    """Wave to an opinion that JSON can hold.

    A judge is a value: cheap to make, sent to other processes, and loads what it needs when first asked. `identity`
    changes whenever an opinion might. `told` says what `judge` is given as a third argument: nothing (""), the "text",
    or the "recording" at the same rate. `silent` is the opinion on a wave too short to be judged.
    """

    told: ClassVar[str]
    silent: ClassVar[Any]

    def identity(self) -> str: ...

    def judge(self, wav: Float[Tensor, " N"], sample_rate: int, *told: Any) -> Any: ...


def to_pcm(wav: Float[Tensor, " N"], sample_rate: int) -> np.ndarray:
    """16-bit samples at the judges' rate; a wave that already is such stays the same to the bit."""
    samples = resample(wav.float(), sample_rate, RATE).numpy() * 32768
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)


def from_pcm(pcm: np.ndarray) -> Float[Tensor, " N"]:
    return torch.from_numpy(pcm.astype(np.float32) / 32768)


class Panel:
    """Judges by name, each asked once about the same evidence: opinions are kept in a small database."""

    def __init__(self, judges: Mapping[str, Judge], *, cache: Path, workers: int):
        if workers < 1:
            raise ValueError(f"{workers} workers cannot judge: use 1 or more")
        self.judges = dict(judges)
        self.identities = {name: judge.identity() for name, judge in judges.items()}
        self.pool = None
        if workers > 1:  # spawned, since torch's threads do not survive a fork
            self.pool = ProcessPoolExecutor(workers, get_context("spawn"), _start, (self.judges,))
        cache.mkdir(parents=True, exist_ok=True)
        self.cache = sqlite3.connect(cache / "opinions.sqlite", timeout=60)
        self.cache.execute("CREATE TABLE IF NOT EXISTS opinions (key TEXT PRIMARY KEY, opinion TEXT NOT NULL)")

    def __enter__(self) -> "Panel":
        return self

    def __exit__(self, *_: object) -> None:
        if self.pool:
            self.pool.shutdown(cancel_futures=True)
        self.cache.close()

    def ask(
        self, evidence: Sequence[Evidence], sample_rate: int, label: str, *, only: Collection[str] | None = None
    ) -> list[dict[str, Any]]:
        """For each wave what each judge (or only some) says, {judge: opinion}; `label` stands at the progress bar.

        A judge who compares with a recording says None of a wave that has none.
        """
        judges = {name: judge for name, judge in self.judges.items() if only is None or name in only}
        opinions: list[dict[str, Any]] = [{} for _ in evidence]
        pending = {}
        with tqdm(total=len(evidence) * len(judges), desc=label, unit="opinion", leave=False) as bar:
            for index, item in enumerate(evidence):
                pcm = to_pcm(item.wave, sample_rate)
                for name, judge in judges.items():
                    told = self._tell(judge, item, sample_rate)
                    if told is None or len(pcm) < SHORTEST * RATE:
                        opinions[index][name] = None if told is None else judge.silent
                        bar.update()
                        continue
                    key = self._key(name, pcm, told)
                    known = self.cache.execute("SELECT opinion FROM opinions WHERE key = ?", (key,)).fetchone()
                    if known:
                        opinions[index][name] = json.loads(known[0])
                        bar.update()
                    elif self.pool:
                        pending[self.pool.submit(_judge, name, pcm, told)] = (index, name, key)
                    else:
                        opinions[index][name] = self._keep(key, _opinion(judge, pcm, told))
                        bar.update()
            for future in as_completed(pending):
                index, name, key = pending[future]
                opinions[index][name] = self._keep(key, future.result())
                bar.update()
        return opinions

    @staticmethod
    def _tell(judge: Judge, item: Evidence, sample_rate: int) -> tuple[str | np.ndarray, ...] | None:
        if judge.told == "text":
            return (item.text,)
        if judge.told == "recording":
            return None if item.recording is None else (to_pcm(item.recording, sample_rate),)
        return ()

    def _key(self, name: str, pcm: np.ndarray, told: tuple[str | np.ndarray, ...]) -> str:
        parts = [part if isinstance(part, str) else hashlib.sha256(part.tobytes()).hexdigest() for part in told]
        head = "\n".join([self.identities[name], *parts, ""])
        return hashlib.sha256(head.encode() + pcm.tobytes()).hexdigest()

    def _keep(self, key: str, opinion: Any) -> Any:
        with self.cache:
            self.cache.execute("INSERT OR REPLACE INTO opinions VALUES (?, ?)", (key, json.dumps(opinion)))
        return opinion


_sitting: dict[str, Judge] = {}  # of this process


def _start(judges: dict[str, Judge]) -> None:
    _sitting.update(judges)
    torch.set_num_threads(1)


def _judge(name: str, pcm: np.ndarray, told: tuple[str | np.ndarray, ...]) -> Any:
    return _opinion(_sitting[name], pcm, told)


def _opinion(judge: Judge, pcm: np.ndarray, told: tuple[str | np.ndarray, ...]) -> Any:
    return judge.judge(from_pcm(pcm), RATE, *(part if isinstance(part, str) else from_pcm(part) for part in told))
