"""How sound says that it is synthetic: a comment, and an inaudible mark, which `tts.narration.mark` finds.

A spread-spectrum mark in the spectrum's magnitude (after Cox et al. 1997, "Secure spread spectrum watermarking for
multimedia", and Kirovski and Malvar 2003): time and frequency are tiled, and the level of each tile goes up or down by
a decibel after a fixed pattern that repeats every few seconds. A change that follows the sound's own level is masked
by it.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain

import numpy as np
from jaxtyping import Float
from numpy.lib.stride_tricks import sliding_window_view

FRAME = 1024 / 24_000  # seconds; frames overlap by half
TILE_FRAMES = 2  # half frames that a tile lasts
PERIOD = 64  # tiles
BAND = 187.5  # Hz, the height of a tile
BANDS = 30
LOWEST = 375.0  # Hz
STRENGTH = 1.0  # dB up or down
SEED = 2026
TOGETHER = 64  # frames that are marked at once
DECOYS = 15  # other patterns, which show what chance does


@cache
def patterns() -> Float[np.ndarray, "D T B"]:
    """Signs of every tile: the mark's own first, then decoys. Half of each moment and of each band's time are up.

    The draws are those of `torch.randperm` with this seed, with which the first marks were made.
    """
    random = np.random.RandomState(SEED)  # Mersenne Twister, as torch's on a CPU
    signs = np.repeat(np.float32([1, -1]), BANDS // 2)
    drawn = np.tile(signs, (DECOYS + 1, PERIOD, 1))
    for row in drawn.reshape(-1, BANDS):
        for place, number in enumerate(random.randint(2**32, size=BANDS - 1, dtype=np.uint32)):
            other = place + int(number) % (BANDS - place)
            row[place], row[other] = row[other], row[place]
    return drawn


def marked(blocks: Iterable[np.ndarray], rate: int) -> Iterator[Float[np.ndarray, "C N"]]:
    """Mark sound, (channels, samples), as it comes. Equal sound gives equal marked sound, however it is cut."""
    hop = round(FRAME * rate / 2)
    gains = _gains(hop, rate)  # (period, bins)
    window = np.sqrt(0.5 - 0.5 * np.cos(np.pi * np.arange(2 * hop) / hop)).astype(np.float32)
    # NumPy computes a transform to the spectrum in 64 bits, which takes several times as long, unless it is scaled.
    scaled = window * np.float32(2 * hop)
    held = before = None  # the sound of the next frames, and the second half of the last one
    number, left = 0, 0  # of the next frame; samples that are still to be given
    for block in chain(blocks, (None,)):
        if block is None:  # the end, after which there is silence
            if held is None:
                return
            block = np.zeros((len(held), 2 * hop), np.float32)
        else:
            left += block.shape[1]
            if held is None:
                held, before = np.zeros((len(block), hop), np.float32), np.zeros((len(block), 1, hop), np.float32)
        held = np.concatenate((held, block), axis=1)
        while left and held.shape[1] >= 2 * hop:
            count = min(TOGETHER, held.shape[1] // hop - 1)
            frames = sliding_window_view(held, 2 * hop, axis=1)[:, : count * hop : hop]  # (C, count, 2 * hop)
            spectra = (
                np.fft.rfft(frames * scaled, norm="forward") * gains[np.arange(number, number + count) % len(gains)]
            )
            first, second = np.split(np.fft.irfft(spectra, n=2 * hop) * window, 2, axis=2)
            given = (np.concatenate((before, second[:, :-1]), axis=1) + first).reshape(len(held), -1)
            given = given[:, 0 if number else hop :][:, :left]  # the first frame begins before the sound
            left -= given.shape[1]
            if given.shape[1]:
                yield given
            before, held, number = second[:, -1:], held[:, count * hop :], number + count


def _gains(hop: int, rate: int) -> Float[np.ndarray, "T F"]:
    """The factor of each bin in each frame of a period."""
    band = np.floor((np.arange(hop + 1) * (rate / 2 / hop) - LOWEST) / BAND).astype(int)
    signs = np.repeat(patterns()[0], TILE_FRAMES, axis=0)[:, band.clip(0, BANDS - 1)]
    factors = np.where((band >= 0) & (band < BANDS), 10 ** (STRENGTH / 20 * signs), 1)
    return factors.astype(np.float32)


def provenance(weights: str, voices: str, background: str = "") -> str:
    """What every file says about where its speech comes from."""
    by = f"Synthetic speech, made by Triforce with weights {weights or 'unknown'}"
    said = f"{by}, voice: {voices}." if voices else f"{by}."
    return f"{said} Background: {background}." if background else said
