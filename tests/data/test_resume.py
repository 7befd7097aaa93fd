import lightning as L
import torch
from torch import nn

from helpers.corpus import make_shards, speech_data
from helpers.trainers import quiet_trainer


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
