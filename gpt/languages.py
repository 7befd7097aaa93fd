"""Tasks over what is said in several languages: their streams, and texts that are written by a beam search.

An utterance is called by the code of its language: `text[de]`, `speech[en]`. Its text is in letters. A text that is
written after its speech was heard is spread evenly over it, as a listener does not know more; any other text goes on at
a constant pace, since nobody knows how long it will be.
"""

from collections.abc import Collection, Mapping, Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from gpt.model import GPT
from gpt.sequence import SPEECH, TEXT, Packed, Said, SegmentStream, Task, pack_tasks, utterance_streams
from tts import align
from tts.nn import KVCache
from tts.types import Codes, SpokenClips

PACE = 1.5  # codes to a letter, about as letters are spoken


def named(tasks: Sequence[Task]) -> tuple[str, ...]:
    """The languages that tasks name, by their codes."""
    return tuple(dict.fromkeys(name for task in tasks for name in task.utterances if name not in ("", "prompt")))


def hears_first(task: Task, language: str) -> bool:
    """Whether the speech of a language comes before its text."""
    order = [part.modality for part in task.segments if part.utterance == language]
    return SPEECH in order and TEXT in order and order.index(SPEECH) < order.index(TEXT)


def paced(text: Int[Tensor, "B S"], text_len: Int[Tensor, " B"]) -> Float[Tensor, "B S2"]:
    """The times of texts that go on at a constant pace."""
    place = torch.arange(text.shape[1] + 2, device=text.device)
    return PACE * torch.minimum(place, text_len[:, None] + 1).float()


def language_streams(
    net: GPT,
    said: SpokenClips,
    codes: Codes,
    language: str,
    *,
    hears: Bool[Tensor, " B"],  # whether its text is written after its speech
    error: Float[Tensor, " B"],  # nats, of the pace at which a listener thinks that it is spoken
) -> dict[str, SegmentStream]:
    """The text and the speech of one language of each item."""
    guessed = (said.text_len + 1) * error.exp() - 1
    listening = align.even(guessed, codes.length, said.text.shape[1])
    times = torch.where(hears[:, None], listening, paced(said.text, said.text_len))
    return utterance_streams(Said(said.text, said.text_len, codes, times), net.vocabulary, language)


def able(task: Task, languages: Mapping[str, SpokenClips], items: int) -> Bool[Tensor, " B"]:
    """Which items have all that a task asks for in its languages."""
    found = torch.ones(items, dtype=torch.bool)
    for part in task.segments:
        if part.utterance in languages:
            own = languages[part.utterance]
            found &= ((own.text_len if part.modality == TEXT else own.wav_len) > 0).cpu()
    return found


@torch.inference_mode()
def write(
    net: GPT,
    task: Task,
    streams: Mapping[str, SegmentStream],
    target: str,  # the stream that is written: text[en]
    *,
    allowed: Collection[int],  # text ids that may occur
    start: Sequence[int],  # text ids that the text begins with
    times: Float[Tensor, " K"],  # of the start, and of as many ids as may be written
    beams: int,
) -> list[int]:
    """The likeliest text of one item in place of a segment of a task, its beginning included, by a beam search.

    `streams` hold what comes before the segment. Hypotheses are compared by their mean log-probability. Raises
    ValueError if what comes before leaves no room.
    """
    vocabulary, most = net.vocabulary, len(times) - 1
    segments = task.segments[: [part.stream for part in task.segments].index(target)]
    before = Task(task.name, segments, task.share)
    packed = pack_tasks([before], torch.zeros(1, dtype=torch.long), streams)
    begin, first = (
        _begin(before, task.segments[len(segments)].utterance, streams, packed),
        vocabulary.outputs(TEXT).start,
    )
    width = packed.ids.shape[1]
    if width + most + 1 > net.max_len:
        raise ValueError(f"{width} positions leave no room for a text of {most} ids: give less at once")
    step = _Reader(net, beams, width + most + 1)
    step(packed.ids.expand(beams, -1), packed.time.expand(beams, -1))
    given = [vocabulary.start(TEXT), *(first + id for id in start)]
    ids = torch.tensor([given]).expand(beams, -1)
    logits = step(ids, begin + times[: len(given)].expand(beams, -1))
    outputs, head = vocabulary.outputs(TEXT), net.head()[vocabulary.outputs(TEXT)]
    stop = outputs.stop - outputs.start - 1
    closed = torch.full((stop + 1,), -torch.inf)
    closed[[*allowed, stop]] = 0.0
    score = torch.full((beams,), -torch.inf)
    score[0] = 0.0
    texts: list[list[int]] = [list(start)] * beams
    best, best_score = list(start), -torch.inf
    for place in range(len(given), most):
        likely = (F.linear(logits, head).float() + closed).log_softmax(-1) + score[:, None]
        ended = likely[:, stop] / (place + 1)
        if float(ended.max()) > best_score:
            best, best_score = texts[int(ended.argmax())], float(ended.max())
        likely[:, stop] = -torch.inf
        score, chosen = likely.flatten().topk(beams)
        if float(score[0]) / most <= best_score:  # whatever follows can only be less likely
            break
        origin, id = chosen // (stop + 1), chosen % (stop + 1)
        texts = [[*texts[at], own] for at, own in zip(origin.tolist(), id.tolist(), strict=True)]
        step.reorder(origin)
        logits = step((first + id)[:, None], (begin + times[place]).expand(beams, 1))
    return best


def _begin(before: Task, utterance: str, streams: Mapping[str, SegmentStream], packed: Packed) -> Float[Tensor, ""]:
    """When an utterance begins: with the part of it that is there, or after all others."""
    place = 0
    for part in before.segments:
        if part.utterance == utterance:
            return packed.time[0, place]
        place += int(streams[part.stream].length)
    return packed.time[0].amax()


class _Reader:
    """Several sequences that grow together, each layer with a cache; gives the hidden state at the last position."""

    def __init__(self, net: GPT, items: int, size: int):
        self.net, self.table, self.position = net, net.embed(), 0
        block = net.blocks[0].attention
        shape = (items, block.heads, size, block.query_norm.weight.numel())
        self.caches = [KVCache(shape, like=net.norm.weight) for _ in net.blocks]

    def __call__(self, ids: Int[Tensor, "B K"], time: Float[Tensor, "B K"]) -> Float[Tensor, "B D"]:
        x, rotary = F.embedding(ids, self.table), self.net.rotary(time)
        count, start = ids.shape[1], self.position
        inside = torch.arange(start + count) <= start + torch.arange(count)[:, None]
        for block, cache in zip(self.net.blocks, self.caches, strict=True):
            x = block(
                x, rotary, causal=False, mask=inside[None, None].expand(len(x), 1, -1, -1), cache=cache, start=start
            )
        self.position += count
        return self.net.norm(x[:, -1])

    def reorder(self, origin: Int[Tensor, " B"]) -> None:
        """Go on from these sequences."""
        for cache in self.caches:
            cache.keys[:, :, : self.position] = cache.keys[origin, :, : self.position]
            cache.values[:, :, : self.position] = cache.values[origin, :, : self.position]
