"""Speaks the segments of one paragraph into the store: the job that executors run, in this process or in others."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import torch

from tts import voices
from tts.audio import resample
from tts.narration.script import Manner
from tts.narration.takes import BrokenTake, StoredTake, TakeStore
from tts.narration.times import said_words
from tts.synthesis.pipeline import TextToSpeech
from tts.synthesis.speaking import Settings, Take, take_seed
from tts.types import SpeakerLatents


@dataclass(frozen=True, kw_only=True)
class Nets:
    """Which nets speak, and on what."""

    weights: Path
    device: str
    threads: int
    language: str  # of the text, a name in `tts.text.language.TABLE`


@dataclass(frozen=True, kw_only=True)
class WantedTake:
    """A segment that is to be spoken."""

    key: str  # of the take
    words: str
    time: int  # how often the words came in the paragraph, this time included
    voice: Path
    manner: Manner
    seed: int


@dataclass(frozen=True, kw_only=True)
class Job:
    """The segments of one paragraph that the store lacks."""

    wanted: tuple[WantedTake, ...]
    takes: Path
    nets: Nets
    settings: Settings

    @property
    def characters(self) -> int:
        return sum(len(want.words) for want in self.wanted)


def speak_paragraph(job: Job) -> list[StoredTake]:
    """Speak the segments of a job; what another process has spoken meanwhile is kept."""
    speech = load_nets(job.nets)
    store = TakeStore(job.takes, speech.audio.sample_rate)
    return [_found(store, want.key) or speak_segment(want, speech, store, job.settings) for want in job.wanted]


def _found(store: TakeStore, key: str) -> StoredTake | None:
    try:
        store.read(key)
        return store.find(key)
    except BrokenTake:
        return None


def speak_segment(want: WantedTake, speech: TextToSpeech, store: TakeStore, settings: Settings) -> StoredTake:
    """Speak one segment in its manner and store it."""
    seed = take_seed(want.seed, want.words, want.time)
    voice = latents(want.voice, speech.fingerprint)
    take = speech.speak(want.words, voice, settings=paced(settings, want.manner), seed=seed)
    take = pitched(take, want.manner, speech.audio.sample_rate)
    words = said_words(speech, take, want.words)
    return store.put(
        take.wave.numpy(),
        key=want.key,
        seed=want.seed,
        attempts=take.attempts,
        faults=take.faults,
        loss=take.loss,
        words=[word._replace(start=round(word.start, 3), stop=round(word.stop, 3)) for word in words],
    )


def paced(settings: Settings, manner: Manner) -> Settings:
    """The settings with which a take in this manner is spoken, before it is `pitched`.

    A voice gets higher by being played faster, so it speaks as much slower before, and keeps its tempo.
    """
    return replace(settings, speed=settings.speed * manner.rate / manner.faster)


def pitched(take: Take, manner: Manner, rate: int) -> Take:
    """A take that was `paced`, at `rate` Hz, as high as its manner says."""
    wave = resample(take.wave, round(rate * manner.faster), rate)
    return replace(take, wave=wave, start=round(take.start / manner.faster), speed=take.speed * manner.faster)


@lru_cache(1)
def load_nets(nets: Nets) -> TextToSpeech:
    """The nets, loaded once in each process."""
    torch.set_num_threads(nets.threads)
    speech = TextToSpeech.load(nets.weights, nets.device)
    speech.read_with(speech.tokenizer.reading(nets.language))
    return speech


@lru_cache(64)
def latents(voice: Path, fingerprint: str) -> SpeakerLatents:
    """A voice of the project."""
    return voices.load(voice, fingerprint=fingerprint)
