"""The words every stage shares: one axis legend, a few records, and the protocols the pipeline knows.

Axes, everywhere: B batch, N samples, M mel bins, T mel frames, L codes, S text ids, V vocabulary,
D width, H heads, P speaker latents, K any other length.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from tts.records import AudioConfig, Sampling


@dataclass
class Mel:
    """Standardised log-mel spectrograms, padded with silence."""

    frames: Float[Tensor, "B M T"]
    length: Int[Tensor, " B"]  # frames

    def crop(self, start: int, stop: int) -> "Mel":
        return Mel(self.frames[..., start:stop], (self.length - start).clamp(0, stop - start))


@dataclass
class Codes:
    """Speech tokens: content only. Start and stop ids are private to the GPT."""

    ids: Int[Tensor, "B L"]
    length: Int[Tensor, " B"]  # codes


@dataclass
class SpokenClips:
    """What is said in each clip of a batch, and how it sounds."""

    text: Int[Tensor, "B S"]
    text_len: Int[Tensor, " B"]  # ids; 0 where a clip has no transcript
    wav: Float[Tensor, "B N"]
    wav_len: Int[Tensor, " B"]  # samples
    times: Float[Tensor, "B S2"] | None  # as in `Batch`

    def pin_memory(self) -> "SpokenClips":
        return replace(self, **{name: value.pin_memory() for name, value in vars(self).items() if value is not None})

    def select(self, items: Sequence[int]) -> "SpokenClips":
        at = torch.tensor(items, dtype=torch.long, device=self.text.device)
        return SpokenClips(**{name: None if value is None else value[at] for name, value in vars(self).items()})


@dataclass
class Batch:
    """What every dataset yields. Mels are computed on the device by `LogMel`."""

    keys: list[str]
    speakers: list[str]
    text: Int[Tensor, "B S"]
    text_len: Int[Tensor, " B"]  # ids; 0 where a clip has no transcript
    wav: Float[Tensor, "B N"]
    wav_len: Int[Tensor, " B"]  # samples
    reference: Float[Tensor, "B K"]  # another clip of the same speaker, never the target
    reference_len: Int[Tensor, " B"]  # samples
    # Seconds at which the start, each id and the end of a text are heard in `wav`; NaN where a clip does not know them.
    times: Float[Tensor, "B S2"] | None = None  # None: no clip does
    # Another clip of each speaker, whole and with its text; lengths are 0 where there is none.
    prompt: SpokenClips | None = None
    # What each item says in some languages, by code, where tasks ask for it: the clip itself in its own, and in others
    # one that means the same. Lengths are 0 where there is none. Texts are in letters.
    languages: dict[str, SpokenClips] = field(default_factory=dict)

    def pin_memory(self) -> "Batch":
        """The same batch in page-locked memory, from which copies to a GPU need not wait; `DataLoader` calls this."""
        held = {name: value for name, value in vars(self).items() if isinstance(value, Tensor | SpokenClips)}
        languages = {code: own.pin_memory() for code, own in self.languages.items()}
        return replace(self, languages=languages, **{name: value.pin_memory() for name, value in held.items()})

    def select(self, items: Sequence[int]) -> "Batch":
        """A batch of some of the items, in the order given."""

        def chosen(value: list | dict | Tensor | SpokenClips | None) -> list | dict | Tensor | SpokenClips | None:
            if isinstance(value, SpokenClips):
                return value.select(items)
            if isinstance(value, dict):
                return {code: own.select(items) for code, own in value.items()}
            if isinstance(value, Tensor):
                return value[torch.tensor(items, dtype=torch.long, device=value.device)]
            return None if value is None else [value[item] for item in items]

        return Batch(**{name: chosen(value) for name, value in vars(self).items()})


@dataclass
class Speech:
    """What the GPT says: codes, and its own hidden states at them."""

    codes: Codes
    latents: Float[Tensor, "B L D"]

    @classmethod
    def gathered(cls, drawn: Sequence[tuple[Int[Tensor, " B"], Float[Tensor, "B D"]]]) -> "Speech":
        """From codes as they were drawn, -1 where an item had stopped, and the latents at them."""
        ids, latents = (torch.stack(parts, dim=1) for parts in zip(*drawn, strict=True))
        inside = ids >= 0
        return cls(Codes(ids.clamp_min(0), inside.sum(1)), latents * inside[..., None])


@dataclass
class Condition:
    """What the diffusion decoder hears: codes, the codec's own coarse mel of them, and GPT latents if any."""

    codes: Codes
    coarse: Mel
    latents: Float[Tensor, "B L D"] | None = None


