"""Work that goes on in a thread of its own."""

import threading
from collections.abc import Iterable, Iterator
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")


def background(items: Iterable[T]) -> Iterator[T]:
    """The same items, made in a thread, ahead of whoever takes them; it ends when nobody takes them any more."""
    made: SimpleQueue[tuple[bool, T | BaseException | None]] = SimpleQueue()
    left = threading.Event()

    def make() -> None:
        try:
            for item in items:
                made.put((True, item))
                if left.is_set():
                    return
            made.put((False, None))
        except BaseException as error:  # for whoever takes them
            made.put((False, error))

    thread = threading.Thread(target=make, daemon=True)
    thread.start()
    try:
        while True:
            more, item = made.get()
            if more:
                yield item
            elif item is None:
                return
            else:
                raise item
    finally:
        left.set()
        thread.join()
