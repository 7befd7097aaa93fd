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
from torch.nn import functional as F

from diffusion.model import AttentionLayer, DiffusionDecoder, Encoded, StreamCache
from dvae.model import Dvae
from gpt.model import GPT, PACES
from gpt.prosody import CHANNELS, STEPS
from gpt.sequence import FIRST_TEXT, SPEECH, START_SPEECH, TEXT
from tts.nn import Block, KVCache, RMSNorm
from tts.types import Codes, Condition, Mel
from vocoder.model import Vocos, factor

EPSILON = torch.finfo(torch.float32).eps  # of `tts.nn.RMSNorm`
KINDS = {"gpt": GPT, "dvae": Dvae, "diffusion": DiffusionDecoder, "vocoder": Vocos}


@dataclass(frozen=True)
class OnnxPiece:
    """One file of an export."""

    name: str
    net: nn.Module
    inputs: dict[str, Tensor]  # an example
    axes: dict[str, dict[int, str]]  # which axes of an input may have any length, and what they count
    outputs: tuple[str, ...]


class Kept(KVCache):
    """Keys and values that are a result, and not the beginning of more."""

    def __init__(self):
        pass

    def append(self, key: Tensor, value: Tensor, start: int) -> tuple[Tensor, Tensor]:
        self.keys, self.values = key, value
        return key, value


def full(count: Tensor, size: int) -> Int[Tensor, " B"]:
    """The length of each row of a batch whose rows are all whole."""
    return torch.full((count.shape[0],), size, dtype=torch.long)


class Gaps(nn.Module):
    """Logarithms of the codes expected between each id of a wrapped text and the next."""

    def __init__(self, gpt: GPT):
        super().__init__()
        self.clock = gpt.clock

    def forward(self, stream: Int[Tensor, "B S2"], speaker: Float[Tensor, "B P D"]) -> Float[Tensor, "B S1"]:
        return self.clock(stream, full(stream, stream.shape[1] - 2), speaker)


class DrawnProsody(nn.Module):
    """Noise to how rhythm, melody and loudness depart from the mean (`gpt.prosody`), in units of their variance."""

    def __init__(self, gpt: GPT):
        super().__init__()
        self.flow = gpt.prosody

    def forward(
        self,
        noise: Float[Tensor, "B 3 S1"],
        stream: Int[Tensor, "B S2"],
        speaker: Float[Tensor, "B P D"],
        log_gaps: Float[Tensor, "B S1"],
    ) -> Float[Tensor, "B 3 S1"]:
        x, text_len = noise, full(stream, stream.shape[1] - 2)
        for step in range(STEPS):
            time = torch.full((stream.shape[0],), step / STEPS)
            x = x + self.flow(x, time, stream, text_len, speaker, log_gaps) / STEPS
        return x


class Prefix(nn.Module):
    """Reads speaker and text, up to the start of speech: logits of the first code, and each block's keys and values.

    A text that is not told has PADDING for its ids. `prosody` is 0 where nothing is told (`GPT.told`).
    """

    def __init__(self, gpt: GPT):
        super().__init__()
        self.gpt = gpt
        self.register_buffer("table", gpt.embed())
        self.register_buffer("head", gpt.head()[gpt.vocabulary.outputs(SPEECH)])

    def forward(
        self,
        stream: Int[Tensor, "B S2"],
        times: Float[Tensor, "B S2"],
        speaker: Float[Tensor, "B P D"],
        prosody: Float[Tensor, "B 4 S1"] | None = None,
    ) -> tuple[Tensor, ...]:
        text = F.embedding(stream, self.table)
        if prosody is not None:
            text = text + self.gpt.hears(F.pad(prosody, (0, 1)).mT)
        start = self.table[START_SPEECH].expand(stream.shape[0], 1, -1)
        x = torch.cat((speaker, text, start), dim=1)
        places = torch.arange(-speaker.shape[1], 0).expand(stream.shape[0], -1)
        time = torch.cat((places.to(times.dtype), times, torch.zeros_like(times[:, :1])), dim=1)
        column = torch.arange(time.shape[1])
        behind = (column <= column[:, None]).expand(stream.shape[0], 1, -1, -1)  # what causal attention sees
        rotary, kept = self.gpt.rotary(time), []
        for block in self.gpt.blocks:
            cache = Kept()
            x = block(x, rotary, causal=False, mask=behind, cache=cache)
            kept += [cache.keys, cache.values]
        return F.linear(self.gpt.norm(x[:, -1]), self.head), *kept


