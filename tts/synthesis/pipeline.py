"""The four nets as they were trained, by torch: an engine of `tts.synthesis.speaking` for processors and GPUs.

The same input gives the same bytes on the same kind of processor, if torch uses the same number of threads.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from tts import checkpoint
from tts.adapters import merged
from tts.draws import noise_of
from tts.mel import LogMel
from tts.nn import fast_dtype, step_dtype
from tts.records import NETS, SpeakerLatents, TunedSpeaker
from tts.synthesis.attempts import Attempt
from tts.synthesis.batching import ContinuousBatch, Drawing
from tts.synthesis.grid import FORESEEN, Spoken, windows
from tts.synthesis.listen import Verdict
from tts.synthesis.speaking import Settings, Speaking
from tts.synthesis.wave import stretched
from tts.text.tokenizer import Tokenizer
from tts.types import Acoustic, Codec, Codes, Condition, Decoder, Speech, Vocoder

# oneDNN keeps what it has compiled for each shape, and every sentence has shapes of its own. With its usual 1024 the
# memory grows for minutes; speaking takes no longer with fewer. It reads this when it compiles for the first time.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
TUNED = 4  # tuned voices whose nets are kept, each of about 70 MB
DEVICES = ("cpu", "cuda", "mps")


class TextToSpeech(Speaking):
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
        super().__init__(tokenizer, codec.audio, fingerprint)
        self.acoustic = acoustic
        self.codec = codec
        self.decoder = decoder
        self.vocoder = vocoder
        self.device = device
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

    @property
    def grain(self) -> int:
        return self.codec.grain

    @property
    def code_rate(self) -> Fraction:
        return self.codec.code_rate

    @cached_property
    def log_mel(self) -> LogMel:
        return LogMel(self.audio).to(self.device)

    @torch.inference_mode()
    def speaker(self, wave: Float[np.ndarray, " N"]) -> SpeakerLatents:
        length = torch.tensor([len(wave)], device=self.device)
        mel = self.log_mel.measure(torch.from_numpy(wave)[None].to(self.device), length)
        return SpeakerLatents(
            *(net.speaker_latents(mel)[0].float().cpu().numpy() for net in (self.acoustic, self.decoder))
        )

    def share_steps(self, sentences: int, told: Callable[[int], None] = lambda sentences: None) -> None:
        super().share_steps(sentences, told)
        self._batches = lru_cache(1 + TUNED)(
            lambda acoustic: ContinuousBatch(lambda: acoustic.advance, sentences, told)
        )  # of each net

    def rows_agree(self, sentences: int) -> bool:
        return self.acoustic.rows_agree(2 * sentences)  # with guidance there are two rows for each

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
        """The candidates of one attempt, which begin together."""
        return Speech.gathered(list(self._draw(text, voice, settings, seed, settings.candidates)))

    def understood(self, codes: Codes, text: str) -> Float[Tensor, " B"]:
        """How well the GPT, listening, finds the text in each item's codes: mean log p(text id | codes) in nats."""
        return self.acoustic.text_score(codes, *self.batch(text, len(codes.length)))

    def draw_along(self, text: str, voice: SpeakerLatents, *, settings: Settings, seed: int) -> Drawing:
        return self._draw(text, voice, settings, seed, 1, alone=True)

    def _draw(
        self, text: str, voice: SpeakerLatents, settings: Settings, seed: int, count: int, *, alone: bool = False
    ) -> Drawing:
        """The codes of so many candidates. Those of one are drawn with those of others, or `alone` until it runs on."""
        ids, lengths = self.batch(text, count)
        speaker = torch.from_numpy(voice.acoustic).to(self.device).expand(count, -1, -1)
        generator = torch.Generator(self.device).manual_seed(seed)
        acoustic, _ = self.nets(voice)
        begun = acoustic.begin(ids, lengths, speaker, sampling=settings.sampling, generator=generator)
        return self._batches(acoustic).draw(begun, alone=alone or count > 1)

    def gathered(self, spoken: Sequence[Spoken]) -> Codes:
        ids = torch.stack([id for id, _ in spoken], dim=1)
        return Codes(ids, torch.full((1,), ids.shape[1], device=ids.device))

    def spell(self, codes: Codes) -> Float[np.ndarray, "K V"] | None:
        spelling = self.codec.spell(codes)
        return None if spelling is None else spelling[0].float().cpu().numpy()

    def count(self, codes: Codes) -> int:
        return int(codes.length.sum())

    def hear_codes(self, codes: Codes, text: str, settings: Settings, *, whole: bool) -> Verdict:
        (verdict,) = self.hear(codes, text, settings, whole=whole)
        return verdict

    @torch.inference_mode()
    def hear(self, codes: Codes, text: str, settings: Settings, *, whole: bool = True) -> list[Verdict]:
        """What is wrong with each item's codes for the text: with their number, and with the words heard in them.

        Codes that are not whole are the beginning of what will be said.
        """
        spelling = self.codec.spell(codes) if settings.listen else None
        heard = [None] * len(codes.length)  # where nobody is to listen, or the codec was never taught to
        if spelling is not None:
            steps = spelling.shape[1] // codes.ids.shape[1]  # to a code
            lengths = (codes.length * steps).tolist()
            heard = [spelt[:length] for spelt, length in zip(spelling.cpu().numpy(), lengths, strict=True)]
        return [
            self.judged(count, spelt, text, settings, whole=whole)
            for count, spelt in zip(codes.length.tolist(), heard, strict=True)
        ]

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
    ) -> Float[np.ndarray, " N"]:
        """The wave of codes that are all there."""
        spoken = ((codes.ids[:, k], None if latents is None else latents[:, k]) for k in range(codes.ids.shape[1]))
        waves = list(self.sound(spoken, voice, settings=settings, seed=seed))
        return np.concatenate(waves) if waves else np.zeros(0, np.float32)

    @torch.inference_mode()
    def sound(
        self, spoken: Iterable[Spoken], voice: SpeakerLatents, *, settings: Settings, seed: int
    ) -> Iterator[Float[np.ndarray, " N"]]:
        """Codes to waves, a piece as soon as its codes are there."""
        past = None
        mels = self._mels(spoken, voice, settings, seed)
        if settings.speed != 1:
            plain = ((mel.cpu().numpy(), ready) for mel, ready in mels)
            mels = ((torch.from_numpy(mel).to(self.device), ready) for mel, ready in stretched(plain, settings.speed))
        for mel, ready in mels:
            wave, past = self.vocoder.extend(past, mel, ready)
            yield wave[0].float().cpu().numpy()

    def _mels(
        self, spoken: Iterable[Spoken], voice: SpeakerLatents, settings: Settings, seed: int
    ) -> Iterator[tuple[Float[Tensor, "1 M T"], int]]:
        """The mel of each window: the codec's coarse one, refined by the decoder. So many of its frames are ready."""
        _, decoder = self.nets(voice)
        speaker = torch.from_numpy(voice.decoder).to(self.device)[None]
        frames_per_code = self.audio.frame_rate / self.code_rate
        fast = fast_dtype(self.device)
        past = None
        for window in windows(spoken, self.codec.grain):
            ids, latents = zip(*window.spoken, strict=True)
            codes = Codes(torch.stack(ids, dim=1), torch.tensor([len(ids)], device=self.device))
            known = None if latents[0] is None else torch.stack(latents, dim=1)
            coarse = self.codec.decode(codes)
            bins, frames = coarse.frames.shape[1:]
            stretch = window.stretch(frames_per_code, frames)
            numbers = range(stretch.number, stretch.number + frames - stretch.start)
            with torch.autocast(self.device.type, fast, enabled=fast != torch.float32):
                mel, past = decoder.extend(
                    past,
                    Condition(codes, coarse, known),
                    speaker,
                    start=stretch.start,
                    ready=stretch.ready,
                    steps=settings.steps,
                    guidance=settings.guidance,
                    sampler=settings.sampler,
                    noise=noise_of(numbers, bins, seed)[None],
                )
            yield mel[..., : stretch.ready + FORESEEN], stretch.ready


def speaker_fingerprint(nets: Mapping[str, str]) -> str:
    """Of the two nets that know speakers, from the fingerprints of all nets by name."""
    return f"{nets['gpt'][:32]}{nets['diffusion'][:32]}"


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
