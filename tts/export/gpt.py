"""The GPT in the pieces that are computed at different times: before the first code, at each code, and to listen."""

from collections.abc import Iterator

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from gpt.model import GPT, PACES
from gpt.prosody import CHANNELS
from gpt.sequence import FIRST_TEXT, SPEECH, START_SPEECH, TEXT
from tts.export.attention import CachePlace, attend
from tts.export.piece import OnnxPiece, full, normed, speaker_piece
from tts.nn import Block, KVCache, rotate


class Kept(KVCache):
    """Keys and values that are a result, and not the beginning of more."""

    def __init__(self):
        pass

    def append(self, key: Tensor, value: Tensor, start: int) -> tuple[Tensor, Tensor]:
        self.keys, self.values = key, value
        return key, value


class Gaps(nn.Module):
    """Logarithms of the codes expected between each id of a wrapped text and the next."""

    def __init__(self, gpt: GPT):
        super().__init__()
        self.clock = gpt.clock

    def forward(self, stream: Int[Tensor, "B S2"], speaker: Float[Tensor, "B P D"]) -> Float[Tensor, "B S1"]:
        return self.clock(stream, full(stream, stream.shape[1] - 2), speaker)


class ProsodyStep(nn.Module):
    """The velocity from noise to how rhythm, melody and loudness depart from the mean, in units of their variance."""

    def __init__(self, gpt: GPT):
        super().__init__()
        self.flow = gpt.prosody

    def forward(
        self,
        x: Float[Tensor, "B 3 S1"],
        time: Float[Tensor, " B"],
        stream: Int[Tensor, "B S2"],
        speaker: Float[Tensor, "B P D"],
        log_gaps: Float[Tensor, "B S1"],
    ) -> Float[Tensor, "B 3 S1"]:
        return self.flow(x, time, stream, full(stream, stream.shape[1] - 2), speaker, log_gaps)


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
        for block in self.gpt.blocks[:-1]:
            cache = Kept()
            x = block(x, rotary, causal=False, mask=behind, cache=cache)
            kept += [cache.keys, cache.values]
        x, *last = self._last(self.gpt.blocks[-1], x, rotary)
        return F.linear(self.gpt.norm(x[:, -1]), self.head), *kept, *last

    def _last(self, block: Block, x: Tensor, rotary: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """The last block, of which only the last position is asked for: x there, and all keys and values."""
        attention, width = block.attention, x.shape[-1]
        normed_x = block.attention_norm(x)
        own, others = attention.qkv.weight.split((width, 2 * width))
        k, v = rearrange(F.linear(normed_x, others), "b k (two h d) -> two b h k d", two=2, h=attention.heads)
        q = rearrange(F.linear(normed_x[:, -1:], own), "b k (h d) -> b h k d", h=attention.heads)
        q = rotate(attention.query_norm(q), *(factor[..., -1:, :] for factor in rotary))
        k = rotate(attention.key_norm(k), *rotary)
        y = F.scaled_dot_product_attention(q, k, v)
        x = x[:, -1:] + attention.out(rearrange(y, "b h k d -> b k (h d)"))
        return x + block.mlp(block.mlp_norm(x)), k, v


class Step(nn.Module):
    """Reads one code of each row at its `time`, the first of which is 1: logits of the next one, and its hidden state.

    Rows have lengths of their own: of `room` positions in the caches, `filled` are there. The caches that it gives
    are those that it takes with one position more; an engine has both in the same memory, so nothing is copied.
    """

    def __init__(self, gpt: GPT):
        super().__init__()
        self.blocks, self.norm = gpt.blocks, gpt.norm
        cos, sin = gpt.rotary(torch.arange(gpt.max_len))
        self.register_buffer("cos", cos[0])
        self.register_buffer("sin", sin[0])
        self.register_buffer("table", gpt.embed()[gpt.vocabulary.outputs(SPEECH)])
        self.register_buffer("head", gpt.head()[gpt.vocabulary.outputs(SPEECH)])

    def forward(
        self, code: Int[Tensor, " B"], time: Int[Tensor, " B"], filled: Int[Tensor, " B"], *cache: Tensor
    ) -> tuple[Tensor, ...]:
        x = F.embedding(code, self.table)[:, None]  # (B, 1, D), so that every product is one that can be quantised
        place, joined = CachePlace(filled, filled.max() + 1, time[:, None], self.cos, self.sin), []
        for block, keys, values in zip(self.blocks, cache[::2], cache[1::2], strict=True):
            x, keys, values = self._block(block, x, place, keys, values)
            joined += [keys, values]
        x = normed(x, self.norm.weight)
        return F.linear(x, self.head)[:, 0], x[:, 0], *joined

    def _block(
        self,
        block: Block,
        x: Tensor,
        place: CachePlace,
        keys: Tensor,
        values: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        attention, rows, width = block.attention, x.shape[0], keys.shape[-1]
        heads = attention.qkv(normed(x, block.attention_norm.weight)).view(rows, -1, 1, width)
        q, k, v = heads.split(attention.heads, dim=1)
        q, k = normed(q, attention.query_norm.weight), normed(k, attention.key_norm.weight)
        y, keys, values = attend(*(part.reshape(rows, 1, -1) for part in (q, k, v)), keys, values, place)
        x = x + attention.out(y)
        return x + block.mlp(normed(x, block.mlp_norm.weight)), keys, values


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


def gpt_pieces(gpt: GPT) -> Iterator[OnnxPiece]:
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
        gap_axes = {"x": {0: "rows", 2: "gaps"}, "time": {0: "rows"}, "log_gaps": {0: "rows", 1: "gaps"}}
        place = {"x": torch.zeros(rows, CHANNELS, ids - 1), "time": torch.zeros(rows)}
        yield OnnxPiece("gpt_prosody", ProsodyStep(gpt), place | texts | gaps, text_axes | gap_axes, ("velocity",))
        prefix["prosody"] = torch.zeros(rows, CHANNELS + 1, ids - 1)
        prefix_axes |= {"prosody": {0: "rows", 2: "gaps"}}
    caches = [f"{part}{number}" for number in range(len(gpt.blocks)) for part in ("keys", "values")]
    yield OnnxPiece("gpt_prefix", Prefix(gpt), prefix, prefix_axes, ("logits", *caches))
    room, attention = 9, gpt.blocks[0].attention
    cache = rows, attention.heads, room, width // attention.heads
    step = {name: torch.ones(rows, dtype=torch.long) for name in ("code", "time")}
    step |= {"filled": torch.full((rows,), room - 2, dtype=torch.int32)}
    step |= {name: torch.zeros(cache) for name in caches}  # one tensor for all would be exported as one input
    step_axes = {name: {0: "rows"} for name in step} | {name: {0: "rows", 2: "room"} for name in caches}
    yield OnnxPiece("gpt_step", Step(gpt), step, step_axes, ("logits", "latent", *(f"new_{name}" for name in caches)))
    codes, times = torch.arange(11)[None], torch.arange(ids).float().expand(len(PACES), -1).contiguous()
    heard = {"codes": codes, "stream": FIRST_TEXT + torch.arange(ids)[None], "times": times}
    heard_axes = {"codes": {1: "codes"}, "stream": {1: "ids"}, "times": {1: "ids"}}
    yield OnnxPiece("gpt_listen", Listening(gpt), heard, heard_axes, ("scores",))
    yield speaker_piece("gpt_speaker", gpt)
