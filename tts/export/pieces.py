"""What an engine calls, as modules of plain tensors: each net in the pieces that are computed at different times.

All rows of a batch have the same lengths, so no piece takes a mask: rows are takes of one sentence, with and without
the text. What has no weights (sampling, the steps of the diffusion, Griffin-Lim) is not here. An engine computes it.
"""

from collections.abc import Iterator, Mapping

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from diffusion.model import DiffusionDecoder
from dvae.model import Dvae
from gpt.model import GPT
from tts.export.decoder import decoder_pieces
from tts.export.gpt import gpt_pieces
from tts.export.piece import OnnxPiece, full
from tts.types import Codes
from vocoder.model import Vocos, factor

KINDS = {"gpt": GPT, "dvae": Dvae, "diffusion": DiffusionDecoder, "vocoder": Vocos}


class CoarseMel(nn.Module):
    """Codes to the codec's own mel."""

    def __init__(self, codec: Dvae):
        super().__init__()
        self.codec = codec

    def forward(self, codes: Int[Tensor, "B L"]) -> Float[Tensor, "B M T"]:
        return self.codec.decode(Codes(codes, full(codes, codes.shape[1]))).frames


class SpelledCodes(nn.Module):
    """Codes to log-probabilities of text ids, for the check of what was spoken."""

    def __init__(self, codec: Dvae):
        super().__init__()
        self.codec = codec

    def forward(self, codes: Int[Tensor, "B L"]) -> Float[Tensor, "B L2 V"]:
        return self.codec.spell(Codes(codes, full(codes, codes.shape[1])))


class Magnitudes(nn.Module):
    """The vocoder up to the phases: magnitudes of the spectrum, and what its second half goes on from."""

    def __init__(self, vocoder: Vocos):
        super().__init__()
        self.vocoder = vocoder

    def forward(self, mel: Float[Tensor, "1 M T"]) -> tuple[Float[Tensor, "1 F T"], Float[Tensor, "1 D T"]]:
        return self.vocoder.magnitude(mel)


class Corrections(nn.Module):
    """The second half of the vocoder: a factor of each magnitude, and the angle by which each phase turns."""

    def __init__(self, vocoder: Vocos):
        super().__init__()
        self.net = vocoder.phase_half

    def forward(
        self, features: Float[Tensor, "1 K T"], state: Float[Tensor, "1 D T"]
    ) -> tuple[Float[Tensor, "1 F T"], Float[Tensor, "1 F T"]]:
        gain, a, b = self.net(features, state)[1].chunk(3, dim=1)
        return factor(gain), torch.atan2(b, 1 + a)


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
    seen = {"features": torch.zeros(1, stem.in_channels, frames), "state": torch.zeros(1, stem.out_channels, frames)}
    axes = {"features": {2: "frames"}, "state": {2: "frames"}}
    yield OnnxPiece("vocoder_phase", Corrections(vocoder), seen, axes, ("factor", "turn"))
