"""Signs of life between the processes of one run, so that none waits for one that is gone."""

import os
import sys
import threading
import time
from datetime import timedelta

from torch.distributed import TCPStore

BEAT = 1.0  # seconds between signs
PAUSE = 0.05  # seconds between looks at the others, at the end
LOST = 75  # exit status: try again (EX_TEMPFAIL)
OVER = b"over"


class Heartbeat:
    """Ends this process when another one has given no sign for `patience` seconds: killed, frozen or cut off.

    A collective operation would wait for it until its own timeout, which must be long: ranks may rightly wait minutes
    for one that writes a checkpoint. The signs come from a thread, so that a rank that is only busy keeps giving them.
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
        """From now on; every rank must have been made before."""
        self.thread.start()

    def stop(self) -> None:
        """This rank is done, and the others need not miss it.

        Rank 0, whose process holds the store, returns when all are done: a rank that is later would find it gone.
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
            except RuntimeError:  # every error of the store is one
                self._end("the process where ranks meet is gone")
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
                self._end(f"rank {', '.join(silent)} silent for {self.patience:g} s: killed, frozen or cut off")

    def _end(self, why: str) -> None:
        self.complain(why)
        os._exit(LOST)  # the main thread may be in a collective operation that nothing interrupts
