"""What the processes that make jobs share: `python -m tts.server.narrator FOLDER`, and `tts.server.showmaker`.

Each reads FOLDER/order.json, and tells on standard output how far it is, a line of JSON at a time. Run again, it goes
on where it was stopped. It ends when standard input ends, and so does not outlive the service, even one that is killed.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from json import dumps
from pathlib import Path

from tts.cli import FAILED, printable
from tts.files import locked

ORDER = "order.json"
PROJECT = "project"  # the folder of what is made, in that of the job
NICE = 10  # speech that somebody waits for goes first
OFTEN = 0.5  # seconds between two reports of progress
Say = Callable[..., None]  # takes what is told, by its names


def work(make: Callable[[Path, Say], dict]) -> int:
    """Make the job in the folder that the command line names; `make` gives what came of it.

    Exit code 0: done; 1: failed, and the last line says why.
    """
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else prints must not come between

    def say(**told: object) -> None:
        print(dumps(told), file=out, flush=True)

    folder = Path(sys.argv[1])
    threading.Thread(target=_end_with_service, daemon=True).start()
    os.nice(NICE)
    try:
        # The process of a service that was killed may still be ending.
        with locked(folder / "lock", lambda: None):
            say(made=make(folder, say))
        return 0
    except (ValueError, OSError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or str(error) or "out of memory"
    except Exception as error:
        reason = f"unforeseen {type(error).__name__}: {error}"
    say(failed=inside(folder, reason))
    return FAILED


def inside(folder: Path, text: object) -> str:
    """A line for the user, in which paths begin in the job's folder."""
    return printable(text).replace(f"{folder / PROJECT}/", "").replace(f"{folder}/", "")


def teller(folder: Path, say: Say) -> Callable[[str], None]:
    """What takes notices."""
    return lambda notice: say(notice=inside(folder, notice))


def reporter(say: Say) -> Callable[[str], AbstractContextManager[Callable[[float, float], None]]]:
    """What takes how far a kind of work is."""

    @contextmanager
    def progress(work: str) -> Iterator[Callable[[float, float], None]]:
        last = 0.0

        def told(done: float, whole: float) -> None:
            nonlocal last
            if done >= whole or time.monotonic() - last > OFTEN:
                last = time.monotonic()
                say(work=work, done=done, whole=whole)

        say(work=work, done=0.0, whole=0.0)
        yield told

    return progress


def _end_with_service() -> None:
    while os.read(0, 1024):  # not by sys.stdin, whose lock Python wants when it ends
        pass
    os._exit(FAILED)
