"""Training the vocoder: spectral losses from the first step, a critic's opinion from `adversarial_start` on."""

from collections.abc import Callable

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from tts.audio import pad_to_hop
from tts.stage import Stage
from tts.types import Batch
from vocoder.loss import (
    MultiResolution,
    adversarial_loss,
    discriminator_loss,
    feature_loss,
    log_distance,
    phase_differences,
)


class VocoderStage(Stage):
    """Two optimisers, so optimisation is manual; only the generator, `net`, is exported."""

    passing = frozenset({"adversarial", "feature"})

    def __init__(
        self,
        *,
        discriminator: nn.Module,
        resolutions: list[list[int]],
        adversarial_start: int,
        adversarial_every: int,
        discriminator_optimizer: Callable[..., torch.optim.Optimizer],
        discriminator_schedule: Callable[[torch.optim.Optimizer], torch.optim.lr_scheduler.LRScheduler],
        **common,
    ):
        super().__init__(**common)
        self.automatic_optimization = False
        self.discriminator = discriminator
        self.spectral = MultiResolution(
            sample_rate=self.audio.sample_rate, floor=self.audio.floor, resolutions=resolutions
        )
        self.adversarial_start = adversarial_start  # step
        self.adversarial_every = adversarial_every  # steps; the critic costs several times the net
        self._discriminator_optimizer = discriminator_optimizer
        self._discriminator_schedule = discriminator_schedule

    def configure_optimizers(self):
        optimizers = [
            self._optimizer(self.net.named_parameters()),
            self._discriminator_optimizer(self.discriminator.parameters()),
        ]
        return optimizers, [self._schedule(optimizers[0]), self._discriminator_schedule(optimizers[1])]

    def training_step(self, batch: Batch, index: int) -> None:
        true = pad_to_hop(batch.wav, self.audio.hop)
        adversarial = self.adversarial_turn  # before the step below counts on
        made, terms = self.compare(true, adversarial=adversarial)
        total = self.total(terms)
        self.watched = self.steady(terms)

        optimizer, _ = self.optimizers()
        schedule, _ = self.lr_schedulers()
        optimizer.zero_grad()
        self.manual_backward(total)
        self.configure_gradient_clipping(optimizer)
        optimizer.step()
        schedule.step()
        # After the generator's backward pass, which needs the critic as it was.
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

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        true = pad_to_hop(batch.wav, self.audio.hop)
        return self.compare(true, adversarial=self.global_step >= self.adversarial_start)[1]

    def compare(self, true: Tensor, *, adversarial: bool) -> tuple[Tensor, dict[str, Tensor]]:
        """What the generator makes of the mel of `true`, and its terms; the critic's are zero while it has no say."""
        magnitude, state = self.net.magnitude(self.log_mel(true))
        made = self.net.wave(magnitude, state)
        spectrum = self.net.stft(true)
        terms = self.spectral(made, true)
        terms["phase"] = phase_differences(self.net.stft(made), spectrum)
        terms["first_half"] = log_distance(magnitude, spectrum.abs(), self.audio.floor)
        terms["adversarial"] = terms["feature"] = made.new_zeros(())
        if adversarial:
            with torch.no_grad():
                _, real = self.discriminator(true)
            # Gradients pass through the critic to the wave and leave nothing behind in it.
            self.discriminator.requires_grad_(False)
            logits, features = self.discriminator(made)
            self.discriminator.requires_grad_(True)
            terms.update(adversarial=adversarial_loss(logits), feature=feature_loss(real, features))
        return made, terms

    def metrics(self, batch: Batch) -> dict[str, Tensor]:
        """Mel error in nats after mel -> wave -> mel, and that of the start it must improve on."""
        mel = self.log_mel(batch.wav)
        waves = {"mel_error": self.net(mel), "mel_error_start": self.net.start(mel)}
        return {name: (self.log_mel(wav) - mel).abs().mean() * self.audio.std for name, wav in waves.items()}

    def showcase(self, batch: Batch) -> dict[str, Figure | Tensor]:
        true = batch.wav[:1, : batch.wav_len[0]]
        mel = self.log_mel(true)
        waves = {"recording": true, "vocoder": self.net(mel), "start": self.net.start(mel)}
        figure, axes = plt.subplots(len(waves), 1, figsize=(10, 6), sharex=True, constrained_layout=True)
        for axis, (name, wav) in zip(axes, waves.items(), strict=True):
            axis.imshow(
                self.log_mel(wav)[0].float().cpu(), origin="lower", aspect="auto", vmin=self.log_mel.silence / 2
            )
            axis.set_ylabel(name)
        return {"mel": figure, **{name: wav[0] for name, wav in waves.items()}}
