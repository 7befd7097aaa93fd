"""Speaks the segments of one paragraph into the store: the job that executors run, in this process or in others."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from tts import voices
from tts.audio import resample
from tts.engine.choice import Nets
from tts.narration.script import Manner
from tts.narration.takes import BrokenTake, StoredTake, TakeStore
from tts.narration.times import said_words
from tts.records import SpeakerLatents
from tts.synthesis.speaking import Settings, Speaking, Take, WantedSentence, take_seed


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
class SpeechJob:
    """The segments of one paragraph that the store lacks."""

    wanted: tuple[WantedTake, ...]
    takes: Path
    nets: Nets
    settings: Settings

    @property
    def characters(self) -> int:
        return sum(len(want.words) for want in self.wanted)


def speak_paragraph(job: SpeechJob) -> list[StoredTake]:
    """Speak the segments of a job; what another process has spoken meanwhile is kept."""
    speech = load_nets(job.nets)
    store = TakeStore(job.takes, speech.audio.sample_rate)
    there = {want.key: take for want in job.wanted if (take := _found(store, want.key))}
    lacking = [want for want in job.wanted if want.key not in there]
    for want, take in zip(lacking, speech.speak_each(wanted_of(want, job, speech) for want in lacking), strict=True):
        there[want.key] = stored(take, want, speech, store)
    return [there[want.key] for want in job.wanted]


def _found(store: TakeStore, key: str) -> StoredTake | None:
    try:
        store.read(key)
        return store.find(key)
    except BrokenTake:
        return None


def wanted_of(want: WantedTake, job: SpeechJob, speech: Speaking) -> WantedSentence:
    """A segment as the engine speaks it, in its manner."""
    return WantedSentence(
        text=want.words,
        voice=latents(want.voice, speech.fingerprint),
        settings=paced(job.settings, want.manner),
        seed=take_seed(want.seed, want.words, want.time),
    )


def stored(take: Take, want: WantedTake, speech: Speaking, store: TakeStore) -> StoredTake:
    """Store what was spoken of a segment."""
    take = pitched(take, want.manner, speech.audio.sample_rate)
    words = said_words(speech, take, want.words)
    return store.put(
        take.wave,
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
def load_nets(nets: Nets) -> Speaking:
    """The nets, loaded once in each process."""
    return nets.load()


@lru_cache(64)
def latents(voice: Path, fingerprint: str) -> SpeakerLatents:
    """A voice of the project."""
    return voices.load(voice, fingerprint=fingerprint)
