"""Recognisers made of nets of this project. They hear phones."""

from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from tts import checkpoint
from tts.audio import resample
from tts.files import fingerprint
from tts.judges.recogniser import SpeechRecogniser
from tts.text.tokenizer import unpinned
from tts.types import Codes

PACE, MARGIN = 1.5, 10.0  # codes per text id, and codes besides: fitted to recordings of the voices that ship


@dataclass(frozen=True)
class CodecCtc(SpeechRecogniser):
    """The CTC head of a codec: the best path, with repeats and blanks removed (Graves et al. 2006, section 3.2).

    It hears phones without borders of words, as it was trained. It has no language model, which might hear words that
    were not spoken. Never judge with the codec that made the codes: its head takes its own mistakes for right.
    """

    path: Path
    words: ClassVar[bool] = False
    usage: ClassVar[str] = "ctc or ctc=FILE"

    @classmethod
    def from_option(cls, place: str, weights: Path) -> "CodecCtc":
        return cls(Path(place) if place else weights / "dvae.safetensors")

    def identity(self) -> str:
        if not self.path.is_file():
            raise ValueError(f"no codec at {self.path}: give a dvae.safetensors with a CTC head")
        return f"CTC head of dvae {fingerprint(self.path)}"

    @cached_property
    def loaded(self) -> checkpoint.Loaded:
        loaded = checkpoint.load(self.path)
        if getattr(loaded.net, "ctc", None) is None or "text" not in loaded.extra:
            raise ValueError(f"{self.path} has no CTC head to listen with: give another codec, or another recogniser")
        return loaded

    @cached_property
    def tokenizer(self) -> Any:
        return checkpoint.build(unpinned(self.loaded.extra["text"]), self.loaded.audio)

    def spell(self, text: str) -> str:
        """All phones in one pair of braces, since the end of a word cannot be heard."""
        ids = self.tokenizer.encode(text)
        return self.tokenizer.decode([id for id in ids if id not in self.tokenizer.silent_ids])

    @torch.inference_mode()
    def transcribe(self, wav: Float[Tensor, " N"], sample_rate: int) -> str:
        net, audio = self.loaded.net, self.loaded.audio
        wav = torch.from_numpy(resample(wav.numpy(), sample_rate, audio.sample_rate))
        mel = net.log_mel.measure(wav[None], torch.tensor([len(wav)]))
        best = net(mel).ctc[0].argmax(-1).unique_consecutive()
        return spell_phones(self.tokenizer, best[best > 0].tolist())


@dataclass(frozen=True)
class GptRecogniser(SpeechRecogniser):
    """The GPT of a folder of weights, which hears the codes of a wave: greedy p(text | codes), in phones.

    Independent of the other recognisers, but not of what it spoke itself: use it beside another one.
    """

    folder: Path
    usage: ClassVar[str] = "gpt or gpt=FOLDER"

    @classmethod
    def from_option(cls, place: str, weights: Path) -> "GptRecogniser":
        return cls(Path(place) if place else weights)

    def identity(self) -> str:
        nets = (self.folder / "dvae.safetensors", self.folder / "gpt.safetensors")
        for path in nets:
            if not path.is_file():
                raise ValueError(f"no {path}: the GPT listens through its codec, give a folder of weights")
        hashes = " ".join(fingerprint(path) for path in nets)
        return f"gpt listening at {PACE:g} codes per id and {MARGIN:g}, {hashes}"

    @cached_property
    def codec(self) -> Any:
        return checkpoint.load(self.folder / "dvae.safetensors").net

    @cached_property
    def loaded(self) -> checkpoint.Loaded:
        return checkpoint.load(self.folder / "gpt.safetensors")

    @cached_property
    def tokenizer(self) -> Any:
        return checkpoint.build(self.loaded.extra["text"], self.loaded.audio)

    def spell(self, text: str) -> str:
        return spell_phones(self.tokenizer, self.tokenizer.encode(text))

    @torch.inference_mode()
    def transcribe(self, wav: Float[Tensor, " N"], sample_rate: int) -> str:
        wav = torch.from_numpy(resample(wav.numpy(), sample_rate, self.codec.audio.sample_rate))
        codes: Codes = self.codec.encode(wav[None], torch.tensor([len(wav)]))
        (ids,) = self.loaded.net.transcribe(codes, ((codes.length - MARGIN) / PACE).round().long().clamp_min(1))
        # The GPT has room for more text ids than its tokenizer uses.
        return spell_phones(self.tokenizer, [id for id in ids if id < self.tokenizer.vocab_size])


def spell_phones(tokenizer: Any, ids: list[int]) -> str:
    """Ids as phones in braces, one group a word; ids that make no sound part words."""
    groups = groupby(ids, key=lambda id: id in tokenizer.silent_ids)
    return " ".join(tokenizer.decode(list(group)) for silent, group in groups if not silent)
