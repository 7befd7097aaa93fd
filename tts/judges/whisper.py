"""Whisper as a recogniser."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor

from tts.files import fingerprint
from tts.judges.judge import installed, to_array
from tts.judges.recogniser import SpeechRecogniser


@dataclass(frozen=True)
class Whisper(SpeechRecogniser):
    """A Whisper model in CTranslate2's format, from a folder on this machine, by faster-whisper: greedy, English.

    Decoding is greedy and does not see the text before, so that the result depends on the wave alone.
    """

    folder: Path
    packages: ClassVar[tuple[str, ...]] = ("faster-whisper",)
    usage: ClassVar[str] = "whisper=FOLDER"
    # Without the tokenizer's file, faster-whisper would look for it on the network.
    files: ClassVar[tuple[str, ...]] = ("model.bin", "tokenizer.json")

    @classmethod
    def from_option(cls, place: str, weights: Path) -> "Whisper":
        if not place:
            raise ValueError(f"whisper needs the folder of a model: use {cls.usage}")
        return cls(Path(place))

    @property
    def missing(self) -> list[str]:
        """Files of a model that the folder lacks."""
        return [name for name in self.files if not (self.folder / name).is_file()]

    def identity(self) -> str:
        if self.missing:
            needs = " and ".join(self.files)
            raise ValueError(f"no Whisper model in {self.folder}: give a folder with {needs}, as faster-whisper has it")
        return f"faster-whisper {installed('faster-whisper')}, {self._fingerprint}"

    @cached_property
    def _fingerprint(self) -> str:  # kept, since the file has gigabytes and each recording asks for it
        return fingerprint(self.folder / "model.bin")

    @cached_property
    def model(self) -> Any:
        from faster_whisper import WhisperModel

        return WhisperModel(str(self.folder), device="auto", cpu_threads=1, local_files_only=True)

    def transcribe(self, wav: Float[Tensor, " N"], sample_rate: int) -> str:
        options = {"beam_size": 1, "temperature": 0.0, "condition_on_previous_text": False}
        segments, _ = self.model.transcribe(to_array(wav, sample_rate), language="en", **options)
        return " ".join(segment.text.strip() for segment in segments)
