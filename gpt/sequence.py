"""What the GPT reads: any number of segments of any modality, laid end to end.

A task says in which order the segments stand and which are scored, so that the same weights speak (`tts`), listen
(`asr`) and go on from a prompt. A segment is named by its modality and, where a batch holds several utterances, by the
utterance: `text`, `speech[prompt]`. Another order is one more line of conf/stage/gpt.yaml; another modality is one
more entry of the model's vocabulary. The packer knows neither.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor
from torch.nn import functional as F

from tts.draws import corrupted
from tts.types import Codes, mask

MODALITIES = ("speaker", "text", "speech")
SPEAKER, TEXT, SPEECH = range(3)
PADDING = 0  # also stands for a text id that the net is not told, see `hide_text`
START_TEXT, START_SPEECH, FIRST_TEXT = 1, 2, 3
SEGMENT = re.compile(r"(?P<modality>\w+)(\[(?P<utterance>\w+)\])?(?P<star>\*(?P<weight>\d+(\.\d+)?)?)?")


@dataclass(frozen=True)
class Vocabulary:
    """One id space for everything: padding, two starts, text ids and their stop, codes and their stop.

    Further modalities follow, each with its start, content and stop. Each modality's content and its stop are
    contiguous, so its logits are one slice of the head. A modality's number is its place in `names`.
    """

    texts: int
    codes: int
    further: tuple[tuple[str, int], ...] = ()  # names and numbers of ids

    @property
    def names(self) -> tuple[str, ...]:
        return (*MODALITIES, *(name for name, _ in self.further))

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
        return self.outputs(len(self.names) - 1).stop

    def outputs(self, modality: int) -> slice:
        """The ids that may follow inside a segment of this modality; its stop is the last of them."""
        count = (self.texts, self.codes, *(count for _, count in self.further))[modality - TEXT]
        first = {TEXT: FIRST_TEXT, SPEECH: self.first_code}.get(modality) or self.outputs(modality - 1).stop + 1
        return slice(first, first + count + 1)

    def start(self, modality: int) -> int:
        return {TEXT: START_TEXT, SPEECH: START_SPEECH}.get(modality) or self.outputs(modality).start - 1

    def wrap(self, modality: int, content: Int[Tensor, "B K"], length: Int[Tensor, " B"]) -> Int[Tensor, "B K2"]:
        """Content moved into the common id space, with its start before and its stop after each item's own end."""
        outputs = self.outputs(modality)
        stream = F.pad(content + outputs.start, (1, 1))
        stream[:, 0] = self.start(modality)
        return stream.scatter(1, (length + 1)[:, None], outputs.stop - 1)


@dataclass(frozen=True)
class TaskSegment:
    """One part of a task: the name of the stream that fills it, and whether its ids are scored."""

    modality: int
    stream: str  # `text`, or `text[prompt]` for that of another utterance
    utterance: str
    weight: float  # of its loss; 0: it is not scored

    @property
    def scored(self) -> bool:
        return self.weight > 0


@dataclass(frozen=True)
class Task:
    """An order of segments, and how often the task is drawn in training."""

    name: str
    segments: tuple[TaskSegment, ...]
    share: float

    @property
    def utterances(self) -> tuple[str, ...]:
        """The names of its utterances, in their order; that of the main one is empty."""
        return tuple(dict.fromkeys(part.utterance for part in self.segments if part.modality != SPEAKER))

    def scores(self, stream: str) -> "Task":
        """The same task with this segment as the only one that is scored, at full weight."""
        parts = (replace(part, weight=float(part.stream == stream)) for part in self.segments)
        return replace(self, segments=tuple(parts))

    def has(self, utterance: str, modality: int | None = None) -> bool:
        """Whether a segment is of this utterance, and of this modality if one is named."""
        return any(part.utterance == utterance and modality in (None, part.modality) for part in self.segments)

    @property
    def scored_modalities(self) -> set[int]:
        return {segment.modality for segment in self.segments if segment.scored}


