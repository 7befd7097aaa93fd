"""Waves that were made, and notes on them, under the hash of all that they follow from: nothing is made twice."""

import hashlib
import io
import json
import sqlite3
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from jaxtyping import Float
from torch import Tensor

from tts.settings import ROOT

MAKERS = ("tts", "dvae", "gpt", "diffusion", "vocoder")  # whose code a wave follows from, the judge's own left out


@dataclass(frozen=True)
class Made:
    """A wave of 16 bits, the codes it was made of, and the seconds it took on the machine that made it."""

    wave: Float[Tensor, " N"]
    codes: list[int]  # of a passage of a long reading: the samples at which its parts were joined
    compute: float


class Archive:
    """Waves by key in a small database; deleting it costs only time."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.store = sqlite3.connect(folder / "waves.sqlite", timeout=60)
        self.store.execute("CREATE TABLE IF NOT EXISTS waves (key TEXT PRIMARY KEY, about TEXT, flac BLOB)")
        self.store.execute("CREATE TABLE IF NOT EXISTS notes (key TEXT PRIMARY KEY, note TEXT)")

    def close(self) -> None:
        self.store.close()

    def get(self, key: str) -> Made | None:
        found = self.store.execute("SELECT about, flac FROM waves WHERE key = ?", (key,)).fetchone()
        if not found:
            return None
        samples, _ = soundfile.read(io.BytesIO(found[1]), dtype="float32")
        return Made(torch.from_numpy(samples), **json.loads(found[0]))

    def put(self, key: str, made: Made, sample_rate: int) -> Made:
        """Keep, and give back what `get` will give."""
        file = io.BytesIO()
        soundfile.write(file, made.wave.clamp(-1, 1).numpy(), sample_rate, "PCM_16", format="FLAC")
        about = json.dumps({"codes": made.codes, "compute": made.compute})
        with self.store:
            self.store.execute("INSERT OR REPLACE INTO waves VALUES (?, ?, ?)", (key, about, file.getvalue()))
        return self.get(key)

    def recall(self, key: str) -> Any | None:
        """What `note` has kept."""
        found = self.store.execute("SELECT note FROM notes WHERE key = ?", (key,)).fetchone()
        return json.loads(found[0]) if found else None

    def note(self, key: str, note: Any) -> None:
        """Keep plain data that took long to make."""
        with self.store:
            self.store.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (key, json.dumps(note)))


def key(**parts: Any) -> str:
    """One hash of named plain data."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


@cache
def code() -> str:
    """Hash of the code that makes waves."""
    digest = hashlib.sha256()
    for room in MAKERS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "evaluate" not in path.relative_to(ROOT).parts:
                digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    digest.update((ROOT / "tts/evaluate/subjects.py").read_bytes())
    return digest.hexdigest()


def hash_wave(wave: Float[Tensor, " N"]) -> str:
    return hashlib.sha256(np.ascontiguousarray(wave.numpy()).tobytes()).hexdigest()
