"""Whisper as a recogniser."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor

from tts import whisper
from tts.files import fingerprint
from tts.judges.judge import installed, to_array
from tts.judges.recogniser import SpeechRecogniser
from tts.text.language import language


@dataclass(frozen=True)
class Whisper(SpeechRecogniser):
    """A Whisper model in CTranslate2's format, by faster-whisper: from a folder, or the base model from its packages.

    Decoding is greedy, in one language, and does not see the text before, so that the result depends on the wave alone.
    """

    folder: Path | None = None
    language: str = "english"  # by name
    packages: ClassVar[tuple[str, ...]] = ("faster-whisper",)
    usage: ClassVar[str] = "whisper or whisper=FOLDER"

    @classmethod
    def from_option(cls, place: str, weights: Path) -> "Whisper":
        return cls(Path(place) if place else None)

    @classmethod
    def is_installed(cls) -> bool:
        """Whether the base model can be asked."""
        return whisper.is_installed()

    def identity(self) -> str:
        if self.folder:
            whisper.check(self.folder)
        packages = ", ".join(f"{package} {installed(package)}" for package in whisper.BASE)
        model = self._fingerprint if self.folder else packages
        told = "" if self.language == "english" else f", {self.language}"
        return f"faster-whisper {installed('faster-whisper')}, {model}{told}"

    @cached_property
    def _fingerprint(self) -> str:  # kept, since the file has gigabytes and each recording asks for it
        return fingerprint(self.folder / "model.bin")

    @cached_property
    def model(self) -> Any:
        return whisper.load(self.folder)

    def transcribe(self, wav: Float[Tensor, " N"], sample_rate: int) -> str:
        options = {"beam_size": 1, "temperature": 0.0, "condition_on_previous_text": False}
        segments, _ = self.model.transcribe(
            to_array(wav, sample_rate), language=language(self.language).code, **options
        )
        return " ".join(segment.text.strip() for segment in segments)
