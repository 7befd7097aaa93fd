"""What a narration shows while it is made: notices, a bar, and how long it will still take."""

import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from tts.cli import printable

KEPT = 100  # moments of the time so far that are kept to tell how long work still takes


class Terminal:
    """Where notices and progress are shown."""

    def __init__(self, quiet: bool, program: str = "narration"):
        self.quiet, self.program = quiet, program

    def tell(self, notice: str) -> None:
        """A notice, above the bar if there is one."""
        from tqdm import tqdm

        if not self.quiet:
            tqdm.write(f"{self.program}: note: {printable(notice)}", file=sys.stderr)

    def say(self, line: object) -> None:
        if not self.quiet:
            print(printable(line), file=sys.stderr)

    @contextmanager
    def progress(self, work: str) -> Iterator[Callable[[float, float], None]]:
        """A bar; gives what is told how much is done, and of how much."""
        from tqdm import tqdm

        left = TimeLeft()
        shape = "{percentage:3.0f}%|{bar}| {desc} [{elapsed}]"
        # disable=None: no bar where nobody watches.
        with tqdm(total=1.0, desc=work, bar_format=shape, leave=False, disable=True if self.quiet else None) as bar:

            def told(done: float, whole: float) -> None:
                seconds = left(monotonic(), done, whole)
                if seconds is not None:
                    bar.set_description_str(f"{work}, {clock(seconds)} left", refresh=False)
                bar.update(done / whole - bar.n)

            yield told


class TimeLeft:
    """How long work still takes if it goes on as in the later half of the time since its first part was done.

    The first part says nothing: the nets are loaded in its time. Where other programs come and go, all of the time so
    far is a worse guide than its later half; on a quiet machine both are right.
    """

    def __init__(self):
        self._begun: float | None = None  # when the first part was done
        self._passed: deque[tuple[float, float]] = deque()  # times, and how much was done; from the half on

    def __call__(self, now: float, done: float, whole: float) -> float | None:
        """Seconds, `now` being those of any clock; None if nothing can be said yet."""
        passed = self._passed
        if self._begun is None:
            self._begun = now
            passed.append((now, done))
        while len(passed) > 1 and passed[1][0] <= (self._begun + now) / 2:
            passed.popleft()
        start, first = passed[0]
        if now - passed[-1][0] > (now - self._begun) / KEPT:
            passed.append((now, done))
        return (now - start) / (done - first) * (whole - done) if done > first else None


def clock(seconds: float) -> str:
    """Hours, minutes and seconds."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
