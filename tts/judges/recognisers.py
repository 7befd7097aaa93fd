"""Recognisers: what they hear is compared with what was meant.

Each spells a text the way it hears, in words or in phones, so that the two can be compared. All are weaker than people
and fixed: figures compare only with figures of the same recogniser, best as differences from recordings.
"""

from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tts import checkpoint
from tts.audio import resample
from tts.files import fingerprint
from tts.judges.panel import RATE, to_pcm
from tts.judges.wer import words
from tts.text.tokenizer import unpinned
from tts.types import Codes

PACE, MARGIN = 1.5, 10.0  # codes per text id, and codes besides: fitted to recordings of the voices that ship
LOUD = 0.01  # of the loudest 10 ms: 20 dB below, where speech is and breath is not
UNREAD = {"whole": True, "stray": 0.0}  # of words that cannot be looked for


@runtime_checkable
class Listener(Protocol):
    """A judge whose opinion is what it hears, and that spells a text in the same alphabet.

    One that hears no words, only sounds, can tell neither WER nor which words are missing.
    """

    words: ClassVar[bool]

    def spell(self, text: str) -> str: ...

    def transcribe(self, wav: Float[Tensor, " N"], sample_rate: int) -> str: ...


class Heard:
    """What recognisers have in common: silence says nothing, and words are words."""

    told: ClassVar[str] = ""
    silent: ClassVar[str] = ""
    words: ClassVar[bool] = True

    def spell(self, text: str) -> str:
        return text

    def judge(self, wav: Float[Tensor, " N"], sample_rate: int) -> str:
        return self.transcribe(wav, sample_rate)


@dataclass(frozen=True)
class Sphinx(Heard):
    """pocketsphinx with its own US English model and default settings: a `tts.types.Recogniser`.

    Utterances are given whole, which normalises the cepstrum over the utterance: what is heard then does not depend
    on what was heard before.
    """

    def identity(self) -> str:
        return f"pocketsphinx {installed('pocketsphinx')}, whole utterances"

    @cached_property
    def decoder(self) -> Any:
        from pocketsphinx import Decoder

        return Decoder(samprate=RATE, loglevel="FATAL")

    def transcribe(self, wav: Float[Tensor, " N"], sample_rate: int) -> str:
        self.decoder.start_utt()
        self.decoder.process_raw(to_pcm(wav, sample_rate).tobytes(), full_utt=True)
        self.decoder.end_utt()
        heard = self.decoder.hyp()
        return heard.hypstr if heard else ""


@dataclass(frozen=True)
class Whisper(Heard):
    """A Whisper model in CTranslate2's format, from a folder on this machine, by faster-whisper: greedy, English.

    Greedy and without the text before, so that what is heard does not depend on chance or on other sentences.
    """

    folder: Path
    files: ClassVar[tuple[str, ...]] = ("model.bin", "tokenizer.json")  # a tokenizer that lacks is looked for elsewhere

    @property
    def missing(self) -> list[str]:
        """What a folder needs to be a model and lacks."""
        return [name for name in self.files if not (self.folder / name).is_file()]

    def identity(self) -> str:
        if self.missing:
            needs = " and ".join(self.files)
            raise ValueError(f"no Whisper model in {self.folder}: give a folder with {needs}, as faster-whisper has it")
        return f"faster-whisper {installed('faster-whisper')}, {self._fingerprint}"

    @cached_property
    def _fingerprint(self) -> str:  # of gigabytes, asked for once per recording
        return fingerprint(self.folder / "model.bin")

    @cached_property
    def model(self) -> Any:
        from faster_whisper import WhisperModel

        return WhisperModel(str(self.folder), device="auto", cpu_threads=1, local_files_only=True)

    def transcribe(self, wav: Float[Tensor, " N"], sample_rate: int) -> str:
        samples = to_pcm(wav, sample_rate).astype(np.float32) / 32768
        options = {"beam_size": 1, "temperature": 0.0, "condition_on_previous_text": False}
        segments, _ = self.model.transcribe(samples, language="en", **options)
        return " ".join(segment.text.strip() for segment in segments)


@dataclass(frozen=True)
class CodecCtc(Heard):
    """The CTC head of a codec trained here, hearing phones: the best path, repeats and blanks removed.

    Graves et al. 2006, section 3.2. It hears sounds and no words, as it was trained, and without a language model it
    hears none that are not there. Never judge with the codec that made the codes: its head hears its own mistakes as
    right.
    """

    path: Path
    words: ClassVar[bool] = False

    def identity(self) -> str:
        return f"CTC head of dvae {fingerprint(self.path)}" if self.path.is_file() else self._missing()

    def _missing(self) -> str:
        raise ValueError(f"no codec at {self.path}: give a dvae.safetensors with a CTC head")

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
        """As phones in one pair of braces, for where a word ends cannot be heard."""
        ids = self.tokenizer.encode(text)
        return self.tokenizer.decode([id for id in ids if id not in self.tokenizer.silent_ids])

    @torch.inference_mode()
    def transcribe(self, wav: Float[Tensor, " N"], sample_rate: int) -> str:
        net, audio = self.loaded.net, self.loaded.audio
        wav = resample(wav, sample_rate, audio.sample_rate)
        mel = net.log_mel.measure(wav[None], torch.tensor([len(wav)]))
        best = net(mel).ctc[0].argmax(-1).unique_consecutive()
        return phones(self.tokenizer, best[best > 0].tolist())


