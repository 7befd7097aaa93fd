"""The store of takes: each segment as it was spoken, under a hash of everything that determines its sound.

A take is one FLAC file, takes/ab/KEY.flac. What is known of it stands in the file's comment as JSON, together with a
hash of the samples. A file is written whole or not at all, so a run that is killed leaves nothing that could be taken
for a take, and two runs can use one store at once. Whoever needs a take reads it back from the store, so a take sounds
the same whether it has just been spoken or lay there for a year.
"""

import hashlib
import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile
from jaxtyping import Float

from tts.files import whole
from tts.narration.times import SaidWord

EDITION = 2  # raised when the same words, voice, weights and settings come to sound otherwise


class BrokenTake(ValueError):
    """A file of the store is not the take that its name says."""


@dataclass(frozen=True, kw_only=True)
class StoredTake:
    """What is known of a spoken segment, apart from its sound."""

    key: str
    seed: int  # that the user chose; `tts.synthesis.pipeline.take_seed` makes the segment's own from it
    samples: int
    sha256: str  # of the samples, 16 bits each, little-endian
    attempts: int
    faults: list[str]  # what the check still finds in the attempt that was kept
    loss: float  # nats, of the check
    words: list[SaidWord]


def digest(*parts: object) -> str:
    """A hash of plain data and of EDITION, hexadecimal."""
    text = json.dumps([EDITION, *parts], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class TakeStore:
    """A folder of takes, at `rate` Hz."""

    def __init__(self, folder: Path, rate: int):
        self.folder, self.rate = folder, rate

    def path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.flac"

    def paths(self) -> list[Path]:
        """The files of all takes."""
        return sorted(self.folder.glob("??/[0-9a-f]*.flac"))

    def put(self, wave: Float[np.ndarray, " N"], *, key: str, loss: float, **known: object) -> StoredTake:
        """Store a take: its wave, between -1 and 1, and what is known of it."""
        samples = np.clip(np.round(wave * 32768), -32768, 32767).astype("<i2")
        sha256 = hashlib.sha256(samples.tobytes()).hexdigest()
        take = StoredTake(key=key, samples=len(samples), sha256=sha256, loss=round(loss, 3), **known)
        data = io.BytesIO()
        with soundfile.SoundFile(data, "w", self.rate, 1, "PCM_16", format="FLAC") as file:
            file.comment = json.dumps(asdict(take))
            file.write(samples)
        with whole(self.path(key), shared=True) as file:
            file.write(data.getvalue())
        return take

    def find(self, key: str) -> StoredTake | None:
        """What is known of a take; None if it is not there. Raises BrokenTake, but does not look at the samples."""
        try:
            with soundfile.SoundFile(self.path(key)) as file:
                return self._known(file, key)
        except soundfile.LibsndfileError as error:
            if not self.path(key).exists():
                return None
            raise BrokenTake(f"{self.path(key)} is no whole take ({error.error_string.rstrip('.')})") from None

    def read(self, key: str) -> Float[np.ndarray, " N"]:
        """The wave of a take. Raises BrokenTake if it is not there as it was written."""
        try:
            with soundfile.SoundFile(self.path(key)) as file:
                take = self._known(file, key)
                samples = file.read(dtype="int16")
        except soundfile.LibsndfileError as error:
            raise BrokenTake(f"{self.path(key)} is no whole take ({error.error_string.rstrip('.')})") from None
        if hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest() != take.sha256:
            raise BrokenTake(f"{self.path(key)} is damaged")
        return samples.astype(np.float32) / 32768

    def _known(self, file: soundfile.SoundFile, key: str) -> StoredTake:
        try:
            values = json.loads(file.comment)
            take = StoredTake(**values | {"words": [SaidWord(*word) for word in values["words"]]})
        except (ValueError, TypeError, KeyError):
            raise BrokenTake(f"{self.path(key)} was not written here") from None
        if take.key != key or take.samples != file.frames or file.samplerate != self.rate or file.channels != 1:
            raise BrokenTake(f"{self.path(key)} is another file than its name says")
        return take
