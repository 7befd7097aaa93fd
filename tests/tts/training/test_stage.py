"""What every stage does for its subclasses."""

import lightning as L
import pytest
import torch
from torch.utils.data import DataLoader

from helpers.trainers import quiet_trainer, tiny, tiny_batch
from tts.training.stage import Stage
from tts.types import Batch


class Drawing(Stage):
    """Writes down the first number that each training batch draws, and the seed for generators of its own."""

    def __init__(self, **common):
        super().__init__(**common)
        self.drawn = []

    def losses(self, batch: Batch) -> dict[str, torch.Tensor]:
        self.drawn.append((float(torch.rand(())), self.step_seed()))
        return {"mean": self.net(batch.wav).square().mean()}


@pytest.fixture
def draw(audio, tmp_path, monkeypatch):
    """What a training of some steps draws."""

    def run(*, seed: int = 0, rank: int = 0, batches: int = 2, accumulate: int = 1) -> list[tuple[float, int]]:
        monkeypatch.setattr(Stage, "global_rank", property(lambda stage: rank))
        stage = tiny(Drawing, audio)
        batch = tiny_batch()
        L.seed_everything(seed, verbose=False)
        trainer = quiet_trainer(tmp_path, max_epochs=1, accumulate_grad_batches=accumulate)
        trainer.fit(stage, DataLoader([batch] * batches, batch_size=None))
        return stage.drawn

    return run


def test_draws_follow_from_seed_rank_step_and_micro_batch(draw):
    assert draw() == draw()
    runs = [draw(), draw(seed=1), draw(rank=1), draw(seed=2**20), draw(rank=2, accumulate=2)]
    for numbers in zip(*(run for drawn in runs for run in drawn), strict=True):
        assert len(set(numbers)) == 2 * len(runs)
    assert draw(batches=1, accumulate=2) == draw(batches=1)  # the first of a step
