"""`python -m data prepare`: recordings of hours in, shards of clips out.

find → for each source, by an executor: ingest → segment → words → judge → cut    (data/prepare/stages.py)
     → for all in one order: dedup → split → pack → report                        (data/prepare/gather.py)
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from data.pack.pack import check_target, replacing_folder
from data.prepare.executors import Executor
from data.prepare.gather import gather
from data.prepare.ledger import processor_time
from data.prepare.plan import Plan
from data.prepare.report import Tally, write
from data.prepare.sources import Source, find
from data.prepare.stages import Job, Outcome, process


def prepare(roots: list[Path], out: Path, plan: Plan, executor: Executor) -> dict:
    """Sources to shards; returns the statistics. Everything on the way lies in OUT.work, which may be deleted."""
    check_target(out)
    work = out.with_name(f"{out.name}.work")
    sources, odd = find(roots)
    if not sources:
        raise ValueError(
            f"no recordings in {', '.join(map(str, roots))}" + (f": {odd[0].name}: {odd[0].reason}" if odd else "")
        )
    started = time.monotonic()
    with _locked(work):
        _sweep(work)
        jobs = [Job(source, plan, work) for source in sources]
        with Progress(sources) as progress:
            outcomes = list(executor.map(process, jobs, _lost, progress))
        with replacing_folder(out) as folder:
            tally, start = Tally(plan), processor_time()
            stats = gather(folder, outcomes, odd, plan, work, tally)
            tally.stages["dedup, split, pack"] = processor_time() - start
            write(folder, tally, stats, wall=time.monotonic() - started, workers=executor.workers)
    return stats


def _lost(job: Job) -> Outcome:
    return Outcome(job.source, refused="its worker died")


@contextmanager
def _locked(work: Path) -> Iterator[None]:
    """One run at a time in a work folder."""
    work.mkdir(parents=True, exist_ok=True)
    with open(work / "lock", "w") as file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # not on Windows
            pass
        except OSError:
            raise ValueError(f"another run is at work in {work}: wait for it, or stop it") from None
        yield


def _sweep(work: Path) -> None:
    """Remove what a killed run left half done."""
    shutil.rmtree(work / "decoded", ignore_errors=True)
    for path in work.glob("ledger/*/*/.*"):
        path.unlink(missing_ok=True)


class Progress:
    """A bar over the bytes of the sources, with hours of audio per hour of the clock."""

    def __init__(self, sources: list[Source]):
        self.sizes = {source.path: os.lstat(source.path).st_size for source in sources}
        self.start, self.audio = time.monotonic(), 0.0

    def __enter__(self) -> "Progress":
        shape = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}B [{elapsed}<{remaining}{postfix}]"
        total = sum(self.sizes.values())
        # disable=None: no bar where nobody watches, such as in a log file.
        self.bar = tqdm(total=total, unit_scale=True, desc="preparing", bar_format=shape, disable=None)
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def __call__(self, job: Job, outcome: Outcome) -> None:
        self.audio += outcome.audio
        pace = self.audio / max(time.monotonic() - self.start, 1e-6)
        self.bar.set_postfix_str(f"{pace:.1f} audio-hours per hour", refresh=False)
        self.bar.update(self.sizes[job.source.path])
