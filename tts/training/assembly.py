"""A configuration becomes what a training is made of: net, tokenizer, stage and data."""

from dataclasses import dataclass
from typing import Any

import lightning as L
import torch
from hydra.utils import get_class, instantiate
from omegaconf import DictConfig, OmegaConf

from tts.checkpoint import build, warm_start
from tts.text.tokenizer import Tokenizer
from tts.training.config import check, parameters
from tts.training.parallel import arrange
from tts.training.stage import Stage
from tts.types import AudioConfig


@dataclass(frozen=True)
class Parts:
    """What a training is made of, but for the trainer."""

    spec: dict  # of the net
    tokenizer: Tokenizer
    stage: Stage
    data: L.LightningDataModule


def assemble(cfg: DictConfig) -> Parts:
    """Build net, stage and data; the same configuration gives the same weights. Unknown keys are a ValueError."""
    check(OmegaConf.to_container(cfg, resolve=True))
    L.seed_everything(cfg.seed, workers=True, verbose=False)
    torch.set_float32_matmul_precision("high")
    audio = AudioConfig(**OmegaConf.to_container(cfg.audio, resolve=True))
    spec = OmegaConf.to_container(cfg.model, resolve=True)
    tokenizer = build(OmegaConf.to_container(cfg.text, resolve=True), audio)
    net = build(spec, audio)
    if cfg.start:
        fresh = warm_start(net, cfg.start)
        print(f"starting from {cfg.start}" + (f", but for {', '.join(fresh)}" if fresh else ""))
    arrange(net, recompute=cfg.recompute, compile=cfg.compile)
    stage = make(cfg.stage, net=net, audio=audio, tokenizer=tokenizer)
    data = make(cfg.data, audio=audio, tokenizer=tokenizer)
    return Parts(spec, tokenizer, stage, data)


def make(cfg: DictConfig, **objects) -> Any:
    """What conf names, given whichever of the objects its constructors ask for."""
    wanted = parameters(get_class(cfg._target_))
    # Partial first: Hydra would turn an AudioConfig among the arguments into a DictConfig.
    constructor = instantiate(cfg, _partial_=True, _convert_="all")
    return constructor(**{name: value for name, value in objects.items() if name in wanted})
