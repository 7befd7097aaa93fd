"""What an engine calls, as modules of plain tensors: each net in the pieces that are computed at different times.

All rows of a batch have the same lengths, so no piece takes a mask: rows are takes of one sentence, with and without
the text. What has no weights (sampling, the steps of the diffusion, Griffin-Lim) is not here. An engine computes it.
"""

from collections.abc import Iterator, Mapping

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor, nn

from diffusion.model import DiffusionDecoder
from dvae.model import Dvae
from gpt.model import GPT
from tts.export.decoder import decoder_pieces
from tts.export.gpt import gpt_pieces
from tts.export.piece import Norm, OnnxPiece, Product, full, residuals
from tts.types import Codes
from vocoder.model import Half, Vocos, factor

TINY = 1e-8
KINDS = {"gpt": GPT, "dvae": Dvae, "diffusion": DiffusionDecoder, "vocoder": Vocos}


class CoarseMel(nn.Module):
    """Codes to the codec's own mel."""

    def __init__(self, codec: Dvae):
        super().__init__()
        self.codec, decoder = codec, codec.decoder
        self.codes, self.frames = residuals(decoder.codes.blocks), residuals(decoder.frames.blocks)
        self.norm, self.frame_norm = Norm(decoder.norm), Norm(decoder.frame_norm)
        self.up, self.out = Product(decoder.up), Product(decoder.out)
        self.up.weight = rearrange(self.up.weight, "(d s) i -> (s d) i", s=decoder.stride)
        self.up.bias = rearrange(self.up.bias, "(d s) -> (s d)", s=decoder.stride)

    def forward(self, codes: Int[Tensor, "B L"]) -> Float[Tensor, "B M T"]:
        x, _ = self.codec._vectors(Codes(codes, full(codes, codes.shape[1])))
        x = self.up(self.norm(self.codes(x.mT)))
        x = rearrange(x, "b l (s d) -> b (l s) d", s=self.codec.stride)
        return self.out(self.frame_norm(self.frames(x))).mT


class SpelledCodes(nn.Module):
    """Codes to log-probabilities of text ids, for the check of what was spoken."""

    def __init__(self, codec: Dvae):
        super().__init__()
        self.codec = codec

    def forward(self, codes: Int[Tensor, "B L"]) -> Float[Tensor, "B L2 V"]:
        return self.codec.spell(Codes(codes, full(codes, codes.shape[1])))


class Halved(nn.Module):
    """A half of the vocoder, with channels last."""

    def __init__(self, half: Half):
        super().__init__()
        self.stem, self.blocks = Product(half.stem), residuals(half.blocks)
        self.norm, self.head = Norm(half.norm), Product(half.head)

    def forward(
        self, features: Float[Tensor, "1 T K"], state: Float[Tensor, "1 T D"] | float
    ) -> tuple[Float[Tensor, "1 T D"], Float[Tensor, "1 T K2"]]:
        x = self.blocks(self.stem(features) + state)
        return x, self.head(self.norm(x))


class Magnitudes(nn.Module):
    """The vocoder up to the phases: magnitudes of the spectrum, and what its second half goes on from."""

    def __init__(self, vocoder: Vocos):
        super().__init__()
        self.vocoder, self.net = vocoder, Halved(vocoder.magnitude_half)

    def forward(self, mel: Float[Tensor, "1 M T"]) -> tuple[Float[Tensor, "1 T F"], Float[Tensor, "1 T D"]]:
        prior = self.vocoder.start.mel_inverse(mel)
        state, gain = self.net(torch.cat((mel, self.vocoder.level(prior)), dim=1).mT, 0.0)
        return prior.mT * factor(gain), state


class Corrections(nn.Module):
    """The second half of the vocoder: real and imaginary parts of what each complex number of the spectrum is times."""

    def __init__(self, vocoder: Vocos):
        super().__init__()
        self.net = Halved(vocoder.phase_half)

    def forward(
        self, features: Float[Tensor, "1 T K"], state: Float[Tensor, "1 T D"]
    ) -> tuple[Float[Tensor, "1 T F"], Float[Tensor, "1 T F"]]:
        gain, a, b = self.net(features, state)[1].chunk(3, dim=2)
        real, size = 1 + a, factor(gain)
        size = size / (real.square() + b.square()).sqrt().clamp_min(TINY)
        return size * real, size * b


def pieces(nets: Mapping[str, nn.Module]) -> Iterator[OnnxPiece]:
    """Every piece of the four nets, which are given by their names in a folder of weights.

    Raises ValueError for nets of other kinds than those that ship.
    """
    for name, net in nets.items():
        if not isinstance(net, KINDS[name]):
            raise ValueError(
                f"{name} is a {type(net).__name__}, of which no pieces are known: only {KINDS[name].__name__}"
            )
    yield from gpt_pieces(nets["gpt"])
    yield from _codec_pieces(nets["dvae"])
    yield from decoder_pieces(nets["diffusion"], nets["dvae"].stride)
    yield from _vocoder_pieces(nets["vocoder"])


def _codec_pieces(codec: Dvae) -> Iterator[OnnxPiece]:
    codes, axes = {"codes": torch.arange(11)[None]}, {"codes": {1: "codes"}}
    yield OnnxPiece("codec_mel", CoarseMel(codec), codes, axes, ("coarse",))
    if codec.ctc is not None:
        yield OnnxPiece("codec_spelling", SpelledCodes(codec), codes, axes, ("spelling",))


def _vocoder_pieces(vocoder: Vocos) -> Iterator[OnnxPiece]:
    frames, half = 13, vocoder.phase_half
    mel = {"mel": torch.zeros(1, vocoder.audio.n_mels, frames)}
    yield OnnxPiece("vocoder_magnitude", Magnitudes(vocoder), mel, {"mel": {2: "frames"}}, ("magnitude", "state"))
    stem = half.stem
    seen = {"features": torch.zeros(1, frames, stem.in_channels), "state": torch.zeros(1, frames, stem.out_channels)}
    axes = {"features": {1: "frames"}, "state": {1: "frames"}}
    yield OnnxPiece("vocoder_phase", Corrections(vocoder), seen, axes, ("real", "imaginary"))
