"""How much of a codebook the validation set uses."""

import torch
from jaxtyping import Int
from torch import Tensor

from tts.training.stage import Stage
from tts.types import Codes, mask


class CodebookStage(Stage):
    """A stage whose net has a codebook: what `count` saw of the validation set is logged at the end of each pass."""

    def __init__(self, **common):
        super().__init__(**common)
        # How often each entry was. No buffer: weight averaging swaps buffers around each validation.
        self.uses = torch.zeros(self.net.codebook_size)

    def count(self, codes: Codes) -> None:
        used: Int[Tensor, " K"] = codes.ids[mask(codes.length, codes.ids.shape[1])]
        self.uses += torch.bincount(used, minlength=len(self.uses)).cpu()

    def on_validation_epoch_start(self) -> None:
        self.uses.zero_()

    def on_validation_epoch_end(self) -> None:
        """Share of the codebook that was used, and the perplexity of its use, in entries."""
        uses = self.trainer.strategy.reduce(self.uses.to(self.device), reduce_op="sum")
        p = uses / uses.sum().clamp_min(1)
        self.log("val/codebook_usage", (uses > 0).float().mean())
        self.log("val/codebook_perplexity", torch.special.entr(p).sum().exp())
