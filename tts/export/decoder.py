"""The diffusion decoder in two pieces: what all steps share, and one step, on a stretch of an utterance.

The step is written anew, with channels last, so that every product is one of matrices: nothing is turned around between
convolutions and attention, and norms are in the form that engines know as one operation.
"""

from collections.abc import Iterator, Sequence

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from diffusion.model import AttentionLayer, ConvLayer, DiffusionDecoder
from tts.export.piece import CHANNEL_EPSILON, OnnxPiece, Product, normed, residuals, speaker_piece, turned


class Conditioned(nn.Module):
    """What all steps of the decoder share. Each result has two rows: with the content, and without it for guidance."""

    def __init__(self, decoder: DiffusionDecoder):
        super().__init__()
        self.decoder, self.condition = decoder, decoder.condition
        self.code_blocks, self.blocks = map(residuals, (self.condition.code_blocks, self.condition.blocks))
        self.coarse = Product(self.condition.coarse)

    def forward(
        self,
        codes: Int[Tensor, "1 L"],
        coarse: Float[Tensor, "1 M T"],
        speaker: Float[Tensor, "1 P D2"],
        latents: Float[Tensor, "1 L D3"] | None = None,
    ) -> tuple[Float[Tensor, "2 K D"], Float[Tensor, "2 K C"], Float[Tensor, "2 E"]]:
        patches = rearrange(coarse, "b m (k p) -> b k (m p)", p=self.decoder.patch)
        x = self.condition.code(codes)
        if latents is not None:
            x = x + self.condition.latent(latents)
        place = self.condition.code_at(patches.shape[1], codes.shape[1])
        hidden = self.blocks(self.code_blocks(x)[:, place] + self.coarse(patches))
        nothing = self.decoder.null_content.T.expand_as(hidden)
        who = self.decoder.speaker_in(speaker.flatten(1)).repeat(2, 1)
        return torch.cat((hidden, nothing)), torch.cat((patches, torch.zeros_like(patches))), who


