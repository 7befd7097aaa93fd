"""Makes the finished files in a thread, while what they hold is still being spoken."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event

from tts.narration.encode import Mastering, OutputFile, Tell

LOOK = 0.2  # seconds between two looks at how far the thread is


class FilesBeside:
    """The files of a narration, which are begun at once and wait for their speech.

    Used as a context: what is not finished at its end is given up, and nothing half-made stays.
    """

    def __init__(self, mastering: Mastering, files: Sequence[OutputFile], tell: Tell):
        self._mastering, self._tell = mastering, tell
        self._encoded = [0.0] * len(files)  # seconds of each
        self._given_up = Event()
        self._pool = ThreadPoolExecutor(1)  # one: files are told of in their order
        self._files: list[Future[Path]] = [self._pool.submit(self._make, file) for file in files]

    def __enter__(self) -> "FilesBeside":
        return self

    def __exit__(self, *error: object) -> None:
        self._given_up.set()
        self._pool.shutdown(cancel_futures=True)

    def check(self) -> None:
        """Raise what stopped a file, if one was stopped: then there is no use in speaking on."""
        for file in self._files:
            if file.done():
                file.result()

    def finish(self, told: Callable[[float, float], None], seconds: float) -> list[Path]:
        """The files once all are there. `told` gets seconds of sound that are done, and `seconds` as those of all.

        Raises what `Mastering.write` raises.
        """
        while wait(self._files, LOOK).not_done:
            self.check()
            told(min(sum(self._encoded), seconds), seconds)
        return [file.result() for file in self._files]

    def _make(self, file: OutputFile) -> Path:
        def progress(seconds: float) -> None:
            self._encoded[file.number - 1] = seconds
            if self._given_up.is_set():
                raise InterruptedError("given up")

        self._mastering.write(file, self._tell, progress)
        return file.path
