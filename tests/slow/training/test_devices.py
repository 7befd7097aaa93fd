"""Several processes are one run, whoever starts them."""

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

import train
from helpers.ranks import STEPS, make_shards, overrides, start
from helpers.runs import configure, traced
from tts.checkpoint import load
from tts.nn import fast_dtype
from tts.training.accounting.runlog import account, read
from tts.training.adversarial import discriminator_loss
from tts.training.checkpoints import found

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shards(tmp_path_factory, audio) -> Path:
    return make_shards(tmp_path_factory.mktemp("shards"), audio)


def assert_alike(other: dict[str, torch.Tensor], one: dict[str, torch.Tensor], begun: dict[str, torch.Tensor]) -> None:
    """Weights that learned the same, within rounding, as a share of how far each matrix went.

    A sum in another order changes gradients in their last bits. Where Muon multiplies in bfloat16, Newton-Schulz makes
    a changed bit several percent of the step where a gradient has small singular values, and 1e-4 of it in float32.
    """
    tolerance = 0.1 if fast_dtype(torch.device("cpu")) == torch.bfloat16 else 1e-3
    assert other.keys() == one.keys()
    for name, value in one.items():
        if not value.is_floating_point():
            assert torch.equal(other[name], value), name
            continue
        moved = (value - begun[name]).norm()
        assert (other[name] - value).norm() <= tolerance * moved, name


def test_two_processes_learn_what_one_learns_from_the_same_batches(shards, tmp_path):
    one = ["trainer.accumulate_grad_batches=2", f"trainer.val_check_interval={2 * STEPS}"]
    alone = start([overrides(shards, tmp_path / "one", *one, "trainer.callbacks.2.dtype=float32")], world=1)
    runs = []
    for name, export, steps in (("ddp", 2, STEPS), ("fsdp", 1, STEPS - 1), ("fsdp", 1, STEPS)):  # the last one resumes
        more = [f"trainer={name}", "trainer.accelerator=cpu", f"trainer.callbacks.{export}.dtype=float32"]
        more += [f"trainer.max_steps={steps}", f"trainer.val_check_interval={steps}"]
        runs.append(overrides(shards, tmp_path / name, *more))
    for process in [*alone, *start(runs, world=2)]:
        process.join()
        assert process.exitcode == 0

    saved = {name: torch.load(found(tmp_path / name / "checkpoints")[0]) for name in ("one", "ddp", "fsdp")}
    begun = train.assemble(configure(*overrides(shards, tmp_path))).stage.state_dict()
    for name in ("ddp", "fsdp"):
        for part in ("state_dict", "current_model_state"):  # averaged, and as trained
            assert_alike(saved[name][part], saved["one"][part], begun)
        assert saved[name]["averaging_state"] == saved["one"]["averaging_state"]
        one, other = (load(tmp_path / run / "net.safetensors") for run in ("one", name))
        assert other.provenance["step"] == STEPS
        assert other.provenance["metrics"]["val/loss"] == pytest.approx(one.provenance["metrics"]["val/loss"], rel=1e-4)
        net = {key.removeprefix("net."): value for key, value in begun.items()}
        assert_alike(other.net.state_dict(), one.net.state_dict(), net)
        whole, part = account("one", read(tmp_path / "one")), account(name, read(tmp_path / name))
        assert part.audio_hours == pytest.approx(whole.audio_hours)
        assert part.device.startswith("2 x")
        assert part.starts == (1 if name == "ddp" else 2)


def take_turns(cfg, *, world: int) -> dict[str, torch.Tensor]:
    """What the vocoder and its critic are after a few steps, each on the mean gradient of `world` batches, by hand."""
    parts = train.assemble(cfg)
    stage, batches = parts.stage, iter(parts.data.train_dataloader())
    optimizers, schedules = stage.configure_optimizers()

    def step(which: int, net: nn.Module, losses: Iterator[torch.Tensor]) -> None:
        optimizers[which].zero_grad()
        for loss in losses:
            (loss / world).backward()
        nn.utils.clip_grad_norm_(net.parameters(), stage.gradient_clip)
        optimizers[which].step()
        schedules[which].step()

    for number in range(cfg.trainer.max_steps):
        adversarial = number >= stage.adversarial_start
        compared = [stage.compare(batch, adversarial=adversarial) for batch in itertools.islice(batches, world)]
        made, true, terms = zip(*compared, strict=True)
        step(0, stage.net, map(stage.total, terms))
        if adversarial:
            opinions = (stage.discriminator(t)[0] for t in true), (stage.discriminator(m.detach())[0] for m in made)
            step(1, stage.discriminator, map(discriminator_loss, *opinions))
    return stage.state_dict()


