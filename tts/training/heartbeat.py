"""A heartbeat between the processes of a run, so that no process waits for one that has died."""

import os
import sys
import threading
import time
from datetime import timedelta

from torch.distributed import TCPStore

BEAT = 1.0  # seconds between beats
PAUSE = 0.05  # seconds between checks of the others while rank 0 waits at the end
LOST = 75  # exit status that means "try again" (EX_TEMPFAIL)
OVER = b"over"


class Heartbeat:
    """Ends this process if another one has sent no beat for `patience` seconds: it was killed, frozen or cut off.

    Without this, a collective operation would wait for the lost rank until its own timeout. That timeout must be long,
    as ranks may wait minutes for one that writes a checkpoint. A thread sends the beats, so a busy rank sends them too.
    """

    def __init__(self, *, host: str, port: int, rank: int, world: int, patience: float):
        self.store = TCPStore(host, port, is_master=False, timeout=timedelta(seconds=patience))
        self.keys = [f"heartbeat/{other}" for other in range(world)]
        self.rank = rank
        self.patience = patience
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.store.set(self.keys[rank], "0")

    def start(self) -> None:
        """Start to send and watch beats. Every rank must have made its Heartbeat before."""
        self.thread.start()

    def stop(self) -> None:
        """Tell the others that this rank is done.

        Rank 0 returns only when all are done, because its process holds the store that the others still need.
        """
        self.over.set()
        self.thread.join()

    def complain(self, why: str) -> None:
        print(
            f"train.py: rank {self.rank} of {len(self.keys)}: {why}; the same command resumes the run",
            file=sys.stderr,
            flush=True,
        )

    def _watch(self) -> None:
        beats, signs = 0, [b""] * len(self.keys)
        heard = [time.monotonic()] * len(self.keys)
        while True:
            over = self.over.wait(BEAT)
            beats += 1
            try:
                self.store.set(self.keys[self.rank], OVER if over else str(beats))
                if over and self.rank:
                    return
                now_signs = self.store.multi_get(self.keys)
            except RuntimeError:  # the type of every error of the store
                self._end("the process that holds the store of the ranks has ended")
                return
            if set(now_signs) == {OVER}:
                return
            if over:
                time.sleep(PAUSE)
            now = time.monotonic()
            for other, sign in enumerate(now_signs):
                if sign != signs[other] or sign == OVER:
                    heard[other] = now
            signs = now_signs
            if silent := [str(other) for other, when in enumerate(heard) if now - when > self.patience]:
                self._end(f"rank {', '.join(silent)} was silent for {self.patience:g} s: killed, frozen or cut off")

    def _end(self, why: str) -> None:
        self.complain(why)
        os._exit(LOST)  # the main thread may be in a collective operation that nothing interrupts
