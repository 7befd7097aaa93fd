"""Several processes are one run: the same net as one process makes, and no waiting for a rank that is gone."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import corpus
import pytest
import torch
from hydra import compose, initialize_config_dir

import train
from tts.checkpoint import build, load
from tts.ledger.book import account, read

ROOT = Path(__file__).parent.parent
STEPS = 3


@pytest.fixture(scope="module")
def shards(tmp_path_factory, audio) -> Path:
    return corpus.make_shards(tmp_path_factory.mktemp("shards") / "computed", audio)


def overrides(shards: Path, folder: Path, *more: str) -> list[str]:
    """A DVAE's run whose steps draw nothing, so that only the batches matter; AdamW, whose steps are no rounded ones."""
    return [
        "stage=dvae",
        "model=dvae/nano",
        f"data.path={shards}",
        f"dir={folder}",
        "run=x",
        "data.batch_seconds=4",
        "data.workers=0",
        "stage.gain_jitter=0",
        "stage.optimizer.muon_lr=null",
        "stage.schedule.steps=100",
        "trainer.precision=32-true",
        "trainer.limit_val_batches=1",
        "trainer.num_sanity_val_steps=0",
        f"trainer.max_steps={STEPS}",
        *more,
    ]


def ranks(folder: Path, runs: list[list[str]], *, count: int = 2) -> subprocess.Popen:
    (folder / "runs.json").write_text(json.dumps(runs))
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(count), "--standalone"]
    return subprocess.Popen(
        [*command, str(ROOT / "tests/ranks.py"), str(folder / "runs.json")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "WANDB_MODE": "disabled"},
    )


def test_two_processes_learn_what_one_learns_from_the_same_batches(shards, tmp_path):
    one = [*overrides(shards, tmp_path / "one"), "trainer.accumulate_grad_batches=2"]
    one += [f"trainer.val_check_interval={2 * STEPS}", "trainer.callbacks.2.dtype=float32"]
    with initialize_config_dir(version_base="1.3", config_dir=str(ROOT / "conf")):
        cfg = compose("train", one)
    train.train(cfg)
    several = [
        [
            *overrides(shards, tmp_path / name, f"trainer={name}", "trainer.accelerator=cpu", "trainer.devices=2"),
            f"trainer.val_check_interval={STEPS}",
            f"trainer.callbacks.{place}.dtype=float32",
        ]
        for name, place in (("ddp", 2), ("fsdp", 1))
    ]
    process = ranks(tmp_path, several)
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 0, output[-5000:]

    loaded = {name: load(tmp_path / name / "net.safetensors") for name in ("one", "ddp", "fsdp")}
    one = loaded["one"]
    torch.manual_seed(cfg.seed)
    begin = build(one.spec, one.audio).state_dict()
    for name in ("ddp", "fsdp"):
        other = loaded[name]
        assert other.provenance["step"] == STEPS
        assert other.provenance["metrics"]["val/loss"] == pytest.approx(one.provenance["metrics"]["val/loss"], rel=1e-4)
        for (key, a), b in zip(one.net.state_dict().items(), other.net.state_dict().values(), strict=True):
            if a.is_floating_point() and not torch.equal(a, begin[key]):
                assert (a - b).norm() < 0.01 * (a - begin[key]).norm(), f"{name}: {key}"
        whole, part = account("one", read(tmp_path / "one")), account(name, read(tmp_path / name))
        assert part.audio_hours == pytest.approx(whole.audio_hours)
        assert part.device.startswith("2 x")
