"""How the GPT is trained: a frozen codec names the codes, a draw of tasks says who reads what."""

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional as F

from gpt.loss import accuracy, cross_entropy, gap_error
from gpt.model import TTS
from gpt.picture import alignment, draw_alignment, draw_mels
from gpt.sequence import SPEECH, TEXT, Packed, corrupt, hide_text, parse_task
from tts import align
from tts.checkpoint import load
from tts.text.tokenizer import Tokenizer
from tts.training.stage import Frozen, Stage
from tts.types import Batch, Codes, Sampling

SCORED = {"speech": SPEECH, "text": TEXT}


class GptStage(Stage):
    """Cross-entropy of codes and of text ids, whichever task scores them, and the error of predicted durations.

    Speech is made from text at the times where its codes spell it; text is read from speech with its ids spread
    evenly, since nobody knows beforehand when they will be heard.
    """

    def __init__(
        self,
        *,
        codec: str,
        tokenizer: Tokenizer,
        tasks: dict[str, dict],
        corruption: float,
        text_dropout: float,
        shift: int,
        time_jitter: float,
        sampling: Sampling,
        **common,
    ):
        super().__init__(**common)
        self.codec = Frozen(load(codec).net)
        self.tasks = [parse_task(name, **task) for name, task in tasks.items() if task["share"]]
        self.corruption = corruption
        self.text_dropout = text_dropout
        self.shift = shift
        self.time_jitter = time_jitter
        self.silent_ids = tokenizer.silent_ids
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
        """Each clip reads one task drawn by its share; in validation the draw is the same every time."""
        generator = torch.Generator().manual_seed(self.global_step if self.training else 0)
        choice, able = self._draw_tasks(batch, generator)
        cut = torch.rand(len(choice), generator=generator).to(choice.device)
        codes = self.encode(batch, generator)
        spoken, even = self.times(batch, codes), align.even(batch.text_len, codes.length, batch.text.shape[1])
        told = spoken
        if self.training:  # when speaking, times are only guessed
            told = told + self.time_jitter * torch.randn(told.shape, generator=generator).to(told.device)
        reads = torch.tensor([TEXT in task.scored_modalities for task in self.tasks], device=choice.device)[choice]
        told = torch.where(reads[:, None], even, told)
        packed = self.net.pack(
            self.tasks, choice, cut, text=batch.text, text_len=batch.text_len, codes=codes, times=told
        )
        packed.scored = packed.scored & able[:, None]
        if self.training:
            untold = torch.rand(len(choice), generator=generator) < self.text_dropout
            packed = hide_text(packed, untold.to(choice.device) & ~reads, self.net.vocabulary)
            packed = corrupt(packed, self.corruption, self.net.vocabulary, generator)
        speaker = self.speaker(batch)
        hidden = self.net(packed, speaker)
        terms = {name: cross_entropy(*self.net.guesses(packed, hidden, modality)) for name, modality in SCORED.items()}
        gaps = self.net.log_gaps(batch.text, batch.text_len, speaker)
        return {**terms, "duration": gap_error(gaps, spoken, batch.text_len)}

    def metrics(self, batch: Batch) -> dict[str, Tensor]:
        """Every task on every transcribed clip, and two figures more.

        `text_gain` is how much worse codes are guessed from the next clip's text; it leaves 0 when the net begins to
        read. `length_error` is how far off the predicted length is, as a share.
        """
        batch = _transcribed(batch)
        if not batch.keys:
            return {}
        codes, speaker = self.encode(batch, None), self.speaker(batch)
        spoken, predicted = self.times(batch, codes), self.net.predict_times(batch.text, batch.text_len, speaker)
        values = {"length_error": (predicted.amax(1) / codes.length - 1).abs().mean()}
        for task in self.tasks:
            times = None if TEXT in task.scored_modalities else spoken
            packed = self.net.arrange(task, batch.text, batch.text_len, codes, times)
            hidden = self.net(packed, speaker)
            for name, modality in SCORED.items():
                logits, target = self.net.guesses(packed, hidden, modality)
                if len(target):
                    values[f"{task.name}_{name}"] = cross_entropy(logits, target)
                    values[f"{task.name}_{name}_accuracy"] = accuracy(logits, target)
        if len(batch.keys) > 1:
            right = self.net.arrange(TTS, batch.text, batch.text_len, codes, spoken)
            wrong = self.net.arrange(TTS, batch.text.roll(1, 0), batch.text_len.roll(1), codes)
            values["text_gain"] = self._speech_loss(wrong, speaker) - self._speech_loss(right, speaker)
        return values

    def showcase(self, batch: Batch) -> dict[str, Figure | Tensor]:
        """Where the net looks while it reads a known sentence, and the codec's mels of codes recorded and drawn."""
        batch = _transcribed(batch)
        if not batch.keys:
            return {}
        batch = batch.select([0])
        codes, speaker = self.encode(batch, None), self.speaker(batch)
        speech = self.net.generate(
            batch.text,
            batch.text_len,
            speaker,
            sampling=self.sampling,
            generator=torch.Generator().manual_seed(0),
        )
        codec = self.codec.to(batch.wav.device)
        packed = self.net.arrange(TTS, batch.text, batch.text_len, codes, self.times(batch, codes))
        return {
            "alignment": draw_alignment(alignment(self.net, packed, speaker)),
            "mels": draw_mels({"recorded": codec.decode(codes), "drawn": codec.decode(speech.codes)}),
        }

    @torch.no_grad()
    def encode(self, batch: Batch, generator: torch.Generator | None) -> Codes:
        """The codec's codes of each clip; in training after a little silence, so that clips have many code strings."""
        wav, wav_len = batch.wav, batch.wav_len
        if self.training and self.shift:
            silence = int(torch.randint(self.shift + 1, (), generator=generator))
            wav, wav_len = F.pad(wav, (silence, 0)), wav_len + silence
        return self.codec.to(wav.device).encode(wav, wav_len)

    @torch.no_grad()
    def times(self, batch: Batch, codes: Codes) -> Float[Tensor, "B S2"]:
        """When each text id is heard in the codes."""
        codec = self.codec.to(batch.wav.device)
        return align.spoken(codec.spell(codes), codes, batch.text, batch.text_len, self.silent_ids)

    def speaker(self, batch: Batch) -> Float[Tensor, "B P D"]:
        return self.net.speaker_latents(self.log_mel.measure(batch.reference, batch.reference_len))

    def _draw_tasks(self, batch: Batch, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """A task for each clip, and whether there is one: without a transcript only tasks that name no text."""
        shares = torch.tensor([task.share for task in self.tasks])
        textless = torch.tensor([TEXT not in task.modalities for task in self.tasks])
        shares = shares * (textless | (batch.text_len.cpu() > 0)[:, None])  # (B, tasks)
        able = shares.sum(1) > 0
        choice = torch.multinomial(shares + ~able[:, None], 1, generator=generator).squeeze(1)
        return choice.to(batch.wav.device), able.to(batch.wav.device)

    def _speech_loss(self, packed: Packed, speaker: Tensor) -> Tensor:
        return cross_entropy(*self.net.guesses(packed, self.net(packed, speaker), SPEECH))


def _transcribed(batch: Batch) -> Batch:
    """The items that have a text."""
    return batch.select([item for item, length in enumerate(batch.text_len.tolist()) if length])
