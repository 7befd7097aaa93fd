"""Finishes the files of single chapters in a thread, while the chapters after them are spoken."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event

from tts.narration.encode import Mastering, PassProgress, Progress, Tell
from tts.narration.timeline import TimedChapter


class ChapterFiles:
    """A file for each chapter, begun as soon as the chapter's own sound is there.

    Used as a context: what is not finished at its end is given up, and nothing half-made stays.
    """

    def __init__(self, mastering: Mastering, titles: Sequence[str], chapters: Sequence[Path], tell: Tell):
        self._mastering, self._titles, self._chapters, self._tell = mastering, titles, chapters, tell
        self._pool = ThreadPoolExecutor(1)  # one: files are told of in the order in which they were begun
        self._given_up = Event()
        self._files: dict[int, Future[Path]] = {}

    def __enter__(self) -> "ChapterFiles":
        return self

    def __exit__(self, *error: object) -> None:
        self._given_up.set()
        self._pool.shutdown(cancel_futures=True)

    def begin(self, chapter: int) -> None:
        """Finish the file of a chapter, counted from 0, unless that was begun. Raises what an earlier one raised."""
        for begun in self._files.values():
            if begun.done():
                begun.result()
        if chapter not in self._files:
            self._files[chapter] = self._pool.submit(self._write, chapter)

    def finish(self, progress: Progress) -> list[Path]:
        """The files of all chapters, once the last is there. Raises what `Mastering.write` raises."""
        of = len(self._chapters)
        found = []
        for chapter in range(of):
            self.begin(chapter)
        for chapter in range(of):
            found.append(self._files[chapter].result())
            progress(chapter + 1, of)
        return found

    def _write(self, chapter: int) -> Path:
        timed = TimedChapter(title=self._titles[chapter], start=0.0, stop=0.0, segments=[])
        of = len(self._chapters)
        piece = self._mastering.piece(chapter + 1, of, self._chapters[chapter], timed)
        self._mastering.write(piece, of, self._tell, PassProgress(self._go_on, 1.0))
        return piece.path

    def _go_on(self, done: float, whole: float) -> None:
        if self._given_up.is_set():
            raise InterruptedError("given up")
