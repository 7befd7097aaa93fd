"""Train one of the four nets: `uv run train.py stage=dvae|gpt|diffusion|vocoder data.path=SHARDS`.

Hydra composes conf/train.yaml, Lightning runs it. Give a run a name (`run=NAME`) and the same command
continues it where it stopped; its folder runs/STAGE/NAME holds config, checkpoints, curves, pictures,
sounds and net.safetensors.
"""

import logging
import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("WDS_SECURE", "1")  # shards are untrusted: no shell pipes in webdataset

import hydra
import lightning as L
import torch
from hydra.errors import HydraException
from hydra.utils import get_class, instantiate
from lightning.pytorch.utilities import rank_zero_only
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from data.remote import manifest
from tts.audio import AudioConfig
from tts.checkpoint import build, warm_start, whole
from tts.text.tokenizer import Tokenizer
from tts.training.accounting.record import record
from tts.training.callbacks import Export, revision
from tts.training.checkpoints import newest
from tts.training.config import check, parameters
from tts.training.distributed import meet_anew
from tts.training.guard import Rollback, set_aside
from tts.training.parallel import arrange
from tts.training.stage import Stage

log = logging.getLogger(__name__)


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(cfg: DictConfig) -> None:
    try:
        train(cfg)
    except (ValueError, OSError, HydraException, OmegaConfBaseException) as error:
        sys.exit(f"train.py: error: {error}")


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


def train(cfg: DictConfig) -> L.Trainer:
    """Train one net to the end; a run of the same name is resumed."""
    while True:
        try:
            return fit(cfg)
        except Rollback as back:
            log.warning(back)


def fit(cfg: DictConfig) -> L.Trainer:
    """Compose, fit and export one net, from the newest checkpoint of its run if there is one.

    Raises Rollback when it must be done again from there.
    """
    cfg.id = identity(Path(cfg.dir))
    parts = assemble(cfg)
    stage, data = parts.stage, parts.data
    data.aside = set_aside(Path(cfg.guard.path))
    meet_anew()
    trainer = instantiate(cfg.trainer, _convert_="all")
    if trainer.is_global_zero:
        record(Path(cfg.dir), config=OmegaConf.to_yaml(cfg, resolve=True), seed=cfg.seed, data=manifest(cfg.data.path))
    for callback in trainer.callbacks:
        if isinstance(callback, Export):
            callback.spec = parts.spec
            callback.extra = {"text": parts.tokenizer.spec()}
            callback.provenance = {
                "run": cfg.dir,
                "start": cfg.start,
                "seed": cfg.seed,
                "revision": revision(),
                "torch": torch.__version__,
                "data": data.provenance(),
                "licence": cfg.licence,
            }
    trainer.fit(stage, datamodule=data, ckpt_path=newest(Path(cfg.checkpoints.folder)), weights_only=True)
    return trainer


def identity(folder: Path) -> str:
    """The id under which a run logs: drawn when it begins, kept in its folder, so that loggers go on when it does."""
    path = folder / "id"
    if not path.is_file() and rank_zero_only.rank == 0:
        with whole(path) as file:
            file.write(secrets.token_hex(4).encode())
    return path.read_text() if path.is_file() else ""


def make(cfg: DictConfig, **objects) -> Any:
    """What conf names, given whichever of the objects its constructors ask for."""
    wanted = parameters(get_class(cfg._target_))
    # Partial first: Hydra would turn an AudioConfig among the arguments into a DictConfig.
    constructor = instantiate(cfg, _partial_=True, _convert_="all")
    return constructor(**{name: value for name, value in objects.items() if name in wanted})


if __name__ == "__main__":
    main()
