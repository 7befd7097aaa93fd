"""Runs of train.py on nano nets, in this process or in one that can be killed."""

import json
import math
import multiprocessing
import os
import signal
from pathlib import Path

import lightning as L
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf, open_dict

import train
from dvae.stage import DvaeStage

CONF = Path(__file__).parents[2] / "conf"
STAGES = {  # and where each is
    "dvae": "dvae.stage",
    "hubert": "dvae.masked_stage",
    "gpt": "gpt.stage",
    "diffusion": "diffusion.stage",
    "vocoder": "vocoder.stage",
    "speaker": "speaker.stage",
}


def configure(*overrides: str, name: str = "train") -> DictConfig:
    with initialize_config_dir(version_base="1.3", config_dir=str(CONF)):
        return compose(name, list(overrides))


def quiet(cfg: DictConfig) -> DictConfig:
    """Without wandb, whose import takes longer than a nano run."""
    cfg.trainer.logger = cfg.trainer.logger[:1]
    return cfg


def nano_run(stage: str, shards: Path, codec: Path, folder: Path, *overrides: str, wandb: bool = False) -> DictConfig:
    """A run of the nano net of a stage, with everything that costs time made small."""
    special = {
        "dvae": [],
        "hubert": ["data.crop_seconds=1.0"],
        "gpt": [f"stage.codec={codec}"],
        "diffusion": [f"stage.codec={codec}", "data.crop_seconds=0.5", "stage.steps=1"],
        "speaker": ["data.crop_seconds=1.5", "data.new_speakers=false", "stage.seconds=[0.5,1.0]"],
        "vocoder": ["data.crop_seconds=0.4", "stage.adversarial_start=2", "stage.adversarial_every=1"],
    }
    cfg = configure(
        f"stage={stage}",
        f"model={stage}/nano",
        f"data.path={shards}",
        f"dir={folder}",
        "data.batch_seconds=8",
        "data.workers=0",
        "trainer.precision=32-true",
        "trainer.val_check_interval=2",
        "trainer.limit_val_batches=1",
        "trainer.max_steps=4",
        "stage.schedule.steps=100",
        "trainer.logger.1.offline=true",
        *special[stage],
        *overrides,
    )
    return cfg if wandb else quiet(cfg)


def bare_run(*arguments, trace: Path, kill_at: int = 0) -> DictConfig:
    """A nano run that only trains and saves, and writes down what it does; it may end itself with SIGKILL."""
    cfg = nano_run(*arguments)
    with open_dict(cfg):
        cfg.trainer.limit_val_batches = 0
        cfg.trainer.callbacks = [c for c in cfg.trainer.callbacks if "Showcase" not in str(c.get("_target_"))]
        cfg.trainer.callbacks.insert(0, {"_target_": "helpers.runs.Trace", "path": str(trace), "kill_at": kill_at})
    return cfg


class Trace(L.Callback):
    """One line a step: its number, the keys of its batch, its loss to the last bit. After one step, a signal."""

    def __init__(self, *, path: str, kill_at: int, kill_with: str = "KILL"):
        self.path = path
        self.kill_at = kill_at
        self.kill_with = signal.Signals[f"SIG{kill_with}"]

    def on_train_batch_end(self, trainer, stage, outputs, batch, index):
        with open(self.path, "a") as file:
            file.write(json.dumps([trainer.global_step, batch.keys, float(stage.watched).hex()]) + "\n")
        if trainer.global_step == self.kill_at:
            os.kill(os.getpid(), self.kill_with)


def traced(path: Path) -> list[list]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


def child(cfg: DictConfig) -> multiprocessing.Process:
    """`train.train(cfg)` in a process of its own, started; what it needs is imported once for all of them."""
    OmegaConf.resolve(cfg)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["train", "data.module", *STAGES.values()])
    process = context.Process(target=_train, args=(cfg,))
    process.start()
    return process


def _train(cfg: DictConfig) -> None:
    torch.set_num_threads(1)
    os.environ["WANDB_MODE"] = "disabled"
    train.train(cfg)


class Poisoned(DvaeStage):
    """Some clips make the loss what no loss should be."""

    def __init__(self, *, poison: dict[str, float], **common):
        super().__init__(**common)
        self.poison = poison

    def losses(self, batch):
        terms = super().losses(batch)
        if self.training:
            factor = math.prod(self.poison.get(key, 1.0) for key in batch.keys)
            terms["reconstruction"] = terms["reconstruction"] * factor
        return terms
