import pytest

from data.prepare.executors import Local, Ray, Slurm

JOBS = ["1 + 1", "2 + 2", "3 + 3"]
FATAL = "__import__('os')._exit(1)"


def results(executor, jobs):
    """What comes back, and what was reported on the way."""
    told = []
    found = list(executor.map(eval, jobs, lambda job: f"lost {job}", lambda job, result: told.append((job, result))))
    return sorted(map(str, found)), sorted(str(result) for _, result in told)


@pytest.mark.parametrize("workers", [0, 2])
def test_every_job_is_done_and_told_once(workers):
    assert results(Local(workers), JOBS) == (["2", "4", "6"], ["2", "4", "6"])


def test_a_job_that_kills_its_worker_is_lost_alone():
    expected = ["2", "4", "6", f"lost {FATAL}"]
    assert results(Local(2), [JOBS[0], FATAL, *JOBS[1:]]) == (expected, expected)


def test_an_error_ends_the_run_and_is_told():
    with pytest.raises(ZeroDivisionError):
        results(Local(1), ["1 / 0"])


def test_a_queue_does_the_same(tmp_path):
    pytest.importorskip("submitit")
    assert results(Slurm(tmp_path, "local", 2, {}), JOBS) == (["2", "4", "6"], ["2", "4", "6"])


def test_a_token_must_be_in_its_file(tmp_path):
    (tmp_path / "token").write_text("\n")
    for name in ("token", "none"):
        with pytest.raises(ValueError, match="--ray-token"):
            Ray("10.0.0.1:6379", tmp_path / name, 2)


def test_a_cluster_that_does_not_answer_is_told():
    pytest.importorskip("ray")
    with pytest.raises(OSError, match="joined at 127.0.0.1:1 .*--ray-address"):
        results(Ray("127.0.0.1:1", None, 1), JOBS)