def parse_task(name: str, segments: Sequence[str], share: float, known: Sequence[str] = MODALITIES) -> Task:
    """A task from data: `[speaker, text, speech*]`, where a star marks what is scored, `*0.5` by half its loss."""
    parsed = []
    for word in segments:
        found = SEGMENT.fullmatch(word)
        if found is None or found["modality"] not in known:
            raise ValueError(f"task {name!r}: unknown segment {word!r}; known are {', '.join(known)}")
        modality, utterance = known.index(found["modality"]), found["utterance"] or ""
        weight = float(found["weight"] or 1) if found["star"] else 0.0
        parsed.append(TaskSegment(modality, word.partition("*")[0], utterance, weight))
    if any(part.scored and part.modality == SPEAKER for part in parsed) or not any(part.scored for part in parsed):
        raise ValueError(f"task {name!r}: mark text or speech as scored by a star, and never the speaker")
    if len(parsed) > len({part.stream for part in parsed}):
        raise ValueError(f"task {name!r}: each segment may come once; name others by their utterance: text[other]")
    return Task(name, tuple(parsed), share)


@dataclass
class SegmentStream:
    """What a batch has for the segments of one name: a row of ids for each item, with starts and stops."""

    modality: int
    ids: Int[Tensor, "B K"]
    length: Int[Tensor, " B"]  # ids, with start and stop
    time: Float[Tensor, "B K"]  # when each sounds, in codes from the beginning of its utterance


@dataclass
class Said:
    """An utterance of each item: its text, its codes, and when the start, each id and the stop of the text are heard.

    Attention to what is near in time follows the text from the first step. A net that had to find out which text
    belongs to which code was still guessing after 900 steps (docs/experiments.md).
    """

    text: Int[Tensor, "B S"]
    text_len: Int[Tensor, " B"]
    codes: Codes
    times: Float[Tensor, "B S2"]  # in codes


@dataclass
class Packed:
    """A batch of sequences, padded on the right, so that causal attention alone keeps padding out."""

    ids: Int[Tensor, "B K"]  # input ids; PADDING beyond the end and where speaker latents go
    modality: Int[Tensor, "B K"]  # SPEAKER, TEXT, SPEECH or a further one; -1 beyond the end
    main: Bool[Tensor, "B K"]  # whether this belongs to the utterance without a name
    place: Int[Tensor, "B K"]  # position within the segment's own stream: 0 is a start, or the first latent
    time: Float[Tensor, "B K"]  # when it sounds, in codes from the beginning of speech: what rotary positions measure
    target: Int[Tensor, "B K"]  # the next input id
    scored: Bool[Tensor, "B K"]  # whether that next id is scored
    weight: Float[Tensor, "B K"]  # of its loss
    length: Int[Tensor, " B"]


def utterance_streams(said: Said, vocabulary: Vocabulary, name: str = "") -> dict[str, SegmentStream]:
    """The text and the speech of one utterance of each item; those of the main one have no name."""
    suffix = f"[{name}]" if name else ""
    speech = vocabulary.wrap(SPEECH, said.codes.ids, said.codes.length)
    even = torch.arange(speech.shape[1], device=speech.device).float().expand(speech.shape)
    text = vocabulary.wrap(TEXT, said.text, said.text_len)
    return {
        f"text{suffix}": SegmentStream(TEXT, text, said.text_len + 2, said.times.float()),
        f"speech{suffix}": SegmentStream(SPEECH, speech, said.codes.length + 2, even),
    }


def speaker_stream(items: int, latents: int, device: torch.device) -> dict[str, SegmentStream]:
    """Room for a speaker's latents, whose times lie before the speech."""
    ids = torch.full((items, latents), PADDING, device=device)
    time = torch.arange(-latents, 0, device=device).float().expand(items, latents)
    return {"speaker": SegmentStream(SPEAKER, ids, torch.full((items,), latents, device=device), time)}


