"""Several processes train one run: how the ranks meet, and how they notice that one of them is gone."""

import os
import socket

import lightning as L
from torch import distributed
from torch.distributed import TCPStore

from tts.training.heartbeat import LOST, Heartbeat
from tts.training.stage import Stage


def meet_anew() -> None:
    """Under torchrun, lets ranks find each other at a store of their own whenever they are started.

    torchrun's store outlives them, and what was left there leads the ranks of the next start to sockets that are gone
    (https://github.com/pytorch/pytorch/issues/135712).
    """
    if os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True" or distributed.is_initialized():
        return
    store = TCPStore(os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]), is_master=False)
    place = f"store/{os.environ['TORCHELASTIC_RESTART_COUNT']}"
    if os.environ["RANK"] == "0":
        with socket.socket() as free:
            free.bind(("", 0))
            store.set(place, str(free.getsockname()[1]))
    os.environ["MASTER_PORT"] = store.get(place).decode()
    os.environ["TORCHELASTIC_USE_AGENT_STORE"] = "False"  # rank 0 opens it


class Watch(L.Callback):
    """Gives and hears signs of life while several ranks train (`tts.training.heartbeat`).

    Whoever started the ranks (torchrun, Slurm) sees the exit status of those that end and starts all of them again.
    """

    def __init__(self, *, patience: float):
        self.patience = patience  # seconds
        self.heartbeat: Heartbeat | None = None

    def on_fit_start(self, trainer: L.Trainer, stage: Stage) -> None:
        if trainer.world_size == 1:
            return
        self.heartbeat = Heartbeat(  # at the store that the ranks found each other by
            host=os.environ["MASTER_ADDR"],
            port=int(os.environ["MASTER_PORT"]),
            rank=trainer.global_rank,
            world=trainer.world_size,
            patience=self.patience,
        )
        trainer.strategy.barrier()
        self.heartbeat.start()

    def on_fit_end(self, trainer: L.Trainer, stage: Stage) -> None:
        if self.heartbeat:
            self.heartbeat.stop()

    def on_exception(self, trainer: L.Trainer, stage: Stage, exception: BaseException) -> None:
        lost = isinstance(exception, distributed.DistError) or "onnection" in str(exception)
        if self.heartbeat and lost:
            self.heartbeat.complain(f"lost another rank ({str(exception).splitlines()[0][:200]})")
            raise SystemExit(LOST)  # where the connection broke says nothing about why