class Step(nn.Module):
    """Reads one code at `time`, the first of which is 1: logits of the next one, its hidden state, new keys and values.

    The caches of an engine may have more room than they hold: `hidden` is -inf at places that are not filled, else 0.
    An engine writes what is new into its caches itself, so that nothing is copied in a step.
    """

    def __init__(self, gpt: GPT):
        super().__init__()
        self.blocks, self.norm, self.rotary = gpt.blocks, gpt.norm, gpt.rotary
        self.register_buffer("table", gpt.embed()[gpt.vocabulary.outputs(SPEECH)])
        self.register_buffer("head", gpt.head()[gpt.vocabulary.outputs(SPEECH)])

    def forward(
        self, code: Int[Tensor, " B"], time: Float[Tensor, " 1"], hidden: Float[Tensor, " K"], *cache: Tensor
    ) -> tuple[Tensor, ...]:
        x = F.embedding(code, self.table)[:, None]  # (B, 1, D), so that every product is one that can be quantised
        cos, sin = self.rotary(time)
        rotary, new = (torch.cat((cos, cos), dim=-1), torch.cat((-sin, sin), dim=-1)), []
        for block, keys, values in zip(self.blocks, cache[::2], cache[1::2], strict=True):
            x, key, value = self._block(block, x, rotary, hidden, keys, values)
            new += [key, value]
        x = normed(x, self.norm)
        return F.linear(x, self.head)[:, 0], x[:, 0], *new

    def _block(
        self, block: Block, x: Tensor, rotary: tuple[Tensor, Tensor], hidden: Tensor, keys: Tensor, values: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        attention, rows, width = block.attention, x.shape[0], keys.shape[-1]
        heads = attention.qkv(normed(x, block.attention_norm)).view(rows, -1, 1, width)
        q, k, v = heads.split(attention.heads, dim=1)
        both = torch.cat((normed(q, attention.query_norm, width**-0.5), normed(k, attention.key_norm)), dim=1)
        q, k = turned(both, *rotary).split(attention.heads, dim=1)
        score = torch.cat((q @ keys.mT + hidden, (q * k).sum(-1, keepdim=True)), dim=-1)
        told, own = score.softmax(-1).split((keys.shape[2], 1), dim=-1)
        y = told @ values + own * v
        x = x + attention.out(y.view(rows, 1, -1))
        return x + block.mlp(normed(x, block.mlp_norm)), k, v


def normed(x: Float[Tensor, "*B D"], norm: RMSNorm, factor: float = 1.0) -> Float[Tensor, "*B D"]:
    """What a norm gives, times a factor, in the operations that ONNX Runtime knows as one."""
    return x / (x.pow(2).mean(-1, keepdim=True) + EPSILON).sqrt() * (norm.weight * factor)


def turned(x: Float[Tensor, "*B d"], cos: Float[Tensor, "*K e"], sin: Float[Tensor, "*K e"]) -> Float[Tensor, "*B d"]:
    """As `tts.nn.rotate`, in fewer operations: factors are twice as wide as there, the first half of sines negative."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((second, first), dim=-1) * sin


class Listening(nn.Module):
    """Reads codes, then a text at several paces, one a row: the sum of log p(text id | codes), its end included."""

    def __init__(self, gpt: GPT):
        super().__init__()
        self.blocks, self.norm, self.rotary, self.vocabulary = gpt.blocks, gpt.norm, gpt.rotary, gpt.vocabulary
        self.register_buffer("table", gpt.embed())
        self.register_buffer("head", gpt.head()[gpt.vocabulary.outputs(TEXT)])

    def forward(
        self, codes: Int[Tensor, "1 L"], stream: Int[Tensor, "1 S2"], times: Float[Tensor, "B S2"]
    ) -> Float[Tensor, " B"]:
        speech = F.pad(codes + self.vocabulary.first_code, (1, 0), value=START_SPEECH)
        speech = F.pad(speech, (0, 1), value=self.vocabulary.stop_speech)
        x = F.embedding(torch.cat((speech, stream), dim=1), self.table).expand(times.shape[0], -1, -1)
        spoken = torch.arange(speech.shape[1]).to(times.dtype).expand(times.shape[0], -1)
        time = torch.cat((spoken, times), dim=1)
        column = torch.arange(time.shape[1])
        behind = (column <= column[:, None]).expand(times.shape[0], 1, -1, -1)
        rotary = self.rotary(time)
        for block in self.blocks:
            x = block(x, rotary, causal=False, mask=behind)
        logits = F.linear(self.norm(x[:, speech.shape[1] : -1]), self.head)
        told = (stream[:, 1:, None] - FIRST_TEXT).expand(times.shape[0], -1, -1)
        return logits.log_softmax(-1).gather(2, told).sum((1, 2))


class EncodedSpeaker(nn.Module):
    """The mel of a reference to the latents by which one net knows its speaker."""

    def __init__(self, net: GPT | DiffusionDecoder):
        super().__init__()
        self.speaker = net.speaker

    def forward(self, mel: Float[Tensor, "B M T"]) -> Float[Tensor, "B P D"]:
        return self.speaker(Mel(mel, full(mel, mel.shape[2])))


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
    yield from _gpt_pieces(nets["gpt"])
    yield from _codec_pieces(nets["dvae"])
    yield from _decoder_pieces(nets["diffusion"], nets["dvae"].stride)
    yield from _vocoder_pieces(nets["vocoder"])


def _gpt_pieces(gpt: GPT) -> Iterator[OnnxPiece]:
    rows, ids, width = 2, 7, len(gpt.norm.weight)
    stream = torch.arange(1, ids + 1).expand(rows, -1).contiguous()
    speaker = torch.zeros(rows, gpt.latents_per_speaker, width)
    texts = {"stream": stream, "speaker": speaker}
    text_axes = {"stream": {0: "rows", 1: "ids"}, "speaker": {0: "rows"}}
    yield OnnxPiece("gpt_gaps", Gaps(gpt), texts, text_axes, ("log_gaps",))
    prefix = {"stream": stream, "times": torch.arange(ids).float().expand(rows, -1).contiguous(), "speaker": speaker}
    prefix_axes = text_axes | {"times": {0: "rows", 1: "ids"}}
    if gpt.prosody:
        gaps = {"log_gaps": torch.zeros(rows, ids - 1)}
        gap_axes = {"noise": {0: "rows", 2: "gaps"}, "log_gaps": {0: "rows", 1: "gaps"}}
        noise = {"noise": torch.zeros(rows, CHANNELS, ids - 1)}
        yield OnnxPiece("gpt_prosody", DrawnProsody(gpt), noise | texts | gaps, text_axes | gap_axes, ("prosody",))
        prefix["prosody"] = torch.zeros(rows, CHANNELS + 1, ids - 1)
        prefix_axes |= {"prosody": {0: "rows", 2: "gaps"}}
    caches = [f"{part}{number}" for number in range(len(gpt.blocks)) for part in ("keys", "values")]
    yield OnnxPiece("gpt_prefix", Prefix(gpt), prefix, prefix_axes, ("logits", *caches))
    room, attention = 9, gpt.blocks[0].attention
    cache = rows, attention.heads, room, width // attention.heads
    step = {"code": torch.zeros(rows, dtype=torch.long), "time": torch.ones(1), "hidden": torch.zeros(room)}
    step |= {name: torch.zeros(cache) for name in caches}  # one tensor for all would be exported as one input
    step_axes = {"code": {0: "rows"}, "hidden": {0: "room"}} | {name: {0: "rows", 2: "room"} for name in caches}
    yield OnnxPiece("gpt_step", Step(gpt), step, step_axes, ("logits", "latent", *(f"new_{name}" for name in caches)))
    codes, times = torch.arange(11)[None], torch.arange(ids).float().expand(len(PACES), -1).contiguous()
    heard = {"codes": codes, "stream": FIRST_TEXT + torch.arange(ids)[None], "times": times}
    heard_axes = {"codes": {1: "codes"}, "stream": {1: "ids"}, "times": {1: "ids"}}
    yield OnnxPiece("gpt_listen", Listening(gpt), heard, heard_axes, ("scores",))
    yield _speaker_piece("gpt_speaker", gpt)


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
    yield _speaker_piece("decoder_speaker", decoder)


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


def _speaker_piece(name: str, net: GPT | DiffusionDecoder) -> OnnxPiece:
    mel = torch.zeros(1, net.speaker.stem.in_channels, 50)
    return OnnxPiece(name, EncodedSpeaker(net), {"mel": mel}, {"mel": {2: "frames"}}, ("latents",))
