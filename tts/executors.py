"""Executors: where jobs run. In processes of this machine, on a Ray cluster, or in a Slurm queue.

To add one, write a class with the methods of `Executor` and add it to `EXECUTORS` at the end of this file.
"""

import argparse
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Protocol, runtime_checkable

AHEAD = 2  # jobs per worker that are submitted ahead of time
PATIENCE = 10.0  # seconds to wait for a cluster to answer


@runtime_checkable
class Executor(Protocol):
    """Runs a function on jobs, in any order."""

    help: ClassVar[str]  # one line for --help
    workers: int

    @classmethod
    def add_arguments(cls, group: argparse._ArgumentGroup) -> None:
        """Add the command-line options of this executor alone."""

    @classmethod
    def from_arguments(cls, args: argparse.Namespace, work: Path) -> "Executor":
        """The executor that the command line asks for; `work` is a folder for its own files."""

    def map(self, function: Callable, jobs: Sequence, lost: Callable[[Any], Any], done: Callable) -> Iterator:
        """Results in the order in which jobs finish, each reported to `done(job, result)`.

        The result of a job that kills its worker is `lost(job)`.
        """


@dataclass(frozen=True)
class LocalExecutor:
    """Worker processes on this machine; with 0 workers, the calling process itself."""

    workers: int
    help: ClassVar[str] = "processes on this machine"

    @classmethod
    def add_arguments(cls, group: argparse._ArgumentGroup) -> None:
        pass

    @classmethod
    def from_arguments(cls, args: argparse.Namespace, work: Path) -> "LocalExecutor":
        return cls(args.workers)

    def map(self, function: Callable, jobs: Sequence, lost: Callable, done: Callable) -> Iterator:
        if self.workers == 0:
            for job in jobs:
                result = function(job)
                done(job, result)
                yield result
            return
        suspects: list = []
        yield from self._pool(function, list(jobs), suspects, self.workers, done)
        for job in suspects:  # one at a time, to find the one that kills its worker
            alone: list = []
            yield from self._pool(function, [job], alone, 1, done)
            if alone:
                result = lost(job)
                done(job, result)
                yield result

    def _pool(self, function: Callable, jobs: list, suspects: list, workers: int, done: Callable) -> Iterator:
        """Results of jobs. Jobs that ran when a worker died become suspects; the others go on in a new pool."""
        while jobs:
            # spawn: a fork of a process that has run torch's threads may hang.
            context = multiprocessing.get_context("spawn")
            running: dict[Future, Any] = {}
            with ProcessPoolExecutor(workers, context, _worker) as pool:
                try:
                    while jobs or running:
                        while jobs and len(running) < workers * AHEAD:
                            future = pool.submit(function, jobs[0])  # fails if a worker has died meanwhile
                            running[future] = jobs.pop(0)
                        for future in wait(running, return_when=FIRST_COMPLETED).done:
                            result = future.result()
                            job = running.pop(future)
                            done(job, result)
                            yield result
                except BrokenProcessPool:
                    suspects += running.values()
                    if not jobs:
                        return
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    for process in (pool._processes or {}).values():
                        process.terminate()
                    raise


