"""Adapts a configuration to this machine and builds the parts of a training from it: net, tokenizer, stage, data."""

import logging
import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning as L
import torch
from hydra.utils import get_class, instantiate
from omegaconf import DictConfig, OmegaConf

from tts.checkpoint import build, warm_start
from tts.nn import fast_dtype
from tts.text.tokenizer import Tokenizer
from tts.training.config import check, parameters
from tts.training.parallel import arrange
from tts.training.stage import Stage
from tts.types import AudioConfig

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Parts:
    """The parts of a training, without the trainer."""

    spec: dict  # from which `tts.checkpoint` rebuilds the net
    tokenizer: Tokenizer
    stage: Stage
    data: L.LightningDataModule


def assemble(cfg: DictConfig) -> Parts:
    """Build net, stage and data. Equal configurations give equal weights. Raises ValueError for unknown keys."""
    check(OmegaConf.to_container(cfg, resolve=True))
    L.seed_everything(cfg.seed, workers=True, verbose=False)
    torch.set_float32_matmul_precision("high")
    audio = AudioConfig(**OmegaConf.to_container(cfg.audio, resolve=True))
    spec = OmegaConf.to_container(cfg.model, resolve=True)
    tokenizer = build(OmegaConf.to_container(cfg.text, resolve=True), audio)
    net = build(spec, audio)
    if cfg.start:
        fresh = warm_start(net, cfg.start, tokenizer)
        print(f"starting from {cfg.start}" + (f", except {', '.join(fresh)}" if fresh else ""))
    arrange(net, recompute=cfg.recompute, compile=cfg.compile)
    stage = make(cfg.stage, net=net, audio=audio, tokenizer=tokenizer)
    data = make(cfg.data, audio=audio, tokenizer=tokenizer)
    return Parts(spec, tokenizer, stage, data)


def make(cfg: DictConfig, **objects) -> Any:
    """Instantiate the class that `cfg` names. It gets those of the objects that its constructor takes."""
    wanted = parameters(get_class(cfg._target_))
    # The objects are passed later, because Hydra would turn an AudioConfig among its arguments into a DictConfig.
    constructor = instantiate(cfg, _partial_=True, _convert_="all")
    return constructor(**{name: value for name, value in objects.items() if name in wanted})


def adapt(cfg: DictConfig) -> None:
    """Set precision and threads in `cfg` where they are `auto`, and tell torch how many threads to use."""
    first = Path(cfg.dir) / "starts/0001/config.yaml"  # exists if the run has begun
    begun = OmegaConf.load(first).trainer.precision if first.is_file() else None
    if cfg.trainer.precision == "auto":
        cfg.trainer.precision = begun or fast_precision(cfg.trainer.accelerator)
    elif begun and cfg.trainer.precision != begun:
        log.warning(f"the run began with trainer.precision={begun} and continues with {cfg.trainer.precision}")
    if cfg.threads == "auto":
        ranks = cfg.trainer.devices if isinstance(cfg.trainer.devices, int) else 1
        cfg.threads = spare_threads(cores=_cores(), busy=_busy(), ranks=max(1, ranks))
    if cfg.threads < 1:
        raise ValueError(f"threads is {cfg.threads}: give 1 or more, or auto")
    torch.set_num_threads(cfg.threads)
    if cfg.trainer.strategy != "auto":  # Lightning's launcher of several processes sets the threads again without this
        os.environ["OMP_NUM_THREADS"] = str(cfg.threads)


def fast_precision(accelerator: str) -> str:
    """Lightning's name of the precision that is fastest on the device that this accelerator finds."""
    gpu = accelerator in ("auto", "gpu", "cuda") and torch.cuda.is_available()
    if fast_dtype(torch.device("cuda" if gpu else "cpu")) == torch.bfloat16:
        return "bf16-mixed"
    return "16-mixed" if gpu else "32-true"


def spare_threads(*, cores: int, busy: float, ranks: int) -> int:
    """The number of threads for each rank on this machine: OMP_NUM_THREADS if set, else its part of the free cores.

    The threads of a matrix product wait for each other. If one of them shares its core with another process, all of
    them are slowed down.
    """
    if os.environ.get("OMP_NUM_THREADS", "").isdigit():
        return int(os.environ["OMP_NUM_THREADS"])
    others = max(0.0, busy - (ranks - 1))  # the other ranks get a part of their own
    return max(1, int(cores - others + 0.5) // ranks)


def _cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _busy() -> float:
    """The number of other threads that are running on this machine now; 0 if the system does not say."""
    load = Path("/proc/loadavg")
    if not load.is_file():
        return 0.0
    counts = []
    for _ in range(10):
        counts.append(int(load.read_text().split()[3].partition("/")[0]) - 1)  # without this thread
        time.sleep(0.03)
    return statistics.median(counts)
