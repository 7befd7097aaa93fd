"""Work that goes on in threads of its own."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from queue import SimpleQueue
from typing import TypeVar

S = TypeVar("S")
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


def side_by_side(make: Callable[[S], T], items: Iterable[S], at_once: int) -> Iterator[T]:
    """What `make` makes of each item, in their order: of so many items at once, each in a thread of its own.

    No more than as many again are made before somebody takes them. When nobody takes them any more, this ends as soon
    as those that are being made are.
    """
    pool = ThreadPoolExecutor(at_once)
    try:
        with closing(background((pool.submit(make, item) for item in items), at_once)) as futures:
            for future in futures:
                yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)
