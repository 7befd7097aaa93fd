"""How the GPT is trained: a frozen codec gives the codes, and each clip is read as a task drawn by its share."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from matplotlib.figure import Figure
from torch import Tensor

from gpt.languages import able, hears_first, language_streams, named
from gpt.loss import accuracy, cross_entropy, gap_error
from gpt.model import TTS
from gpt.picture import alignment, draw_alignment
from gpt.prosody import departures
from gpt.sample import guide
from gpt.sequence import (
    SPEAKER,
    SPEECH,
    TEXT,
    Packed,
    Said,
    SegmentStream,
    Task,
    Vocabulary,
    corrupt,
    hide_text,
    pack_tasks,
    parse_task,
)
from tts import align
from tts.checkpoint import load
from tts.draws import delayed
from tts.pictures import draw_mels
from tts.pitch import melody
from tts.text.tokenizer import Tokenizer
from tts.training.stage import Frozen, Stage, freeze_others
from tts.types import Batch, Codes, Sampling

SCORED = {"speech": SPEECH, "text": TEXT}
OWN_DRAWS = 0x6770_7421  # makes the stage's generator another stream than torch's global one, which has the step's seed


@dataclass
class GptInput:
    """What the net reads of a batch."""

    packed: Packed
    speaker: Float[Tensor, "B P D"]
    prosody: Float[Tensor, "B 4 S1"] | None  # as `GPT.forward` hears it

    def without_text(self, vocabulary: Vocabulary) -> "GptInput":
        """The same as a net reads it that is told neither the text nor its prosody."""
        everyone = torch.ones(len(self.speaker), dtype=torch.bool, device=self.speaker.device)
        return GptInput(hide_text(self.packed, everyone, vocabulary), self.speaker, None)

    def of(self, items: Bool[Tensor, " B"]) -> "GptInput":
        """That of some of the items."""
        packed = Packed(**{name: value[items] for name, value in vars(self.packed).items()})
        return GptInput(packed, self.speaker[items], None if self.prosody is None else self.prosody[items])


class GptStage(Stage):
    """Cross-entropy of codes and of text ids, whichever task scores them, and the error of predicted durations.

    Tasks of several languages (`gpt.languages`) read what the items of a batch say in each of them.
    Speech is made from text at the times at which it is heard. Text is read from speech at even times of about the
    right pace, since a listener knows neither the times nor the length of the text. Weights that hold guidance keep it:
    their codes are scored as they would be guessed without it (arXiv 2501.15420).
    """

    def __init__(
        self,
        *,
        codec: str,
        tokenizer: Tokenizer,
        tasks: dict[str, dict],
        trained: Sequence[str] | None,  # parts of the net; the others stay as they are. None: all
        corruption: float,
        text_dropout: float,
        prosody_dropout: float,
        shift: float,  # codes
        time_jitter: float,  # codes
        pace_jitter: float,  # nats
        sampling: Sampling,
        **common,
    ):
        super().__init__(**common)
        self.codec = Frozen(load(codec).net)
        freeze_others(self.net, trained)
        known = self.net.vocabulary.names
        self.tasks = [parse_task(name, **task, known=known) for name, task in tasks.items() if task["share"]]
        self.corruption = corruption
        self.text_dropout = text_dropout
        self.prosody_dropout = prosody_dropout
        self.shift = shift
        self.time_jitter = time_jitter
        self.pace_jitter = pace_jitter
        self.tokenizer = tokenizer
        self.sampling = sampling
        if self.codec.net.audio != self.audio:
            raise ValueError(
                f"{codec} was trained for {self.codec.net.audio}, not for {self.audio}: give the same audio"
            )
        if self.codec.net.codebook_size != self.net.codebook_size:
            raise ValueError(
                f"{codec} has {self.codec.net.codebook_size} codes, model.code_levels gives {self.net.codebook_size}"
            )
        if tokenizer.vocab_size > self.net.vocabulary.texts:
            raise ValueError(f"the tokenizer has {tokenizer.vocab_size} ids: raise model.text_vocab to as many")

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Each clip is read as one task, drawn by its share; in validation the draw is the same every time."""
        generator = torch.Generator().manual_seed(self.step_seed() ^ OWN_DRAWS if self.training else 0)
        sounds = batch.wav_len > 0
        if self.training:
            batch = delayed(batch, self.shift, self.codec.net, generator)
        codes = self.encode(batch)
        spoken = self.times(batch, codes)
        speaker = self.speaker(batch)
        terms, prosody = self._prosody_losses(batch, spoken, speaker, generator)
        if not self.tasks:  # only rhythm and melody are learned
            return dict.fromkeys(SCORED, spoken.new_zeros(())) | terms
        return self.scores(self.read(batch, sounds, codes, spoken, speaker, prosody, generator)) | terms

    def scores(self, reading: GptInput) -> dict[str, Tensor]:
        """How badly the net guesses what is scored."""
        hidden = self.net(reading.packed, reading.speaker, reading.prosody)
        packed = reading.packed
        return {
            name: cross_entropy(
                *self.guesses(reading, hidden, modality), packed.weight[self.net.guessed(packed, modality)]
            )
            for name, modality in SCORED.items()
        }

    def guesses(self, reading: GptInput, hidden: Float[Tensor, "B K D"], modality: int) -> tuple[Tensor, Tensor]:
        """As `GPT.guesses`, without the guidance that the weights hold."""
        logits, target = self.net.guesses(reading.packed, hidden, modality)
        if modality != SPEECH or self.net.guidance == 1:
            return logits, target
        untold = reading.without_text(self.net.vocabulary)
        with torch.no_grad():
            others, _ = self.net.guesses(untold.packed, self.net(untold.packed, untold.speaker), SPEECH)
        return guide(logits, others, 1 / self.net.guidance), target

    def read(
        self,
        batch: Batch,
        sounds: Bool[Tensor, " B"],  # which clips are not texts alone
        codes: Codes,
        spoken: Float[Tensor, "B S2"],
        speaker: Float[Tensor, "B P D"],
        prosody: Float[Tensor, "B 4 S1"] | None,
        generator: torch.Generator,
    ) -> GptInput:
        """Each clip as one task, in training with what makes that harder."""
        choice, able = self._draw_tasks(batch, sounds, generator)
        told = spoken
        if self.training:  # when speaking, times are only predicted
            told = told + self.time_jitter * torch.randn(told.shape, generator=generator).to(told.device)
        reads = torch.tensor([TEXT in task.scored_modalities for task in self.tasks], device=choice.device)[choice]
        told = torch.where(reads[:, None], self.listening_times(batch, codes, generator), told)
        streams = self.streams(batch, codes, told) | self.language_streams(self.tasks, batch, choice, generator)
        packed = pack_tasks(self.tasks, choice, streams)
        packed.scored = packed.scored & able[:, None]
        if self.training:
            untold = torch.rand(len(choice), generator=generator) < self.text_dropout
            packed = hide_text(packed, untold.to(choice.device) & ~reads, self.net.vocabulary)
            packed = corrupt(packed, self.corruption, self.net.vocabulary, generator)
            untold |= torch.rand(len(choice), generator=generator) < self.prosody_dropout
            if prosody is not None:
                prosody = prosody * ~(untold.to(choice.device) | reads)[:, None, None]
        elif prosody is not None:
            prosody = prosody * ~reads[:, None, None]
        return GptInput(packed, speaker, prosody)

    def metrics(self, batch: Batch) -> dict[str, Tensor]:
        """Every task on every transcribed clip, and two more figures.

        `text_gain` is how much worse codes are guessed if the ids are those of another clip's text, cut or repeated to
        the same number, at the same times. It leaves 0 when the net begins to read. `length_error` is how far off the
        predicted length is, as a share. Tasks of several languages are measured segment by segment.
        """
        values = self._language_metrics(batch)
        batch = _transcribed(batch)
        if not batch.keys:
            return values
        codes, speaker = self.encode(batch), self.speaker(batch)
        spoken, predicted = self.times(batch, codes), self.net.predict_times(batch.text, batch.text_len, speaker)
        listening = self.listening_times(batch, codes, torch.Generator().manual_seed(0))
        values |= {"length_error": (predicted.amax(1) / codes.length - 1).abs().mean()}
        for task in [task for task in self.tasks if not named([task])]:
            times = listening if TEXT in task.scored_modalities else spoken
            packed = pack_tasks([task], torch.zeros_like(batch.text_len), self.streams(batch, codes, times))
            packed.scored = packed.scored & self._able(task, batch, batch.wav_len > 0)[:, None]
            reading = GptInput(packed, speaker, None)
            hidden = self.net(packed, speaker)
            for name, modality in SCORED.items():
                logits, target = self.guesses(reading, hidden, modality)
                if len(target):
                    values[f"{task.name}_{name}"] = cross_entropy(logits, target)
                    values[f"{task.name}_{name}_accuracy"] = accuracy(logits, target)
        if len(batch.keys) > 1:
            right = self.net.arrange(TTS, batch.text, batch.text_len, codes, spoken)
            place = torch.arange(batch.text.shape[1], device=batch.text.device) % batch.text_len.roll(1)[:, None]
            other = batch.text.roll(1, 0).gather(1, place)
            wrong = self.net.arrange(TTS, other, batch.text_len, codes, spoken)
            values["text_gain"] = self._speech_loss(wrong, speaker) - self._speech_loss(right, speaker)
        return values

    def showcase(self, batch: Batch) -> dict[str, Figure | Tensor]:
        """The net's attention to a known sentence, and the codec's mels of its recorded and its drawn codes."""
        batch = _transcribed(batch)
        if not batch.keys:
            return {}
        batch = batch.select([0])
        codes, speaker = self.encode(batch), self.speaker(batch)
        speech = self.net.generate(
            batch.text,
            batch.text_len,
            speaker,
            sampling=self.sampling,
            generator=torch.Generator().manual_seed(0),
        )
        codec = self.codec.to(batch.wav.device)
        pair = {"recorded": codec.decode(codes), "drawn": codec.decode(speech.codes)}
        mels = {name: mel.frames[0, :, : int(mel.length)] for name, mel in pair.items()}
        packed = self.net.arrange(TTS, batch.text, batch.text_len, codes, self.times(batch, codes))
        return {
            "alignment": draw_alignment(alignment(self.net, packed, speaker)),
            "mels": draw_mels(mels, frame_rate=self.audio.frame_rate),
        }

    def _prosody_losses(
        self, batch: Batch, spoken: Tensor, speaker: Tensor, generator: torch.Generator
    ) -> tuple[dict[str, Tensor], Float[Tensor, "B 4 S1"] | None]:
        """Errors of the predicted gaps and of the flow, and the true prosody as the net hears it."""
        gaps = self.net.log_gaps(batch.text, batch.text_len, speaker)
        terms = {"duration": gap_error(gaps, spoken, batch.text_len)}
        if not self.net.prosody:
            return terms | {"prosody": spoken.new_zeros(())}, None
        seconds = spoken / float(self.codec.net.code_rate)
        gaps = gaps.detach()
        heard = melody(batch.wav, batch.wav_len, self.audio.sample_rate, seconds, batch.text_len)
        true = torch.cat((departures(spoken, gaps)[:, None], heard), dim=1)
        stream = self.net.vocabulary.wrap(TEXT, batch.text, batch.text_len)
        terms["prosody"] = self.net.prosody.error(true, stream, batch.text_len, speaker.detach(), gaps, generator)
        return terms, self.net.told(true, batch.text_len)

    def streams(self, batch: Batch, codes: Codes, times: Float[Tensor, "B S2"]) -> dict[str, SegmentStream]:
        """What tasks can lay out: the clips, and their prompts if a task asks for them and the batch has some."""
        prompt = self.prompt(batch) if any(task.has("prompt") for task in self.tasks) else None
        return self.net.streams(Said(batch.text, batch.text_len, codes, times), prompt)

    def language_streams(
        self, tasks: Sequence[Task], batch: Batch, choice: Int[Tensor, " B"], generator: torch.Generator
    ) -> dict[str, SegmentStream]:
        """What the items say in the languages that tasks name, as far as the batch has it, for the tasks chosen."""
        streams: dict[str, SegmentStream] = {}
        for code in named(tasks):
            error = self.pace_jitter * torch.randn(len(batch.keys), generator=generator)
            if said := batch.languages.get(code):
                hears = torch.tensor([hears_first(task, code) for task in tasks], device=choice.device)[choice]
                codes = self.encode(replace(batch, wav=said.wav, wav_len=said.wav_len))
                error = error.to(choice.device)
                streams |= language_streams(self.net, said, codes, code, hears=hears, error=error)
        return streams

    def _language_metrics(self, batch: Batch) -> dict[str, Tensor]:
        values: dict[str, Tensor] = {}
        tasks = [task for task in self.tasks if named([task])]
        if not tasks:
            return values
        codes, speaker, none = self.encode(batch), self.speaker(batch), torch.zeros_like(batch.text_len)
        known = self.streams(batch, codes, align.even(batch.text_len, codes.length, batch.text.shape[1]))
        for task in tasks:
            able = self._able(task, batch, batch.wav_len > 0)
            streams = known | self.language_streams([task], batch, none, torch.Generator().manual_seed(0))
            hidden = self.net(pack_tasks([task], none, streams), speaker)
            for part in [part for part in task.segments if part.scored]:
                packed = pack_tasks([task.scores(part.stream)], none, streams)
                packed.scored = packed.scored & able[:, None]
                logits, target = self.net.guesses(packed, hidden, part.modality)
                if len(target):
                    name = f"{task.name}_{part.stream.replace('[', '_').rstrip(']')}"
                    values[name] = cross_entropy(logits, target)
                    values[f"{name}_accuracy"] = accuracy(logits, target)
        return values

    def about(self) -> dict[str, dict]:
        """What the net learns, which its file says: its tasks, each as its segments."""
        return {
            "tasks": {task.name: [part.stream + "*" * part.scored for part in task.segments] for task in self.tasks}
        }

    def prompt(self, batch: Batch) -> Said:
        """The clips that these go on from; empty where there are none."""
        if batch.prompt is None:
            nothing = batch.text.new_zeros(len(batch.keys), 0)
            none = torch.zeros_like(batch.text_len)
            return Said(nothing, none, Codes(nothing, none), torch.zeros(len(batch.keys), 2, device=none.device))
        said = replace(batch, **vars(batch.prompt))
        codes = self.encode(said)
        return Said(said.text, said.text_len, codes, self.times(said, codes))

    @torch.no_grad()
    def encode(self, batch: Batch) -> Codes:
        return self.codec.to(batch.wav.device).encode(batch.wav, batch.wav_len)

    @torch.no_grad()
    def times(self, batch: Batch, codes: Codes) -> Float[Tensor, "B S2"]:
        """When each text id is heard in the codes."""
        return align.heard(batch, codes, self.codec.to(batch.wav.device), self.tokenizer)

    def listening_times(self, batch: Batch, codes: Codes, generator: torch.Generator) -> Float[Tensor, "B S2"]:
        """Even times at a pace that is a little wrong, as a listener does not know how long the text is."""
        error = self.pace_jitter * torch.randn(len(batch.keys), generator=generator)
        guessed = (batch.text_len + 1) * error.exp().to(batch.text_len.device) - 1
        return align.even(guessed, codes.length, batch.text.shape[1])

    def speaker(self, batch: Batch) -> Float[Tensor, "B P D"]:
        return self.net.speaker_latents(self.log_mel.measure(batch.reference, batch.reference_len))

    def _draw_tasks(self, batch: Batch, sounds: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """A task for each clip, and whether there is one: only tasks whose texts and prompts a clip has."""
        able = torch.stack([self._able(task, batch, sounds).cpu() for task in self.tasks], dim=1)
        shares = torch.tensor([task.share for task in self.tasks]) * able  # (B, tasks)
        able = shares.sum(1) > 0
        choice = torch.multinomial(shares + ~able[:, None], 1, generator=generator).squeeze(1)
        return choice.to(batch.wav.device), able.to(batch.wav.device)

    def _able(self, task: Task, batch: Batch, sounds: Bool[Tensor, " B"]) -> Bool[Tensor, " B"]:
        """Which clips have all that a task asks for. A clip may be a text or a sound alone; `sounds` are not texts."""
        found = able(task, batch.languages, len(batch.keys)).to(batch.text_len.device)
        if task.has("", TEXT):
            found = found & (batch.text_len > 0)
        if task.has("", SPEECH) or any(part.modality == SPEAKER for part in task.segments):
            found = found & sounds
        if task.has("prompt"):
            found = found & (batch.prompt.text_len > 0 if batch.prompt is not None else False)
        return found

    def _speech_loss(self, packed: Packed, speaker: Tensor) -> Tensor:
        return cross_entropy(*self.guesses(GptInput(packed, speaker, None), self.net(packed, speaker), SPEECH))


def _transcribed(batch: Batch) -> Batch:
    """The items that have a text."""
    return batch.select([item for item, length in enumerate(batch.text_len.tolist()) if length])
