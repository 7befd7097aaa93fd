"""Texts and speech to text in another language, by a GPT that learned tasks which do so (`gpt.languages`).

The file of a GPT says which tasks it learned. Each of them that begins with what is there, and writes nothing before
the wanted text but texts, is a way there; where none leads from speech, one to its own text and one from there do.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from gpt.languages import PACE, paced, write
from gpt.sequence import TEXT, Said, SegmentStream, Task, parse_task, utterance_streams
from tts.audio import set_level
from tts.checkpoint import build, load
from tts.synthesis.explain import header_of
from tts.text.language import CODES, language
from tts.transcription.listener import Asked, Heard, HeardSegment
from tts.types import Codes

LONGEST = 200  # characters of a sentence; a longer one is cut
STRETCH, SLACK = 2, 40  # a translation may have so many times the letters of its source, and so many more
REMEDY = "train some with experiment=gpt_five_tasks, and give them with --weights (docs/translation.md)"


def learned_tasks(weights: Path) -> list[Task]:
    """The tasks that the GPT in a folder of weights says that it learned; older files say nothing."""
    found = header_of(weights, "extra").get("tasks", {})
    return [parse_task(name, segments, 1.0) for name, segments in found.items()]


def routes(tasks: Sequence[Task], given: str, target: str) -> list[tuple[Task, ...]]:
    """The tasks that lead from a stream, as `speech[de]`, to the text of a language, in as few steps as there are."""
    wanted = f"text[{target}]"

    def leads(task: Task, start: str, end: str) -> bool:
        order = [part.stream for part in task.segments]
        if not task.segments or order[0] != start or end not in order:
            return False
        between = task.segments[1 : order.index(end) + 1]
        return all(part.modality == TEXT and part.scored for part in between)

    direct = [task for task in tasks if leads(task, given, wanted)]
    if direct:
        return [(min(direct, key=lambda task: [part.stream for part in task.segments].index(wanted)),)]
    own = f"text{given[given.index('[') :]}"
    listens = [task for task in tasks if leads(task, given, own)] if own != given else []
    return [(first, then[0]) for first in listens[:1] for then in routes(tasks, own, target)]


class Translator:
    """The GPT of a folder of weights, and its codec for speech."""

    def __init__(self, weights: Path, *, beams: int = 4):
        """Raises ValueError for weights that learned no task of this kind."""
        self.weights, self.beams, self.tasks = weights, beams, learned_tasks(weights)
        if not self.pairs("text") and not self.pairs("speech"):
            told = ", ".join(task.name for task in self.tasks) or "to speak and to listen"
            raise ValueError(f"the weights in {weights} never learned to translate (they learned {told}): {REMEDY}")
        loaded = load(weights / "gpt.safetensors")
        self.net, self.audio, self.fingerprint = loaded.net.eval(), loaded.audio, loaded.fingerprint
        self.tokenizer = build(loaded.extra["text"], loaded.audio)

    def pairs(self, modality: str) -> list[tuple[str, str]]:
        """From which languages into which, as codes, it can translate a text or speech."""
        pairs = [(source, target) for source in CODES for target in CODES if source != target]
        return [pair for pair in pairs if routes(self.tasks, f"{modality}[{pair[0]}]", pair[1])]

    def check(self, modality: str, source: str, target: str) -> None:
        """Raises ValueError for a pair of languages that it never learned."""
        if (source, target) not in self.pairs(modality):
            known = ", ".join(f"{one} to {other}" for one, other in self.pairs(modality)) or "none"
            raise ValueError(
                f"the weights in {self.weights} never learned {modality} from {source} to {target}; pairs are {known}"
            )

    def text(self, text: str, source: str, target: str) -> Iterator[tuple[str, str]]:
        """Each sentence of a text with its translation. Raises ValueError for languages that it never learned."""
        self.check("text", source, target)
        read = language(CODES[source])
        for sentence in read.split(text, LONGEST):
            spoken = read.normalise(sentence.text).text
            ids = self._tokenizer(source).spell(spoken)
            if len(ids) > len(self._tokenizer(source).tag):
                yield sentence.text, self._follow(self._said(source, ids), f"text[{source}]", target, len(ids))

    @torch.inference_mode()
    def speech(self, wave: Float[np.ndarray, " N"], source: str, target: str) -> str:
        """What is said in a clip, in another language. Raises ValueError for languages that it never learned."""
        self.check("speech", source, target)
        levelled = torch.from_numpy(set_level(wave, self.audio))[None]
        codes = self.codec.encode(levelled, torch.tensor([levelled.shape[1]]))
        count = math.ceil(int(codes.length) / PACE)
        return self._follow(self._said(source, [], codes), f"speech[{source}]", target, count)

    @property
    def codec(self):
        """Loaded when speech first comes."""
        if "_codec" not in vars(self):
            self._codec = load(self.weights / "dvae.safetensors").net.eval()
        return self._codec

    def _tokenizer(self, code: str):
        return self.tokenizer.reading(CODES[code])

    def _said(self, code: str, ids: Sequence[int], codes: Codes | None = None) -> dict[str, SegmentStream]:
        """The streams of one utterance."""
        text, length = torch.tensor([list(ids)], dtype=torch.long), torch.tensor([len(ids)])
        codes = codes or Codes(text[:, :0], torch.zeros(1, dtype=torch.long))
        return utterance_streams(Said(text, length, codes, paced(text, length)), self.net.vocabulary, code)

    def _follow(self, streams: dict[str, SegmentStream], given: str, target: str, count: int) -> str:
        """The text of the target, by the tasks that lead there; `count` is about how many ids what is given has."""
        written: list[int] = []
        for task in routes(self.tasks, given, target)[0]:
            order = [part.stream for part in task.segments]
            last = next((place for place, name in enumerate(order) if name == f"text[{target}]"), len(order) - 1)
            for part in task.segments[1 : last + 1]:
                tokenizer = self._tokenizer(part.utterance)
                most = min(STRETCH * count + SLACK, self.net.max_len // 3)
                written = write(
                    self.net,
                    task,
                    streams,
                    part.stream,
                    allowed=tokenizer.written_ids,
                    start=[tokenizer.ids[symbol] for symbol in tokenizer.tag],
                    times=paced(torch.zeros(1, most, dtype=torch.long), torch.tensor([most]))[0],
                    beams=self.beams,
                )
                streams = streams | {part.stream: self._said(part.utterance, written)[part.stream]}
                count = len(written)
        return self._tokenizer(target).written(written)


def translating(weights: Path, target: str = "en") -> "TranslatingListener | None":
    """What hears speech and writes this language; None if the weights never learned that."""
    try:
        return TranslatingListener(Translator(weights), target)
    except ValueError:
        return None


class TranslatingListener:
    """A translator as a listener: what it hears, it writes in another language."""

    translates = True

    def __init__(self, translator: Translator, target: str):
        """Raises ValueError if it can translate no speech into this language."""
        self.translator, self.target, self.rate = translator, target, translator.audio.sample_rate
        sources = [source for source, into in translator.pairs("speech") if into == target]
        if not sources:
            raise ValueError(f"the weights in {translator.weights} never learned to translate speech to {target}")
        self.languages = {code: CODES[code] for code in sources}

    def hear(self, wave: Float[np.ndarray, " N"], asked: Asked) -> Heard:
        """What is said in a clip. Without a language it is the first that can be heard."""
        source = asked.language or next(iter(self.languages))
        text = self.translator.speech(wave, source, self.target)
        return Heard(source, [HeardSegment(text, 0.0, len(wave) / self.rate)] if text else [])
