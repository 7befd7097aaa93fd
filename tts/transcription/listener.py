"""What a listener is, and what it hears. Two there are: our own nets (`nets`) and Whisper (`whisper`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class HeardWord:
    """A word with its punctuation, and when it is said, in seconds."""

    text: str
    start: float
    stop: float


@dataclass(frozen=True)
class HeardSegment:
    """What is said in one go. `likely` is the mean log-probability of what the model wrote, in nats."""

    text: str
    start: float  # seconds
    stop: float
    words: Sequence[HeardWord] = ()
    likely: float = 0.0

    def later(self, seconds: float) -> "HeardSegment":
        """The same, so much later."""
        words = [HeardWord(word.text, word.start + seconds, word.stop + seconds) for word in self.words]
        return replace(self, start=self.start + seconds, stop=self.stop + seconds, words=words)


@dataclass(frozen=True)
class Heard:
    """What is said in a clip, and in which language (ISO 639-1)."""

    language: str
    segments: Sequence[HeardSegment]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be heard."""

    language: str | None = None  # as a listener's `languages` have it; None: it is recognised
    translate: bool = False  # what is said in any language, in English
    words: bool = False  # with the times of words; who has them anyway gives them always
    prompt: str = ""  # what was said before, or how names are spelt; who cannot follow it does without


@runtime_checkable
class Listener(Protocol):
    """Hears clips of up to half a minute."""

    rate: int  # Hz, of the waves that it takes
    languages: Mapping[str, str]  # codes of ISO 639-1 -> English names
    translates: bool  # whether it can write in English what is said in another language

    def hear(self, wave: Float[np.ndarray, " N"], asked: "Asked") -> Heard: ...


def check(listener: Listener, asked: Asked) -> None:
    """Raises ValueError if a listener cannot do what is asked."""
    language = asked.language
    if asked.translate and not listener.translates:
        raise ValueError("only Whisper translates speech here: give a model with whisper or whisper=FOLDER")
    if language is not None and language not in listener.languages:
        known = ", ".join(sorted(listener.languages))
        more = "" if listener.translates else "; Whisper hears others: whisper or whisper=FOLDER"
        raise ValueError(f"no language {language!r} is known here, but {known}{more}")
