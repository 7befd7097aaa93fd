import argparse
import time
from dataclasses import dataclass
from typing import ClassVar

import pytest

from tts.executors import (
    EXECUTORS,
    LocalExecutor,
    RayExecutor,
    SlurmExecutor,
    add_executor_options,
    make_executor,
)

JOBS = ["1 + 1", "2 + 2", "3 + 3"]
FATAL = "__import__('os')._exit(1)"


def results(executor, jobs):
    """What comes back, and what was reported on the way."""
    told = []
    found = list(executor.map(eval, jobs, lambda job: f"lost {job}", lambda job, result: told.append((job, result))))
    return sorted(map(str, found)), sorted(str(result) for _, result in told)


@pytest.mark.parametrize("workers", [0, 2])
def test_every_job_is_done_and_told_once(workers):
    assert results(LocalExecutor(workers), JOBS) == (["2", "4", "6"], ["2", "4", "6"])


def test_a_job_that_kills_its_worker_is_lost_alone():
    expected = ["2", "4", "6", f"lost {FATAL}"]
    assert results(LocalExecutor(2), [JOBS[0], FATAL, *JOBS[1:]]) == (expected, expected)


def test_no_job_is_lost_if_a_worker_dies_while_the_caller_is_busy():
    found = []
    for result in LocalExecutor(1).map(eval, [JOBS[0], FATAL, *JOBS[1:]], "lost {}".format, lambda job, result: None):
        if not found:
            time.sleep(1)  # the second job is done for before the third one is submitted
        found.append(str(result))
    assert sorted(found) == ["2", "4", "6", f"lost {FATAL}"]


def test_an_error_ends_the_run_and_is_told():
    with pytest.raises(ZeroDivisionError):
        results(LocalExecutor(1), ["1 / 0"])


def test_a_queue_does_the_same(tmp_path):
    pytest.importorskip("submitit")
    assert results(SlurmExecutor(tmp_path, "local", 2, {}), JOBS) == (["2", "4", "6"], ["2", "4", "6"])


def test_a_token_must_be_in_its_file(tmp_path):
    (tmp_path / "token").write_text("\n")
    for name in ("token", "none"):
        with pytest.raises(ValueError, match="--ray-token"):
            RayExecutor("10.0.0.1:6379", tmp_path / name, 2)


def test_a_cluster_that_does_not_answer_is_told():
    pytest.importorskip("ray")
    with pytest.raises(OSError, match="joined at 127.0.0.1:1 .*--ray-address"):
        results(RayExecutor("127.0.0.1:1", None, 1), JOBS)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], LocalExecutor(3)),
        (["--executor", "local", "--workers", "0"], LocalExecutor(0)),
        (["--executor", "ray", "--ray-address", "10.0.0.1:6379"], RayExecutor("10.0.0.1:6379", None, 3)),
        (["--executor", "slurm", "--slurm", "slurm_partition=cpu", "--slurm-cluster", "local"], "slurm"),
    ],
)
def test_an_executor_and_its_options_are_chosen_by_name(tmp_path, options, expected):
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, default=3)
    add_executor_options(parser)
    if expected == "slurm":
        expected = SlurmExecutor(tmp_path / "slurm", "local", 3, {"slurm_partition": "cpu"})
    assert make_executor(parser.parse_args(options), tmp_path) == expected


def test_a_new_executor_takes_one_line_in_the_table(monkeypatch, tmp_path):
    @dataclass(frozen=True)
    class Nowhere:
        workers: int
        help: ClassVar[str] = "no jobs at all"

        @classmethod
        def add_arguments(cls, group):
            group.add_argument("--nowhere-workers", type=int)

        @classmethod
        def from_arguments(cls, args, work):
            return cls(args.nowhere_workers)

        def map(self, function, jobs, lost, done):
            return iter(())

    monkeypatch.setitem(EXECUTORS, "nowhere", Nowhere)
    parser = argparse.ArgumentParser()
    add_executor_options(parser)
    assert make_executor(parser.parse_args(["--executor", "nowhere", "--nowhere-workers", "7"]), tmp_path).workers == 7
    assert "nowhere: no jobs at all" in " ".join(parser.format_help().split())