def pack_tasks(tasks: Sequence[Task], choice: Int[Tensor, " B"], streams: Mapping[str, SegmentStream]) -> Packed:
    """Lay out item b as task `choice[b]`; utterances of a task follow one another in time, in their order there.

    Each position finds its segment and its place there by comparison, and gathers its id from the streams put side
    by side. So mixed tasks cost the same few tensor operations, and nothing loops over time or items. Raises
    ValueError for a task with a segment that no stream fills.
    """
    names = list(streams)
    for task in tasks:
        if absent := [part.stream for part in task.segments if part.stream not in streams]:
            raise ValueError(f"task {task.name!r} asks for {absent[0]!r}, but there are only {', '.join(names)}")
    device = choice.device
    slots = max(len(task.segments) for task in tasks)

    def of_items(ask: Callable[[TaskSegment], float]) -> Shaped[Tensor, "B slots"]:
        rows = [torch.tensor([ask(part) for part in task.segments], device=device) for task in tasks]
        return torch.stack([F.pad(row, (0, slots - len(row))) for row in rows])[choice]

    source = of_items(lambda part: names.index(part.stream))
    weights, main = of_items(lambda part: part.weight), of_items(lambda part: not part.utterance)
    used = of_items(lambda part: 1)
    begins = torch.stack([F.pad(_begins(task, streams), (0, slots - len(task.segments))) for task in tasks])
    begins = begins[choice, torch.arange(len(choice), device=device)]  # (B, slots)

    size = torch.stack([stream.length for stream in streams.values()], dim=1).gather(1, source) * used
    stop = size.cumsum(1)
    column = torch.arange(int(stop[:, -1].max()), device=device)
    slot = (column >= stop[:, :, None]).sum(1)  # (B, K)
    inside = slot < slots
    slot = slot.clamp(max=slots - 1)
    place = column - (stop - size).gather(1, slot)
    widths = torch.tensor([0, *(stream.ids.shape[1] for stream in streams.values())], device=device).cumsum(0)
    at = torch.where(inside, widths[source.gather(1, slot)] + place, 0)
    modalities = torch.tensor([stream.modality for stream in streams.values()], device=device)
    ids = torch.cat([stream.ids for stream in streams.values()], dim=1).gather(1, at).masked_fill(~inside, PADDING)
    time = torch.cat([stream.time for stream in streams.values()], dim=1).gather(1, at) + begins.gather(1, slot)
    weight = weights.gather(1, slot) * (inside & (place > 0))  # a start is given, not guessed
    weight = F.pad(weight[:, 1:], (0, 1), value=0.0)
    return Packed(
        ids=ids,
        modality=modalities[source.gather(1, slot)].masked_fill(~inside, -1),
        main=main.gather(1, slot) & inside,
        place=place.masked_fill(~inside, 0),
        time=time,
        target=F.pad(ids[:, 1:], (0, 1), value=PADDING),
        scored=weight > 0,
        weight=weight,
        length=stop[:, -1],
    )


def _begins(task: Task, streams: Mapping[str, SegmentStream]) -> Float[Tensor, "B K"]:
    """When the utterance of each segment begins, in codes: after those before it. A speaker belongs to none."""
    ends: dict[str, Tensor] = {}
    for part in task.segments:
        if part.modality != SPEAKER:
            stream = streams[part.stream]
            end = stream.time.gather(1, (stream.length - 1)[:, None])[:, 0]
            ends[part.utterance] = torch.maximum(ends.get(part.utterance, end), end)
    total = torch.zeros_like(next(iter(streams.values())).time[:, 0])
    begins = {None: total}
    for utterance, end in ends.items():
        begins[utterance] = total
        total = total + end
    own = [None if part.modality == SPEAKER else part.utterance for part in task.segments]
    return torch.stack([begins[utterance] for utterance in own], dim=1)


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
    """Where each code of the main utterance's speech is read; positions beyond a length are 0."""
    first = ((packed.modality == SPEECH) & packed.main).int().argmax(1, keepdim=True) + 1
    place = first + torch.arange(codes.ids.shape[1], device=first.device)
    return place.masked_fill(~mask(codes.length, codes.ids.shape[1]), 0)