@dataclass(frozen=True)
class Gpt(Heard):
    """The GPT of a folder of weights, listening to the codes of a wave: greedy p(text | codes), in phones.

    Independent of the recognisers above, but no stranger to what it spoke itself: use it beside another one.
    """

    folder: Path

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
        return phones(self.tokenizer, self.tokenizer.encode(text))

    @torch.inference_mode()
    def transcribe(self, wav: Float[Tensor, " N"], sample_rate: int) -> str:
        wav = resample(wav, sample_rate, self.codec.audio.sample_rate)
        codes: Codes = self.codec.encode(wav[None], torch.tensor([len(wav)]))
        (ids,) = self.loaded.net.transcribe(codes, ((codes.length - MARGIN) / PACE).round().long().clamp_min(1))
        # The GPT has room for more text ids than its tokenizer uses.
        return phones(self.tokenizer, [id for id in ids if id < self.tokenizer.vocab_size])


@dataclass(frozen=True)
class Aligner:
    """pocketsphinx told what was said, to find when: whether the wave holds all the words, and speech besides them.

    Words without a place in the wave leave the search no path to the end. Speech without a place in the words is put
    down as silence, which its loudness betrays. Words that pocketsphinx does not know are left out, and then nothing
    besides can be told from them.
    """

    told: ClassVar[str] = "text"
    silent: ClassVar[dict[str, Any]] = {"whole": False, "stray": 0.0}

    def identity(self) -> str:
        return f"pocketsphinx {installed('pocketsphinx')}, aligned to the words"

    @cached_property
    def decoder(self) -> Any:
        from pocketsphinx import Decoder

        return Decoder(samprate=RATE, loglevel="FATAL", lm=None)

    def judge(self, wav: Float[Tensor, " N"], sample_rate: int, text: str) -> dict[str, Any]:
        said = words(text)
        known = [word for word in said if self.decoder.lookup_word(word)]
        if not known:
            return UNREAD
        pcm = to_pcm(wav, sample_rate)
        self.decoder.set_align_text(" ".join(known))
        self.decoder.start_utt()
        self.decoder.process_raw(pcm.tobytes(), full_utt=True)
        self.decoder.end_utt()
        found = list(self.decoder.seg()) if self.decoder.hyp() else []
        spoken = [segment for segment in found if segment.word[0] not in "<["]  # neither silence nor noise
        if len(spoken) < len(known):
            return {"whole": False, "stray": 0.0}
        frame = RATE // 100
        power = np.square(pcm[: len(pcm) // frame * frame].reshape(-1, frame).astype(np.float64)).mean(1)
        outside = np.ones(len(power), bool)
        for segment in spoken:
            outside[segment.start_frame : segment.end_frame + 1] = False
        stray = (outside & (power > LOUD * power.max())).sum() / 100
        return {"whole": True, "stray": float(stray) if len(known) == len(said) else 0.0}


def phones(tokenizer: Any, ids: list[int]) -> str:
    """Ids as phones in braces, a group for each word; whatever makes no sound parts words."""
    groups = groupby(ids, key=lambda id: id in tokenizer.silent_ids)
    return " ".join(tokenizer.decode(list(group)) for silent, group in groups if not silent)


def installed(package: str) -> str:
    """Its version. Raises ValueError that says how to get it."""
    try:
        return version(package)
    except PackageNotFoundError:
        raise ValueError(f"{package} judges, and is not installed: run with `uv run --group judge`") from None


def choose(name: str, weights: Path) -> Listener:
    """A recogniser by name: sphinx, whisper=FOLDER, ctc or ctc=FILE, gpt or gpt=FOLDER."""
    kind, _, where = name.partition("=")
    if kind == "sphinx" and not where:
        return Sphinx()
    if kind == "whisper" and where:
        return Whisper(Path(where))
    if kind == "ctc":
        return CodecCtc(Path(where) if where else weights / "dvae.safetensors")
    if kind == "gpt":
        return Gpt(Path(where) if where else weights)
    raise ValueError(f"no recogniser {name!r}: use sphinx, whisper=FOLDER, ctc, ctc=FILE, gpt or gpt=FOLDER")
