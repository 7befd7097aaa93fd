"""Text in, speech out: normaliser, tokenizer, GPT, codec, diffusion decoder, vocoder, one sentence at a time.

`say` gives whole sentences, `stream` gives sound while the GPT still speaks. Both render in the same windows
(`tts.synthesis.grid`), so what they give is the same bytes, unless `say` hears a fault and speaks a sentence again.
Memory does not grow with the text. The sound of a sentence depends on its own words and the seed only, so editing one
sentence leaves the others as they were. The same input gives the same bytes on the same kind of processor, if torch
uses the same number of threads.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from tts import checkpoint
from tts.adapters import TunedSpeaker, merged
from tts.draws import noise_of
from tts.nn import fast_dtype, step_dtype
from tts.synthesis.background import background
from tts.synthesis.grid import Spoken, first_window, windows
from tts.synthesis.listen import Verdict, listen
from tts.synthesis.portions import Portion, check_text, nothing_to_say, portions, shortened
from tts.synthesis.wave import Edges, stretched
from tts.text.tokenizer import Tokenizer
from tts.types import Acoustic, Codec, Codes, Condition, Decoder, Sampling, SpeakerLatents, Speech, Vocoder

TUNED = 4  # tuned voices whose nets are kept, each of about 70 MB
FORESEEN = 16  # frames after those that sound that the vocoder sees; more change nothing
NETS = ("dvae", "gpt", "diffusion", "vocoder")
DEVICES = ("cpu", "cuda", "mps")


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
class Attempt:
    """One attempt at a sentence, as codes, and what is wrong with it."""

    speech: Speech
    verdict: Verdict


@dataclass
class Take:
    """One sentence spoken: the attempt that was kept, as a wave without the pause that follows it."""

    wave: Float[Tensor, " N"]
    codes: Codes
    start: int  # samples that were cut off before it
    attempts: int
    faults: list[str]  # what is wrong with it: "ran on", "skips 'word'"
    loss: float  # nats, of the check
    rejected: list[str]  # faults of the attempts that were not kept

    @property
    def fault(self) -> str | None:
        """Everything that is wrong with it; None where nothing was found."""
        return "; ".join(self.faults) or None


@dataclass
class Chunk:
    """A portion as sound, or a part of it; the last one ends with the pause up to the next portion."""

    portion: Portion
    wave: Float[Tensor, " N"]  # empty if nobody can say the portion
    notices: list[str]  # what was dropped, skipped or tried again
    take: Take | None  # in the last chunk of a portion; None: nothing to say, or more follows


class TextToSpeech:
    """Four nets known by their protocols and a tokenizer, joined end to end."""

    def __init__(
        self,
        *,
        tokenizer: Tokenizer,
        acoustic: Acoustic,
        codec: Codec,
        decoder: Decoder,
        vocoder: Vocoder,
        fingerprint: str,
        device: torch.device,
    ):
        self.tokenizer = tokenizer
        self.language = tokenizer.language
        self.acoustic = acoustic
        self.codec = codec
        self.decoder = decoder
        self.vocoder = vocoder
        self.fingerprint = fingerprint  # of the two nets that know speakers: voices belong to it
        self.device = device
        self.audio = codec.audio
        self._tuned = lru_cache(TUNED)(
            lambda changes: (merged(self.acoustic, changes.acoustic), merged(self.decoder, changes.decoder))
        )

    def nets(self, voice: SpeakerLatents) -> tuple[Acoustic, Decoder]:
        """The two nets that know speakers, changed as a tuned voice says; they are made once and kept.

        Raises ValueError if its changes do not fit them.
        """
        return self._tuned(voice.changes) if isinstance(voice, TunedSpeaker) else (self.acoustic, self.decoder)

    @classmethod
    def load(cls, folder: str | Path, device: str) -> "TextToSpeech":
        """From a folder that holds `dvae`, `gpt`, `diffusion` and `vocoder` as .safetensors."""
        where = pick_device(device)
        loaded = {name: checkpoint.load(Path(folder) / f"{name}.safetensors") for name in NETS}
        gpt = loaded["gpt"]
        for name, other in loaded.items():
            if other.audio != gpt.audio:
                raise ValueError(f"{name} in {folder} was trained on another mel than gpt: use weights of one family")
        if "text" not in gpt.extra:
            raise ValueError(f"gpt in {folder} does not say how it reads: export it with its tokenizer's spec")
        nets = {name: other.net.to(where) for name, other in loaded.items()}
        nets["gpt"].stepping = step_dtype(where)
        return cls(
            tokenizer=checkpoint.build(gpt.extra["text"], gpt.audio),
            acoustic=nets["gpt"],
            codec=nets["dvae"],
            decoder=nets["diffusion"],
            vocoder=nets["vocoder"],
            fingerprint=speaker_fingerprint({name: other.fingerprint for name, other in loaded.items()}),
            device=where,
        )

    def say(
        self, text: str | Iterable[str], voice: SpeakerLatents, *, settings: Settings, seed: int
    ) -> Iterator[Chunk]:
        """Speak a text of any length, a chunk for each sentence. Raises ValueError if no sentence of it can be said.

        A text may come in pieces, which may break anywhere: a sentence is spoken when the next one begins.
        """
        return self._chunks(text, self._speak_whole, voice, settings, seed)

    def stream(
        self, text: str | Iterable[str], voice: SpeakerLatents, *, settings: Settings, seed: int
    ) -> Iterator[Chunk]:
        """As `say`, with several chunks for a sentence, the first of them while its end is still to be spoken.

        A sentence is spoken again only if its first codes are heard to be wrong; what is heard later is told. With
        several candidates, which are compared when they are whole, each chunk is a sentence.
        """
        speak = self._speak_whole if settings.candidates > 1 else self._speak_along
        return self._chunks(text, speak, voice, settings, seed)

    def _chunks(
        self, text: str | Iterable[str], speak: Callable, voice: SpeakerLatents, settings: Settings, seed: int
    ) -> Iterator[Chunk]:
        """The portions of a text, each spoken by `speak`, which gives waves, and with the last one its take."""
        if isinstance(text, str):
            check_text(text)
        said: Counter[str] = Counter()  # how often each sentence came
        notices: list[str] = []
        for portion in portions(text, settings.max_chars, self.language):
            chunk = Chunk(portion, torch.zeros(0), list(portion.notices), None)
            if self.sayable(portion.words):
                said[portion.words] += 1
                own = take_seed(seed, portion.words, said[portion.words])
                for wave, take, account in speak(portion.words, voice, settings=settings, seed=own):
                    chunk.wave, chunk.take = wave, take
                    if account:
                        chunk.notices.append(f"{account}: {shortened(portion.words)}")
                    if take is None:
                        yield chunk
                        chunk = Chunk(portion, torch.zeros(0), [], None)
                silence = round(settings.silence(portion.pause) * self.audio.sample_rate)
                chunk.wave = F.pad(chunk.wave, (0, silence))
            elif portion.written.strip():
                chunk.notices.append(nothing_to_say(portion.written))
            notices = (notices + chunk.notices)[:3]
            yield chunk
        if not said:
            reasons = "; ".join(notices) or "it is empty"
            raise ValueError(f"no voice can say this text ({reasons}): write it in {self.language.name.title()}")

    def _speak_whole(
        self, words: str, voice: SpeakerLatents, *, settings: Settings, seed: int
    ) -> Iterator[tuple[Tensor, Take, str | None]]:
        """A sentence in one piece."""
        take = self.speak(words, voice, settings=settings, seed=seed)
        yield take.wave, take, _account(take, settings, late=False)

    @torch.inference_mode()
    def _speak_along(
        self, words: str, voice: SpeakerLatents, *, settings: Settings, seed: int
    ) -> Iterator[tuple[Tensor, Take | None, str | None]]:
        """A sentence in pieces, rendered while the GPT goes on in a thread of its own."""
        best, rejected = _best_of(partial(self._begin, words, voice, settings=settings), settings, seed)
        edges, pieces = Edges(self.audio), []
        for wave in self.sound(background(best.go_on()), voice, settings=settings, seed=seed):
            pieces.append(edges.push(wave))
            if len(pieces[-1]):
                yield pieces[-1], None, None
        pieces.append(edges.finish())
        codes = _codes_of(best.spoken)
        (verdict,) = self.hear(codes, words, settings)
        take = Take(
            wave=torch.cat(pieces),
            codes=codes,
            start=edges.start,
            attempts=1 + len(rejected),
            faults=verdict.faults,
            loss=verdict.loss,
            rejected=rejected,
        )
        yield pieces[-1], take, _account(take, settings, late=True)

    def _begin(self, words: str, voice: SpeakerLatents, *, settings: Settings, seed: int) -> "_Begun":
        """An attempt up to where its first sound can be rendered, and what is wrong with it so far."""
        ids, lengths = self.batch(words, 1)
        generator = torch.Generator(self.device).manual_seed(seed)
        speaker = voice.acoustic.to(self.device)[None]
        acoustic, _ = self.nets(voice)
        drawn = acoustic.draw_codes(ids, lengths, speaker, sampling=settings.sampling, generator=generator)
        first = first_window(self.codec.grain)
        spoken = list(islice(drawn, first))
        (verdict,) = self.hear(_codes_of(spoken), words, settings, whole=len(spoken) < first)
        return _Begun(spoken, drawn, verdict)

    def sayable(self, text: str) -> bool:
        """Whether a normalised text holds anything but spaces and punctuation."""
        return not self.tokenizer.silent_ids.issuperset(self.tokenizer.encode(text, letters=0.0, generator=None))

    @torch.inference_mode()
    def speak(self, text: str, voice: SpeakerLatents, *, settings: Settings, seed: int) -> Take:
        """Speak one normalised sentence, after a faulty attempt again from another seed, and keep the best."""
        best, rejected = _best_of(partial(self.utter, text, voice, settings=settings), settings, seed)
        codes, latents = best.speech.codes, best.speech.latents
        wave = self.render(codes, latents, voice, settings=settings, seed=seed)
        edges = Edges(self.audio)
        return Take(
            wave=torch.cat((edges.push(wave), edges.finish())),
            codes=codes,
            start=edges.start,
            attempts=1 + len(rejected),
            faults=best.verdict.faults,
            loss=best.verdict.loss,
            rejected=rejected,
        )

    @torch.inference_mode()
    def utter(self, text: str, voice: SpeakerLatents, *, settings: Settings, seed: int) -> Attempt:
        """One attempt. Of the candidates, drawn as one batch: those with the fewest faults, the best understood."""
        speech = self.draw(text, voice, settings=settings, seed=seed)
        heard = self.hear(speech.codes, text, settings)
        best = 0
        if settings.candidates > 1:
            score = self.understood(speech.codes, text).tolist()
            best = max(range(len(score)), key=lambda index: (-len(heard[index].faults), score[index]))
        length = speech.codes.length[best : best + 1]
        codes = Codes(speech.codes.ids[best : best + 1, : int(length)], length)
        return Attempt(Speech(codes, speech.latents[best : best + 1, : int(length)]), heard[best])

    def draw(self, text: str, voice: SpeakerLatents, *, settings: Settings, seed: int) -> Speech:
        """The candidates of one attempt, in one batch."""
        ids, lengths = self.batch(text, settings.candidates)
        speaker = voice.acoustic.to(self.device).expand(len(ids), -1, -1)
        generator = torch.Generator(self.device).manual_seed(seed)
        acoustic, _ = self.nets(voice)
        return acoustic.generate(ids, lengths, speaker, sampling=settings.sampling, generator=generator)

    def understood(self, codes: Codes, text: str) -> Float[Tensor, " B"]:
        """How well the GPT, listening, finds the text in each item's codes: mean log p(text id | codes) in nats."""
        return self.acoustic.text_score(codes, *self.batch(text, len(codes.length)))

    def hear(self, codes: Codes, text: str, settings: Settings, *, whole: bool = True) -> list[Verdict]:
        """What is wrong with each item's codes for the text: with their number, and with the words heard in them.

        Codes that are not whole are the beginning of what will be said.
        """
        size = len(self.tokenizer.encode(text))
        verdicts = [Verdict(_misfit(length, size, settings) if whole else [], 0.0) for length in codes.length.tolist()]
        spelling = self.codec.spell(codes) if settings.listen else None
        if spelling is None:  # nobody is to listen, or the codec was never taught to
            return verdicts
        steps = spelling.shape[1] // codes.ids.shape[1]  # to a code
        heard = [
            listen(spelt[: length * steps], text, self.tokenizer, whole=whole)
            for spelt, length in zip(spelling.cpu().numpy(), codes.length.tolist(), strict=True)
        ]
        return [Verdict(own.faults + words.faults, words.loss) for own, words in zip(verdicts, heard, strict=True)]

    def batch(self, text: str, count: int) -> tuple[Int[Tensor, "B S"], Int[Tensor, " B"]]:
        """The ids of a normalised text so many times, and their lengths."""
        ids = torch.tensor([self.tokenizer.encode(text)], device=self.device).expand(count, -1)
        return ids, torch.full((count,), ids.shape[1], device=self.device)

    def render(
        self,
        codes: Codes,
        latents: Float[Tensor, "1 L D"] | None,
        voice: SpeakerLatents,
        *,
        settings: Settings,
        seed: int,
    ) -> Float[Tensor, " N"]:
        """The wave of codes that are all there."""
        spoken = ((codes.ids[:, k], None if latents is None else latents[:, k]) for k in range(codes.ids.shape[1]))
        waves = list(self.sound(spoken, voice, settings=settings, seed=seed))
        return torch.cat(waves) if waves else torch.zeros(0)

    @torch.inference_mode()
    def sound(
        self, spoken: Iterable[Spoken], voice: SpeakerLatents, *, settings: Settings, seed: int
    ) -> Iterator[Float[Tensor, " N"]]:
        """Codes to waves, a piece as soon as its codes are there."""
        past = None
        mels = self._mels(spoken, voice, settings, seed)
        for mel, ready in stretched(mels, settings.speed):
            wave, past = self.vocoder.extend(past, mel, ready)
            yield wave[0].float().cpu()

    def _mels(
        self, spoken: Iterable[Spoken], voice: SpeakerLatents, settings: Settings, seed: int
    ) -> Iterator[tuple[Float[Tensor, "1 M T"], int]]:
        """The mel of each window: the codec's coarse one, refined by the decoder. So many of its frames are ready."""
        _, decoder = self.nets(voice)
        speaker = voice.decoder.to(self.device)[None]
        frames_per_code = self.audio.frame_rate / self.codec.code_rate
        fast = fast_dtype(self.device)
        past = None
        for window in windows(spoken, self.codec.grain):
            size = window.ids.shape[1]
            codes = Codes(window.ids, torch.tensor([size], device=self.device))
            coarse = self.codec.decode(codes)
            bins, frames = coarse.frames.shape[1:]
            first, start, stop = (int(code * frames_per_code) for code in (window.first, window.start, window.stop))
            ready = (frames if window.stop == size else stop) - start
            with torch.autocast(self.device.type, fast, enabled=fast != torch.float32):
                mel, past = decoder.extend(
                    past,
                    Condition(codes, coarse, window.latents),
                    speaker,
                    start=start,
                    ready=ready,
                    steps=settings.steps,
                    guidance=settings.guidance,
                    sampler=settings.sampler,
                    noise=noise_of(range(first + start, first + frames), bins, seed)[None],
                )
            yield mel[..., : ready + FORESEEN], ready


