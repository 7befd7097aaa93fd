"""What an engine calls, as modules of plain tensors: each net in the pieces that are computed at different times.

All rows of a batch have the same lengths, so no piece takes a mask: rows are takes of one sentence, with and without
the text. What has no weights (sampling, the steps of the diffusion, Griffin-Lim) is not here. An engine computes it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from diffusion.model import AttentionLayer, DiffusionDecoder, Encoded, StreamCache
from dvae.model import Dvae
from gpt.model import GPT
from tts.export.gpt import gpt_pieces
from tts.export.piece import OnnxPiece, full, speaker_piece
from tts.types import Codes, Condition, Mel
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


class Conditioned(nn.Module):
    """What all steps of the decoder share. Each result has two rows: with the content, and without it for guidance."""

    def __init__(self, decoder: DiffusionDecoder):
        super().__init__()
        self.decoder = decoder

    def forward(
        self,
        codes: Int[Tensor, "1 L"],
        coarse: Float[Tensor, "1 M T"],
        speaker: Float[Tensor, "1 P D2"],
        latents: Float[Tensor, "1 L D3"] | None = None,
    ) -> tuple[Float[Tensor, "2 D K"], Float[Tensor, "2 M T"], Float[Tensor, "2 E"]]:
        condition = Condition(
            Codes(codes, full(codes, codes.shape[1])), Mel(coarse, full(coarse, coarse.shape[2])), latents
        )
        keep = torch.ones(1, dtype=torch.bool)
        told = self.decoder.encode(condition, speaker, keep_content=keep, keep_speaker=keep)
        hidden = torch.cat((told.hidden, self.decoder.null_content.expand_as(told.hidden)))
        return hidden, torch.cat((told.coarse, torch.zeros_like(told.coarse))), told.speaker.repeat(2, 1)


class Carried(StreamCache):
    """What the layers keep of the stretch before, given, and what they keep for the next one, as a result.

    `last` is the place of the last patch that is ready. A convolution keeps its input there; attention gives all new
    keys and values, and the engine joins those that are ready to the old ones.
    """

    first = 0  # `LaterRotary` knows better: a number that an engine gives is a tensor, with which no range can begin

    def __init__(self, last: Int[Tensor, " 1"], past: Sequence[Tensor]):
        self._last, self._past = last, list(past)
        self.kept: list[Tensor] = []

    def once(self, make: Callable[[], Tensor]) -> Tensor:
        return make()

    def around(self, x: Float[Tensor, "B D K"]) -> Float[Tensor, "B D K2"]:
        self.kept.append(x.index_select(2, self._last))
        return torch.cat((self._past.pop(0), x, x.new_zeros(*x.shape[:2], 1)), dim=-1)

    def append(self, key: Tensor, value: Tensor, start: int) -> tuple[Tensor, Tensor]:
        self.kept += [key, value]
        return torch.cat((self._past.pop(0), key), dim=2), torch.cat((self._past.pop(0), value), dim=2)


@dataclass
class StretchPlace:
    """Where a stretch begins."""

    first: Tensor | int = 0  # patch


class LaterRotary(nn.Module):
    """The same rotations for positions that are counted from a place."""

    def __init__(self, rotary: nn.Module, place: StretchPlace):
        super().__init__()
        self.rotary, self.place = rotary, place

    def forward(self, positions: Int[Tensor, " K"]) -> tuple[Tensor, Tensor]:
        return self.rotary(positions + self.place.first)


class Denoised(nn.Module):
    """One evaluation of the decoder on a stretch. Its process says what the result means: a velocity, for a flow.

    The last results are what `Carried` keeps, in the order in which it is given.
    """

    def __init__(self, decoder: DiffusionDecoder):
        super().__init__()
        self.decoder, self.place = deepcopy(decoder), StretchPlace()
        for layer in self.decoder.layers:
            if isinstance(layer, AttentionLayer):
                layer.rotary = LaterRotary(layer.rotary, self.place)

    def forward(
        self,
        x: Float[Tensor, "B M T"],
        time: Float[Tensor, " B"],
        hidden: Float[Tensor, "B D K"],
        coarse: Float[Tensor, "B M T"],
        speaker: Float[Tensor, "B E"],
        first: Int[Tensor, " 1"],
        last: Int[Tensor, " 1"],
        *past: Tensor,
    ) -> tuple[Tensor, ...]:
        frames = torch.ones_like(x[:, 0], dtype=torch.bool)
        patches = torch.ones_like(hidden[:, 0], dtype=torch.bool)
        self.place.first, cache = first, Carried(last, past)
        return self.decoder(x, time, Encoded(hidden, coarse, speaker, frames, patches), cache), *cache.kept


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
    yield from _decoder_pieces(nets["diffusion"], nets["dvae"].stride)
    yield from _vocoder_pieces(nets["vocoder"])


def _codec_pieces(codec: Dvae) -> Iterator[OnnxPiece]:
    codes, axes = {"codes": torch.arange(11)[None]}, {"codes": {1: "codes"}}
    yield OnnxPiece("codec_mel", CoarseMel(codec), codes, axes, ("coarse",))
    if codec.ctc is not None:
        yield OnnxPiece("codec_spelling", SpelledCodes(codec), codes, axes, ("spelling",))


def _decoder_pieces(decoder: DiffusionDecoder, stride: int) -> Iterator[OnnxPiece]:
    codes, width = 11, decoder.null_content.shape[0]
    if stride % decoder.patch:
        raise ValueError(f"a code of {stride} frames is not a whole number of patches of {decoder.patch}")
    bins, frames, patches = decoder.gains.out_features // 2, codes * stride, codes * stride // decoder.patch
    given = {
        "codes": torch.arange(codes)[None],
        "coarse": torch.zeros(1, bins, frames),
        "speaker": decoder.null_speaker.detach()[None],
    }
    given_axes = {"codes": {1: "codes"}, "coarse": {2: "frames"}}
    if decoder.condition.latent is not None:
        given["latents"] = torch.zeros(1, codes, decoder.condition.latent.in_features)
        given_axes["latents"] = {1: "codes"}
    shared = ("hidden", "shown", "who")
    yield OnnxPiece("decoder_condition", Conditioned(decoder), given, given_axes, shared)
    rows = 2
    noised = {
        "x": torch.zeros(rows, bins, frames),
        "time": torch.zeros(rows),
        "hidden": torch.zeros(rows, width, patches),
        "coarse": torch.zeros(rows, bins, frames),
        "speaker": torch.zeros(rows, decoder.speaker_in.out_features),
    }
    noised_axes = {
        "x": {0: "rows", 2: "frames"},
        "time": {0: "rows"},
        "hidden": {0: "rows", 2: "patches"},
        "coarse": {0: "rows", 2: "frames"},
        "speaker": {0: "rows"},
    }
    noised |= {"first": torch.tensor([7]), "last": torch.tensor([patches - 5])}
    past = _decoder_past(decoder, rows, held=9)
    noised_axes |= {name: {0: "rows"} if name.startswith("patch") else {0: "rows", 2: "held"} for name in past}
    results = ("velocity", *(f"new_{name}" for name in past))
    yield OnnxPiece("decoder_step", Denoised(decoder), noised | past, noised_axes, results)
    yield speaker_piece("decoder_speaker", decoder)


def _decoder_past(decoder: DiffusionDecoder, rows: int, held: int) -> dict[str, Tensor]:
    """What the layers keep of the patches before a stretch, in the order in which they ask for it."""
    past = {"patch0": torch.zeros(rows, decoder.noised_in.in_channels, 1)}
    for number, layer in enumerate(decoder.layers, 1):
        if isinstance(layer, AttentionLayer):
            heads, width = layer.attention.heads, layer.attention.out.in_features
            for part in ("keys", "values"):
                past[f"{part}{number}"] = torch.zeros(rows, heads, held, width // heads)
        else:
            past[f"patch{number}"] = torch.zeros(rows, layer.inner.in_channels, 1)
    return past


def _vocoder_pieces(vocoder: Vocos) -> Iterator[OnnxPiece]:
    frames, half = 13, vocoder.phase_half
    mel = {"mel": torch.zeros(1, vocoder.audio.n_mels, frames)}
    yield OnnxPiece("vocoder_magnitude", Magnitudes(vocoder), mel, {"mel": {2: "frames"}}, ("magnitude", "state"))
    stem = half.stem
    seen = {"features": torch.zeros(1, stem.in_channels, frames), "state": torch.zeros(1, stem.out_channels, frames)}
    axes = {"features": {2: "frames"}, "state": {2: "frames"}}
    yield OnnxPiece("vocoder_phase", Corrections(vocoder), seen, axes, ("factor", "turn"))
