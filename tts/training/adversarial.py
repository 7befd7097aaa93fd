"""Training against a discriminator, which learns beside the net to tell what is made from what is recorded."""

from abc import abstractmethod
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from tts.training.stage import Stage
from tts.types import Batch

TINY = 1e-8  # keeps a division finite


class AdversarialStage(Stage):
    """Two optimisers, so optimisation is manual; only the generator, `net`, is exported.

    The discriminator gives logits, higher for what is more like a recording, and features layer by layer, both as lists
    over its parts.
    """

    passing = frozenset({"adversarial", "feature"})

    def __init__(
        self,
        *,
        discriminator: nn.Module,
        adversarial_start: int,  # step
        adversarial_every: int,  # steps
        discriminator_optimizer: Callable[..., torch.optim.Optimizer],
        discriminator_schedule: Callable[[torch.optim.Optimizer], torch.optim.lr_scheduler.LRScheduler],
        **common,
    ):
        super().__init__(**common)
        self.automatic_optimization = False
        self.discriminator = discriminator
        self.adversarial_start = adversarial_start
        self.adversarial_every = adversarial_every
        self._discriminator_optimizer = discriminator_optimizer
        self._discriminator_schedule = discriminator_schedule

    @abstractmethod
    def compare(self, batch: Batch, *, adversarial: bool) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """What the discriminator reads, made and recorded, and the loss terms; those of `judged` are among them."""

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        return self.compare(batch, adversarial=self.global_step >= self.adversarial_start)[2]

    def judged(self, made: Tensor, true: Tensor, *, adversarial: bool) -> dict[str, Tensor]:
        """The generator's adversarial terms; zero unless `adversarial`."""
        if not adversarial:
            return dict.fromkeys(("adversarial", "feature"), made.new_zeros(()))
        with torch.no_grad():
            _, real = self.discriminator(true)
        # Gradients pass through the discriminator to what was made and leave nothing behind in it.
        self.discriminator.requires_grad_(False)
        logits, features = self.discriminator(made)
        self.discriminator.requires_grad_(True)
        return {"adversarial": adversarial_loss(logits), "feature": feature_loss(real, features)}

    def configure_optimizers(self):
        optimizers = [
            self._optimizer(self.net),
            self._discriminator_optimizer(self.discriminator.parameters()),
        ]
        return optimizers, [self._schedule(optimizers[0]), self._discriminator_schedule(optimizers[1])]

    def training_step(self, batch: Batch, index: int) -> None:
        adversarial = self.adversarial_turn  # before the step below counts on
        made, true, terms = self.compare(batch, adversarial=adversarial)
        total = self.total(terms)
        self.watched = self.steady(terms)

        optimizer, _ = self.optimizers()
        schedule, _ = self.lr_schedulers()
        optimizer.zero_grad()
        self.manual_backward(total)
        self.configure_gradient_clipping(optimizer)
        optimizer.step()
        schedule.step()
        # After the generator's backward pass, which needs the discriminator as it was.
        critic = {"critic": self.train_critic(made.detach(), true)} if adversarial else {}
        self.report("train", {**terms, **critic, "loss": total.detach()}, batch)

    @property
    def adversarial_turn(self) -> bool:
        return self.global_step >= self.adversarial_start and self.global_step % self.adversarial_every == 0

    def train_critic(self, made: Tensor, true: Tensor) -> Tensor:
        """One step of the discriminator."""
        # Lightning counts a step for every optimiser it wraps; the bare one keeps global_step and max_steps in batches.
        _, optimizer = self.optimizers(use_pl_optimizer=False)
        _, schedule = self.lr_schedulers()
        loss = discriminator_loss(self.discriminator(true)[0], self.discriminator(made)[0])
        optimizer.zero_grad()
        self.manual_backward(loss)
        norm = nn.utils.clip_grad_norm_(self.discriminator.parameters(), self.gradient_clip)
        if torch.isfinite(norm):  # else the net's own step was refused as well, or the next one is
            optimizer.step()
        schedule.step()
        return loss.detach()


def discriminator_loss(real: list[Tensor], made: list[Tensor]) -> Float[Tensor, ""]:
    """Hinge loss of the discriminators, mean over scales (EnCodec, arXiv 2210.13438, section 3.4)."""
    pairs = zip(real, made, strict=True)
    return torch.stack([F.relu(1 - a.float()).mean() + F.relu(1 + b.float()).mean() for a, b in pairs]).mean()


def adversarial_loss(made: list[Tensor]) -> Float[Tensor, ""]:
    """Hinge loss of the generator, mean over scales."""
    return torch.stack([F.relu(1 - logits.float()).mean() for logits in made]).mean()


def feature_loss(real: list[list[Tensor]], made: list[list[Tensor]]) -> Float[Tensor, ""]:
    """L1 between discriminator features, relative to the size of the real ones (EnCodec, eq. 2)."""
    terms = []
    for layers in zip(real, made, strict=True):
        for a, b in zip(*layers, strict=True):
            terms.append(F.l1_loss(b.float(), a.float()) / a.float().abs().mean().clamp_min(TINY))
    return torch.stack(terms).mean()
