"""The results of stages that ran before, each stored under a hash of everything that it depends on.

A key is a hash of the stage's name, its settings, and the keys or contents of its inputs. A stored result is therefore
never out of date. A stopped run continues where it was, an identical run computes nothing, and a changed setting
repeats only the stages that depend on it. A record gets its final name only when it is complete; a record that cannot
be read is computed again.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tts.files import whole

EDITION = 5  # raised when a stage computes other results from the same inputs, which makes all older records unused


@dataclass(frozen=True)
class CachedResult:
    """The result of one stage for one input."""

    key: str
    value: dict
    seconds: float  # of processor time that it took to compute


def digest(*parts: object) -> str:
    """A hash of plain data and of EDITION, hexadecimal."""
    text = json.dumps([EDITION, *parts], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def processor_time() -> float:
    """Seconds of processor time that this process and its finished children have used, summed over all cores."""
    return sum(os.times()[:4])


class ResultCache:
    """A folder of records, STAGE/KEY.json, and of binary files too large for a record, STAGE/KEY.bin."""

    def __init__(self, folder: Path):
        self.folder = folder

    def once(self, stage: str, inputs: object, compute: Callable[[], dict]) -> CachedResult:
        """The record of `stage` for these inputs, computed if it is missing."""
        key = digest(stage, inputs)
        record = self.get(stage, key)
        if record is None:
            start = processor_time()
            value = compute()
            record = self.put(stage, key, value, processor_time() - start)
        return record

    def get(self, stage: str, key: str) -> CachedResult | None:
        try:
            content = json.loads(self._path(stage, key, ".json").read_bytes())
            return CachedResult(key, content["value"], content["seconds"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def put(self, stage: str, key: str, value: dict, seconds: float) -> CachedResult:
        content = json.dumps({"value": value, "seconds": round(seconds, 4)}, ensure_ascii=True)
        with whole(self._path(stage, key, ".json"), shared=True) as file:
            file.write(content.encode())
        return CachedResult(key, value, seconds)

    def binary(self, stage: str, inputs: object) -> Path:
        """The path of the binary file that belongs to a record; write it before the record."""
        return self._path(stage, digest(stage, inputs), ".bin")

    def _path(self, stage: str, key: str, suffix: str) -> Path:
        return self.folder / stage / key[:2] / (key + suffix)