@runtime_checkable
class Codec(Protocol):
    """Wave to codes and codes back to a mel: our DVAE, or EnCodec."""

    audio: AudioConfig
    codebook_size: int
    code_rate: Fraction  # codes per second
    grain: int  # codes; those between two multiples of it can be decoded alone, to a whole number of mel frames

    def encode(self, wav: Float[Tensor, "B N"], wav_len: Int[Tensor, " B"]) -> Codes: ...

    def decode(self, codes: Codes) -> Mel: ...

    def spell(self, codes: Codes) -> Float[Tensor, "B K V"] | None:
        """Log-probabilities of text ids, a whole number of steps to a code, blank 0; None if it cannot."""
        ...


@runtime_checkable
class Acoustic(Protocol):
    """Text and a speaker to codes and latents: our GPT."""

    def speaker_latents(self, mel: Mel) -> Float[Tensor, "B P D"]: ...

    def generate(
        self,
        text: Int[Tensor, "B S"],
        text_len: Int[Tensor, " B"],
        speaker: Float[Tensor, "B P D"],
        *,
        sampling: Sampling,
        generator: torch.Generator,
    ) -> Speech: ...

    def begin(
        self,
        text: Int[Tensor, "B S"],
        text_len: Int[Tensor, " B"],
        speaker: Float[Tensor, "B P D"],
        *,
        sampling: Sampling,
        generator: torch.Generator,
    ) -> Any:
        """Read what comes before the first code; what it gives goes on by `advance`."""
        ...

    def advance(self, generations: Sequence[Any]) -> list[tuple[Int[Tensor, " B"], Float[Tensor, "B D"]] | None]:
        """What `generate` gives, code by code, of several that were begun at any time: codes with their latents.

        -1 for an item that has stopped, None where all have. Where this raises, no generation has gone on.
        """
        ...

    def rows_agree(self, rows: int) -> bool:
        """Whether `advance` gives a generation the same bytes alone and beside others, with so many rows in all."""
        ...

    def latents(
        self,
        text: Int[Tensor, "B S"],
        text_len: Int[Tensor, " B"],
        speaker: Float[Tensor, "B P D"],
        codes: Codes,
        times: Float[Tensor, "B S2"] | None = None,
    ) -> Float[Tensor, "B L D"]:
        """The hidden states that `generate` would give at codes that are known, and known to sound at those times."""
        ...

    def text_score(self, codes: Codes, text: Int[Tensor, "B S"], text_len: Int[Tensor, " B"]) -> Float[Tensor, " B"]:
        """Mean log p(text id | codes): the same net, listening."""
        ...

    def code_score(
        self, text: Int[Tensor, "B S"], text_len: Int[Tensor, " B"], speaker: Float[Tensor, "B P D"], codes: Codes
    ) -> Float[Tensor, " B"]:
        """Mean log p(code | speaker, text, codes before): how likely the net finds what was spoken."""
        ...


@runtime_checkable
class Decoder(Protocol):
    """Codes (or GPT latents) and a speaker to a mel: our diffusion decoder."""

    def speaker_latents(self, mel: Mel) -> Float[Tensor, "B P D"]: ...

    def decode(
        self,
        condition: Condition,
        speaker: Float[Tensor, "B P D"],
        *,
        steps: int | None,  # None: as the decoder was made for; the same of guidance
        guidance: float | None,
        sampler: str,  # a key of diffusion.sample.SAMPLERS
        generator: torch.Generator,
    ) -> Mel: ...

    def extend(
        self,
        past: Any,
        condition: Condition,
        speaker: Float[Tensor, "1 P D"],
        *,
        start: int,
        ready: int,
        steps: int | None,
        guidance: float | None,
        sampler: str,
        noise: Float[Tensor, "1 M T"],
    ) -> tuple[Float[Tensor, "1 M T"], Any]:
        """Decode what follows frame `start` of the condition, after what was decoded to `past`.

        The first `ready` frames are final. Gives what the next call goes on from.
        """
        ...


@runtime_checkable
class Vocoder(Protocol):
    """Mel to wave: N = T * hop."""

    def __call__(self, mel: Float[Tensor, "B M T"]) -> Float[Tensor, "B N"]: ...

    def extend(self, past: Any, mel: Float[Tensor, "B M T"], ready: int) -> tuple[Float[Tensor, "B N"], Any]:
        """Sound the first `ready` frames, which follow those of `past`; the others are only seen.

        Gives what the next call goes on from, and in all calls together as many samples as a whole mel has.
        """
        ...


@runtime_checkable
class Recogniser(Protocol):
    """Wave to words, for judging."""

    def transcribe(self, wav: Float[Tensor, " N"], sample_rate: int) -> str: ...


def mask(length: Int[Tensor, " B"], size: int) -> Bool[Tensor, "B K"]:
    """True where a position lies inside its sequence."""
    return torch.arange(size, device=length.device) < length[:, None]
