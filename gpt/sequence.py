"""What the GPT reads: segments of speaker latents, text ids and speech codes, laid end to end.

A task says in which order the segments stand and which are scored, so that the same weights speak (`tts`) and listen
(`asr`). Any other order of one speaker, one text and one speech is one more line of conf/stage/gpt.yaml. Tasks of
several texts or several stretches of speech, such as going on from a prompt, need changes here and in the batches.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from tts.draws import corrupted
from tts.types import Codes, mask

SPEAKER, TEXT, SPEECH = range(3)
MODALITIES = {"speaker": SPEAKER, "text": TEXT, "speech": SPEECH}
PADDING = 0  # also stands for a text id that the net is not told, see `hide_text`
START_TEXT, START_SPEECH, FIRST_TEXT = 1, 2, 3


@dataclass(frozen=True)
class Vocabulary:
    """One id space for everything: padding, two starts, text ids and their stop, codes and their stop.

    Each modality's content and its stop are contiguous, so its logits are one slice of the head.
    """

    texts: int
    codes: int

    @property
    def stop_text(self) -> int:
        return FIRST_TEXT + self.texts

    @property
    def first_code(self) -> int:
        return self.stop_text + 1

    @property
    def stop_speech(self) -> int:
        return self.first_code + self.codes

    @property
    def size(self) -> int:
        return self.stop_speech + 1

    def outputs(self, modality: int) -> slice:
        """The ids that may follow inside a segment of this modality; its stop is the last of them."""
        return slice(FIRST_TEXT, self.first_code) if modality == TEXT else slice(self.first_code, self.size)


@dataclass(frozen=True)
class Task:
    """An order of segments, which of them are scored, and how often the task is drawn in training."""

    name: str
    modalities: tuple[int, ...]
    scored: tuple[bool, ...]
    share: float

    @property
    def scored_modalities(self) -> set[int]:
        return {modality for modality, scored in zip(self.modalities, self.scored, strict=True) if scored}


def parse_task(name: str, segments: Sequence[str], share: float) -> Task:
    """A task from data: `[speaker, text, speech*]`, where a star marks what is scored."""
    words = [segment.removesuffix("*") for segment in segments]
    scored = [segment.endswith("*") for segment in segments]
    for word in words:
        if word not in MODALITIES:
            raise ValueError(f"task {name!r}: unknown segment {word!r}; known are {', '.join(MODALITIES)}")
    if "speaker*" in segments or not any(scored):
        raise ValueError(f"task {name!r}: mark text or speech as scored by a star, and never the speaker")
    if len(words) > len(set(words)):
        raise ValueError(f"task {name!r}: speaker, text and speech may come once each")
    return Task(name, tuple(MODALITIES[word] for word in words), tuple(scored), share)


@dataclass
class Packed:
    """A batch of sequences, padded on the right, so that causal attention alone keeps padding out."""

    ids: Int[Tensor, "B K"]  # input ids; PADDING beyond the end and where speaker latents go
    modality: Int[Tensor, "B K"]  # SPEAKER, TEXT or SPEECH; -1 beyond the end
    place: Int[Tensor, "B K"]  # position within the segment's own stream: 0 is a start, or the first latent
    time: Float[Tensor, "B K"]  # when it sounds, in codes from the beginning of speech: what rotary positions measure
    target: Int[Tensor, "B K"]  # the next input id
    scored: Bool[Tensor, "B K"]  # whether that next id is scored
    length: Int[Tensor, " B"]


def wrap(content: Tensor, length: Tensor, *, first: int, start: int, stop: int) -> Int[Tensor, "B K"]:
    """Content moved into the common id space, with its start before and its stop after each item's own end."""
    stream = F.pad(content + first, (1, 1))
    stream[:, 0] = start
    return stream.scatter(1, (length + 1)[:, None], stop)


def wrap_text(text: Int[Tensor, "B S"], length: Int[Tensor, " B"], vocabulary: Vocabulary) -> Int[Tensor, "B S2"]:
    return wrap(text, length, first=FIRST_TEXT, start=START_TEXT, stop=vocabulary.stop_text)


