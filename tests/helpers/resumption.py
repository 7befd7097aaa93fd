"""Runs of one stage that are resumed, compared with undisturbed ones; both functions fail where they differ."""

import json
import signal
from importlib.metadata import version
from pathlib import Path

import pytest
import torch
from omegaconf import DictConfig, OmegaConf

import train
from helpers.runs import bare_run, child, nano_run, traced
from tts.checkpoint import load
from tts.files import fingerprint
from tts.training.accounting.runlog import account, read
from tts.training.checkpoints import newest

STEPS = 28  # of a run that is killed


def train_and_resume(stage: str, shards: Path, codec: Path, folder: Path) -> None:
    """A run in two halves ends with the weights, figures and files of an undisturbed one."""
    train.train(nano_run(stage, shards, codec, folder / "whole", wandb=stage == "dvae"))
    train.train(nano_run(stage, shards, codec, folder / "halves", "trainer.max_steps=2"))
    trainer = train.train(nano_run(stage, shards, codec, folder / "halves"))
    assert trainer.global_step == 4
    whole, halves = (load(folder / run / "net.safetensors") for run in ("whole", "halves"))
    best = {2, 4} if "score" in whole.provenance else {4}  # a stage with a score exports its best net
    assert whole.provenance["step"] == halves.provenance["step"] and whole.provenance["step"] in best
    assert whole.extra["text"]["name"] == "phonemes"
    for (name, a), b in zip(whole.net.state_dict().items(), halves.net.state_dict().values(), strict=True):
        assert torch.equal(a, b), name

    left = {path.relative_to(folder / "whole").parts[0] for path in (folder / "whole").rglob("*")}
    assert {"net.safetensors", "checkpoints", "csv", "show", "curves.png", "accounting.jsonl", "starts"} <= left
    assert list((folder / "whole/show").rglob("*.png"))
    assert "val/loss" in (folder / "whole/csv/metrics.csv").read_text().splitlines()[0]

    starts = sorted((folder / "halves/starts").iterdir())
    assert [start.name for start in starts] == ["0001", "0002"]
    configs = [OmegaConf.load(start / "config.yaml") for start in starts]
    assert [config.trainer.max_steps for config in configs] == [2, 4]
    about = json.loads((starts[0] / "run.json").read_text())
    assert about["packages"]["torch"] == version("torch")
    assert about["data"] == {str(shards): fingerprint(shards / "index.json")}

    whole, halves = (account(run, read(folder / run)) for run in ("whole", "halves"))
    assert (whole.starts, halves.starts) == (1, 2)
    assert whole.step == halves.step == 4
    assert whole.audio_hours == pytest.approx(halves.audio_hours)
    assert whole.flops_per_second > 0
    assert 0 < whole.waiting_share < 1
    assert whole.loss == pytest.approx(halves.loss)
    heard = [line for line in read(folder / "whole") if line["kind"] == "val"][-1]
    batches = heard["batches"]
    mean = sum(n * loss for n, loss in zip(batches["clips"], batches["loss"], strict=True)) / sum(batches["clips"])
    assert mean == pytest.approx(heard["val/loss"], rel=1e-4)


def kill_and_resume(stage: str, shards: Path, codec: Path, folder: Path) -> None:
    """A run that is killed with SIGKILL and resumed sees the batches and losses of an undisturbed one."""

    def run(name: str, part: int, **kill):
        budget = 0.8 if stage == "vocoder" else 3  # its critic costs the most
        settings = (f"data.batch_seconds={budget}", f"trainer.max_steps={STEPS}", "checkpoints.every=5")
        trace = folder / f"{name}.{part}"
        return bare_run(stage, shards, codec, folder / name, *settings, trace=trace, **kill)

    assert finish(run("whole", 1)) == 0
    assert finish(run("killed", 1, kill_at=7)) == -signal.SIGKILL
    assert newest(folder / "killed/checkpoints").stem == "0000005"
    assert finish(run("killed", 2)) == 0
    whole = traced(folder / "whole.1")
    assert [step for step, _, _ in whole] == list(range(1, STEPS + 1))
    assert traced(folder / "killed.1") == whole[:7]
    assert traced(folder / "killed.2") == whole[5:]


def finish(cfg: DictConfig) -> int:
    process = child(cfg)
    process.join()
    return process.exitcode
