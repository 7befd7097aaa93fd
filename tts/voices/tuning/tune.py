"""Rounds of tuning: both nets learn some steps, held-out clips are spoken and judged, and the best round is kept.

What was learned is stored every half minute, so that a run which is stopped goes on. It ends when no round was better
for a while, or when its time is over.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from tts.adapters import merged
from tts.files import whole
from tts.records import Change, Changes, SpeakerLatents, TunedSpeaker
from tts.training.stage import Frozen
from tts.voices.tuning.learner import Learner
from tts.voices.tuning.score import Score

NETS = ("acoustic", "decoder")
KEEP = 30.0  # seconds after which what was learned is stored within a round
SLACK = 1.5  # of the time that judging took, kept for the last one


class Clock:
    """Seconds since a run began, those before a stop included."""

    def __init__(self, limit: float, now: Callable[[], float] = time.monotonic):
        self.limit, self.now = limit, now
        self.began = now()

    @property
    def spent(self) -> float:
        return self.now() - self.began

    def go_on(self, spent: float) -> None:
        """Count what a run that was stopped had spent."""
        self.began -= spent

    def over(self, reserve: float) -> bool:
        return self.spent + reserve > self.limit


@dataclass
class Progress:
    """Where a run is, and the best that it has found."""

    round: int = 0  # that was judged last
    scores: list[Score] = field(default_factory=list)  # before the first round, and after each
    losses: list[dict[str, float]] = field(default_factory=list)  # of held-out clips, likewise
    best: int = 0  # round
    spent: float = 0.0  # seconds
    judging: float = 0.0  # seconds that it takes at most

    @property
    def waited(self) -> int:
        """Rounds since the best one."""
        return self.round - self.best


class Tuning:
    """Both nets and the best changes so far."""

    def __init__(
        self,
        learners: Mapping[str, Learner],  # by `NETS`; a net that cannot learn is left out
        latents: SpeakerLatents,
        acoustic: nn.Module,  # the untuned GPT
        examine: Callable[[TunedSpeaker], Score],
        *,
        conf: Mapping[str, Any],
        folder: Path,  # of what is kept while it runs
        clock: Clock,
        tell: Callable[[str], None],
        watch: Callable[[str], None],  # takes what is being done, at every step
    ):
        self.learners, self.latents = learners, latents
        self.acoustic, self.examine = acoustic, examine
        self.conf, self.clock = conf, clock
        self.path = folder / "state.safetensors"
        self.tell, self.watch = tell, watch
        self.progress = Progress()
        self.best: dict[str, dict[str, Change]] = {}

    def run(self) -> TunedSpeaker:
        """Learn until it helps no more. Raises ValueError if no round was better than the untuned voice."""
        if not self._restore():
            self._judge()
        progress = self.progress
        while progress.round < self.conf["rounds"] and progress.waited < self.conf["patience"] and not self._over():
            self._learn()
            progress.round += 1
            self._judge()
        if not progress.best:
            score = progress.scores[0]
            raise ValueError(
                f"after {progress.round} rounds no voice was better than the untuned one (similarity "
                f"{score.similarity:.2f}, CER {score.cer:.2f}): give more or cleaner recordings, or more minutes"
            )
        return TunedSpeaker(**vars(self.latents), changes=_changes(self.best))

    def _learn(self) -> None:
        """The steps of a round: first those of the GPT, then those of the decoder, which hears what that has become."""
        progress, each = self.progress, self.conf["steps"]
        for net, learner in self.learners.items():
            if net == "decoder" and learner.stage.acoustic:
                gpt = merged(self.acoustic, self.learners["acoustic"].changes())
                learner.stage.acoustic = Frozen(gpt)
            while learner.done < each * (progress.round + 1):
                if self._over():
                    return
                self.watch(f"round {progress.round + 1}, {net} {learner.done % each + 1}/{each}")
                learner.step()
                if self.clock.spent - progress.spent > KEEP:
                    self._keep()

    def _judge(self) -> None:
        """Speak and judge the held-out clips, and keep everything."""
        progress, began = self.progress, self.clock.spent
        self.watch(f"after round {progress.round}: judging")
        changes = {net: learner.changes() for net, learner in self.learners.items()}
        score = self.examine(TunedSpeaker(**vars(self.latents), changes=_changes(changes)))
        progress.scores.append(score)
        progress.losses.append({net: learner.heldout_loss() for net, learner in self.learners.items()})
        if progress.round and score.value > progress.scores[progress.best].value:
            progress.best, self.best = progress.round, changes
        progress.judging = max(progress.judging, self.clock.spent - began)
        losses = ", ".join(f"{net} {loss:.3f}" for net, loss in progress.losses[-1].items())
        self.tell(
            f"round {progress.round}: similarity {score.similarity:.3f}, CER {score.cer:.3f}; held-out losses: {losses}"
        )
        self._keep()

    def _over(self) -> bool:
        return self.clock.over(SLACK * self.progress.judging)

    def _keep(self) -> None:
        self.progress.spent = self.clock.spent
        tensors = {f"{net}.{name}": one for net, own in self.learners.items() for name, one in own.state().items()}
        for net, changes in self.best.items():
            for layer, change in changes.items():
                tensors |= {
                    f"best.{net}.{layer}.{name}": torch.from_numpy(factor) for name, factor in vars(change).items()
                }
        progress = {**vars(self.progress), "scores": [vars(score) for score in self.progress.scores]}
        progress["steps"] = {net: learner.done for net, learner in self.learners.items()}
        tensors = {name: one.contiguous() for name, one in tensors.items()}
        with whole(self.path) as file:
            file.write(save(tensors, {"progress": json.dumps(progress)}))

    def _restore(self) -> bool:
        """Go on from what was kept, if there is anything."""
        try:
            with safe_open(self.path, framework="pt") as file:
                progress = json.loads(file.metadata()["progress"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (FileNotFoundError, SafetensorError):
            return False
        for net, steps in progress.pop("steps").items():
            self.learners[net].restore(_below(tensors, f"{net}."), steps)
            best = _below(tensors, f"best.{net}.")
            layers = [name.removesuffix(".A") for name in best if name.endswith(".A")]
            self.best |= {net: {layer: Change(*(best[f"{layer}.{name}"].numpy() for name in "AB")) for layer in layers}}
        progress["scores"] = [Score(**score) for score in progress["scores"]]
        self.progress = Progress(**progress)
        self.clock.go_on(self.progress.spent)
        self.tell(f"going on after round {self.progress.round}, {self.progress.spent / 60:.1f} minutes")
        return True


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): one for name, one in tensors.items() if name.startswith(prefix)}


def _changes(nets: Mapping[str, Mapping[str, Change]]) -> Changes:
    return Changes(**{net: nets.get(net, {}) for net in NETS})
