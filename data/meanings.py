"""Which clips say the same in which languages: texts and their translations, and whoever speaks one of them.

Texts that were packed with their translations share a meaning (`data pairs`). A recording has the meaning of the text
that it says, so speech joins its translations by its words alone.
"""

from collections.abc import Sequence
from random import Random

import numpy as np
from jaxtyping import Int

from data.library import Library, Numbers
from tts.text.language import CODES, code_of


def known_code(written: str) -> str:
    """The code of a language. Raises ValueError that lists those that are there."""
    code = code_of(written)
    if code is None:
        raise ValueError(f"data.languages has {written!r}; languages are {', '.join(CODES)}")
    return code


class Meanings:
    """The clips of a pool by what they mean; `codes` are the languages in which they are asked for."""

    def __init__(self, library: Library, pool: Numbers, codes: Sequence[str]):
        self.library, self.codes = library, tuple(codes)
        meaning, text = library.column("meaning")[pool], library.column("text_key")[pool]
        self._told = library.column("meaning")  # of every clip
        told = meaning != 0
        keys, first = np.unique(text[told], return_index=True)
        self._keys, self._meanings = keys, meaning[told][first]  # what a text means, in the order of texts
        own = np.where(told, meaning, self._of(text))
        member = own != 0
        order = np.argsort(own[member], kind="stable")
        self._clips, self._own = pool[member][order], own[member][order]
        corpora = [code_of(library.languages[name]) for name in library.corpora]
        self._codes = [corpora[corpus] for corpus in library.corpus(self._clips).tolist()]
        self._spoken = library.seconds(self._clips) > 0

    def others(self, number: int, rng: Random) -> dict[str, int]:
        """A clip in each other language that means the same, one that is spoken if there is any."""
        library = self.library
        meaning = int(self._told[number]) or int(self._of(np.array([library.text_key(number)], np.uint64))[0])
        first, last = np.searchsorted(self._own, np.array([meaning, meaning + 1], np.uint64)) if meaning else (0, 0)
        own, found = code_of(library.language(number)), {}
        for code in self.codes:
            same = [at for at in range(first, last) if self._codes[at] == code != own]
            if best := [at for at in same if self._spoken[at]] or same:
                found[code] = int(self._clips[rng.choice(best)])
        return found

    def _of(self, text: Int[np.ndarray, " K"]) -> Int[np.ndarray, " K"]:
        """What texts mean; 0 where no translation is known."""
        if not len(self._keys):
            return np.zeros(len(text), np.uint64)
        place = np.searchsorted(self._keys, text).clip(max=len(self._keys) - 1)
        return np.where(self._keys[place] == text, self._meanings[place], np.uint64(0))
