"""The pieces of an export joined end to end: an engine of `tts.synthesis.speaking` that needs no torch."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from safetensors import SafetensorError
from safetensors.numpy import load_file

from tts import voices
from tts.engine.decoder import OnnxDecoder
from tts.engine.gpt import Drawn, OnnxGpt
from tts.engine.nets import OnnxNets
from tts.engine.vocoder import OnnxVocoder
from tts.records import AudioConfig
from tts.synthesis.explain import TOKENIZERS
from tts.synthesis.grid import FORESEEN, windows
from tts.synthesis.listen import Verdict
from tts.synthesis.speaking import Attempt, Settings, Speaking
from tts.synthesis.wave import stretched


@dataclass(frozen=True)
class OnnxVoice:
    """The speaker latents of a voice file."""

    acoustic: Float[np.ndarray, "1 P D"]
    decoder: Float[np.ndarray, "1 P2 D2"]


@dataclass(frozen=True)
class OnnxSpeech:
    """What the GPT says: codes, and its own hidden states at them."""

    codes: Int[np.ndarray, "1 L"]
    latents: Float[np.ndarray, "1 L D"]


class OnnxEngine(Speaking):
    """An export that speaks. Waves are arrays of NumPy."""

    def __init__(self, nets: OnnxNets):
        """Raises ValueError for an export whose decoder this cannot sample."""
        self.nets, about = nets, nets.about
        spec = dict(about["text"])
        super().__init__(TOKENIZERS[spec.pop("name")](**spec), AudioConfig(**about["audio"]), about["fingerprint"])
        self.frames_per_code = Fraction(about["codec"]["frames_per_code"])
        self.gpt, self.decoder = OnnxGpt(self.nets), OnnxDecoder(self.nets)
        self.vocoder = OnnxVocoder(self.nets, self.audio)

    @property
    def grain(self) -> int:
        return self.nets.about["codec"]["grain"]

    def voice(self, path: Path) -> OnnxVoice:
        """Read a voice file. Raises ValueError if it was made for other weights, or is tuned."""
        voices.check_fingerprint(path, self.fingerprint)
        if voices.is_tuned(path):
            raise ValueError(f"{path} is tuned, and the nets of an export cannot change: speak with infer.py -v {path}")
        try:
            latents = load_file(path)
            return OnnxVoice(latents["acoustic"][None], latents["decoder"][None])
        except (SafetensorError, KeyError) as error:
            raise ValueError(f"{path} is not a complete voice file ({error})") from None

    def utter(self, text: str, voice: OnnxVoice, *, settings: Settings, seed: int) -> Attempt:
        if settings.candidates > 1:
            raise ValueError(f"candidates is {settings.candidates}, but exported nets speak one: use torch for more")
        drawn = list(self.draw_along(text, voice, settings=settings, seed=seed))
        codes = self.gathered(drawn)
        speech = OnnxSpeech(codes, np.stack([latents for _, latents in drawn], axis=1))
        return Attempt(speech, self.hear_codes(codes, text, settings, whole=True))

    def draw_along(self, text: str, voice: OnnxVoice, *, settings: Settings, seed: int) -> Iterator[Drawn]:
        ids, random = self.tokenizer.encode(text), np.random.default_rng(seed)
        return self.gpt.draw_codes(ids, voice.acoustic, settings.sampling, random)

    def gathered(self, spoken: Sequence[Drawn]) -> Int[np.ndarray, "1 L"]:
        return np.array([[code for code, _ in spoken]])

    def hear_codes(self, codes: Int[np.ndarray, "1 L"], text: str, settings: Settings, *, whole: bool) -> Verdict:
        spelling = None
        if settings.listen and self.nets.has("codec_spelling"):
            spelling = self.nets("codec_spelling", codes=codes)[0][0]
        return self.judged(codes.shape[1], spelling, text, settings, whole=whole)

    def render(
        self,
        codes: Int[np.ndarray, "1 L"],
        latents: Float[np.ndarray, "1 L D"],
        voice: OnnxVoice,
        *,
        settings: Settings,
        seed: int,
    ) -> Float[np.ndarray, " N"]:
        spoken = ((int(code), latents[:, place]) for place, code in enumerate(codes[0]))
        return np.concatenate(list(self.sound(spoken, voice, settings=settings, seed=seed)))

    def sound(
        self, spoken: Iterable[Drawn], voice: OnnxVoice, *, settings: Settings, seed: int
    ) -> Iterator[Float[np.ndarray, " N"]]:
        past = None
        for mel, ready in stretched(self._mels(spoken, voice, settings, seed), settings.speed):
            wave, past = self.vocoder.extend(past, mel, ready)
            yield wave

    def _mels(
        self, spoken: Iterable[Drawn], voice: OnnxVoice, settings: Settings, seed: int
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
                voice.decoder,
                stretch,
                coarse=coarse,
                steps=settings.steps,
                guidance=settings.guidance,
                seed=seed,
            )
            yield mel[..., : stretch.ready + FORESEEN], stretch.ready
