"""Training with several processes: how ranks find each other, and how they notice that one has died."""

import os
import socket

import lightning as L
from torch import distributed
from torch.distributed import TCPStore

from tts.training.guard import Rollback
from tts.training.heartbeat import LOST, Heartbeat
from tts.training.stage import Stage


def meet_anew() -> None:
    """Under torchrun, give the ranks of each start a new store at which they find each other.

    torchrun's own store outlives the ranks, and its old entries would lead the ranks of the next start to closed
    sockets (https://github.com/pytorch/pytorch/issues/135712).
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
    os.environ["TORCHELASTIC_USE_AGENT_STORE"] = "False"  # so that rank 0 opens the new store


class Watch(L.Callback):
    """Runs a heartbeat while several ranks train (`tts.training.heartbeat`).

    torchrun or Slurm, which started the ranks, sees that one has failed and starts all of them again.
    """

    def __init__(self, *, patience: float):
        self.patience = patience  # seconds
        self.heartbeat: Heartbeat | None = None

    def on_fit_start(self, trainer: L.Trainer, stage: Stage) -> None:
        if trainer.world_size == 1:
            return
        self.heartbeat = Heartbeat(  # in the store at which the ranks found each other
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
        if self.heartbeat and isinstance(exception, Rollback):
            self.heartbeat.stop()  # the same processes begin anew, with another heartbeat at the same keys
            trainer.strategy.barrier()
            return
        lost = isinstance(exception, distributed.DistError) or "onnection" in str(exception)
        if self.heartbeat and lost:
            self.heartbeat.complain(f"lost another rank ({str(exception).splitlines()[0][:200]})")
            raise SystemExit(LOST)  # no traceback: where the connection broke does not explain why
