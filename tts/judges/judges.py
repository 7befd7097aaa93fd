"""Judges that measure: quality as DNSMOS rates it, whose voice it is, and how speech moves and pauses.

Each is a `tts.judges.panel.Judge`; what they say of a wave is kept, and means something beside recordings only.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tts.files import fingerprint
from tts.judges import acoustics
from tts.judges.compiled import resemblyzer
from tts.judges.panel import RATE, Judge, to_pcm
from tts.judges.recognisers import Aligner, Listener, installed

DIGITS = 5  # of an embedding's numbers


@dataclass(frozen=True)
class Dnsmos:
    """DNSMOS P.835 (Reddy et al. 2022, arXiv 2110.01763): overall, signal and background on a scale of 1 to 5."""

    told: ClassVar[str] = ""
    silent: ClassVar[dict[str, float]] = {"overall": 1.0, "signal": 1.0, "noise": 1.0}

    def identity(self) -> str:
        return f"speechmos {installed('speechmos')}, onnxruntime {installed('onnxruntime')}"

    @cached_property
    def rater(self) -> Any:
        from onnxruntime import InferenceSession, SessionOptions
        from speechmos.dnsmos import DNSMOS

        models = Path(sys.modules[DNSMOS.__module__].__file__).parent / "dnsmos_models"
        paths = str(models / "sig_bak_ovr.onnx"), str(models / "model_v8.onnx")
        rater = DNSMOS(*paths)
        options = SessionOptions()
        options.intra_op_num_threads = 1  # there is a judge for each core; threads of their own would only jostle
        rater.onnx_sess, rater.p808_onnx_sess = (InferenceSession(path, options) for path in paths)
        return rater

    def judge(self, wav: Float[Tensor, " N"], sample_rate: int) -> dict[str, float]:
        rated = self.rater(to_pcm(wav, sample_rate).astype(np.float32) / 32768, RATE, False)
        return {
            "overall": float(rated["ovrl_mos"]),
            "signal": float(rated["sig_mos"]),
            "noise": float(rated["bak_mos"]),
        }


@dataclass(frozen=True)
class Resemblyzer:
    """Whose voice it is, as 256 numbers of length 1: the GE2E encoder (Wan et al. 2018, arXiv 1710.10467)."""

    told: ClassVar[str] = ""
    silent: ClassVar[None] = None

    def identity(self) -> str:
        return f"resemblyzer {installed('resemblyzer')}"

    @cached_property
    def encoder(self) -> Any:
        return resemblyzer().VoiceEncoder("cpu", verbose=False)

    def judge(self, wav: Float[Tensor, " N"], sample_rate: int) -> list[float] | None:
        # Trims long silence and sets the level, as the encoder was trained.
        heard = resemblyzer().preprocess_wav(to_pcm(wav, sample_rate).astype(np.float32) / 32768, RATE)
        return unit(self.encoder.embed_utterance(heard)) if len(heard) else None


@dataclass(frozen=True)
class Embedding:
    """Any other net that knows voices: a TorchScript file that turns a wave (1, N) at 16 kHz into numbers (1, D).

    TorchScript is a program: run only files from people you trust.
    """

    path: Path
    told: ClassVar[str] = ""
    silent: ClassVar[None] = None

    def identity(self) -> str:
        if not self.path.is_file():
            raise ValueError(f"no embedding net at {self.path}: give a TorchScript file, or resemblyzer")
        return f"embedding net {fingerprint(self.path)}"

    @cached_property
    def net(self) -> torch.nn.Module:
        try:
            return torch.jit.load(str(self.path), map_location="cpu").eval()
        except RuntimeError as error:
            raise ValueError(f"{self.path} is no TorchScript file: {str(error).splitlines()[0]}") from None

    @torch.inference_mode()
    def judge(self, wav: Float[Tensor, " N"], sample_rate: int) -> list[float] | None:
        heard = torch.from_numpy(to_pcm(wav, sample_rate).astype(np.float32) / 32768)
        return unit(self.net(heard[None])[0].numpy())


@dataclass(frozen=True)
class Prosody:
    """How a wave speaks: `tts.judges.acoustics.Prosody` as a dictionary."""

    told: ClassVar[str] = ""
    silent: ClassVar[dict[str, Any]] = acoustics.SILENT.data()

    def identity(self) -> str:
        return f"{acoustics.identity()}, prosody"

    def judge(self, wav: Float[Tensor, " N"], sample_rate: int) -> dict[str, Any]:
        return acoustics.prosody(_track(as_array(wav, sample_rate).tobytes())).data()


@dataclass(frozen=True)
class Likeness:
    """How far a wave is from the recording of the same words: `tts.judges.acoustics.Likeness` as a dictionary."""

    told: ClassVar[str] = "recording"
    silent: ClassVar[None] = None

    def identity(self) -> str:
        return f"{acoustics.identity()}, likeness"

    def judge(
        self, wav: Float[Tensor, " N"], sample_rate: int, recording: Float[Tensor, " K"]
    ) -> dict[str, float | None] | None:
        ours, truth = (_track(as_array(wave, sample_rate).tobytes()) for wave in (wav, recording))
        return acoustics.likeness(ours, truth).data()


@lru_cache(maxsize=16)  # two judges ask about one wave, and takes of one sentence come one after another
def _track(samples: bytes) -> acoustics.Track:
    return acoustics.track(np.frombuffer(samples, np.float32))


def as_array(wav: Float[Tensor, " N"], sample_rate: int) -> Float[np.ndarray, " K"]:
    return to_pcm(wav, sample_rate).astype(np.float32) / 32768


def unit(values: np.ndarray) -> list[float] | None:
    """Scaled to length 1; None for what has no direction."""
    values = np.asarray(values, np.float64)
    length = np.linalg.norm(values)
    if not np.isfinite(length) or length < 1e-9:
        return None
    return [round(float(value), DIGITS) for value in values / length]


NAMES = ("heard", "aligned", "mos", "voice", "prosody", "likeness")


def convene(names: list[str], *, listener: Listener, embedding: str) -> Mapping[str, Judge]:
    """The judges of these names; whoever hears and whoever knows voices may be chosen."""
    if unknown := [name for name in names if name not in NAMES]:
        raise ValueError(f"no judge {unknown[0]!r}: choose from {', '.join(NAMES)}")
    voice = Resemblyzer() if embedding == "resemblyzer" else Embedding(Path(embedding))
    judges = dict(zip(NAMES, (listener, Aligner(), Dnsmos(), voice, Prosody(), Likeness()), strict=True))
    return {name: judge for name, judge in judges.items() if name in names}
