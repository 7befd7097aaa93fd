"""The project's own codec as a speller: the phonemes that its CTC head hears, and those of a written text."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int

from data.prepare.ingest import Samples
from tts.checkpoint import build, load
from tts.text.tokenizer import unpinned

CORE, CONTEXT = 704, 24  # codes spelled at once, and codes on either side that they are heard with
SENTENCE = 2000  # characters normalised at once


@dataclass(frozen=True)
class Word:
    """A word as written, and its phonemes; with times once it has been found."""

    text: str
    ids: tuple[int, ...]
    speaker: str = ""
    start: float = 0.0  # seconds
    end: float = 0.0
    heard: float = 0.0  # mean probability of its phonemes where they were placed


@dataclass(frozen=True)
class Heard:
    """The likeliest phoneme of each step of a spelling, repeats and blanks left out."""

    ids: Int[np.ndarray, " L"]
    steps: Int[np.ndarray, " L"]  # where each begins
    sure: Float[np.ndarray, " L"]  # its probability there


@dataclass(frozen=True)
class Spelling:
    """What the codec hears of a recording."""

    likely: Float[np.ndarray, "K V"]  # log-probabilities of phonemes (blank 0), in half precision to save memory
    rate: float  # steps per second

    def __len__(self) -> int:
        return len(self.likely)

    @cached_property
    def heard(self) -> Heard:
        best = self.likely.argmax(1)
        steps = np.flatnonzero((np.diff(best, prepend=-1) != 0) & (best != 0))
        return Heard(best[steps], steps, np.exp(self.likely[steps, best[steps]].astype(np.float32)))

    def explained(self, words: Sequence[Word], start: float = 0.0, end: float = math.inf) -> float:
        """The share of what is heard between two times in seconds that words account for, each sound as it is sure.

        A voice that the codec hears badly is judged as mildly as it is heard, which tells its own text from others
        where the bare probabilities of phonemes do not.
        """
        first, last = np.searchsorted(self.heard.steps, (start * self.rate, end * self.rate))
        heard = float(self.heard.sure[first:last].sum())
        return min(1.0, sum(word.heard * len(word.ids) for word in words) / max(heard, 1.0))


class Speller:
    """The codec as a hearer of phonemes, and the tokenizer whose ids it spells."""

    def __init__(self, path: Path):
        loaded = load(path)
        if getattr(loaded.net, "ctc", None) is None or "text" not in loaded.extra:
            raise ValueError(f"{path} cannot spell: give a dvae trained with text")
        self.codec, self.audio, self.fingerprint = loaded.net, loaded.audio, loaded.fingerprint
        self.tokenizer = build(unpinned(loaded.extra["text"]), loaded.audio)
        self.step = loaded.audio.hop * loaded.net.stride // loaded.spec["ctc_steps"]  # samples
        self.rate = loaded.audio.sample_rate / self.step  # steps per second
        self._sounds: dict[str, tuple[int, ...]] = {}

    @torch.inference_mode()
    def spell(self, samples: Samples, gain: float) -> Spelling:
        code = self.audio.hop * self.codec.stride
        codes, steps = -(-len(samples) // code), code // self.step
        out = np.empty((codes * steps, self.codec.ctc_vocab), np.float16)
        for first in range(0, codes, CORE):
            last = min(first + CORE, codes)
            wave = gain * samples.read((first - CONTEXT) * code, (last + CONTEXT) * code)[None]
            likely = self.codec.spell(self.codec.encode(wave, torch.tensor([wave.shape[1]])))[0]
            out[first * steps : last * steps] = likely[CONTEXT * steps : (CONTEXT + last - first) * steps].numpy()
        return Spelling(out, self.rate)

    def sounds(self, spoken: str) -> tuple[int, ...]:
        """Ids of a normalised word that make a sound."""
        if spoken not in self._sounds:
            silent = self.tokenizer.silent_ids
            self._sounds[spoken] = tuple(id for id in self.tokenizer.encode(spoken) if id not in silent)
        return self._sounds[spoken]

    def words(self, text: str, speaker: str = "") -> list[Word]:
        """The words of a text as written, each with the sounds of what it is read as."""
        words: list[Word] = []
        for sentence in self.tokenizer.language.split(text, SENTENCE):
            written = sentence.text.split()
            spoken = self.tokenizer.language.normalise(sentence.text).text.replace(" — ", " ").split()
            for group, said in pair(written, spoken):
                ids = tuple(id for word in said for id in self.sounds(word))
                if ids or not words:
                    words.append(Word(group, ids, speaker))
                else:  # a dash or a lone mark belongs to the word before
                    words[-1] = replace(words[-1], text=f"{words[-1].text} {group}")
        return [word for word in words if word.ids]


def pair(written: list[str], spoken: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each written word with what is said for it: `1984` with nineteen eighty-four, all others with themselves."""
    left, right = [_letters(word) for word in written], [_letters(word) for word in spoken]
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal" or b - a == d - c:
            yield from ((written[a + k], [spoken[c + k]]) for k in range(b - a))
        elif a < b:
            borders = [c + round(k * (d - c) / (b - a)) for k in range(b - a + 1)]
            yield from ((written[a + k], spoken[borders[k] : borders[k + 1]]) for k in range(b - a))


def _letters(word: str) -> str:
    return re.sub(r"[^a-z']", "", word.lower().replace("’", "'")).strip("'")