def test_two_processes_train_a_vocoder_and_its_critic(shards, tmp_path):
    more = ["data.crop_seconds=0.4", "stage.adversarial_start=1", "stage.adversarial_every=1"]
    more += [
        "stage.discriminator.filters=2",
        "stage.discriminator.sizes=[512,256]",
        f"trainer.val_check_interval={STEPS}",
    ]
    run = overrides(shards, tmp_path / "run", *more, "trainer=ddp", "trainer.accelerator=cpu", stage="vocoder")
    for process in start([run], world=2):
        process.join()
        assert process.exitcode == 0
    saved = torch.load(found(tmp_path / "run/checkpoints")[0])["current_model_state"]
    alone = take_turns(configure(*overrides(shards, tmp_path / "one", *more, stage="vocoder")), world=2)
    assert saved.keys() == alone.keys() and any(name.startswith("discriminator") for name in saved)
    for name, value in alone.items():
        torch.testing.assert_close(saved[name], value, rtol=1e-4, atol=1e-6)


def traces(path: str, *more: str) -> list[str]:
    """Overrides that write down every step in the place of the accounting (`helpers.runs.Trace`)."""
    return ["~accounting", "+accounting._target_=helpers.runs.Trace", f"+accounting.path={path}", *more]


def command(*arguments: str, **environment: str) -> None:
    """A command in a process of its own, that finds `helpers`."""
    tests = Path(__file__).parents[2]
    environment = {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(tests), **environment}
    subprocess.run(
        [sys.executable, *arguments], cwd=tests.parent, env=os.environ | environment, check=True, timeout=900
    )


def test_torchrun_starts_all_ranks_again_when_one_is_killed(shards, tmp_path):
    steps, killed, saved, folder = 12, 7, 5, tmp_path / "run"
    more = [f"trainer.max_steps={steps}", f"trainer.val_check_interval={steps}", f"checkpoints.every={saved}"]
    run = overrides(shards, folder, "trainer=ddp", "trainer.accelerator=cpu", *more)
    trace = traces(
        f"'{tmp_path}/${{oc.env:RANK}}.${{oc.env:TORCHELASTIC_RESTART_COUNT}}'",
        "+accounting.kill_at='${oc.decode:${oc.env:KILL_${oc.env:RANK}_${oc.env:TORCHELASTIC_RESTART_COUNT},0}}'",
    )
    began = time.time()
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "--max-restarts=3"]
    command(*torchrun, "train.py", *run, *trace, KILL_1_0=str(killed))

    loader = train.assemble(configure(*run)).data.train_dataloader()
    turns = itertools.islice(loader.plans.batches(0), 2 * steps)
    plan = [[loader.dataset.clips[draw.clip].key for draw in turn.draws] for turn in turns]
    for rank in (0, 1):
        first, second = (traced(tmp_path / f"{rank}.{start}") for start in (0, 1))
        assert [step for step, _, _ in second] == list(range(saved + 1, steps + 1))
        assert [keys for _, keys, _ in first[:saved] + second] == plan[rank::2]
        assert first[saved:killed] == second[: len(first) - saved]  # losses too
    one, two = ((folder / f"starts/{start}/config.yaml").stat().st_mtime for start in ("0001", "0002"))
    lost = two - (tmp_path / "1.0").stat().st_mtime
    assert lost < one - began + 30, "ranks wait for one that is gone"


def test_a_job_of_a_sweep_saves_when_its_time_is_over_and_goes_on(shards, tmp_path):
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher")
    run = overrides(shards, tmp_path / "run-${hydra:job.num}", "trainer.max_steps=6", "trainer.val_check_interval=6")
    trace = traces(
        f"{tmp_path}/${{hydra:job.num}}", "+accounting.kill_with=USR2", "+accounting.kill_at=0,3"
    )  # submitit's
    sweep = ["-m", "hydra/launcher=submitit_local", f"hydra.sweep.dir={tmp_path}/sweep"]
    command("train.py", *sweep, *run, *trace)

    assert len(traced(tmp_path / "0")) == 6
    assert traced(tmp_path / "1") == traced(tmp_path / "0")
    assert [len(list((tmp_path / f"run-{job}/starts").iterdir())) for job in (0, 1)] == [1, 2]
    whole, parts = (load(tmp_path / f"run-{job}/net.safetensors") for job in (0, 1))
    assert parts.provenance["step"] == 6
    for name, value in whole.net.state_dict().items():
        assert torch.equal(parts.net.state_dict()[name], value), name
