"""Mean opinion scores that nets predict."""

import contextlib
import io
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from tts.judges.judge import RATE, Judge, Measure, installed, mean_of, to_array


@dataclass(frozen=True)
class Dnsmos(Judge):
    """DNSMOS P.835 (Reddy et al. 2022, arXiv 2110.01763): overall, signal and background on a scale of 1 to 5."""

    silent: ClassVar[dict[str, float]] = {"overall": 1.0, "signal": 1.0, "noise": 1.0}
    packages: ClassVar[tuple[str, ...]] = ("speechmos",)
    measures: ClassVar[Mapping[str, Measure]] = {
        "mos": Measure("DNSMOS overall, 1 to 5", *mean_of("overall"), 1, column="DNSMOS")
    }

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
        options.intra_op_num_threads = 1  # a process judges on each core, so more threads would only compete
        rater.onnx_sess, rater.p808_onnx_sess = (InferenceSession(path, options) for path in paths)
        return rater

    def judge(self, wav: Float[Tensor, " N"], sample_rate: int) -> dict[str, float]:
        rated = self.rater(to_array(wav, sample_rate), RATE, False)
        return {
            "overall": float(rated["ovrl_mos"]),
            "signal": float(rated["sig_mos"]),
            "noise": float(rated["bak_mos"]),
        }


@dataclass(frozen=True)
class DistillMos(Judge):
    """DistillMOS (Stahl and Gamper 2025, arXiv 2502.05356): a wav2vec 2.0 judge in a small net; 1 to 5."""

    silent: ClassVar[dict[str, float]] = {"overall": 1.0}
    packages: ClassVar[tuple[str, ...]] = ("distillmos",)
    measures: ClassVar[Mapping[str, Measure]] = {
        "distillmos": Measure("DistillMOS, 1 to 5", *mean_of("overall"), 1, column="DistillMOS")
    }

    def identity(self) -> str:
        return f"distillmos {installed('distillmos')}"

    @cached_property
    def rater(self) -> torch.nn.Module:
        from distillmos import ConvTransformerSQAModel

        with contextlib.redirect_stdout(io.StringIO()):  # it prints where its weights are
            return ConvTransformerSQAModel().eval()

    @torch.no_grad()
    def judge(self, wav: Float[Tensor, " N"], sample_rate: int) -> dict[str, float]:
        return {"overall": float(self.rater(torch.from_numpy(to_array(wav, sample_rate))[None]))}
