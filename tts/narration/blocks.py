"""Sound of any length block by block. A block is an array (channels, samples) of float32."""

import queue
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from threading import Event, Thread

import numpy as np
from jaxtyping import Float

AHEAD = 4  # blocks that are made before they are asked for
PATIENCE = 0.2  # seconds after which a thread looks whether anybody still waits for its blocks


@dataclass(frozen=True)
class PaddedBlock:
    """A block with what stands before and after it; beyond the ends of the sound that is silence."""

    wave: Float[np.ndarray, "C N"]
    length: int  # samples of the block itself


def windows(blocks: Iterable[np.ndarray], size: int, before: int, after: int) -> Iterator[PaddedBlock]:
    """Cut sound into blocks of `size` samples, each with `before` and `after` samples around it; the last is shorter.

    How the sound was cut before makes no difference. Every window has the same size: the last one ends in silence.
    """
    parts: list[np.ndarray] = []  # joined once they are enough: joining each would copy the first many times
    held, whole = 0, before + size + after
    for block in blocks:
        parts.append(block if parts else np.pad(block, ((0, 0), (before, 0))))
        held += parts[-1].shape[1]
        if held < whole:
            continue
        wave = np.concatenate(parts, axis=1)
        while wave.shape[1] >= whole:
            yield PaddedBlock(wave[:, :whole], size)
            wave = wave[:, size:]
        parts, held = [wave], wave.shape[1]
    if not parts:
        return
    wave = np.concatenate(parts, axis=1)
    while wave.shape[1] > before:
        length = min(size, wave.shape[1] - before)
        yield PaddedBlock(np.pad(wave[:, :whole], ((0, 0), (0, max(0, whole - wave.shape[1])))), length)
        wave = wave[:, size:]


def ahead(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The same blocks, made by a thread of their own while the one before is used. What is raised there is raised here.

    NumPy and FFmpeg let other threads run while they work, so on two cores making and using take turns no more.
    """
    made: queue.Queue[tuple[np.ndarray | None, BaseException | None]] = queue.Queue(AHEAD)
    unwanted = Event()

    def put(block: np.ndarray | None, error: BaseException | None = None) -> None:
        while not unwanted.is_set():
            try:
                return made.put((block, error), timeout=PATIENCE)
            except queue.Full:
                continue

    def make() -> None:
        try:
            for block in blocks:
                put(block)
                if unwanted.is_set():
                    return
            put(None)
        except BaseException as error:
            put(None, error)

    thread = Thread(target=make, daemon=True)
    thread.start()
    try:
        while True:
            block, error = made.get()
            if error:
                raise error
            if block is None:
                return
            yield block
    finally:
        unwanted.set()
        thread.join()


def decibels(ratio: float) -> float:
    """The factor that a change by so many dB is: 10 ** (dB / 20)."""
    return 10 ** (ratio / 20)
