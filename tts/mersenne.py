"""The random numbers that torch draws on a CPU from the same seed, without torch: what was made with them stays."""

import math

import numpy as np
from jaxtyping import Float, Int, UInt

LANES = 16  # normal numbers that are drawn together


class Mersenne:
    """A Mersenne Twister (Matsumoto and Nishimura 1998), seeded as `torch.Generator().manual_seed`."""

    def __init__(self, seed: int):
        self._random = np.random.RandomState(seed % 2**32)

    def whole(self, limit: int, count: int) -> Int[np.ndarray, " K"]:
        """Whole numbers from 0 up to `limit`, as `torch.randint`."""
        return (self._bits(count) % np.uint32(limit)).astype(np.int64)

    def uniform(self, *shape: int) -> Float[np.ndarray, "..."]:
        """Numbers from 0 up to 1, as `torch.rand`."""
        return ((self._bits(math.prod(shape)) & 0xFFFFFF) * np.float32(2**-24)).astype(np.float32).reshape(shape)

    def normal(self, *shape: int) -> Float[np.ndarray, "..."]:
        """Numbers of mean 0 and deviation 1 (Box and Muller 1958), as `torch.randn` from 16 of them on, by rounding."""
        size = math.prod(shape)
        drawn = self.uniform(max(size, LANES))
        whole = len(drawn) // LANES * LANES
        drawn[:whole] = _normal(drawn[:whole])
        if whole < size:  # the last ones anew
            drawn[-LANES:] = _normal(self.uniform(LANES))
        return drawn[:size].reshape(shape)

    def _bits(self, count: int) -> UInt[np.ndarray, " K"]:
        return self._random.randint(2**32, size=count, dtype=np.uint32)


def _normal(drawn: Float[np.ndarray, " K"]) -> Float[np.ndarray, " K"]:
    """In each lot of 16, the first half gives lengths and the second half angles."""
    first, second = drawn.reshape(-1, 2, LANES // 2).swapaxes(0, 1)
    radius, angle = np.sqrt(-2 * np.log(1 - first)), np.float32(2 * np.pi) * second
    return np.stack((radius * np.cos(angle), radius * np.sin(angle)), axis=1).ravel()
