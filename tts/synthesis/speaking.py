"""Text in, speech out, one sentence at a time: what every engine does alike. Needs no torch.

`say` gives whole sentences, `stream` gives sound while codes are still being drawn. Both render in the same windows
(`tts.synthesis.grid`), so what they give is the same bytes, unless `say` hears a fault and speaks a sentence again.
Memory does not grow with the text. The sound of a sentence depends on its own words and the seed only, so editing one
sentence leaves the others as they were.
"""

import hashlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import cache
from itertools import islice
from typing import Any

import numpy as np
from jaxtyping import Float

from tts.records import AudioConfig, Sampling, SpeakerLatents
from tts.synthesis.attempts import Attempt, Begun, best_of, misfit
from tts.synthesis.background import side_by_side
from tts.synthesis.batching import Drawing
from tts.synthesis.grid import Spoken, first_window
from tts.synthesis.listen import Verdict, listen
from tts.synthesis.portions import Portion, check_text, nothing_to_say, portions, shortened
from tts.synthesis.wave import Edges
from tts.text.language import Language
from tts.text.tokenizer import Tokenizer

# Sentences of whole speech that are made to sound at once. That takes more than half of the work: with two, beside the
# thread that draws codes, two cores are busy all the time.
SOUNDED_AT_ONCE = 2


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to speak; conf/infer.yaml holds the values and their limits."""

    sampling: Sampling
    candidates: int  # takes of each sentence, in one batch
    min_codes_per_id: float  # fewer codes than this per text id: the sentence stopped early
    listen: bool  # to what was spoken, for words that are missing or too many
    retries: int
    steps: int | None  # of the diffusion decoder; None: as its weights were made for; the same of guidance
    guidance: float | None  # of the diffusion decoder; 1: off
    sampler: str  # of the diffusion decoder, a key of diffusion.sample.SAMPLERS
    speed: float  # tempo; 1: as spoken
    pause: float  # times all of `pauses`
    pauses: Mapping[str, float]  # seconds of silence after what ends there, as in `tts.text.sentences`
    max_chars: int  # longer sentences are cut

    @classmethod
    def parse(cls, conf: Mapping[str, Any]) -> "Settings":
        """From plain data such as `tts.settings.compose` gives."""
        values = {field.name: conf[field.name] for field in fields(cls)}
        return cls(**values | {"sampling": Sampling(**conf["sampling"])})

    def silence(self, after: str | None) -> float:
        """Seconds of silence after what ends there, e.g. a sentence or a line; none at the end of a text."""
        return self.pauses[after] * self.pause / self.speed if after else 0.0


@dataclass
class Take:
    """One sentence spoken: the attempt that was kept, as a wave without the pause that follows it."""

    wave: Float[np.ndarray, " N"]
    codes: Any  # as the engine holds them
    start: int  # samples that were cut off before it
    attempts: int
    faults: list[str]  # what is wrong with it: "ran on", "skips 'word'"
    loss: float  # nats, of the check
    rejected: list[str]  # faults of the attempts that were not kept
    speed: float  # tempo of the wave; 1: as the codes have it

    @property
    def fault(self) -> str | None:
        """Everything that is wrong with it; None where nothing was found."""
        return "; ".join(self.faults) or None


@dataclass
class Chunk:
    """A portion as sound, or a part of it; the last one ends with the pause up to the next portion."""

    portion: Portion
    wave: Float[np.ndarray, " N"]  # without a sample if nobody can say the portion
    notices: list[str]  # what was dropped, skipped or tried again
    take: Take | None  # in the last chunk of a portion; None: nothing to say, or more follows


@dataclass(frozen=True, kw_only=True)
class VoicedPortion:
    """A portion with a voice and settings of its own."""

    portion: Portion
    voice: SpeakerLatents
    settings: Settings


@dataclass(frozen=True, kw_only=True)
class WantedSentence:
    """A normalised sentence, and how it is to be spoken."""

    text: str
    voice: SpeakerLatents
    settings: Settings
    seed: int


class Speaking(ABC):
    """An engine: it draws codes for a text, spells them, and makes them sound. The rest is the same for all."""

    def __init__(self, tokenizer: Tokenizer, audio: AudioConfig, fingerprint: str):
        self.tokenizer = tokenizer
        self.language: Language = tokenizer.language
        self.audio = audio
        self.fingerprint = fingerprint  # of the two nets that know speakers: voices belong to it
        self.share_steps(1)

    @property
    @abstractmethod
    def code_rate(self) -> Fraction:
        """Codes per second."""

    @property
    @abstractmethod
    def grain(self) -> int:
        """Codes; those between two multiples of it can be rendered alone."""

    @abstractmethod
    def utter(self, text: str, voice: SpeakerLatents, *, settings: Settings, seed: int) -> Attempt:
        """One attempt at a sentence. Of several candidates: the one with the fewest faults, best understood."""

    @abstractmethod
    def draw_along(self, text: str, voice: SpeakerLatents, *, settings: Settings, seed: int) -> Drawing:
        """The codes of one attempt, one after the other; the same as those of `utter` with one candidate.

        They are drawn alone until they are told to run on.
        """

    @abstractmethod
    def rows_agree(self, sentences: int) -> bool:
        """Whether, on this machine, steps give a sentence the same bytes alone and beside so many others."""

    @abstractmethod
    def hear_codes(self, codes: Any, text: str, settings: Settings, *, whole: bool) -> Verdict:
        """What is wrong with the codes of one attempt; if not `whole`, they are the beginning of what will be said."""

    @abstractmethod
    def gathered(self, spoken: Sequence[Spoken]) -> Any:
        """The codes of an attempt as `Take.codes` has them."""

    @abstractmethod
    def render(
        self, codes: Any, latents: Any, voice: SpeakerLatents, *, settings: Settings, seed: int
    ) -> Float[np.ndarray, " N"]:
        """The wave of codes that are all there."""

    @abstractmethod
    def sound(
        self, spoken: Iterable[Spoken], voice: SpeakerLatents, *, settings: Settings, seed: int
    ) -> Iterator[Float[np.ndarray, " N"]]:
        """Codes to waves, a piece as soon as its codes are there."""

    @abstractmethod
    def spell(self, codes: Any) -> Float[np.ndarray, "K V"] | None:
        """What the codec hears in the codes of one attempt (`Codec.spell`); None if it cannot."""

    @abstractmethod
    def count(self, codes: Any) -> int:
        """How many codes an attempt has."""

    @abstractmethod
    def speaker(self, wave: Float[np.ndarray, " N"]) -> SpeakerLatents:
        """What both nets know of a speaker from some seconds of speech at the level of training."""

    def read_with(self, tokenizer: Tokenizer) -> None:
        """Read texts with another tokenizer of the same symbols: `tokenizer.reading` gives that of a language."""
        self.tokenizer, self.language = tokenizer, tokenizer.language

    def share_steps(self, sentences: int, told: Callable[[int], None] = lambda sentences: None) -> None:
        """From now on let so many sentences share the steps of the GPT; `told` gets their number at each step.

        Those of whole speech do so only where that changes no byte of it.
        """
        self.sentences, self.told = sentences, told
        self._at_once = cache(lambda: sentences if sentences == 1 or self.rows_agree(sentences) else 1)

    def say(
        self,
        text: str | Iterable[str],
        voice: SpeakerLatents,
        *,
        settings: Settings,
        seed: int,
        language: Language | None = None,
    ) -> Iterator[Chunk]:
        """Speak a text of any length, a chunk for each sentence. Raises ValueError if no sentence of it can be said.

        A text may come in pieces, which may break anywhere: a sentence is spoken when the next one begins. It is read
        in `language`, tagged where that is not the tokenizer's own (`tts.synthesis.explain.reading`).
        """
        return self._chunks(self._voiced(text, voice, settings, language), seed, along=False)

    def stream(
        self,
        text: str | Iterable[str],
        voice: SpeakerLatents,
        *,
        settings: Settings,
        seed: int,
        language: Language | None = None,
    ) -> Iterator[Chunk]:
        """As `say`, with several chunks for a sentence, the first of them while its end is still to be spoken.

        A sentence is spoken again only if its first codes are heard to be wrong; what is heard later is told. With
        several candidates, which are compared when they are whole, each chunk is a sentence.
        """
        return self.stream_portions(self._voiced(text, voice, settings, language), seed=seed)

    def stream_portions(self, voiced: Iterable[VoicedPortion], *, seed: int) -> Iterator[Chunk]:
        """As `stream`, of portions whose voices and settings may differ."""
        return self._chunks(voiced, seed, along=True)

    def speak(self, text: str, voice: SpeakerLatents, *, settings: Settings, seed: int) -> Take:
        """Speak one normalised sentence, after a faulty attempt again from another seed, and keep the best."""
        (take,) = self.speak_each([WantedSentence(text=text, voice=voice, settings=settings, seed=seed)])
        return take

    def speak_each(self, wanted: Iterable["WantedSentence"]) -> Iterator[Take]:
        """`speak` several sentences. While some are made to sound, the codes of the next are drawn in other threads."""
        drawn = side_by_side(lambda one: (one, *self._drawn(one)), wanted, self._at_once())
        yield from side_by_side(lambda one: self._sounded(*one), drawn, SOUNDED_AT_ONCE)

    def sayable(self, text: str) -> bool:
        """Whether a normalised text holds anything but spaces and punctuation."""
        return not self.tokenizer.silent_ids.issuperset(self.tokenizer.encode(text, letters=0.0, generator=None))

    def judged(
        self, count: int, spelling: Float[np.ndarray, "K V"] | None, text: str, settings: Settings, *, whole: bool
    ) -> Verdict:
        """What is wrong with so many codes, and with the words heard in them if there is what the codec spells."""
        size = len(self.tokenizer.encode(text))
        bounds = {"most": settings.sampling.max_codes_per_id, "least": settings.min_codes_per_id}
        verdict = Verdict(misfit(count, size, **bounds) if whole else [], 0.0)
        if spelling is None:
            return verdict
        words = listen(spelling, text, self.tokenizer, whole=whole)
        return Verdict(verdict.faults + words.faults, words.loss)

    def _voiced(
        self, text: str | Iterable[str], voice: SpeakerLatents, settings: Settings, language: Language | None
    ) -> Iterator[VoicedPortion]:
        """The portions of a text, all in one voice."""
        if isinstance(text, str):
            check_text(text)
        for portion in portions(text, settings.max_chars, language or self.language):
            yield VoicedPortion(portion=portion, voice=voice, settings=settings)

    def _chunks(self, voiced: Iterable[VoicedPortion], seed: int, *, along: bool) -> Iterator[Chunk]:
        """Each portion as it is spoken: `along` with its codes where there is one candidate, else whole."""
        said, told = False, []
        for planned, whole in self._taking(self._planned(voiced, seed), along):
            portion, notices, take = planned.portion, list(planned.notices), None
            wave = np.zeros(0, np.float32)
            if sentence := planned.sentence:
                said, settings = True, sentence.settings
                spoken = self._in_one_piece(whole, settings) if whole else self._speak_along(sentence)
                for wave, take, account in spoken:
                    if account:
                        notices.append(f"{account}: {shortened(portion.words)}")
                    if take is None:
                        yield Chunk(portion, wave, notices, None)
                        notices = []
                wave = np.pad(wave, (0, round(settings.silence(portion.pause) * self.audio.sample_rate)))
            told = (told + notices)[:3]
            yield Chunk(portion, wave, notices, take)
        if not said:
            reasons = "; ".join(told) or "it is empty"
            raise ValueError(f"no voice can say this text ({reasons}): write it in {self.language.name.title()}")

    def _planned(self, voiced: Iterable[VoicedPortion], seed: int) -> Iterator["_Planned"]:
        """What is to be said of each portion, with the seed of its own."""
        said: Counter[str] = Counter()  # how often each sentence came
        for one in voiced:
            portion, notices, sentence = one.portion, list(one.portion.notices), None
            if self.sayable(portion.words):
                said[portion.words] += 1
                own = take_seed(seed, portion.words, said[portion.words])
                sentence = WantedSentence(text=portion.words, voice=one.voice, settings=one.settings, seed=own)
            elif portion.written.strip():
                notices.append(nothing_to_say(portion.written))
            yield _Planned(portion, notices, sentence)

    def _taking(self, planned: Iterable["_Planned"], along: bool) -> Iterator[tuple["_Planned", Take | None]]:
        """Each with its take; None where nothing is to be said, or where it is spoken along with its codes."""

        def draw(one: "_Planned") -> tuple["_Planned", tuple[Attempt, list[str]] | None]:
            later = one.sentence is None or (along and one.sentence.settings.candidates == 1)
            return one, None if later else self._drawn(one.sentence)

        def sound(drawn: tuple["_Planned", tuple[Attempt, list[str]] | None]) -> tuple["_Planned", Take | None]:
            one, attempts = drawn
            return one, None if attempts is None else self._sounded(one.sentence, *attempts)

        if along:
            return map(sound, map(draw, planned))
        return side_by_side(sound, side_by_side(draw, planned, self._at_once()), SOUNDED_AT_ONCE)

    def _drawn(self, sentence: "WantedSentence") -> tuple[Attempt, list[str]]:
        """The best attempt at a sentence, and what was wrong with each of the others."""
        words, voice, settings = sentence.text, sentence.voice, sentence.settings

        def utter(number: int) -> Attempt:
            return self.utter(words, voice, settings=settings, seed=attempt_seed(sentence.seed, number))

        return best_of(utter, settings.retries)

    def _sounded(self, sentence: "WantedSentence", best: Attempt, rejected: list[str]) -> Take:
        speech, settings, edges = best.speech, sentence.settings, Edges(self.audio)
        wave = self.render(speech.codes, speech.latents, sentence.voice, settings=settings, seed=sentence.seed)
        pieces = (edges.push(wave), edges.finish())
        return self._take(pieces, edges.start, speech.codes, best.verdict, rejected, settings.speed)

    def _in_one_piece(self, take: Take, settings: Settings) -> Iterator[tuple[np.ndarray, Take, str | None]]:
        """What `_speak_along` gives, of a sentence that is whole."""
        yield take.wave, take, _account(take, settings, late=False)

    def _speak_along(self, sentence: "WantedSentence") -> Iterator[tuple[np.ndarray, Take | None, str | None]]:
        """A sentence in pieces, rendered while codes are drawn in a thread of its own."""
        words, voice, settings, seed = sentence.text, sentence.voice, sentence.settings, sentence.seed
        best, rejected = best_of(lambda number: self._begin(sentence, number), settings.retries)
        edges, pieces = Edges(self.audio), []
        with closing(best.rest):
            for wave in self.sound(best.go_on(), voice, settings=settings, seed=seed):
                best.rest.run_on()
                pieces.append(edges.push(wave))
                if len(pieces[-1]):
                    yield pieces[-1], None, None
        pieces.append(edges.finish())
        codes = self.gathered(best.spoken)
        verdict = self.hear_codes(codes, words, settings, whole=True)
        take = self._take(pieces, edges.start, codes, verdict, rejected, settings.speed)
        yield pieces[-1], take, _account(take, settings, late=True)

    def _begin(self, sentence: "WantedSentence", number: int) -> Begun:
        """An attempt up to where its first sound can be rendered, and what is wrong with it so far."""
        words, settings, seed = sentence.text, sentence.settings, attempt_seed(sentence.seed, number)
        drawn, first = self.draw_along(words, sentence.voice, settings=settings, seed=seed), first_window(self.grain)
        spoken = list(islice(drawn, first))
        verdict = self.hear_codes(self.gathered(spoken), words, settings, whole=len(spoken) < first)
        return Begun(spoken, drawn, verdict)

    def _take(
        self, pieces: Sequence[np.ndarray], start: int, codes: Any, verdict: Verdict, rejected: list[str], speed: float
    ) -> Take:
        return Take(
            wave=np.concatenate(pieces),
            codes=codes,
            start=start,
            attempts=1 + len(rejected),
            faults=verdict.faults,
            loss=verdict.loss,
            rejected=rejected,
            speed=speed,
        )


@dataclass(frozen=True)
class _Planned:
    """A portion, what is told about it, and what is to be spoken of it, if anything."""

    portion: Portion
    notices: list[str]
    sentence: WantedSentence | None


def take_seed(seed: int, words: str, time: int) -> int:
    """The seed of a sentence that is said for the first, second ... time: a sentence said again is another take.

    Any other change to the text leaves it alone.
    """
    return derive_seed(derive_seed(seed, words), f"time {time}")


def attempt_seed(seed: int, number: int) -> int:
    """The seed of an attempt at a sentence, counted from 0."""
    return derive_seed(seed, f"attempt {number}")


def derive_seed(seed: int, text: str) -> int:
    """A 63-bit seed that depends on nothing but its arguments, on every machine."""
    digest = hashlib.sha256(f"{seed}\n{text}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def _account(take: Take, settings: Settings, *, late: bool) -> str | None:
    """What happened on the way to a take that was not whole at once; None if it was."""
    times = f"attempt {take.attempts} of {settings.retries + 1}"
    before = f" ({', then '.join(take.rejected)})" if take.rejected else ""
    if take.fault:
        return f"{take.fault}, {'heard too late' if late else 'at best'}, by {times}{before}"
    return f"whole only at {times}{before}" if take.attempts > 1 else None
