"""The phonemes of a recording, as the codec's CTC head hears them, and the phonemes of a written text."""

import copy
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

from tts.alignment.recording import Samples
from tts.checkpoint import Loaded, build, load
from tts.text.tokenizer import Tokenizer, unpinned

CORE, CONTEXT = 704, 24  # codes computed at once, and codes on either side that give them context
SENTENCE = 2000  # characters normalised at once
DASHES = re.compile(r"[-–—…]+")


@dataclass(frozen=True)
class Word:
    """A word as written, with its phonemes; once it has been aligned, also with its times."""

    text: str
    ids: tuple[int, ...] = ()  # its phonemes; needed for alignment only, and not stored
    speaker: str = ""
    start: float = 0.0  # seconds
    end: float = 0.0
    confidence: float = 0.0  # mean probability of its phonemes at the places where they were aligned

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2

    def to_json(self) -> dict:
        times = {"start": round(self.start, 3), "end": round(self.end, 3)}
        return {"text": self.text, **times, "confidence": round(self.confidence, 3), "speaker": self.speaker}

    @classmethod
    def from_json(cls, data: dict) -> "Word":
        return cls(**data)


@dataclass(frozen=True)
class BestPath:
    """Best-path decoding: the likeliest phoneme of each step, without repeats and blanks."""

    ids: Int[np.ndarray, " L"]
    steps: Int[np.ndarray, " L"]  # where each phoneme begins
    probabilities: Float[np.ndarray, " L"]  # of each phoneme there


@dataclass(frozen=True)
class Spelling:
    """The output of the codec's CTC head for a whole recording."""

    likely: Float[np.ndarray, "K V"]  # log-probabilities of phonemes (blank 0), in half precision to save memory
    rate: float  # steps per second

    def __len__(self) -> int:
        return len(self.likely)

    @cached_property
    def best(self) -> BestPath:
        best = self.likely.argmax(1)
        steps = np.flatnonzero((np.diff(best, prepend=-1) != 0) & (best != 0))
        return BestPath(best[steps], steps, np.exp(self.likely[steps, best[steps]].astype(np.float32)))

    def agreement(self, words: Sequence[Word], start: float = 0.0, end: float = math.inf) -> float:
        """How well the words explain what is heard between two times in seconds, from 0 to 1.

        It is the summed probability of the words' phonemes, divided by the summed probability of the phonemes of the
        best path. The division corrects for voices that the codec hears badly: all probabilities are low there, and
        only the ratio tells the right text from a wrong one.
        """
        first, last = np.searchsorted(self.best.steps, (start * self.rate, end * self.rate))
        heard = float(self.best.probabilities[first:last].sum())
        return min(1.0, sum(word.confidence * len(word.ids) for word in words) / max(heard, 1.0))


def load_speller(path: Path) -> tuple[Loaded, Tokenizer]:
    """A codec that spells, and the tokenizer whose ids it spells."""
    loaded = load(path)
    if getattr(loaded.net, "ctc", None) is None or "text" not in loaded.extra:
        raise ValueError(f"{path} has no CTC head: give a dvae that was trained with text")
    return loaded, build(unpinned(loaded.extra["text"]), loaded.audio)


class Speller:
    """The codec, which hears phonemes, and the tokenizer that defines them."""

    def __init__(self, path: Path):
        loaded, self.tokenizer = load_speller(path)
        self.codec, self.audio, self.fingerprint = loaded.net, loaded.audio, loaded.fingerprint
        self.step = loaded.audio.hop * loaded.net.stride // loaded.spec["ctc_steps"]  # samples
        self.rate = loaded.audio.sample_rate / self.step  # steps per second
        self._sounds: dict[str, tuple[int, ...]] = {}

    def reading(self, language: str) -> "Speller":
        """The same codec for texts in the language of this name; phones that it lacks are the nearest that it has."""
        other = copy.copy(self)
        other.tokenizer = self.tokenizer.reading(language).within(self.codec.ctc_vocab)
        other._sounds = {}
        return other

    @torch.inference_mode()
    def spell(self, samples: Samples, gain: float, scratch: Path | None = None) -> Spelling:
        """The phonemes of a recording, computed piece by piece; `gain` brings it to the level the codec expects.

        They need 7 kB for a second. With `scratch` they are kept in a file of that name instead of in memory.
        """
        code = self.audio.hop * self.codec.stride
        codes, steps = -(-len(samples) // code), code // self.step
        shape = codes * steps, self.codec.ctc_vocab
        out = np.memmap(scratch, np.float16, "w+", shape=shape) if scratch else np.empty(shape, np.float16)
        for first in range(0, codes, CORE):
            last = min(first + CORE, codes)
            wave = gain * torch.from_numpy(samples.read((first - CONTEXT) * code, (last + CONTEXT) * code))[None]
            likely = self.codec.spell(self.codec.encode(wave, torch.tensor([wave.shape[1]])))[0]
            out[first * steps : last * steps] = likely[CONTEXT * steps : (CONTEXT + last - first) * steps].numpy()
        return Spelling(out, self.rate)

    def sounds(self, spoken: str) -> tuple[int, ...]:
        """The phonemes of a normalised word, without ids that make no sound."""
        if spoken not in self._sounds:
            silent = self.tokenizer.silent_ids
            self._sounds[spoken] = tuple(id for id in self.tokenizer.encode(spoken) if id not in silent)
        return self._sounds[spoken]

    def words(self, text: str, speaker: str = "") -> list[Word]:
        """The words of a text as written, each with the phonemes of its spoken form."""
        words: list[Word] = []
        for sentence in self.tokenizer.language.split(text, SENTENCE):
            written = _with_dashes(sentence.text.split())
            spoken = self.tokenizer.language.normalise(sentence.text).text.replace(" — ", " ").split()
            for group, said in pair_words(written, spoken):
                ids = tuple(id for word in said for id in self.sounds(word))
                if ids or not words:
                    words.append(Word(group, ids, speaker))
                else:  # a dash or a lone punctuation mark is joined to the word before it
                    words[-1] = replace(words[-1], text=f"{words[-1].text} {group}")
        return [word for word in words if word.ids]


def pair_words(written: list[str], spoken: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each written word with its spoken words: `1984` with nineteen eighty-four, most words with themselves."""
    left, right = [_letters(word) for word in written], [_letters(word) for word in spoken]
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal" or b - a == d - c:
            yield from ((written[a + k], [spoken[c + k]]) for k in range(b - a))
        elif a < b:
            borders = [c + round(k * (d - c) / (b - a)) for k in range(b - a + 1)]
            yield from ((written[a + k], spoken[borders[k] : borders[k + 1]]) for k in range(b - a))


def _with_dashes(written: list[str]) -> list[str]:
    """Words as written, each with the dashes that follow it: a dash has no sound and takes none from its neighbours."""
    out: list[str] = []
    for token in written:
        if out and DASHES.fullmatch(token):
            out[-1] += f" {token}"
        else:
            out.append(token)
    return out


def _letters(word: str) -> str:
    return re.sub(r"[^a-z']", "", word.lower().replace("’", "'")).strip("'")
