"""Who does the work: processes here, a Ray cluster, a Slurm queue. Each only calls a function on jobs, in any order."""

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
from typing import Any, Protocol

WAITING = 2  # jobs per worker that are handed out ahead
PATIENCE = 10.0  # seconds for a cluster to answer


class Executor(Protocol):
    """`map` gives results as they come; a job that kills its worker gives what `lost` makes of it."""

    workers: int

    def map(self, function: Callable, jobs: Sequence, lost: Callable[[Any], Any], done: Callable) -> Iterator: ...


@dataclass(frozen=True)
class Local:
    """Processes of this machine; with no workers, this process itself."""

    workers: int

    def map(self, function: Callable, jobs: Sequence, lost: Callable, done: Callable) -> Iterator:
        if self.workers == 0:
            for job in jobs:
                result = function(job)
                done(job, result)
                yield result
            return
        suspects: list = []
        yield from self._pool(function, list(jobs), suspects, self.workers, done)
        for job in suspects:  # alone, so that it is known which one kills
            alone: list = []
            yield from self._pool(function, [job], alone, 1, done)
            if alone:
                result = lost(job)
                done(job, result)
                yield result

    def _pool(self, function: Callable, jobs: list, suspects: list, workers: int, done: Callable) -> Iterator:
        """Results of jobs; those at work when a worker dies are put down as suspects, the rest go on in a new pool."""
        while jobs:
            # spawn: a fork of a process that has run torch's threads may hang.
            context = multiprocessing.get_context("spawn")
            running: dict[Future, Any] = {}
            with ProcessPoolExecutor(workers, context, _worker) as pool:
                try:
                    while jobs or running:
                        while jobs and len(running) < workers * WAITING:
                            job = jobs.pop(0)
                            running[pool.submit(function, job)] = job
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
    """Ctrl-C is the parent's to handle, and nobody works on for a parent that was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()


@dataclass(frozen=True)
class Ray:
    """Tasks of one core each on a Ray cluster, or on one started here.

    `token` is the file with the token of a cluster that asks for one; without it, Ray's own variables say:
    RAY_AUTH_MODE, and RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH. Sources and the work folder must be seen by all machines.
    """

    address: str | None
    token: Path | None
    workers: int

    def __post_init__(self):
        if self.token and not (self.token.is_file() and self.token.read_text().strip()):
            raise ValueError(f"--ray-token {self.token}: no file with a token in it")

    def map(self, function: Callable, jobs: Sequence, lost: Callable, done: Callable) -> Iterator:
        ray = self._joined()
        try:
            task = ray.remote(num_cpus=1, max_retries=1)(function)
            jobs, running = list(jobs), {}
            while jobs or running:
                while jobs and len(running) < self.workers * WAITING:
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
        """Ray, at work on the cluster. Raises OSError that says what to look at where it cannot be joined."""
        from tts.settings import ROOT

        # Ray reads its variables when it is imported.
        os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")  # workers use this environment as it is
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # or it warns of a default to come
        os.environ.setdefault("RAY_worker_niceness", "0")  # at its 15, workers stand still wherever others compute
        if self.token:
            os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(self.token.resolve())}
        try:
            import ray
        except ImportError:
            raise ModuleNotFoundError("ray is not installed: run with `uv run --group ray`") from None

        # Of a cluster started here only the workers count: its helpers share the cores they leave idle.
        own = {} if self.address else {"num_cpus": self.workers, "object_store_memory": 80 * 2**20}
        settings = {"env_vars": {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}}
        try:
            if self.address:
                _knock(self.address)
            with _unheard():
                ray.init(
                    self.address or "local",  # not the one that may run here already
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


def _knock(address: str) -> None:
    """Raise OSError where nobody answers at HOST:PORT; Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=PATIENCE).close()


@contextmanager
def _unheard() -> Iterator[None]:
    """Without what libraries in C++ write to stderr: Ray's repeats a wrong token twenty times before it gives up."""
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@dataclass(frozen=True)
class Slurm:
    """Arrays of jobs in a Slurm queue by submitit, each with a share of the sources; `queue` may be `local` to try."""

    folder: Path  # for submitit's files, seen by all machines
    queue: str
    workers: int
    options: dict  # of sbatch, e.g. partition and time

    def map(self, function: Callable, jobs: Sequence, lost: Callable, done: Callable) -> Iterator:
        try:
            import submitit
        except ImportError:
            raise ModuleNotFoundError("submitit is not installed: run with `uv run --group slurm`") from None

        executor = submitit.AutoExecutor(self.folder, cluster=self.queue)
        executor.update_parameters(cpus_per_task=1, mem_gb=4, timeout_min=24 * 60, slurm_array_parallelism=self.workers)
        executor.update_parameters(**self.options)
        # Long and short sources are dealt like cards; more arrays than workers even out what remains.
        shares = [jobs[start :: self.workers] for start in range(min(self.workers, len(jobs)))]
        with executor.batch():
            tasks = [executor.submit(_share, function, share) for share in shares]
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


def _share(function: Callable, jobs: Sequence) -> list:
    return [function(job) for job in jobs]