@dataclass
class _Begun:
    """An attempt that is still being spoken."""

    spoken: list[Spoken]  # so far
    rest: Iterator[Spoken]
    verdict: Verdict  # on the codes before the first sound

    def go_on(self) -> Iterator[Spoken]:
        """All of its codes, from the first one."""
        yield from self.spoken
        for code in self.rest:
            self.spoken.append(code)
            yield code


T = TypeVar("T", Attempt, _Begun)


def _best_of(make: Callable[..., T], settings: Settings, seed: int) -> tuple[T, list[str]]:
    """The first attempt without a fault, or else the best one, and what was wrong with each of the others."""
    attempts = []
    for attempt in range(settings.retries + 1):
        attempts.append(make(seed=derive_seed(seed, f"attempt {attempt}")))
        if not attempts[-1].verdict.faults:
            break
    best = min(attempts, key=lambda attempt: attempt.verdict.rank)
    return best, ["; ".join(other.verdict.faults) for other in attempts if other is not best]


def _codes_of(spoken: Sequence[Spoken]) -> Codes:
    ids = torch.stack([id for id, _ in spoken], dim=1)
    return Codes(ids, torch.full((1,), ids.shape[1], device=ids.device))


def speaker_fingerprint(nets: Mapping[str, str]) -> str:
    """Of the two nets that know speakers, from the fingerprints of all nets by name."""
    return f"{nets['gpt'][:32]}{nets['diffusion'][:32]}"


