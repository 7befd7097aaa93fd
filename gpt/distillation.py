"""How a GPT that needs two rows for guidance teaches one that holds the guidance in its weights.

What guidance makes of the two rows is one distribution, so one row can learn it (Meng et al., arXiv 2210.03142,
section 3.1, for diffusion). The student begins with the teacher's weights. Where it is not told the text it learns to
stay as it is, so guidance of any other strength still follows from its own two rows (`gpt.sample.guide`).
"""

from copy import deepcopy

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from gpt.loss import cross_entropy
from gpt.model import GPT, TTS
from gpt.sample import guide
from gpt.sequence import SPEECH, TEXT, Packed, Said, pack_tasks
from gpt.stage import OWN_DRAWS, GptInput, GptStage
from tts.checkpoint import read, warm_start
from tts.training.stage import Frozen
from tts.types import Batch, Codes

Lesson = tuple[Float[Tensor, "K V"], Float[Tensor, "K V"], Float[Tensor, "K D"]]


class GuidanceDistillation(GptStage):
    """The student, told the text, learns what the teacher's guidance makes of being told it and of not being told it.

    Terms in place of `speech`: `guided`, the Kullback-Leibler divergence of the student from the guided teacher in
    nats, and `latents`, the squared difference of their latents as a share of the variance, since the decoder hears
    them. A share `drawn` of the steps is on codes that the teacher draws for the texts, as when speaking. The speaker
    encoder stays the teacher's, so that voices keep their latents.
    """

    def __init__(
        self,
        *,
        teacher: str,  # path of a GPT's checkpoint
        drawn: float,
        **common,
    ):
        super().__init__(**common)
        self.teacher = Frozen(self._read(teacher))
        self.drawn = drawn
        if self.net.guidance == 1:
            raise ValueError("model.guidance is 1, which is none: set it to what the weights are to hold, such as 3.0")
        self.net.speaker.requires_grad_(False)

    def _read(self, path: str) -> GPT:
        """The teacher, with room for all text ids of the student."""
        net = deepcopy(self.net)
        net.guidance = read(path)[0]["spec"].get("guidance", 1.0)
        if lacking := warm_start(net, path, self.tokenizer):
            raise ValueError(f"{path} has no {lacking[0]} like the student's: give the model= of which the teacher is")
        return net

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        if self.training and torch.rand(()) < self.drawn:
            reading = self.said_by_teacher(batch)
            return self.scores(reading) | dict.fromkeys(("duration", "prosody"), reading.speaker.new_zeros(()))
        return super().losses(batch)

    def scores(self, reading: GptInput) -> dict[str, Tensor]:
        packed, hidden = reading.packed, self.net(reading.packed, reading.speaker, reading.prosody)
        guided, _, latents = self.lesson(reading)
        logits, _ = self.net.guesses(packed, hidden, SPEECH)
        own = hidden[self._scored(packed)].float()
        return {
            "text": cross_entropy(*self.net.guesses(packed, hidden, TEXT)),
            "guided": divergence(guided, logits),
            "latents": (own - latents).square().sum() / (latents - latents.mean(0)).square().sum().clamp_min(1e-6),
        }

    def metrics(self, batch: Batch) -> dict[str, Tensor]:
        """Those of `GptStage`, and two more of speech without prosody.

        `one_row` is the divergence of the teacher without guidance from itself with it, where the student begins;
        `agreement` is how often the likeliest code is that of the guided teacher.
        """
        codes, speaker = self.encode(batch), self.speaker(batch)
        times = self.times(batch, codes)
        reading = GptInput(self.net.arrange(TTS, batch.text, batch.text_len, codes, times), speaker, None)
        guided, told, _ = self.lesson(reading)
        logits, _ = self.net.guesses(reading.packed, self.net(reading.packed, speaker), SPEECH)
        return super().metrics(batch) | {
            "one_row": divergence(guided, told),
            "agreement": (logits.argmax(-1) == guided.argmax(-1)).float().mean(),
        }

    @torch.no_grad()
    def lesson(self, reading: GptInput) -> Lesson:
        """Of the teacher at each scored position of speech: log-probabilities with guidance and without it, latents."""
        scored = self._scored(reading.packed)
        reading = reading.of(scored.any(1))
        teacher, at = self.teacher.to(reading.speaker.device), scored[scored.any(1)]
        untold = reading.without_text(teacher.vocabulary)
        both = [teacher(one.packed, one.speaker, one.prosody)[at].float() for one in (reading, untold)]
        with torch.autocast(at.device.type, enabled=False):  # guidance makes what bfloat16 rounds several times larger
            head = teacher.head()[teacher.vocabulary.outputs(SPEECH)]
            told, others = (F.linear(hidden, head).log_softmax(-1) for hidden in both)
        guided = guide(told, others, self.net.guidance / teacher.guidance).log_softmax(-1)
        return guided, told, both[0]

    @torch.no_grad()
    def said_by_teacher(self, batch: Batch) -> GptInput:
        """What the teacher, guided, says to the texts of a batch, in rhythm and melody of its own."""
        teacher, seed = self.teacher.to(batch.wav.device), self.step_seed() ^ OWN_DRAWS
        speaker = self.speaker(batch)
        with torch.autocast(speaker.device.type, enabled=False):
            asked = (batch.text, batch.text_len, speaker.float())
            times, prosody = teacher.draw_prosody(*asked, self.sampling.prosody, torch.Generator().manual_seed(seed))
            generator = torch.Generator().manual_seed(seed)  # which draws the same prosody first
            speech = teacher.generate(*asked, sampling=self.sampling, generator=generator)
        codes = Codes(speech.codes.ids.clone(), speech.codes.length.clone())  # no tensors of inference mode
        streams = self.net.streams(Said(batch.text, batch.text_len, codes, self.sampling.pace * times))
        return GptInput(pack_tasks([TTS], torch.zeros_like(batch.text_len), streams), speaker, prosody)

    def _scored(self, packed: Packed) -> Bool[Tensor, "B K"]:
        """Where the next id is scored and is one of speech, in the order of `GPT.guesses`."""
        outputs = self.net.vocabulary.outputs(SPEECH)
        return packed.scored & (packed.target >= outputs.start) & (packed.target < outputs.stop)


def divergence(target: Float[Tensor, "K V"], logits: Float[Tensor, "K V"]) -> Float[Tensor, ""]:
    """Mean Kullback-Leibler divergence in nats of what logits say from target log-probabilities; 0 for no positions."""
    total = F.kl_div(logits.float().log_softmax(-1), target, reduction="sum", log_target=True)
    return total / max(len(target), 1)
