"""Processes that train one run together, as torchrun would start them."""

import multiprocessing
import os
import socket
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import torch
from lightning.pytorch.utilities import rank_zero_only

import train
from helpers import corpus
from helpers.runs import STAGES, configure, quiet
from tts.types import AudioConfig

STEPS = 3


def make_shards(folder: Path, audio: AudioConfig) -> Path:
    """Enough for two ranks to train on without an end of an epoch, and one batch to validate on."""
    clips = corpus.make_corpus(folder / "clips", clips=24)
    return corpus.make_shards(folder / "computed", audio, clips, val_share=0.05)


def overrides(shards: Path, folder: Path, *more: str, stage: str = "dvae") -> list[str]:
    """A run whose steps draw nothing, so that only the batches matter."""
    return [
        f"stage={stage}",
        f"model={stage}/nano",
        *(["stage.gain_jitter=0", "stage.shift=0"] if stage == "dvae" else []),
        f"data.path={shards}",
        f"dir={folder}",
        "run=x",
        "data.batch_seconds=4",
        "data.workers=0",
        "stage.schedule.steps=100",
        "trainer.precision=32-true",
        "trainer.num_sanity_val_steps=0",
        f"trainer.max_steps={STEPS}",
        *more,
    ]


def start(runs: list[list[str]], *, world: int) -> list[BaseProcess]:
    """Ranks that train one configuration after another; alone in the world, one is no rank."""
    return spread(train_all, runs, world=world)


def spread(work: Callable[..., None], *arguments, world: int) -> list[BaseProcess]:
    """Processes that each call a function of an importable module, with the environment that torchrun gives ranks."""
    # A server, as a fork of a process that has computed gradients cannot compute any.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["train", "data.module", *STAGES.values()])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    same = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(world),
        "LOCAL_WORLD_SIZE": str(world),
        "GROUP_RANK": "0",
        "GROUP_WORLD_SIZE": "1",
        "TORCHELASTIC_RUN_ID": "test",
    }
    processes = []
    for rank in range(world):
        environment = {**same, "RANK": str(rank), "LOCAL_RANK": str(rank)} if world > 1 else {}
        processes.append(context.Process(target=_enter, args=(environment, work, arguments)))
        processes[-1].start()
    return processes


def _enter(environment: dict[str, str], work: Callable[..., None], arguments: tuple) -> None:
    os.environ.update(environment)
    torch.set_num_threads(1)
    rank_zero_only.rank = int(environment.get("RANK", 0))  # as Lightning reads it when it is imported
    work(*arguments)


def train_all(runs: list[list[str]]) -> None:
    for overrides in runs:
        train.train(quiet(configure(*overrides)))
