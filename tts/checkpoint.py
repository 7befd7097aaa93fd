"""Nets as files: safetensors whose header holds the spec that rebuilds the net, and nothing that can execute.

A spec is a plain dict with a `name` and constructor arguments (see docs/architecture.md). Names map to
our own classes through `TABLE`; a file can only choose among them.
"""

import inspect
import json
import os
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from tts.files import fingerprint, whole
from tts.types import AudioConfig

TABLE = {
    "dvae": "dvae.model:Dvae",
    "fsq": "dvae.quantize:FSQ",
    "ema_vq": "dvae.quantize:EmaVQ",
    "residual_vq": "dvae.quantize:ResidualVQ",
    "gumbel": "dvae.quantize:Gumbel",
    "encodec": "dvae.encodec:EncodecCodec",
    "tokens": "dvae.tokens:SpeechTokens",
    "mfcc": "dvae.mfcc:Mfcc",
    "hubert": "dvae.hubert:Hubert",
    "pretrained": "dvae.pretrained:Pretrained",
    "gpt": "gpt.model:GPT",
    "diffusion": "diffusion.model:DiffusionDecoder",
    "flow": "diffusion.process:FlowMatching",
    "jumps": "diffusion.process:Jumps",
    "reflow": "diffusion.process:Reflow",
    "edm": "diffusion.process:EDM",
    "ddpm": "diffusion.process:DDPM",
    "speaker": "speaker.model:SpeakerNet",
    "vocos": "vocoder.model:Vocos",
    "griffin_lim": "vocoder.griffin_lim:GriffinLim",
    "phonemes": "tts.text.tokenizer:PhonemeTokenizer",
    "sentencepiece": "tts.text.tokenizer:SentencePieceTokenizer",
}
FORMAT = "triforce-1"

# Arguments that older files carry and their nets take no more. `load` drops them.
RETIRED = {
    "diffusion": {"sampler"},  # chosen when a mel is sampled
}

# Arguments that older files lack, with the value that means what they mean.
ADDED = {
    "gpt": {"prosody": None, "guidance": 1.0},
}


@dataclass(frozen=True)
class Loaded:
    """A net in eval mode and everything its file says about it."""

    net: Any
    spec: dict
    audio: AudioConfig
    provenance: dict  # step, corpus, licence, code revision, ...
    extra: dict  # what else the net needs beside it, e.g. the tokenizer's spec
    fingerprint: str  # SHA-256 of the file


def build(spec: dict, audio: AudioConfig) -> Any:
    """Build the object that a spec names, nested specs first; `audio` goes to every constructor that asks for it."""
    arguments = {key: value for key, value in spec.items() if key != "name"}
    name = spec.get("name")
    if name not in TABLE:
        raise ValueError(f"unknown name {name!r} in a spec; known are {', '.join(TABLE)}")
    module, attribute = TABLE[name].split(":")
    cls = getattr(import_module(module), attribute)
    for key, value in arguments.items():
        if isinstance(value, dict) and "name" in value:
            arguments[key] = build(value, audio)
    if "audio" in inspect.signature(cls).parameters:
        arguments["audio"] = audio
    return cls(**arguments)


class Undrawn(TorchFunctionMode):
    """Within it, parameters are allocated and left as they are: nothing is drawn that a file is going to replace."""

    FILLS = {"uniform_", "normal_", "kaiming_uniform_", "zero_", "fill_"}

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func.__name__ in self.FILLS:
            filled = kwargs["tensor"] if "tensor" in kwargs else args[0]  # the first is how `nn.init` calls
            if isinstance(filled, nn.Parameter):
                return filled
        return func(*args, **kwargs)


def export(
    path: str | os.PathLike,
    net: nn.Module,
    *,
    spec: dict,
    audio: AudioConfig,
    provenance: dict,
    extra: dict,
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write a net, whole or not at all."""
    tensors = {
        key: value.detach().to("cpu", dtype if value.is_floating_point() else value.dtype).contiguous()
        for key, value in net.state_dict().items()
    }
    header = {"format": FORMAT, "spec": spec, "audio": asdict(audio), "provenance": provenance, "extra": extra}
    metadata = {key: json.dumps(value, sort_keys=True) for key, value in header.items()}
    with whole(path) as file:
        file.write(save(tensors, metadata))


def load(path: str | os.PathLike) -> Loaded:
    """Load a net strictly, in eval mode, as float32. Raises ValueError naming the file and what is wrong with it.

    Its float32 weights are those of the file, mapped and not copied: replace a file that is in use, never rewrite it.
    """
    header, tensors = read(path)
    audio = AudioConfig(**header["audio"])
    name = header["spec"].get("name")
    spec = ADDED.get(name, {}) | {
        key: value for key, value in header["spec"].items() if key not in RETIRED.get(name, ())
    }
    try:
        with Undrawn():
            net = build(spec, audio)
        own = net.state_dict()
        tensors = {key: value.to(own[key].dtype) if key in own else value for key, value in tensors.items()}
        net.load_state_dict(tensors, strict=True, assign=True)
    except (TypeError, RuntimeError) as error:
        raise ValueError(f"{path} does not fit this version of {spec.get('name')}: {error}") from None
    net.eval().requires_grad_(False)
    return Loaded(net, spec, audio, header["provenance"], header["extra"], fingerprint(path))


def read(path: str | os.PathLike) -> tuple[dict, dict[str, Tensor]]:
    """Header and tensors of a file that `export` wrote. Raises ValueError as `load` does."""
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"no checkpoint at {path}; train one with `uv run train.py stage=...` or give another folder")
    try:
        with safe_open(path, framework="pt") as file:
            header = {key: json.loads(value) for key, value in (file.metadata() or {}).items()}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is not a whole safetensors checkpoint of this project: {error}") from None
    if header.get("format") != FORMAT:
        raise ValueError(
            f"{path} has format {header.get('format')!r}, expected {FORMAT!r}: export it with this version"
        )
    return header, tensors


def warm_start(net: nn.Module, path: str | os.PathLike, tokenizer: Any = None) -> list[str]:
    """Begin from another run's weights: every tensor of the same name and shape; gives the names left as they were.

    A net that reads texts may have more ids than those weights: `widened` fits them to this tokenizer. Raises
    ValueError if the file has nothing for this net, or holds guidance that this net would not tell of.
    """
    header, there = read(path)
    held = header["spec"].get("guidance", 1.0)
    if held not in (1.0, getattr(net, "guidance", held)):
        raise ValueError(f"{path} holds guidance of {held}: set model.guidance={held}")
    if symbols := header["extra"].get("text", {}).get("symbols"):
        if hasattr(net, "widened") and hasattr(tokenizer, "origins"):
            there = net.widened(there, header["spec"]["text_vocab"], tokenizer.origins(symbols))
    here = net.state_dict()
    fits = {name: value for name, value in there.items() if name in here and here[name].shape == value.shape}
    if not fits:
        raise ValueError(f"{path} has no tensor that fits this {type(net).__name__}: give weights of the same stage")
    net.load_state_dict(fits, strict=False)
    return [name for name in here if name not in fits]
