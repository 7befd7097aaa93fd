"""What has been done already: the result of every stage, under the hash of all that it rests on.

A key is a hash of the stage, its settings and the keys or contents that it read, so a record is never wrong, only
missing: a stopped run goes on where it was, an equal run does nothing, and a changed setting repeats the work from its
stage on. Records appear under their names only when they are whole; one that cannot be read is made again.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tts.files import whole


@dataclass(frozen=True)
class Record:
    """The result of a stage, what names it, and how long it took to make."""

    key: str
    value: dict
    seconds: float  # of processor time


def digest(*parts: object) -> str:
    """A hash of plain data, hexadecimal."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def processor_time() -> float:
    """Seconds that this process and its finished children have used, of all cores together."""
    return sum(os.times()[:4])


class Ledger:
    """A folder of records, STAGE/KEY.json, and of what is too large for them, STAGE/KEY.bin."""

    def __init__(self, folder: Path):
        self.folder = folder

    def once(self, stage: str, inputs: object, make: Callable[[], dict]) -> Record:
        """The record of `stage` for these inputs, made if it is not there."""
        key = digest(stage, inputs)
        record = self.get(stage, key)
        if record is None:
            start = processor_time()
            value = make()
            record = self.put(stage, key, value, processor_time() - start)
        return record

    def get(self, stage: str, key: str) -> Record | None:
        try:
            content = json.loads(self._path(stage, key, ".json").read_bytes())
            return Record(key, content["value"], content["seconds"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def put(self, stage: str, key: str, value: dict, seconds: float) -> Record:
        content = json.dumps({"value": value, "seconds": round(seconds, 4)}, ensure_ascii=True)
        with whole(self._path(stage, key, ".json"), shared=True) as file:
            file.write(content.encode())
        return Record(key, value, seconds)

    def blob(self, stage: str, inputs: object) -> Path:
        """Where the bytes that belong to a record lie; write them before the record."""
        return self._path(stage, digest(stage, inputs), ".bin")

    def _path(self, stage: str, key: str, suffix: str) -> Path:
        return self.folder / stage / key[:2] / (key + suffix)
