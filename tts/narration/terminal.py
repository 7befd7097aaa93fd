"""What a narration shows while it is made: notices, a bar, and how long it will still take."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from tts.cli import printable


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
    """How long work still takes if it goes on as it did since its first part was done.

    The first part says nothing: the nets are loaded in its time. What came later counts alike: in replays of three
    books the last five minutes alone were a worse guide.
    """

    def __init__(self):
        self._begun: tuple[float, float] | None = None  # when the first part was done, and how much that was

    def __call__(self, now: float, done: float, whole: float) -> float | None:
        """Seconds, `now` being those of any clock; None if nothing can be said yet."""
        if self._begun is None:
            self._begun = now, done
        start, first = self._begun
        return (now - start) / (done - first) * (whole - done) if done > first else None


def clock(seconds: float) -> str:
    """Hours, minutes and seconds."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
