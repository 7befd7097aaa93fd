"""The net that reads words which the lexicon lacks. `learning/train_g2p.py` trains it."""

from functools import lru_cache
from pathlib import Path

from tts.text.g2p import Reader

ALPHABET = "_abcdefghijklmnopqrstuvwxyzäöüß"  # the first stands for padding
WEIGHTS = Path(__file__).parent / "g2p.npz"


@lru_cache(maxsize=1)
def reader() -> Reader:
    """The net that ships, read once per process."""
    return Reader(WEIGHTS, ALPHABET)
