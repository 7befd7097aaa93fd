"""A word as the lexicon spells it."""

import re
from functools import lru_cache

from tts.text.characters import plain

OWN = re.compile("[^äöüß]+")


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """Small letters; of those with accents only ä, ö, ü and ß are kept."""
    word = word.lower()
    return word if word.isascii() else OWN.sub(lambda match: plain(match[0]), word)
