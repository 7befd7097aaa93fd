"""Train a net: `uv run train.py stage=dvae|gpt|diffusion|vocoder|speaker|hubert data.path=SHARDS`.

Hydra composes the configuration from conf/train.yaml, and Lightning runs the training. If a run has a name
(`run=NAME`), the same command resumes it where it stopped. Its folder runs/STAGE/NAME holds config, checkpoints,
curves, pictures, sounds and net.safetensors.
"""

import logging
import os
import secrets
import sys
from pathlib import Path

os.environ.setdefault("WDS_SECURE", "1")  # forbids shell pipes in webdataset, as shards are untrusted

import hydra
import lightning as L
import torch
from hydra.errors import HydraException
from hydra.utils import instantiate
from lightning.pytorch.utilities import rank_zero_only
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from data.remote import manifest
from tts.cli import run_as_program
from tts.files import whole
from tts.provenance import revision
from tts.training.accounting.record import record
from tts.training.assembly import adapt, assemble
from tts.training.checkpoints import newest
from tts.training.distributed import meet_anew
from tts.training.export import Export
from tts.training.guard import Rollback, set_aside

log = logging.getLogger(__name__)


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(cfg: DictConfig) -> None:
    try:
        train(cfg)
    except (ValueError, OSError, HydraException, OmegaConfBaseException) as error:
        sys.exit(f"train.py: error: {error}")


def train(cfg: DictConfig) -> L.Trainer:
    """Train a net to the end. An earlier run of the same name is resumed."""
    while True:
        try:
            return fit(cfg)
        except Rollback as back:
            log.warning(back)


def fit(cfg: DictConfig) -> L.Trainer:
    """Build, train and export a net, starting from the newest checkpoint of its run if there is one.

    Raises Rollback if the run must be resumed from that checkpoint.
    """
    cfg.id = identity(Path(cfg.dir))
    adapt(cfg)
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
            callback.extra = {"text": parts.tokenizer.spec(), **stage.about()}
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
    """The id of a run in its loggers. It is drawn once and kept in the run's folder, so that a resumed run keeps it."""
    path = folder / "id"
    if not path.is_file() and rank_zero_only.rank == 0:
        with whole(path) as file:
            file.write(secrets.token_hex(4).encode())
    return path.read_text() if path.is_file() else ""


if __name__ == "__main__":
    run_as_program(main)
