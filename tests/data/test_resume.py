import multiprocessing

import lightning as L
import torch
from torch import nn

from data.module import Loader
from helpers.corpus import make_shards, speech_data
from helpers.trainers import quiet_trainer, tiny
from tts.training.stage import Stage


class Witness(L.LightningModule):
    """Learns nothing; remembers which batches it was shown."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.seen: list[list[str]] = []

    def training_step(self, batch, index):
        self.seen.append(batch.keys)
        return self.weight.sum() * batch.wav.mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.0)


def run(folder, shards, audio, steps, resume=None):
    data = speech_data(shards, audio, batch_seconds=3.0, seed=3)
    trainer = quiet_trainer(folder, max_steps=steps, limit_val_batches=0)
    witness = Witness()
    trainer.fit(witness, train_dataloaders=data.train_dataloader(), ckpt_path=resume)
    trainer.save_checkpoint(folder / f"{steps}.ckpt")
    return witness.seen, len(data.train_dataloader())


def test_resuming_in_mid_epoch_or_at_its_end_equals_never_stopping(tmp_path, audio):
    shards = make_shards(tmp_path / "shards", audio)
    total = 3 * run(tmp_path, shards, audio, 1)[1]
    whole, length = run(tmp_path, shards, audio, total)
    assert len(whole) == total and whole[:length] != whole[length : 2 * length]
    for stop in (length // 2, length, length + 2):
        first, _ = run(tmp_path, shards, audio, stop)
        second, _ = run(tmp_path, shards, audio, total, resume=tmp_path / f"{stop}.ckpt")
        assert first + second == whole, stop


class Counting(Stage):
    """Counts the workers of data in training and in validation."""

    def losses(self, batch):
        place = "train" if self.training else "val"
        self.workers = vars(self).get("workers", {}) | {place: len(multiprocessing.active_children())}
        return {"mean": self.net(batch.wav[:, :2]).square().mean()}


def test_a_validation_that_is_cut_short_leaves_no_worker(tmp_path, audio):
    shards = make_shards(tmp_path / "shards", audio)
    stream = speech_data(shards, audio, batch_seconds=1.0).train_dataloader()
    stage, loader = tiny(Counting, audio), Loader(stream.dataset, stream.plans, workers=1)
    assert len(loader) > 1
    trainer = quiet_trainer(tmp_path, max_steps=2, limit_val_batches=1, num_sanity_val_steps=1)
    trainer.fit(stage, stream, loader)
    assert stage.workers == {"train": 0, "val": 1}
