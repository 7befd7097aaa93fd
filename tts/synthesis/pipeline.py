"""Text in, speech out: normaliser, tokenizer, GPT, codec, diffusion decoder, vocoder, one sentence at a time.

Memory does not grow with the text. The sound of a sentence depends on its own words and the seed only, so editing one
sentence leaves the others as they were. The same input gives the same bytes on the same kind of processor, if torch
uses the same number of threads.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from tts import checkpoint
from tts.nn import fast_dtype
from tts.synthesis.listen import Verdict, listen
from tts.synthesis.portions import Portion, check_text, nothing_to_say, portions, shortened
from tts.synthesis.wave import sounding, stretch, trim
from tts.text.tokenizer import Tokenizer
from tts.types import Acoustic, Codec, Codes, Condition, Decoder, Sampling, SpeakerLatents, Speech, Vocoder

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
    steps: int  # of the diffusion decoder
    guidance: float  # of the diffusion decoder; 1: off
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
    """A portion as sound, with the pause up to the next one."""

    portion: Portion
    wave: Float[Tensor, " N"]  # empty if nobody can say the portion
    notices: list[str]  # what was dropped, skipped or tried again
    take: Take | None  # None: nothing to say


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
        nets["gpt"].stepping = fast_dtype(where)
        return cls(
            tokenizer=checkpoint.build(gpt.extra["text"], gpt.audio),
            acoustic=nets["gpt"],
            codec=nets["dvae"],
            decoder=nets["diffusion"],
            vocoder=nets["vocoder"],
            fingerprint=speaker_fingerprint({name: other.fingerprint for name, other in loaded.items()}),
            device=where,
        )

    def stream(self, text: str, voice: SpeakerLatents, *, settings: Settings, seed: int) -> Iterator[Chunk]:
        """Speak a text of any length sentence by sentence. Raises ValueError if no sentence of it can be said."""
        check_text(text)
        said: Counter[str] = Counter()  # how often each sentence came
        notices: list[str] = []
        for portion in portions(text, settings.max_chars, self.language):
            chunk = Chunk(portion, torch.zeros(0), list(portion.notices), None)
            if self.sayable(portion.words):
                said[portion.words] += 1
                own = take_seed(seed, portion.words, said[portion.words])
                take = self.speak(portion.words, voice, settings=settings, seed=own)
                if take.fault or take.attempts > 1:
                    chunk.notices.append(f"{_account(take, settings)}: {shortened(portion.words)}")
                silence = round(settings.silence(portion.pause) * self.audio.sample_rate)
                chunk.take, chunk.wave = take, F.pad(take.wave, (0, silence))
            elif portion.written.strip():
                chunk.notices.append(nothing_to_say(portion.written))
            notices = (notices + chunk.notices)[:3]
            yield chunk
        if not said:
            reasons = "; ".join(notices) or "it is empty"
            raise ValueError(f"no voice can say this text ({reasons}): write it in {self.language.name.title()}")

    def sayable(self, text: str) -> bool:
        """Whether a normalised text holds anything but spaces and punctuation."""
        return not self.tokenizer.silent_ids.issuperset(self.tokenizer.encode(text, letters=0.0, generator=None))

    @torch.inference_mode()
    def speak(self, text: str, voice: SpeakerLatents, *, settings: Settings, seed: int) -> Take:
        """Speak one normalised sentence, after a faulty attempt again from another seed, and keep the best."""
        attempts = []
        for attempt in range(settings.retries + 1):
            own = derive_seed(seed, f"attempt {attempt}")
            attempts.append(self.utter(text, voice, settings=settings, seed=own))
            if not attempts[-1].verdict.faults:
                break
        best = min(attempts, key=lambda attempt: (len(attempt.verdict.faults), attempt.verdict.loss))
        codes, latents = best.speech.codes, best.speech.latents
        wave = self.render(codes, latents, voice, settings=settings, seed=seed)
        return Take(
            wave=trim(wave, self.audio.sample_rate),
            codes=codes,
            start=sounding(wave, self.audio.sample_rate).start,
            attempts=len(attempts),
            faults=best.verdict.faults,
            loss=best.verdict.loss,
            rejected=["; ".join(other.verdict.faults) for other in attempts if other is not best],
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
        return self.acoustic.generate(ids, lengths, speaker, sampling=settings.sampling, generator=generator)

    def understood(self, codes: Codes, text: str) -> Float[Tensor, " B"]:
        """How well the GPT, listening, finds the text in each item's codes: mean log p(text id | codes) in nats."""
        return self.acoustic.text_score(codes, *self.batch(text, len(codes.length)))

    def hear(self, codes: Codes, text: str, settings: Settings) -> list[Verdict]:
        """What is wrong with each item's codes for the text: with their number, and with the words heard in them."""
        size = len(self.tokenizer.encode(text))
        verdicts = [Verdict(_misfit(length, size, settings), 0.0) for length in codes.length.tolist()]
        spelling = self.codec.spell(codes) if settings.listen else None
        if spelling is None:  # nobody is to listen, or the codec was never taught to
            return verdicts
        steps = spelling.shape[1] // codes.ids.shape[1]  # to a code
        heard = [
            listen(spelt[: length * steps], text, self.tokenizer)
            for spelt, length in zip(spelling.cpu().numpy(), codes.length.tolist(), strict=True)
        ]
        return [Verdict(own.faults + words.faults, words.loss) for own, words in zip(verdicts, heard, strict=True)]

    def batch(self, text: str, count: int) -> tuple[Int[Tensor, "B S"], Int[Tensor, " B"]]:
        """The ids of a normalised text so many times, and their lengths."""
        ids = torch.tensor([self.tokenizer.encode(text)], device=self.device).expand(count, -1)
        return ids, torch.full((count,), ids.shape[1], device=self.device)

    @torch.inference_mode()
    def render(
        self,
        codes: Codes,
        latents: Float[Tensor, "1 L D"] | None,
        voice: SpeakerLatents,
        *,
        settings: Settings,
        seed: int,
    ) -> Float[Tensor, " N"]:
        """Codes to a wave: the codec's coarse mel, refined by the decoder, sounded by the vocoder."""
        if not codes.ids.shape[1]:
            return torch.zeros(0)
        generator = torch.Generator(self.device).manual_seed(seed)
        condition = Condition(codes, self.codec.decode(codes), latents)
        speaker = voice.decoder.to(self.device)[None]
        fast = fast_dtype(self.device)
        with torch.autocast(self.device.type, fast, enabled=fast != torch.float32):
            mel = self.decoder.decode(
                condition,
                speaker,
                steps=settings.steps,
                guidance=settings.guidance,
                sampler=settings.sampler,
                generator=generator,
            )
        return self.vocoder(stretch(mel, settings.speed).frames)[0].float().cpu()


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


def _account(take: Take, settings: Settings) -> str:
    """What happened on the way to a take that was not whole at once."""
    times = f"attempt {take.attempts} of {settings.retries + 1}"
    before = f" ({', then '.join(take.rejected)})" if take.rejected else ""
    return f"{take.fault}, at best, by {times}{before}" if take.fault else f"whole only at {times}{before}"
