"""Which engine speaks: torch or nets that were exported. Imports neither before it loads.

Exported nets are faster on processors (docs/speed.md), torch is for GPUs, for training and for what only it can do.
"""

import ctypes
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tts.cli import UsageError
from tts.export.about import COMMAND, FOLDER, family_in, read_about
from tts.files import fingerprint
from tts.records import NETS
from tts.settings import ROOT, compose

if TYPE_CHECKING:
    from tts.synthesis.speaking import Speaking
    from tts.text.tokenizer import Tokenizer

ENGINES = "auto, torch, onnx, or onnx=FOLDER"
WITHOUT = "without --only-group speak"


@dataclass(frozen=True, kw_only=True)
class Nets:
    """Which nets speak, and on what."""

    weights: Path  # a folder
    export: Path | None  # of those or of other weights, which speaks instead; None: torch speaks
    device: str
    threads: int
    batch: int = 1  # sentences that share the steps of the GPT
    language: str | None = None  # in which texts are read; None: that of the weights
    advice: str | None = None  # what would make speaking faster here

    @classmethod
    def chosen(cls, conf: Mapping[str, Any], *, given: bool = False, tuned: bool = False) -> "Nets":
        """Those of conf/infer.yaml. `given` says that the user chose the weights, `tuned` that the voice changes them.

        Raises UsageError for an engine that is none or a device that it does not know, and ValueError for one that is
        not installed, and for an export that is not whole or is of other weights than those that were given.
        """
        weights, engine = Path(conf["weights"]), conf.get("engine", "auto")
        if engine == "auto" and (tuned or needs_torch(conf)):
            engine = "torch"
        export = chosen_export(engine, weights, given)
        advice = _advice(weights) if engine == "auto" and not export else None
        if export and conf["device"] not in ("auto", "cpu"):
            raise UsageError(f"exported nets speak on the processor: leave --device {conf['device']} out")
        device = "cpu" if export else conf["device"]
        shared = conf.get("batch", 1)
        return cls(weights=weights, export=export, device=device, threads=conf["threads"], batch=shared, advice=advice)

    @property
    def engine(self) -> str:
        """The engine as a setting."""
        return f"onnx={self.export.resolve()}" if self.export else "torch"

    def placed(self) -> "Nets":
        """On the device that `auto` stands for. Raises ValueError for a device that is not here."""
        if self.export:
            return self
        from tts.synthesis.pipeline import pick_device

        return replace(self, device=str(pick_device(self.device)))

    def load(self) -> "Speaking":
        """The engine, ready to speak."""
        speech = self._loaded()
        speech.share_steps(self.batch)
        if self.language:
            speech.read_with(speech.tokenizer.reading(self.language))
        return speech

    def _loaded(self) -> "Speaking":
        if self.export:
            from tts.engine.engine import OnnxEngine
            from tts.engine.nets import OnnxNets

            return OnnxEngine(OnnxNets(self.export, self.threads))
        import torch

        from tts.synthesis.pipeline import TextToSpeech

        torch.set_num_threads(self.threads)
        return TextToSpeech.load(self.weights, self.device)

    def tokenizer(self) -> "Tokenizer":
        """What the GPT reads with."""
        from tts.synthesis.explain import TOKENIZERS, tokenizer_of

        if not self.export:
            return tokenizer_of(self.weights)
        spec = dict(self._about["text"])
        return TOKENIZERS[spec.pop("name")](**spec)

    def sample_rate(self) -> int:
        """In Hz."""
        from tts.synthesis.explain import sample_rate_of

        return self._about["audio"]["sample_rate"] if self.export else sample_rate_of(self.weights)

    def speaker_fingerprint(self) -> str:
        """Of the two nets that know speakers."""
        if self.export:
            return self._about["fingerprint"]
        from tts.synthesis.pipeline import speaker_fingerprint

        return speaker_fingerprint(self.fingerprints())

    def fingerprints(self) -> dict[str, str] | str:
        """Of all nets: equal ones speak alike."""
        if self.export:
            return self._about["weights"]
        return {name: fingerprint(self.weights / f"{name}.safetensors") for name in NETS}

    def arithmetic(self) -> tuple[object, ...]:
        """How the nets are computed, which changes what is said a little."""
        if self.export:
            return "onnx", self._about["format"], self._about["eight_bits"], self.threads
        import torch

        from tts.nn import fast_dtype

        device = torch.device(self.device)
        return device.type, str(fast_dtype(device)), self.threads

    @cached_property
    def _about(self) -> dict[str, Any]:
        return read_about(self.export)


def chosen_export(engine: str, weights: Path, given: bool) -> Path | None:
    """The folder of the export that speaks, None for torch. `given` says that the user chose the weights.

    `auto` is the export of these weights if there is one, else torch if it is installed. Raises ValueError for an
    engine that is none or is not installed, and for an export that is not whole or is of other weights. Whoever gives
    the folder of an export and no weights means what is in it.
    """
    name, _, folder = engine.partition("=")
    if name not in ("auto", "torch", "onnx") or (folder and name != "onnx"):
        raise UsageError(f"no engine {engine!r}: give {ENGINES}")
    torch = find_spec("torch") is not None
    if name == "torch" and not torch:
        raise ValueError(f"torch is not installed: run {WITHOUT}, or leave --engine out")
    if name == "torch" or (name == "auto" and torch and stale(FOLDER, weights)):
        return None
    if find_spec("onnxruntime") is None:
        raise ValueError("onnxruntime is not installed: run with `uv run --only-group speak`, or leave --engine out")
    export = Path(folder).expanduser() if folder else FOLDER
    about = read_about(export)
    if (given or not folder) and family_in(weights) not in (None, about["weights"]):
        raise ValueError(f"{export} is of other weights than {weights}: export those, with {COMMAND}")
    return export


def needs_torch(conf: Mapping[str, Any]) -> bool:
    """Whether torch is here and these settings ask for what it alone can do, or for a GPU, on which it is faster."""
    if find_spec("torch") is None:
        return False
    on_processor = conf["device"] == "cpu" or (conf["device"] == "auto" and not has_gpu())
    return not on_processor or conf["sampler"] != "euler"


def stale(export: Path, weights: Path) -> str | None:
    """Why an export cannot speak for these weights; None if it can."""
    if find_spec("onnxruntime") is None:
        return "onnxruntime is not installed"
    try:
        about = read_about(export)
    except ValueError as error:
        return str(error)
    return None if family_in(weights) == about["weights"] else f"{export} is of other weights than {weights}"


def _advice(weights: Path) -> str:
    """How to get an export for these weights, and what is wrong with the one that is there."""
    given = "" if weights.resolve() == (ROOT / compose([])["weights"]).resolve() else f" --weights {weights}"
    how = f"exported nets are faster here: make them once, with {COMMAND[:-1]}{given}`"
    return f"{stale(FOLDER, weights)}; {how}" if FOLDER.is_dir() else how


def has_gpu() -> bool:
    """Whether this machine has a CUDA GPU that works, as its driver says; torch takes seconds to say the same."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int(0)
        return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
    except (OSError, AttributeError):
        return False
