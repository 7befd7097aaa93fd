"""A cache of synthesised waves and of data about them, so that nothing is computed twice.

A key is the hash of all that the wave depends on: text, voice, seed, weights, settings and code.
"""

import hashlib
import io
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from jaxtyping import Float
from torch import Tensor

from tts.files import fingerprint
from tts.settings import ROOT

CODE = ("tts", "dvae", "gpt", "diffusion", "vocoder")  # packages whose code a wave depends on
NOT_CODE = ("tts/evaluate", "tts/judges", "tts/training")  # which only measure or train
SYSTEMS = "tts/evaluate/subjects.py"  # the exception, which speaks


@dataclass(frozen=True)
class CachedWave:
    """A wave of 16 bits, the codes it was made of, and the seconds it took on the machine that made it."""

    wave: Float[Tensor, " N"]
    codes: list[int]  # of a passage of a long reading: the samples at which its parts were joined
    compute: float


class WaveCache:
    """A small database. Deleting it costs only the time to compute its content again."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.store = sqlite3.connect(folder / "waves.sqlite", timeout=60)
        self.store.execute("CREATE TABLE IF NOT EXISTS waves (key TEXT PRIMARY KEY, about TEXT, flac BLOB)")
        self.store.execute("CREATE TABLE IF NOT EXISTS notes (key TEXT PRIMARY KEY, note TEXT)")

    def __enter__(self) -> "WaveCache":
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    def get(self, key: str) -> CachedWave | None:
        found = self.store.execute("SELECT about, flac FROM waves WHERE key = ?", (key,)).fetchone()
        if not found:
            return None
        samples, _ = soundfile.read(io.BytesIO(found[1]), dtype="float32")
        return CachedWave(torch.from_numpy(samples), **json.loads(found[0]))

    def put(self, key: str, made: CachedWave, sample_rate: int) -> CachedWave:
        """Keep a wave, and return it as `get` will: rounded to 16 bits."""
        file = io.BytesIO()
        soundfile.write(file, made.wave.clamp(-1, 1).numpy(), sample_rate, "PCM_16", format="FLAC")
        about = json.dumps({"codes": made.codes, "compute": made.compute})
        with self.store:
            self.store.execute("INSERT OR REPLACE INTO waves VALUES (?, ?, ?)", (key, about, file.getvalue()))
        return self.get(key)

    def get_data(self, key: str) -> Any | None:
        """Plain data that `put_data` has kept."""
        found = self.store.execute("SELECT note FROM notes WHERE key = ?", (key,)).fetchone()
        return json.loads(found[0]) if found else None

    def put_data(self, key: str, data: Any) -> None:
        with self.store:
            self.store.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (key, json.dumps(data)))


def hash_parts(**parts: Any) -> str:
    """One hash of named plain data."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def hash_wave(wave: Float[Tensor, " N"]) -> str:
    return hashlib.sha256(np.ascontiguousarray(wave.numpy()).tobytes()).hexdigest()


@cache
def hash_code() -> str:
    """Hash of the code that waves depend on."""
    digest = hashlib.sha256()
    for package in CODE:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name == SYSTEMS or not name.startswith(NOT_CODE):
                digest.update(name.encode() + path.read_bytes())
    return digest.hexdigest()


def hash_nets(weights: Path) -> dict[str, str]:
    """The hash of every net in a folder, by its file name."""
    return {path.name: fingerprint(path) for path in sorted(weights.glob("*.safetensors"))}


def speech_settings(conf: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that a wave depends on."""
    return {name: value for name, value in conf.items() if name not in ("limits", "weights")}
