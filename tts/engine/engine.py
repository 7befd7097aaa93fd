"""The pieces of an export joined end to end: an engine of `tts.synthesis.speaking` that needs no torch."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Float, Int

from tts.engine.decoder import OnnxDecoder
from tts.engine.gpt import OnnxGpt
from tts.engine.nets import OnnxNets
from tts.engine.steps import Drawn, OnnxSteps, rows_agree
from tts.engine.vocoder import OnnxVocoder
from tts.records import AudioConfig, SpeakerLatents, TunedSpeaker
from tts.synthesis.attempts import Attempt
from tts.synthesis.batching import ContinuousBatch, Drawing
from tts.synthesis.explain import TOKENIZERS
from tts.synthesis.grid import FORESEEN, windows
from tts.synthesis.listen import Verdict
from tts.synthesis.speaking import Settings, Speaking
from tts.synthesis.wave import stretched


@dataclass(frozen=True)
class OnnxSpeech:
    """What the GPT says: codes, and its own hidden states at them."""

    codes: Int[np.ndarray, "1 L"]
    latents: Float[np.ndarray, "1 L D"]


class OnnxEngine(Speaking):
    """An export that speaks. Codes are arrays of NumPy."""

    def __init__(self, nets: OnnxNets):
        """Raises ValueError for an export whose decoder this cannot sample."""
        self.nets, about = nets, nets.about
        spec = dict(about["text"])
        super().__init__(TOKENIZERS[spec.pop("name")](**spec), AudioConfig(**about["audio"]), about["fingerprint"])
        self.frames_per_code = Fraction(about["codec"]["frames_per_code"])
        self.gpt, self.decoder = OnnxGpt(self.nets), OnnxDecoder(self.nets)
        self.vocoder = OnnxVocoder(self.nets, self.audio)

    @property
    def code_rate(self) -> Fraction:
        return self.audio.frame_rate / self.frames_per_code

    @property
    def grain(self) -> int:
        return self.nets.about["codec"]["grain"]

    def share_steps(self, sentences: int, told: Callable[[int], None] = lambda sentences: None) -> None:
        super().share_steps(sentences, told)
        self._batch = ContinuousBatch(lambda: OnnxSteps(self.nets).advance, sentences, told)

    def rows_agree(self, sentences: int) -> bool:
        return rows_agree(self.nets, 2 * sentences)  # with guidance there are two rows for each

    def utter(self, text: str, voice: SpeakerLatents, *, settings: Settings, seed: int) -> Attempt:
        ids, best = self.tokenizer.encode(text), None
        for candidate in range(settings.candidates):
            own = (seed, candidate) if candidate else seed
            drawn = list(self._draw(ids, voice, settings, own))
            codes = self.gathered(drawn)
            verdict = self.hear_codes(codes, text, settings, whole=True)
            score = self.gpt.understood(codes, ids) if settings.candidates > 1 else 0.0
            rank = len(verdict.faults), -score
            if best is None or rank < best[0]:
                best = rank, OnnxSpeech(codes, np.stack([latents for _, latents in drawn], axis=1)), verdict
        return Attempt(*best[1:])

    def draw_along(self, text: str, voice: SpeakerLatents, *, settings: Settings, seed: int) -> Drawing:
        return self._draw(self.tokenizer.encode(text), voice, settings, seed, alone=True)

    def _draw(
        self,
        ids: Sequence[int],
        voice: SpeakerLatents,
        settings: Settings,
        seed: int | tuple[int, int],
        *,
        alone: bool = False,
    ) -> Drawing:
        """The codes of one attempt, drawn with those of others, or `alone` until it runs on."""
        random = np.random.default_rng(seed)
        begun = self.gpt.begin(ids, _untuned(voice).acoustic[None], settings.sampling, random)
        return self._batch.draw(begun, alone=alone)

    def gathered(self, spoken: Sequence[Drawn]) -> Int[np.ndarray, "1 L"]:
        return np.array([[code for code, _ in spoken]])

    def hear_codes(self, codes: Int[np.ndarray, "1 L"], text: str, settings: Settings, *, whole: bool) -> Verdict:
        spelling = self.spell(codes) if settings.listen else None
        return self.judged(codes.shape[1], spelling, text, settings, whole=whole)

    def spell(self, codes: Int[np.ndarray, "1 L"]) -> Float[np.ndarray, "K V"] | None:
        return self.nets("codec_spelling", codes=codes)[0][0] if self.nets.has("codec_spelling") else None

    def count(self, codes: Int[np.ndarray, "1 L"]) -> int:
        return codes.shape[1]

    def speaker(self, wave: Float[np.ndarray, " N"]) -> SpeakerLatents:
        mel = self.vocoder.spectra.log_mel(wave)
        return SpeakerLatents(*(self.nets(f"{net}_speaker", mel=mel)[0][0] for net in ("gpt", "decoder")))

    def render(
        self,
        codes: Int[np.ndarray, "1 L"],
        latents: Float[np.ndarray, "1 L D"],
        voice: SpeakerLatents,
        *,
        settings: Settings,
        seed: int,
    ) -> Float[np.ndarray, " N"]:
        spoken = ((int(code), latents[:, place]) for place, code in enumerate(codes[0]))
        return np.concatenate(list(self.sound(spoken, voice, settings=settings, seed=seed)))

    def sound(
        self, spoken: Iterable[Drawn], voice: SpeakerLatents, *, settings: Settings, seed: int
    ) -> Iterator[Float[np.ndarray, " N"]]:
        past = None
        for mel, ready in stretched(self._mels(spoken, voice, settings, seed), settings.speed):
            wave, past = self.vocoder.extend(past, mel, ready)
            yield wave

    def _mels(
        self, spoken: Iterable[Drawn], voice: SpeakerLatents, settings: Settings, seed: int
    ) -> Iterator[tuple[Float[np.ndarray, "1 M T"], int]]:
        """The mel of each window: the codec's coarse one, refined by the decoder. So many of its frames are ready."""
        if settings.sampler != "euler":
            raise ValueError(f"sampler is {settings.sampler!r}, but exported nets are sampled by euler: use torch")
        past = None
        for window in windows(spoken, self.grain):
            codes = self.gathered(window.spoken)
            latents = np.stack([latents for _, latents in window.spoken], axis=1)
            (coarse,) = self.nets("codec_mel", codes=codes)
            stretch = window.stretch(self.frames_per_code, coarse.shape[2])
            mel, past = self.decoder.extend(
                past,
                codes,
                latents,
                voice.decoder[None],
                stretch,
                coarse=coarse,
                steps=settings.steps,
                guidance=settings.guidance,
                seed=seed,
            )
            yield mel[..., : stretch.ready + FORESEEN], stretch.ready


def _untuned(voice: SpeakerLatents) -> SpeakerLatents:
    """Raises ValueError for a tuned voice."""
    if isinstance(voice, TunedSpeaker):
        raise ValueError("this voice is tuned, and the nets of an export cannot change: give --engine torch")
    return voice
