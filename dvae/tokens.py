"""Self-supervised tokens: features of speech, and the nearest of their cluster centres as the codec's code."""

from fractions import Fraction
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from dvae.model import heard_alone
from dvae.quantize import EmaVQ, over_ranks
from tts.mel import LogMel
from tts.types import AudioConfig, Codes, Mel, mask


@runtime_checkable
class Features(Protocol):
    """Waves to one vector for each position; how a wave is padded in its batch changes nothing."""

    rate: Fraction  # positions per second
    width: int  # D

    def hear(self, wav: Float[Tensor, "B N"], wav_len: Int[Tensor, " B"]) -> tuple[Tensor, Int[Tensor, " B"]]:
        """Vectors (B, L, D), and how many of them each wave has."""
        ...


class SpeechTokens(nn.Module):
    """Features and k-means: `tts.types.Codec`. `learn` moves the centres, and nothing else does.

    Tokens keep what is said and little of how it sounds, so `decode` can only give the mean mel of each token; the
    diffusion decoder refines that as it does the coarse mel of the codec. They cannot spell: texts get their times
    from the data.
    """

    def __init__(self, *, audio: AudioConfig, features: Features, quantizer: EmaVQ):
        super().__init__()
        if quantizer.in_width != features.width:
            raise ValueError(
                f"the features have {features.width} channels, the clusters {quantizer.in_width}: "
                f"set model.quantizer.width={features.width}"
            )
        self.audio = audio
        self.log_mel = LogMel(audio)
        self.features = features
        self.quantizer = quantizer
        self.codebook_size: int = quantizer.codebook_size
        self.code_rate: Fraction = features.rate
        self.grain = (audio.frame_rate / features.rate).denominator
        self.register_buffer("mels", torch.zeros(self.codebook_size, audio.n_mels))  # means over frames, standardised
        self.register_buffer("frames", torch.zeros(self.codebook_size))  # moving count of those that were averaged

    @torch.no_grad()
    def encode(self, wav: Float[Tensor, "B N"], wav_len: Int[Tensor, " B"]) -> Codes:
        """The id of the centre nearest to each vector. Ids beyond a length are 0."""
        vectors, length = self.features.hear(wav, wav_len)
        ids = self.quantizer.nearest(vectors.flatten(0, 1)).view(vectors.shape[:2])
        return Codes(ids.masked_fill(~mask(length, ids.shape[1]), 0), length)

    @torch.no_grad()
    def decode(self, codes: Codes) -> Mel:
        """Each frame as the mean mel of the token that covers it; frames beyond a length are silence."""
        place = self._covering(codes.ids.shape[1])
        frames = self.mels[codes.ids[:, place]].mT
        ratio = self.audio.frame_rate / self.code_rate  # frames per code
        length = codes.length * ratio.numerator // ratio.denominator
        return Mel(frames.masked_fill(~mask(length, len(place))[:, None], self.log_mel.silence), length)

    def spell(self, codes: Codes) -> None:
        """Nothing: no text was there when the tokens were learned."""

    @torch.no_grad()
    def learn(self, wav: Float[Tensor, "B N"], wav_len: Int[Tensor, " B"]) -> Codes:
        """Move the centres, and each token's mean mel, towards what these waves have; gives their new codes.

        The first call sets the centres by k-means (see `EmaVQ`), so it should have some vectors for each.
        """
        codes = self.move(*self.features.hear(wav, wav_len))
        self.average(heard_alone(self.log_mel, wav, wav_len), codes)
        return codes

    def guess(self, mel: Mel, masked: Bool[Tensor, "B L"]) -> Float[Tensor, "B L V"]:
        """What features that are in training take masked positions for: `Hubert.forward`."""
        return self.features(mel, masked)

    @torch.no_grad()
    def cluster(self, mel: Mel) -> None:
        """As `learn`, from mels as features of ours hear them."""
        self.average(mel, self.move(self.features.vectors(mel), self.features.positions(mel.length)))

    @torch.no_grad()
    def move(self, vectors: Float[Tensor, "B L D"], length: Int[Tensor, " B"]) -> Codes:
        """Move the centres alone, towards these vectors."""
        inside = mask(length, vectors.shape[1])
        quantizing = self.quantizer.training
        self.quantizer.train()
        ids = self.quantizer(vectors.mT, inside).ids
        self.quantizer.train(quantizing)
        return Codes(ids.masked_fill(~inside, 0), length)

    @torch.no_grad()
    def average(self, mel: Mel, codes: Codes) -> None:
        """Move the mean mels alone, towards the frames of these codes."""
        place = self._covering(codes.ids.shape[1])[: mel.frames.shape[-1]]
        told = mask(codes.length, codes.ids.shape[1])[:, place] & mask(mel.length, len(place))
        ids, frames = codes.ids[:, place][told], mel.frames[..., : len(place)].mT[told]
        counts = over_ranks(torch.bincount(ids, minlength=self.codebook_size).float())
        sums = over_ranks(torch.zeros_like(self.mels).index_add_(0, ids, frames))
        self.frames.mul_(self.quantizer.decay).add_(counts)
        share = 1 / self.frames.clamp_min(1e-5)
        self.mels.add_(share[:, None] * (sums - counts[:, None] * self.mels))

    def _covering(self, codes: int) -> Int[Tensor, " T"]:
        """Of each frame that so many codes stand for, the place of the code in whose time its middle lies."""
        ratio = self.code_rate / self.audio.frame_rate  # codes per frame
        frames = torch.arange(int(codes / ratio), device=self.mels.device)
        return (
            ((2 * frames + 1) * ratio.numerator).div(2 * ratio.denominator, rounding_mode="floor").clamp_max(codes - 1)
        )
