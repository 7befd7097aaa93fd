"""Several judges at once: they work in processes of their own, and their opinions are cached.

Every judge gets every wave at 16 kHz and 16 bits. An opinion is kept under the hash of these samples, of what else the
judge was told, and of its identity. An evaluation that was stopped therefore goes on where it stopped.
"""

import hashlib
import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from tqdm import tqdm

from tts.judges.judge import RATE, Judge, from_pcm, to_pcm

SHORTEST = 0.1  # seconds; shorter waves are no speech and are not judged


@dataclass(frozen=True)
class Evidence:
    """A wave, the words it should hold, and the recording it should sound like, if there is one."""

    wave: Float[Tensor, " N"]
    text: str = ""
    recording: Float[Tensor, " K"] | None = None


class Panel:
    """Judges by name; what each says of the same evidence is asked once and kept in a small database."""

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
        """For each wave the opinion of each judge, or of `only` some, {judge: opinion}; `label` names the progress bar.

        The opinion of a judge that compares with a recording is None for a wave that has none.
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


_judges: dict[str, Judge] = {}  # of this process


def _start(judges: dict[str, Judge]) -> None:
    _judges.update(judges)
    torch.set_num_threads(1)


def _judge(name: str, pcm: np.ndarray, told: tuple[str | np.ndarray, ...]) -> Any:
    return _opinion(_judges[name], pcm, told)


def _opinion(judge: Judge, pcm: np.ndarray, told: tuple[str | np.ndarray, ...]) -> Any:
    return judge.judge(from_pcm(pcm), RATE, *(part if isinstance(part, str) else from_pcm(part) for part in told))