class Denoised(nn.Module):
    """One evaluation of the decoder on a stretch. Its process says what the result means: a velocity, for a flow.

    `past` is what the layers keep of the stretches before, in their order: a convolution the last patch of its input,
    attention keys and values. The last results are the same of this stretch: patches at `last`, the place of the last
    one that is ready, and all new keys and values, of which an engine joins those that are ready to the old ones.
    """

    def __init__(self, decoder: DiffusionDecoder):
        super().__init__()
        self.decoder, self.layers = decoder, decoder.layers
        convs = [layer for layer in decoder.layers if isinstance(layer, ConvLayer)]
        self.inners = nn.ModuleList(Product(layer.inner) for layer in convs)
        self.outers = nn.ModuleList(Product(layer.outer) for layer in convs)
        self.noised_in, self.out = Product(decoder.noised_in), Product(decoder.out)
        norms = [norm for layer in decoder.layers for norm in _norms(layer)] + [decoder.out_norm]
        shifts = [norm.gain_shift for norm in norms]
        self.register_buffer("modulations", torch.cat([one.weight.detach() for one in shifts]))
        self.register_buffer("modulated", torch.cat([one.bias.detach() for one in shifts]))
        self.register_buffer("ones", torch.ones(len(decoder.null_content)))

    def forward(
        self,
        x: Float[Tensor, "B K C"],
        time: Float[Tensor, " B"],
        hidden: Float[Tensor, "B K D"],
        coarse: Float[Tensor, "B K C"],
        speaker: Float[Tensor, "B E"],
        first: Int[Tensor, " 1"],
        last: Int[Tensor, " 1"],
        *past: Tensor,
    ) -> tuple[Tensor, ...]:
        decoder, before, kept = self.decoder, list(past), []
        modulation = F.silu(decoder.time(time) + speaker)
        gains = list(F.linear(modulation, self.modulations, self.modulated)[:, None].split(len(self.ones), dim=-1))

        def norm(h: Tensor) -> Tensor:
            gain, shift = gains.pop(0), gains.pop(0)
            return self._norm(h) * (1 + gain) + shift

        def convolved(product: Product, y: Tensor) -> Tensor:
            kept.append(y.index_select(1, last))
            return product(y, before.pop(0))

        convs, h = zip(self.inners, self.outers, strict=True), convolved(self.noised_in, x) + hidden
        places = first + torch.arange(x.shape[1])
        for layer in self.layers:
            if isinstance(layer, AttentionLayer):
                y, key, value = self._attended(layer, norm(h), places, before.pop(0), before.pop(0))
                kept += [key, value]
                h = h + y
                h = h + layer.mlp(norm(h))
            else:
                inner, outer = next(convs)
                h = h + outer(F.silu(convolved(inner, F.silu(norm(h)))))
        h = self.out(F.silu(norm(h)))
        both = decoder.gains(modulation)[:, None].repeat_interleave(decoder.patch, dim=2)
        gain_x, gain_coarse = both.chunk(2, dim=2)
        return h + gain_x * x + gain_coarse * coarse, *kept

    def _norm(self, h: Float[Tensor, "B K D"]) -> Float[Tensor, "B K D"]:
        return normed(h, self.ones, CHANNEL_EPSILON)

    def _attended(
        self, layer: AttentionLayer, y: Tensor, places: Tensor, keys: Tensor, values: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        attention = layer.attention
        q, k, v = rearrange(attention.qkv(y), "b k (three h d) -> three b h k d", three=3, h=attention.heads)
        cos, sin = layer.rotary(places)
        rotary = torch.cat((cos, cos), dim=-1), torch.cat((-sin, sin), dim=-1)
        q = turned(normed(q, attention.query_norm.weight), *rotary)
        k = turned(normed(k, attention.key_norm.weight), *rotary)
        y = F.scaled_dot_product_attention(q, torch.cat((keys, k), dim=2), torch.cat((values, v), dim=2))
        return attention.out(rearrange(y, "b h k d -> b k (h d)")), k, v


def _norms(layer: nn.Module) -> Sequence[nn.Module]:
    return (layer.attention_norm, layer.mlp_norm) if isinstance(layer, AttentionLayer) else (layer.norm,)


def decoder_pieces(decoder: DiffusionDecoder, stride: int) -> Iterator[OnnxPiece]:
    """Raises ValueError for a decoder that cannot stop after any code of so many frames."""
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
    yield OnnxPiece("decoder_condition", Conditioned(decoder), given, given_axes, ("hidden", "shown", "who"))
    rows = 2
    noised = {
        "x": torch.zeros(rows, patches, bins * decoder.patch),
        "time": torch.zeros(rows),
        "hidden": torch.zeros(rows, patches, width),
        "coarse": torch.zeros(rows, patches, bins * decoder.patch),
        "speaker": torch.zeros(rows, decoder.speaker_in.out_features),
    }
    noised_axes = {name: {0: "rows", 1: "patches"} for name in ("x", "hidden", "coarse")}
    noised_axes |= {name: {0: "rows"} for name in ("time", "speaker")}
    noised |= {"first": torch.tensor([7]), "last": torch.tensor([patches - 5])}
    past = past_of(decoder, rows, held=9)
    noised_axes |= {name: {0: "rows"} if name.startswith("patch") else {0: "rows", 2: "held"} for name in past}
    results = ("velocity", *(f"new_{name}" for name in past))
    yield OnnxPiece("decoder_step", Denoised(decoder), noised | past, noised_axes, results)
    yield speaker_piece("decoder_speaker", decoder)


def past_of(decoder: DiffusionDecoder, rows: int, held: int) -> dict[str, Tensor]:
    """What the layers keep of the patches before a stretch, in the order in which they ask for it."""
    past = {"patch0": torch.zeros(rows, 1, decoder.noised_in.in_channels)}
    for number, layer in enumerate(decoder.layers, 1):
        if isinstance(layer, AttentionLayer):
            heads, width = layer.attention.heads, layer.attention.out.in_features
            for part in ("keys", "values"):
                past[f"{part}{number}"] = torch.zeros(rows, heads, held, width // heads)
        else:
            past[f"patch{number}"] = torch.zeros(rows, 1, layer.inner.in_channels)
    return past
