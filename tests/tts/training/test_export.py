"""What is exported: the newest net, or the best one of a stage that scores its nets."""

import pytest
from torch.utils.data import DataLoader

from helpers.trainers import quiet_trainer, tiny, tiny_batch
from tts.checkpoint import read
from tts.training.export import Export
from tts.training.stage import Stage


class Scored(Stage):
    """Validation gives these scores, one after the other."""

    scores: list[float | None]

    def losses(self, batch):
        return {"mean": self.net(batch.wav).mean()}

    def score(self):
        return self.scores[0]

    def on_validation_epoch_end(self):
        if not self.trainer.sanity_checking:
            self.scores = self.scores[1:]


def exported(path, audio, scores) -> list[int]:
    """The step of the exported net after each validation."""
    stage = tiny(Scored, audio)
    stage.scores = scores
    steps = []

    class Look(Export):
        def on_validation_epoch_end(self, trainer, stage):
            super().on_validation_epoch_end(trainer, stage)
            steps.append(read(self.path)[0]["provenance"]["step"])

    trainer = quiet_trainer(
        path.parent,
        callbacks=[Look(path=str(path), dtype="float32")],
        max_epochs=len(scores),
        num_sanity_val_steps=0,
    )
    trainer.fit(stage, DataLoader([tiny_batch()], batch_size=None), DataLoader([tiny_batch()], batch_size=None))
    return steps


@pytest.mark.parametrize(
    "scores, steps",
    [
        ([None, None, None], [1, 2, 3]),
        ([0.4, 0.2, 0.3], [1, 2, 2]),
        ([0.4, 0.4, float("nan")], [1, 1, 1]),
        ([float("nan"), 0.5, 0.1], [1, 2, 3]),
    ],
)
def test_the_newest_net_is_exported_or_the_best_by_score(scores, steps, tmp_path, audio):
    assert exported(tmp_path / "net.safetensors", audio, scores) == steps


def test_a_resumed_run_remembers_its_best_score(tmp_path, audio):
    path = tmp_path / "net.safetensors"
    exported(path, audio, [0.2])
    assert exported(path, audio, [0.3, 0.1]) == [1, 2]
    assert read(path)[0]["provenance"]["score"] == 0.1
