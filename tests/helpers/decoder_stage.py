"""A nano decoder in training, and what it needs."""

from pathlib import Path

import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from tts.checkpoint import build, export
from tts.types import AudioConfig, Batch


def conf(path: str) -> dict:
    return OmegaConf.to_container(OmegaConf.load(f"conf/{path}.yaml"))


def export_codec(path: Path) -> Path:
    """The file of an untrained codec."""
    audio, spec = AudioConfig(**conf("audio/24khz")), conf("model/dvae/nano")
    torch.manual_seed(0)
    export(path, build(spec, audio), spec=spec, audio=audio, provenance={}, extra={})
    return path


def make_stage(codec: Path, *, net=None, **changes):
    """A stage of conf/stage/diffusion.yaml with some settings changed."""
    audio, spec = AudioConfig(**conf("audio/24khz")), conf("model/diffusion/nano")
    raw = {**conf("stage/diffusion"), "codec": str(codec), **changes}
    raw["schedule"]["steps"] = 100  # resolved by the trainer's conf otherwise
    torch.manual_seed(0)
    stage = instantiate(raw, _partial_=True, _convert_="all")  # Hydra would turn the dataclass `audio` into a dict
    return stage(net=net or build(spec, audio), audio=audio, tokenizer=build(conf("text/english"), audio))


def make_batch() -> Batch:
    """Two clips of noise, of two lengths."""
    generator = torch.Generator().manual_seed(0)
    wav = 0.1 * torch.randn(2, 20000, generator=generator)
    wav[1, 15000:] = 0.0
    return Batch(
        keys=["a", "b"],
        speakers=["x", "y"],
        text=torch.zeros(2, 1, dtype=torch.long),
        text_len=torch.zeros(2, dtype=torch.long),
        wav=wav,
        wav_len=torch.tensor([20000, 15000]),
        reference=0.1 * torch.randn(2, 12000, generator=generator),
        reference_len=torch.tensor([12000, 9000]),
    )