def take_seed(seed: int, words: str, time: int) -> int:
    """The seed of a sentence that is said for the first, second ... time: a sentence said again is another take.

    Any other change to the text leaves it alone.
    """
    return derive_seed(derive_seed(seed, words), f"time {time}")


def derive_seed(seed: int, text: str) -> int:
    """A 63-bit seed that depends on nothing but its arguments, on every machine."""
    digest = hashlib.sha256(f"{seed}\n{text}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def pick_device(name: str) -> torch.device:
    """A device by name; `auto` is a CUDA GPU if there is one, else the CPU. Raises ValueError if it is not here."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        if device.type not in DEVICES:
            raise ValueError(f"device {name!r} cannot speak; use one of {', '.join(DEVICES)}")
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"device {name!r} cannot be used ({reason}); try cpu") from None
    return device


def _misfit(codes: int, ids: int, settings: Settings) -> list[str]:
    """What is wrong with a sentence of so many codes for so many text ids, if anything."""
    if codes >= math.ceil(settings.sampling.max_codes_per_id * ids):
        return ["ran on"]
    return ["stopped early"] if codes < max(1.0, settings.min_codes_per_id * ids) else []


def _account(take: Take, settings: Settings, *, late: bool) -> str | None:
    """What happened on the way to a take that was not whole at once; None if it was."""
    times = f"attempt {take.attempts} of {settings.retries + 1}"
    before = f" ({', then '.join(take.rejected)})" if take.rejected else ""
    if take.fault:
        return f"{take.fault}, {'heard too late' if late else 'at best'}, by {times}{before}"
    return f"whole only at {times}{before}" if take.attempts > 1 else None
