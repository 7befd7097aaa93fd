"""Codes that are being drawn: what one step of the GPT reads, and what it leaves for the next."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gpt.sample import choose, guide
from gpt.step import Matrix, Sequences, Stepper
from tts.types import Sampling


@dataclass(frozen=True)
class StepWeights:
    """What steps read."""

    stepper: Stepper
    head: Matrix  # (V, D): of the codes, and of the stop after them
    table: Float[Tensor, "V D"]


@dataclass(eq=False)
class Generation:
    """Items that began together: takes of one text, or different texts."""

    weights: StepWeights
    sequences: Sequences  # with guidance twice as many as items: those told the text, then those that are not
    hidden: Float[Tensor, "R D"]  # at their last position
    sampling: Sampling  # its guidance is beyond what the weights hold
    limit: Int[Tensor, " B"]  # codes of each item
    uniforms: Float[Tensor, "steps B 2"]
    over: bool = False  # nobody wants more of it
    step: int = 0  # codes so far
    ids: Int[Tensor, "B steps"] = field(init=False)  # -1 where an item has stopped
    speaking: Bool[Tensor, " B"] = field(init=False)

    def __post_init__(self):
        steps, items, _ = self.uniforms.shape
        self.ids = self.limit.new_full((items, steps), -1)
        self.speaking = torch.ones_like(self.limit, dtype=torch.bool)

    @property
    def rows(self) -> int:
        return len(self.hidden)

    def chosen(self, logits: Float[Tensor, "R V"]) -> Int[Tensor, " B"] | None:
        """The next code of each item, the stop for one that has stopped; None if all have."""
        if self.step == len(self.uniforms):
            return None
        stop = logits.shape[1] - 1
        if self.rows > len(self.limit):
            logits = guide(*logits.chunk(2), self.sampling.guidance)
        if self.step == 0:
            logits[:, -1] = -torch.inf  # speech of no codes has nothing to decode
        id = choose(logits, self.ids[:, : self.step], self.uniforms[self.step], self.sampling)
        speaking = self.speaking & (id != stop) & (self.step < self.limit)
        return id.masked_fill(~speaking, stop) if speaking.any() else None

    def read(self, id: Int[Tensor, " B"], hidden: Float[Tensor, "R D"]) -> tuple[Tensor, Tensor]:
        """Go on from these codes, at which the hidden states are those; gives codes, -1 for the stop, and latents."""
        self.speaking = id != len(self.weights.table) - 1
        self.ids[:, self.step] = id.masked_fill(~self.speaking, -1)
        self.hidden, self.step = hidden, self.step + 1
        return self.ids[:, self.step - 1], hidden[: len(id)]
