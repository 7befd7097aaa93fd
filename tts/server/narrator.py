"""Makes one narration, in a process of its own: `python -m tts.server.narrator FOLDER`.

It reads FOLDER/order.json, and tells on standard output how far it is, a line of JSON at a time. Run again, it goes on
where it was stopped. It ends when standard input ends, and so does not outlive the service, even one that is killed.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tts.cli import FAILED, printable
from tts.executors import LocalExecutor
from tts.narration.narrate import Narrated, make
from tts.narration.plan import Order
from tts.narration.project import Project

ORDER = "order.json"
PROJECT = "project"
NICE = 10  # speech that somebody waits for goes first
OFTEN = 0.5  # seconds between two reports of progress


def main() -> int:
    """Exit code 0: done; 1: failed, and the last line says why."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else prints must not come between

    def say(**told: object) -> None:
        print(json.dumps(told), file=out, flush=True)

    folder = Path(sys.argv[1])
    threading.Thread(target=_end_with_service, daemon=True).start()
    os.nice(NICE)
    try:
        with _alone(folder):
            say(made=_summary(narrate(folder, say)))
        return 0
    except (ValueError, OSError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or str(error) or "out of memory"
    except Exception as error:
        reason = f"unforeseen {type(error).__name__}: {error}"
    say(failed=printable(reason).replace(f"{folder}/", ""))
    return FAILED


def narrate(folder: Path, say: Callable[..., None]) -> Narrated:
    """Make, or go on with, what a folder's order asks for."""
    found = json.loads((folder / ORDER).read_text("utf-8"))
    order = Order(**found | {name: tuple(found[name]) for name in ("include", "cast", "outputs")})

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

    def tell(notice: str) -> None:
        say(notice=printable(notice).replace(f"{folder}/", ""))

    return make(order, Project(folder / PROJECT), LocalExecutor(0), tell, progress)


def _summary(made: Narrated) -> dict:
    names = [path.name for path in (*made.recordings, *made.others)]
    return {"files": names, "seconds": made.seconds, "doubtful": len(made.doubtful)}


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait for the process of a service that was killed, which may still be ending."""
    with open(folder / "lock", "w") as file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        except ImportError:  # not on Windows
            pass
        yield


def _end_with_service() -> None:
    sys.stdin.buffer.read()
    os._exit(FAILED)


if __name__ == "__main__":
    sys.exit(main())
