"""One net that learns low-rank changes by the loss of its stage, in a plain loop over clips of one speaker."""

import random
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from torch.optim.lr_scheduler import LambdaLR

from tts import checkpoint
from tts.adapters import adapt, changes_of
from tts.nn import fast_dtype
from tts.records import REFERENCE_SECONDS, Change
from tts.settings import CONF
from tts.synthesis.speaking import derive_seed
from tts.text.tokenizer import Tokenizer
from tts.training.assembly import make
from tts.training.stage import Stage
from tts.types import Batch
from tts.voices.tuning.material import LearnedClip

BETAS = (0.9, 0.95)


def stage_of(name: str, weights: Path, tokenizer: Tokenizer, conf: Mapping[str, Any]) -> Stage:
    """The stage of a net in `weights`: that of conf/stage, with what conf/tune.yaml changes in it."""
    loaded = checkpoint.load(weights / f"{name}.safetensors")
    given = OmegaConf.merge(OmegaConf.load(CONF / f"stage/{name}.yaml"), OmegaConf.create(conf["stages"][name]))
    del given["optimizer"], given["schedule"]
    given.codec = str(weights / "dvae.safetensors")
    if loaded.spec.get("latent_width"):  # a decoder that hears the GPT
        given.acoustic = str(weights / "gpt.safetensors")
    optimizer, schedule = partial(_adamw, rate=conf["rate"]), partial(_warmed_up, steps=conf["warmup"])
    objects = {"net": loaded.net, "audio": loaded.audio, "tokenizer": tokenizer}
    return make(given, **objects, optimizer=optimizer, schedule=schedule)


def _adamw(net: nn.Module, *, rate: float) -> torch.optim.Optimizer:
    """Of what learns. Weight decay would only pull towards the untuned voice, and the best round is kept anyway."""
    return torch.optim.AdamW([one for one in net.parameters() if one.requires_grad], rate, BETAS, weight_decay=0.0)


def _warmed_up(optimizer: torch.optim.Optimizer, *, steps: int) -> LambdaLR:
    return LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / steps))


class Learner:
    """The stage of a net, the factors of its changes, and their optimiser."""

    def __init__(
        self,
        stage: Stage,
        clips: Sequence[LearnedClip],
        heldout: Sequence[LearnedClip],
        *,
        rank: int,
        seed: int,
        seconds: float,
    ):
        self.stage = stage
        self.clips, self.heldout = clips, heldout
        self.seed, self.seconds = seed, seconds
        self.factors = adapt(stage.net, rank=rank, seed=seed)
        configured = stage.configure_optimizers()
        self.optimizer, self.schedule = configured["optimizer"], configured["lr_scheduler"]["scheduler"]
        self.done = 0  # steps

    def step(self) -> None:
        """Learn from one batch, which follows from the seed and the number of the step."""
        batch, stage = self._draw(self.done), self.stage.train()
        # Without a trainer the stage counts batches of one step, and its seeds follow from their number.
        stage.seeded_step, stage.micro_batch = 0, self.done - 1
        stage.on_train_batch_start(batch, self.done)
        loss = self._loss(batch)
        if not torch.isfinite(loss):
            raise ValueError(f"the loss is {float(loss)} at step {self.done}: give a lower rate, as in rate=3e-4")
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.optimizer.param_groups[0]["params"], stage.gradient_clip)
        self.optimizer.step()
        self.schedule.step()
        self.done += 1

    @torch.no_grad()
    def heldout_loss(self) -> float:
        """The loss on held-out clips, with the draws of validation."""
        self.stage.eval()
        chance = random.Random(self.seed)
        return float(self._loss(_batch(self.heldout, self.clips, chance, self.stage.audio.sample_rate)))

    def changes(self) -> dict[str, Change]:
        return changes_of(self.factors)

    def state(self) -> dict[str, Tensor]:
        """The factors and what the optimiser knows of them."""
        kept = {f"factors.{name}": one for name, one in nn.ModuleDict(_named(self.factors)).state_dict().items()}
        for place, own in self.optimizer.state_dict()["state"].items():
            kept |= {f"optimizer.{place}.{key}": value for key, value in own.items()}
        return kept

    def restore(self, kept: Mapping[str, Tensor], done: int) -> None:
        """Go on from `state` after so many steps."""
        factors = {name.removeprefix("factors."): one for name, one in kept.items() if name.startswith("factors.")}
        nn.ModuleDict(_named(self.factors)).load_state_dict(factors)
        known: dict[int, dict[str, Tensor]] = {}
        for name, value in kept.items():
            kind, place, *key = name.split(".")
            if kind == "optimizer":
                known.setdefault(int(place), {})[key[0]] = value
        self.optimizer.load_state_dict(self.optimizer.state_dict() | {"state": known})
        self.schedule.load_state_dict(self.schedule.state_dict() | {"last_epoch": done})
        for group, rate in zip(self.optimizer.param_groups, self.schedule.base_lrs, strict=True):
            group["lr"] = rate * self.schedule.lr_lambdas[0](done)
        self.done = done

    def _loss(self, batch: Batch) -> Tensor:
        fast = fast_dtype(batch.wav.device)
        with torch.autocast(batch.wav.device.type, fast, enabled=fast != torch.float32):
            return self.stage.total(self.stage.losses(batch))

    def _draw(self, step: int) -> Batch:
        chance, rate = random.Random(derive_seed(self.seed, f"step {step}")), self.stage.audio.sample_rate
        chosen, seconds = [], 0.0
        for clip in chance.sample(self.clips, len(self.clips)):
            seconds += len(clip.wave) / rate
            if chosen and seconds > self.seconds:
                break
            chosen.append(clip)
        return _batch(chosen, self.clips, chance, rate)


def _named(factors: Mapping[str, nn.Module]) -> dict[str, nn.Module]:
    """The factors by names that a ModuleDict may have."""
    return {name.replace(".", "/"): module for name, module in factors.items()}


def _batch(clips: Sequence[LearnedClip], others: Sequence[LearnedClip], chance: random.Random, rate: int) -> Batch:
    """Clips, each with a reference from another one."""
    references = []
    for clip in clips:
        wave = chance.choice([other for other in others if other is not clip]).wave
        size = round(REFERENCE_SECONDS * rate)
        start = chance.randint(0, max(0, len(wave) - size))
        references.append(wave[start : start + size])
    text, text_len = _padded([torch.tensor(clip.ids) for clip in clips])
    wav, wav_len = _padded([clip.wave for clip in clips])
    reference, reference_len = _padded(references)
    times = [torch.tensor(clip.times) for clip in clips]
    longest = max(map(len, times))
    return Batch(
        keys=[clip.name for clip in clips],
        speakers=["the speaker"] * len(clips),
        text=text,
        text_len=text_len,
        wav=wav,
        wav_len=wav_len,
        reference=reference,
        reference_len=reference_len,
        times=torch.stack([torch.cat((own, own[-1:].expand(longest - len(own)))) for own in times]),
    )


def _padded(rows: list[Tensor]) -> tuple[Tensor, Tensor]:
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])
