"""Processes that watch each other: who is killed or frozen is named and not waited for, who is only busy is let be."""

import multiprocessing
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
import torch
from torch.distributed import TCPStore
from torch.utils.data import DataLoader

from helpers.ranks import spread
from helpers.trainers import quiet_trainer, tiny, tiny_batch
from tts.training.distributed import Watch
from tts.training.guard import Rollback
from tts.training.heartbeat import LOST, Heartbeat
from tts.training.stage import Stage
from tts.types import AudioConfig, Batch

PATIENCE = 4.0  # seconds


def finish(rank: int, port: int, late: float) -> None:
    """Where rank 0 holds the store: a rank that is done some time after it."""
    address = {"host": "127.0.0.1", "port": port}
    store = TCPStore("127.0.0.1", port, is_master=True, wait_for_workers=False) if rank == 0 else None
    heartbeat = Heartbeat(**address, rank=rank, world=2, patience=60.0)
    heartbeat.start()
    time.sleep(late)
    heartbeat.stop()
    del store


class Relapse(Stage):
    """Goes back to a checkpoint in its first step, if told to."""

    relapses = False

    def losses(self, batch: Batch) -> dict[str, torch.Tensor]:
        if self.relapses:
            raise Rollback("back")
        return {"mean": self.net(batch.wav).square().mean()}


def roll_back(folder: Path, audio: AudioConfig) -> None:
    """A rank that goes back to a checkpoint once, and ends well."""
    for relapses in (True, False):
        stage = tiny(Relapse, audio)
        stage.relapses = relapses
        options = {"strategy": "ddp", "devices": 2, "max_steps": 1, "use_distributed_sampler": False}
        trainer = quiet_trainer(folder, callbacks=[Watch(patience=PATIENCE)], **options)
        with suppress(Rollback):
            trainer.fit(stage, DataLoader([tiny_batch()], batch_size=None))
        assert trainer.global_step == (0 if relapses else 1)
    time.sleep(2.0 * trainer.global_rank)  # closes its loggers


def live(port: int, rank: int, world: int, begun, end, said: Path) -> None:
    sys.stderr = open(said, "w")
    heartbeat = Heartbeat(host="127.0.0.1", port=port, rank=rank, world=world, patience=PATIENCE)
    begun.wait()
    heartbeat.start()
    if rank == 0:
        while not end.is_set():  # busy, and says nothing itself
            sum(range(1000))
    end.wait()
    heartbeat.stop()


@pytest.fixture
def ranks(tmp_path):
    """Three processes that have begun, and what ends them. The store where they meet is in none of them."""
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False, timeout=timedelta(seconds=60))
    context = multiprocessing.get_context("fork")  # what torch has loaded is all they need
    begun, end = context.Barrier(3), context.Event()
    processes = [
        context.Process(target=live, args=(store.port, rank, 3, begun, end, tmp_path / str(rank))) for rank in range(3)
    ]
    for process in processes:
        process.start()
    yield processes, end
    for process in processes:
        process.kill()
        process.join()


@pytest.mark.parametrize("fate", [signal.SIGKILL, signal.SIGSTOP])
def test_a_rank_that_is_gone_is_named_and_not_waited_for(ranks, fate, tmp_path):
    processes, _ = ranks
    time.sleep(2.0)
    os.kill(processes[1].pid, fate)
    for rank in (0, 2):
        processes[rank].join(30)
        assert processes[rank].exitcode == LOST
        said = (tmp_path / str(rank)).read_text()
        assert said == (
            f"train.py: rank {rank} of 3: rank 1 was silent for 4 s: killed, frozen or cut off; "
            "the same command resumes the run\n"
        )


def test_ranks_that_are_busy_or_done_are_let_be(ranks, tmp_path):
    processes, end = ranks
    time.sleep(PATIENCE + 2.0)
    assert all(process.is_alive() for process in processes)
    end.set()
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    assert not any((tmp_path / str(rank)).read_text() for rank in range(3))


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_ranks_that_rolled_back_end_well(audio, tmp_path):
    processes = spread(roll_back, tmp_path, audio, world=2)
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0]


def test_rank_0_which_holds_the_store_leaves_last():
    context, port = multiprocessing.get_context("fork"), free_port()
    processes = [context.Process(target=finish, args=(rank, port, 3.0 * rank)) for rank in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
