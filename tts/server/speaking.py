"""A text to the bytes that a client gets, piece by piece: the work of one turn of the engine."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tts.document import Document
from tts.narration.aloud import aloud
from tts.narration.script import NARRATOR, script_of
from tts.narration.timeline import TimedWord
from tts.narration.times import SaidWord, said_words, written_words
from tts.records import SpeakerLatents
from tts.server.sound import Format
from tts.synthesis.explain import passages
from tts.synthesis.mark import marked, provenance
from tts.synthesis.speaking import Chunk, Settings, Speaking
from tts.text.language import Language


@dataclass
class Usage:
    """What a turn has read and said so far."""

    ids: int = 0  # of the text, as the GPT reads it
    codes: int = 0  # that the GPT has spoken
    seconds: float = 0.0  # of sound, pauses included
    faults: int = 0  # sentences in which the check found one

    def watch(self, chunks: Iterable[Chunk], speech: Speaking) -> Iterator[Chunk]:
        """The chunks; each is counted as it passes."""
        for chunk in chunks:
            self.seconds += len(chunk.wave) / speech.audio.sample_rate
            if chunk.take:
                self.ids += len(speech.tokenizer.encode(chunk.portion.words))
                self.codes += speech.count(chunk.take.codes)
                self.faults += bool(chunk.take.faults)
            yield chunk


@dataclass(frozen=True)
class TimedSentence:
    """A sentence as it is written, and when it and its words are heard, in seconds from the start of the sound."""

    text: str
    start: float
    stop: float
    words: list[TimedWord]


class Times:
    """When the sentences of a turn are heard. A long one may be spoken in several portions."""

    def __init__(self, speech: Speaking):
        self.speech = speech
        self._told: list[TimedSentence] = []
        self._text, self._start, self._stop = "", 0.0, 0.0  # of the sentence that is being spoken
        self._said: list[SaidWord] = []

    def watch(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """The chunks; each is noted as it passes."""
        rate, samples, portion, begun = self.speech.audio.sample_rate, 0, None, 0.0
        for chunk in chunks:
            if chunk.portion is not portion:
                portion, begun = chunk.portion, samples / rate
                if portion.written:
                    self._end()
                    self._text, self._start = portion.written, begun
            if chunk.take:
                self._stop = begun + len(chunk.take.wave) / rate
                for word in said_words(self.speech, chunk.take, portion.words):
                    self._said.append(word._replace(start=word.start + begun, stop=word.stop + begun))
                if portion.ends:
                    self._end()
            samples += len(chunk.wave)
            yield chunk
        self._end()

    def taken(self) -> Iterator[TimedSentence]:
        """The sentences that have ended since the last time."""
        told, self._told = self._told, []
        yield from told

    def _end(self) -> None:
        if self._said:
            words = written_words(self._text, self._said)
            self._told.append(TimedSentence(self._text, self._start, self._stop, words))
            self._said = []


def chunks_of(
    text: str | Document,
    voices: Mapping[str, SpeakerLatents],
    *,
    speech: Speaking,
    language: Language,
    settings: Settings,
    seed: int,
) -> Iterator[Chunk]:
    """A text as it is spoken, or what a marked-up one says, in a language as `read_in` gives it.

    `voices` by role, that of the narrator among them.
    Raises ValueError if nobody can say it.
    """
    if isinstance(text, str):
        yield from speech.stream(text, voices[NARRATOR], settings=settings, seed=seed, language=language)
    else:
        script = script_of(text, language=language, settings=settings, passages=passages(speech.tokenizer))
        yield from aloud(script, voices, speech=speech, settings=settings, seed=seed)


def sent(
    chunks: Iterator[Chunk],
    *,
    voice: str,
    speech: Speaking,
    format: Format,
    mark: bool,
    timed: bool,
    usage: Usage,
) -> Iterator[bytes | TimedSentence]:
    """Chunks in a format, whose comment names the voice; if it is `timed`, each sentence follows its sound.

    Raises what the chunks raise, and closes what it holds when it is left.
    """
    rate = speech.audio.sample_rate
    times = Times(speech)
    chunks = usage.watch(times.watch(chunks) if timed else chunks, speech)
    waves = (chunk.wave[None] for chunk in chunks)
    waves = marked(waves, rate) if mark else waves
    for piece in format.encode(waves, rate, provenance(speech.fingerprint, voice)):
        yield piece
        yield from times.taken()
    yield from times.taken()