def pack_tasks(
    tasks: Sequence[Task],
    choice: Int[Tensor, " B"],
    *,
    vocabulary: Vocabulary,
    latents: int,
    text: Int[Tensor, "B S"],
    text_len: Int[Tensor, " B"],
    codes: Codes,
    times: Float[Tensor, "B S2"],
) -> Packed:
    """Lay out item b as task `choice[b]`.

    Positions of text and speech are times: `times` says when the start, each id and the stop of a text are heard, in
    codes. Attention to what is near in time then follows the text from the first step. A net that had to find out
    which text belongs to which code was still guessing after 900 steps (docs/experiments.md).

    Each position finds its segment and its place there by comparison, and gathers its id from the streams put side
    by side. So mixed tasks cost the same few tensor operations, and nothing loops over time or items.
    """
    device = codes.ids.device
    slots = max(len(task.modalities) for task in tasks)

    def of_items(rows: list[tuple], fill: int) -> Tensor:
        return torch.tensor([list(row) + [fill] * (slots - len(row)) for row in rows], device=device)[choice]

    modality = of_items([task.modalities for task in tasks], 0)  # (B, slots)
    scored = of_items([task.scored for task in tasks], False)
    used = of_items([(1,) * len(task.modalities) for task in tasks], 0)

    streams = [
        torch.full((len(choice), latents), PADDING, device=device),
        wrap_text(text, text_len, vocabulary),
        wrap(codes.ids, codes.length, first=vocabulary.first_code, start=START_SPEECH, stop=vocabulary.stop_speech),
    ]
    total = torch.stack((torch.full_like(text_len, latents), text_len + 2, codes.length + 2), dim=1).gather(1, modality)
    size = total * used
    stop = size.cumsum(1)

    column = torch.arange(int(stop[:, -1].max()), device=device)
    slot = (column >= stop[:, :, None]).sum(1)  # (B, K)
    inside = slot < slots
    slot = slot.clamp(max=slots - 1)
    modality = modality.gather(1, slot)
    place = column - (stop - size).gather(1, slot)
    base = torch.tensor([0, *(stream.shape[1] for stream in streams[:2])], device=device).cumsum(0)
    source = torch.where(inside, base[modality] + place, 0)
    ids = torch.cat(streams, dim=1).gather(1, source).masked_fill(~inside, PADDING)
    scored = scored.gather(1, slot) & inside & (place > 0)  # a start is given, not guessed
    heard = times.gather(1, place.clamp(0, times.shape[1] - 1))
    time = torch.where(modality == TEXT, heard, place - latents * (modality == SPEAKER))
    return Packed(
        ids=ids,
        modality=modality.masked_fill(~inside, -1),
        place=place.masked_fill(~inside, 0),
        time=time.float(),
        target=F.pad(ids[:, 1:], (0, 1), value=PADDING),
        scored=F.pad(scored[:, 1:], (0, 1), value=False),
        length=stop[:, -1],
    )


def corrupt(packed: Packed, share: float, vocabulary: Vocabulary, generator: torch.Generator) -> Packed:
    """Replace a random share of the input codes by random ones; targets stay true.

    A net that cannot trust the codes before it relies on the text, memorises less, and recovers from its own mistakes.
    """
    codes = range(vocabulary.first_code, vocabulary.stop_speech)
    return replace(packed, ids=corrupted(packed.ids, share, codes, generator))


def hide_text(packed: Packed, items: Bool[Tensor, " B"], vocabulary: Vocabulary) -> Packed:
    """Replace the text ids of the chosen items by PADDING: the "without text" that guidance pushes away from.

    The segment keeps its length, so that sequences with and without text have the same positions and fit one batch.
    """
    content = (packed.ids >= FIRST_TEXT) & (packed.ids < vocabulary.stop_text)
    return replace(packed, ids=packed.ids.masked_fill(content & items[:, None], PADDING))


def speech_positions(packed: Packed, codes: Codes) -> Int[Tensor, "B L"]:
    """Where each code of a task's one speech segment is read; positions beyond a length are 0."""
    first = (packed.modality == SPEECH).int().argmax(1, keepdim=True) + 1
    place = first + torch.arange(codes.ids.shape[1], device=first.device)
    return place.masked_fill(~mask(codes.length, codes.ids.shape[1]), 0)
