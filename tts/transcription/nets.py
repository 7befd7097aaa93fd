"""Our own nets as a listener: the codec's CTC head hears phones, and a search finds the likeliest words for them.

The search is flashlight's beam search over the pronouncing dictionary (Collobert et al. 2016), with probabilities of
pairs of words. Both are English, and nothing writes punctuation. It hears worse than Whisper base; docs/listening.md
has the figures.
"""

import copy
import gzip
import math
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from tts.alignment.spell import Speller
from tts.audio import set_level
from tts.text.language import CODES
from tts.transcription.listener import Asked, Heard, HeardSegment, HeardWord

# Chosen on the 34 clips of heldout_barista_57speakers; docs/listening.md has the figures.
PAIR_WEIGHT, WORD_BONUS = 2.0, 0.0
BEAM, BEAM_SOUNDS, BEAM_REACH = 100, 20, 25.0  # hypotheses, sounds for each in a step, and nats behind the best
MOST = 3  # pronunciations of a word
ALIKE = 6  # words that sound alike, the likeliest ones: the tree takes no more
UNKNOWN = "<unk>"


def pairs_of(language: str) -> Path:
    """The file with the probabilities of words and of pairs of them in a language, by its name; see `learning`."""
    return Path(__file__).with_name(f"{language}.arpa.gz")


class NetListener:
    """The codec that ships, or another with a CTC head."""

    languages = {code: name for code, name in CODES.items() if pairs_of(name).is_file()}
    translates = False

    def __init__(self, codec: Path):
        """Raises ValueError if the codec has no CTC head."""
        self.speller, self.code = Speller(codec), "en"
        self.rate = self.speller.audio.sample_rate
        self._others: dict[str, NetListener] = {}  # of the same codec, by the code of their language

    @torch.inference_mode()
    def hear(self, wave: Float[np.ndarray, " N"], asked: Asked) -> Heard:
        """What is said in a clip, in English unless another language is asked for."""
        if asked.language not in (None, self.code):
            if asked.language not in self._others:
                self._others[asked.language] = self._reading(asked.language)
            return self._others[asked.language].hear(wave, asked)
        leveled = torch.from_numpy(set_level(wave, self.speller.audio))[None]
        codec = self.speller.codec
        mel = codec.log_mel.measure(leveled, torch.tensor([leveled.shape[1]]))
        # What the codes alone spell is less clear, since less of the sound is in them.
        spelling = np.ascontiguousarray(codec(mel).ctc[0].log_softmax(-1).numpy(), np.float32)
        found = self._search.decode(spelling.ctypes.data, *spelling.shape)
        words = self._timed(found[0], spelling) if found else []
        if not words:
            return Heard(self.code, [])
        likely = float(spelling.max(1).mean())
        return Heard(self.code, [HeardSegment(_written(words), words[0].start, words[-1].stop, words, likely)])

    def _reading(self, code: str) -> "NetListener":
        """The same codec as a listener to another language."""
        other = copy.copy(self)
        for kept in ("_words", "_search", "_ids"):
            vars(other).pop(kept, None)
        other.speller, other.code = self.speller.reading(self.languages[code]), code
        return other

    @cached_property
    def _words(self) -> list[str]:
        """Those of the lexicon. That of German lists words from which others follow: those that the pairs have join."""
        listed = self.speller.tokenizer.lexicon.entries
        return sorted(word for word in {*listed, *self._paired} if word.replace("'", "").isalpha())

    @property
    def _paired(self) -> Iterator[str]:
        if self.code == "en":
            return
        lines = gzip.decompress(pairs_of(self.languages[self.code]).read_bytes()).decode().splitlines()
        single = lines[lines.index("\\1-grams:") + 1 : lines.index("\\2-grams:")]
        yield from (line.split("\t")[1] for line in single if line)

    @cached_property
    def _search(self) -> Any:
        """Words as paths through a tree of sounds."""
        from flashlight.lib.text.decoder import (
            CriterionType,
            LexiconDecoder,
            LexiconDecoderOptions,
            SmearingMode,
            Trie,
        )
        from flashlight.lib.text.decoder.kenlm import KenLM
        from flashlight.lib.text.dictionary import Dictionary

        known = Dictionary([*self._words, UNKNOWN])
        with tempfile.NamedTemporaryFile(suffix=".arpa") as file:
            file.write(gzip.decompress(pairs_of(self.languages[self.code]).read_bytes()))
            file.flush()
            with _quiet():
                pairs = KenLM(file.name, known)
        tree, start, alike = Trie(self.speller.codec.ctc_vocab, 0), pairs.start(False), Counter()
        scored = [(pairs.score(start, number)[1], number, word) for number, word in enumerate(self._words)]
        for score, number, word in sorted(scored, reverse=True):
            for sounds in self._sounds(word):
                alike[tuple(sounds)] += 1
                if alike[tuple(sounds)] <= ALIKE:
                    tree.insert(sounds, number, score)
        tree.smear(SmearingMode.MAX)
        bounds = (BEAM, BEAM_SOUNDS, BEAM_REACH, PAIR_WEIGHT, WORD_BONUS, -math.inf, 0.0, False, CriterionType.CTC)
        return LexiconDecoder(LexiconDecoderOptions(*bounds), tree, pairs, -1, 0, len(self._words), [], False)

    @cached_property
    def _ids(self) -> dict[str, list[int]]:
        return {}

    def _sounds(self, word: str) -> list[list[int]]:
        """The pronunciations of a word in ids of the CTC head."""
        tokenizer, ids, found = self.speller.tokenizer, self._ids, []
        for phones in tokenizer.lexicon.pronunciations(word)[:MOST]:
            for phone in phones:
                if phone not in ids:
                    ids[phone] = [id for id in tokenizer.encode(f"{{{phone}}}") if id not in tokenizer.silent_ids]
            own = list(chain.from_iterable(ids[phone] for phone in phones))
            if own and own not in found:
                found.append(own)
        return found

    def _cased(self, word: str) -> str:
        return "I" + word[1:] if self.code == "en" and (word == "i" or word.startswith("i'")) else word

    def _timed(self, path: Any, spelling: Float[np.ndarray, "K V"]) -> list[HeardWord]:
        """The words of a path. Each is noted at the step at which its last sound begins, after a step for the start."""
        sounds, ends = np.array(path.tokens)[1:-1], np.array(path.words)[1:-1]
        words, free = [], 0
        for step in np.flatnonzero((ends >= 0) & (ends < len(self._words))).tolist():
            heard = np.flatnonzero(sounds[free : step + 1] > 0)
            start = free + int(heard[0]) if len(heard) else step
            free = step + 1
            while free < len(sounds) and sounds[free] == sounds[step] and sounds[free] > 0:
                free += 1
            rate = self.speller.rate
            words.append(HeardWord(self._cased(self._words[ends[step]]), start / rate, free / rate))
        return words


@contextmanager
def _quiet() -> Iterator[None]:
    """KenLM draws a bar on standard error, whoever that belongs to."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _written(words: list[HeardWord]) -> str:
    return " ".join(word.text for word in words)