def _worker() -> None:
    """Leave Ctrl-C to the parent, and exit when the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()


@dataclass(frozen=True)
class RayExecutor:
    """Tasks of one core each, on a Ray cluster or on one that is started here.

    `token` is a file with the token of a cluster that requires one. Without it Ray reads RAY_AUTH_MODE, and
    RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH. All machines must see what is read and the work folder.
    """

    address: str | None
    token: Path | None
    workers: int
    help: ClassVar[str] = "a Ray cluster (uv run --group ray)"

    def __post_init__(self):
        if self.token and not (self.token.is_file() and self.token.read_text().strip()):
            raise ValueError(f"--ray-token {self.token}: no file with a token in it")

    @classmethod
    def add_arguments(cls, group: argparse._ArgumentGroup) -> None:
        group.add_argument("--ray-address", metavar="ADDRESS", help="the cluster to join; by default, start one here")
        group.add_argument("--ray-token", type=Path, metavar="FILE", help="file with the token of the cluster")

    @classmethod
    def from_arguments(cls, args: argparse.Namespace, work: Path) -> "RayExecutor":
        return cls(args.ray_address, args.ray_token, max(args.workers, 1))

    def map(self, function: Callable, jobs: Sequence, lost: Callable, done: Callable) -> Iterator:
        ray = self._joined()
        try:
            task = ray.remote(num_cpus=1, max_retries=1)(function)
            jobs, running = list(jobs), {}
            while jobs or running:
                while jobs and len(running) < self.workers * AHEAD:
                    job = jobs.pop(0)
                    running[task.remote(job)] = job
                (ready, *_), _ = ray.wait(list(running))
                job = running.pop(ready)
                try:
                    result = ray.get(ready)
                except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError):
                    result = lost(job)
                except ray.exceptions.RayTaskError as error:
                    raise error.cause from None
                done(job, result)
                yield result
        except ray.exceptions.RayError as error:
            raise OSError(f"the Ray cluster gave up: {error}") from None
        finally:
            ray.shutdown()

    def _joined(self) -> ModuleType:
        """The module `ray`, connected to the cluster. Raises OSError that says what to check if that fails."""
        from tts.settings import ROOT

        # Ray reads these variables when it is imported.
        os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")  # workers use the environment that is installed
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # avoids a warning about a future default
        os.environ.setdefault(
            "RAY_worker_niceness", "0"
        )  # by default workers have niceness 15 and starve beside any other load
        if self.token:
            os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(self.token.resolve())}
        try:
            import ray
        except ImportError:
            raise ModuleNotFoundError("ray is not installed: run with `uv run --group ray`") from None

        # A cluster started here has a core per worker; Ray's own processes use what the workers leave idle.
        own = {} if self.address else {"num_cpus": self.workers, "object_store_memory": 80 * 2**20}
        settings = {"env_vars": {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}}
        try:
            if self.address:
                _check_answer(self.address)
            with _silent_stderr():
                ray.init(
                    self.address or "local",  # a new cluster, even if one runs on this machine already
                    include_dashboard=None if self.address else False,
                    log_to_driver=False,
                    logging_level="error",
                    runtime_env=settings,
                    **own,
                )
        except (ray.exceptions.RayError, RuntimeError, ValueError, OSError) as error:
            where = f"joined at {self.address}" if self.address else "started here"
            why = str(error) or type(error).__name__
            raise OSError(
                f"no Ray cluster can be {where} ({why}): check --ray-address, that its Ray is {ray.__version__} too, "
                "and, if it asks for a token, --ray-token"
            ) from None
        return ray


def _check_answer(address: str) -> None:
    """Raise OSError if nothing answers at HOST:PORT; Ray itself would keep trying for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=PATIENCE).close()


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Drop what C++ libraries write to stderr: Ray's repeats the error of a wrong token twenty times."""
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@dataclass(frozen=True)
class SlurmExecutor:
    """A Slurm job array, submitted by submitit; each job of the array takes a share of the jobs."""

    folder: Path  # for submitit's files; all machines must see it
    cluster: str  # slurm, or local for processes of this machine
    workers: int
    options: dict  # submitit parameters, such as slurm_partition
    help: ClassVar[str] = "a Slurm queue (uv run --group slurm)"

    @classmethod
    def add_arguments(cls, group: argparse._ArgumentGroup) -> None:
        group.add_argument(
            "--slurm", nargs="+", default=[], metavar="OPTION=VALUE", help="submitit options, e.g. slurm_partition=cpu"
        )
        group.add_argument(
            "--slurm-cluster",
            choices=("slurm", "local"),
            default="slurm",
            help="local: run submitit's jobs as processes on this machine, for a test",
        )

    @classmethod
    def from_arguments(cls, args: argparse.Namespace, work: Path) -> "SlurmExecutor":
        options = dict(item.partition("=")[::2] for item in args.slurm)
        return cls(work / "slurm", args.slurm_cluster, max(args.workers, 1), options)

    def map(self, function: Callable, jobs: Sequence, lost: Callable, done: Callable) -> Iterator:
        try:
            import submitit
        except ImportError:
            raise ModuleNotFoundError("submitit is not installed: run with `uv run --group slurm`") from None

        executor = submitit.AutoExecutor(self.folder, cluster=self.cluster)
        executor.update_parameters(cpus_per_task=1, mem_gb=4, timeout_min=24 * 60, slurm_array_parallelism=self.workers)
        executor.update_parameters(**self.options)
        # Jobs are dealt in turn, so that long and short ones spread over the shares.
        shares = [jobs[start :: self.workers] for start in range(min(self.workers, len(jobs)))]
        with executor.batch():
            tasks = [executor.submit(_run_all, function, share) for share in shares]
        try:
            for share, task in zip(shares, tasks, strict=True):
                try:
                    results = task.result()
                except submitit.core.utils.UncompletedJobError:
                    results = [lost(job) for job in share]
                except submitit.core.utils.FailedJobError as error:
                    raise OSError(f"a job of the queue failed: {str(error).strip().splitlines()[-1]}") from None
                for job, result in zip(share, results, strict=True):
                    done(job, result)
                    yield result
        except BaseException:
            for task in tasks:
                task.cancel(check=False)
            raise


def _run_all(function: Callable, jobs: Sequence) -> list:
    return [function(job) for job in jobs]


EXECUTORS: dict[str, type[Executor]] = {"local": LocalExecutor, "ray": RayExecutor, "slurm": SlurmExecutor}


def add_executor_options(parser: argparse.ArgumentParser) -> None:
    """Add --executor and the options of every executor."""
    names = "; ".join(f"{name}: {executor.help}" for name, executor in EXECUTORS.items())
    parser.add_argument("--executor", choices=tuple(EXECUTORS), default="local", help=f"where jobs run. {names}")
    for name, executor in EXECUTORS.items():
        executor.add_arguments(parser.add_argument_group(f"options of --executor {name}"))


def make_executor(args: argparse.Namespace, work: Path) -> Executor:
    """The executor that the command line names."""
    return EXECUTORS[args.executor].from_arguments(args, work)
