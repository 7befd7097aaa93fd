"""The base class of the stages: a LightningModule that trains a net. The nets themselves never import it."""

import os
from collections.abc import Callable, Sequence
from itertools import chain

import lightning as L
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from tts.mel import LogMel
from tts.training.sharding import gather
from tts.types import AudioConfig, Batch


class Frozen:
    """An upstream net that a stage uses but does not train, save or average.

    It is not an nn.Module, so it stays out of the stage's parameters and state_dict. Deep copies (EMA) share it.
    """

    def __init__(self, net: nn.Module):
        self.net = net.eval().requires_grad_(False)

    def __deepcopy__(self, memo: dict) -> "Frozen":
        return self

    def to(self, device: torch.device) -> nn.Module:
        """Move the net to the batch's device if necessary, and return it."""
        if next(chain(self.net.parameters(), self.net.buffers())).device != device:
            self.net.to(device)
        return self.net


def freeze_others(net: nn.Module, trained: Sequence[str] | None) -> None:
    """Keep all parts of a net but those named as they are, and without dropout; None freezes nothing.

    Raises ValueError for unknown names.
    """
    parts = dict(net.named_children())
    wanted = set(parts if trained is None else trained)
    if unknown := sorted(wanted - parts.keys()):
        raise ValueError(f"stage.trained names {unknown[0]!r}, but the net has the parts {', '.join(parts)}")
    for name in parts.keys() - wanted:
        parts[name].eval().requires_grad_(False)


class Stage(L.LightningModule):
    """Sums the weighted terms of `losses`, logs each term, and validates with the same code.

    Subclasses define `losses(batch) -> dict`, whose keys must be exactly those of `weights`. They may define `metrics`
    (validation only) and `showcase` (pictures and sounds of one validation batch).
    """

    passing: frozenset[str] = (
        frozenset()
    )  # terms that only some steps have; Guard ignores them when it looks for spikes
    refuses: Callable[[Tensor, Tensor], bool] | None = None  # set by Guard: says from loss and gradient norm
    refused = False  # whether the last step was refused
    seeded_step, micro_batch = -1, 0  # step of the current batch, and its index among the batches accumulated into it

    def __init__(
        self,
        *,
        net: nn.Module,
        audio: AudioConfig,
        weights: dict[str, float],
        optimizer: Callable[..., torch.optim.Optimizer],
        schedule: Callable[[torch.optim.Optimizer], torch.optim.lr_scheduler.LRScheduler],
        gradient_clip: float,
    ):
        super().__init__()
        self.net = net
        self.audio = audio
        self.log_mel = LogMel(audio)
        self.weights = weights
        self.gradient_clip = gradient_clip
        self._optimizer = optimizer
        self._schedule = schedule

    def about(self) -> dict:
        """What else the exported file says of the net, beside the tokenizer."""
        return {}

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The unweighted loss terms of a batch by name. Each is a scalar mean over what it scores."""
        raise TypeError(f"{type(self).__name__} must define losses(batch)")

    def metrics(self, batch: Batch) -> dict[str, Tensor]:
        """Further values that validation logs beside the losses."""
        return {}

    def score(self) -> float | None:
        """How bad the net was in the whole validation, lower is better. The best net is exported; None: the newest."""
        return None

    def showcase(self, batch: Batch) -> dict[str, Figure | Tensor]:
        """Pictures (Figure) and sounds (1-D waves at `audio.sample_rate`) of a validation batch, by name."""
        return {}

    def total(self, terms: dict[str, Tensor]) -> Tensor:
        """The weighted sum of the terms.

        Raises ValueError for a term without a weight, or a weight other than 0 without a term.
        """
        if not {name for name, weight in self.weights.items() if weight} <= terms.keys() <= self.weights.keys():
            raise ValueError(
                f"{type(self).__name__} has the loss terms {sorted(terms)}, "
                f"but its weights in conf/stage are for {sorted(self.weights)}"
            )
        return sum(self.weights[name] * term for name, term in terms.items())

    def step_seed(self) -> int:
        """The seed for the current training batch, made from the run's seed, the rank, the step and the micro-batch.

        So a resumed run draws the same numbers as an uninterrupted one, while ranks and accumulated batches draw
        different ones.
        """
        seed = int(os.environ.get("PL_GLOBAL_SEED", "0"))
        place = (seed, self.global_rank, self.global_step, self.micro_batch)
        # SeedSequence mixes them into 32 bits, which is all that torch's CPU generator keeps of a seed.
        return int(np.random.SeedSequence(place).generate_state(1)[0])

    def on_train_batch_start(self, batch: Batch, index: int) -> None:
        self.micro_batch = self.micro_batch + 1 if self.global_step == self.seeded_step else 0
        self.seeded_step = self.global_step
        torch.manual_seed(self.step_seed())

    def steady(self, terms: dict[str, Tensor]) -> Tensor:
        """The weighted sum of the terms that every step has, in which Guard looks for spikes."""
        return sum(self.weights[name] * term.detach() for name, term in terms.items() if name not in self.passing)

    def training_step(self, batch: Batch, index: int) -> Tensor:
        terms = self.losses(batch)
        total = self.total(terms)
        self.watched = self.steady(terms)
        self.report("train", {**terms, "loss": total}, batch)
        return total

    def validation_step(self, batch: Batch, index: int) -> dict[str, Tensor]:
        terms = self.losses(batch)
        values = {**terms, "loss": self.total(terms), **self.metrics(batch)}
        self.report("val", values, batch)
        return values

    def on_validation_end(self) -> None:
        if close := getattr(self.trainer.val_dataloaders, "close", None):
            close()  # as trainer.limit_val_batches may have left the pass before its end

    def report(self, split: str, values: dict[str, Tensor], batch: Batch) -> None:
        for name, value in values.items():
            self.log(
                f"{split}/{name}",
                value,
                prog_bar=name == "loss",
                on_step=split == "train",
                on_epoch=split == "val",
                sync_dist=split == "val",
                batch_size=len(batch.keys),
            )

    def configure_optimizers(self):
        optimizer = self._optimizer(self.net)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": self._schedule(optimizer), "interval": "step"}}

    def configure_gradient_clipping(self, optimizer, gradient_clip_val=None, gradient_clip_algorithm=None) -> None:
        norm = gather(nn.utils.clip_grad_norm_(self.net.parameters(), self.gradient_clip))
        self.log("train/gradient_norm", norm)
        self.refused = self.refuses is not None and self.refuses(self.watched, norm)
        if self.refused:
            optimizer.zero_grad()  # sets gradients to None, so that the optimiser skips the parameters
