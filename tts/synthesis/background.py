"""Work that goes on in a thread of its own."""

import threading
from collections.abc import Iterable, Iterator
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")


def background(items: Iterable[T], ahead: int | None = None) -> Iterator[T]:
    """The same items, made in a thread, before whoever takes them asks; it ends when nobody takes them any more.

    At most `ahead` of them wait to be taken; None is no limit.
    """
    made: SimpleQueue[tuple[bool, T | BaseException | None]] = SimpleQueue()
    room, left = threading.Semaphore(ahead or 0), threading.Event()

    def make() -> None:
        try:
            source = iter(items)
            while True:
                if ahead:
                    room.acquire()
                if left.is_set():
                    return
                try:
                    item = next(source)
                except StopIteration:
                    break
                made.put((True, item))
            made.put((False, None))
        except BaseException as error:  # for whoever takes them
            made.put((False, error))

    thread = threading.Thread(target=make, daemon=True)
    thread.start()
    try:
        while True:
            more, item = made.get()
            room.release()
            if more:
                yield item
            elif item is None:
                return
            else:
                raise item
    finally:
        left.set()
        room.release()
        thread.join()
