"""`python -m data prepare`: long recordings in, shards of clips out.

find sources
→ each source, by an executor: ingest → segment → words → score, rate → cut    (data/prepare/stages.py)
→ all sources together, in a fixed order: dedup → split → pack → report        (data/prepare/gather.py)
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from data.pack.pack import check_target, replacing_folder
from data.prepare.cache import processor_time
from data.prepare.config import PrepareConfig
from data.prepare.gather import gather_shards
from data.prepare.report import write_run_report
from data.prepare.sources import Source, find_sources
from data.prepare.stages import Outcome, SourceJob, process_source
from data.prepare.tally import Tally
from tts.executors import Executor


def work_folder(out: Path) -> Path:
    """The folder for intermediate results of a run; it may be deleted afterwards."""
    return out.with_name(f"{out.name}.work")


def prepare_shards(roots: list[Path], out: Path, config: PrepareConfig, executor: Executor) -> dict:
    """Make shards from all sources below `roots`; returns the statistics."""
    check_target(out)
    work = work_folder(out)
    sources, skipped = find_sources(roots)
    if not sources:
        first = f": {skipped[0].name}: {skipped[0].reason}" if skipped else ""
        raise ValueError(f"no recordings in {', '.join(map(str, roots))}{first}")
    if not all(source.has_text for source in sources):
        config.recogniser().identity()  # raises if it is not installed
    started = time.monotonic()
    with _locked(work):
        _remove_leftovers(work)
        jobs = [SourceJob(source, config, work) for source in sources]
        with ProgressBar(sources) as progress:
            outcomes = list(executor.map(process_source, jobs, _lost, progress))
        with replacing_folder(out) as folder:
            tally, start = Tally(config), processor_time()
            stats = gather_shards(folder, outcomes, skipped, config, work, tally)
            tally.stages["dedup, split, pack"] = processor_time() - start
            write_run_report(folder, tally, stats, wall=time.monotonic() - started, workers=executor.workers)
    return stats


def _lost(job: SourceJob) -> Outcome:
    return Outcome(job.source, refused="its worker died")


@contextmanager
def _locked(work: Path) -> Iterator[None]:
    """Hold the lock of a work folder, which allows one run at a time."""
    work.mkdir(parents=True, exist_ok=True)
    with open(work / "lock", "w") as file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # not on Windows
            pass
        except OSError:
            raise ValueError(f"another run uses {work}: wait for it, or stop it") from None
        yield


def _remove_leftovers(work: Path) -> None:
    """Remove the incomplete files of a run that was killed."""
    shutil.rmtree(work / "decoded", ignore_errors=True)
    for path in work.glob("cache/*/*/.*"):
        path.unlink(missing_ok=True)


class ProgressBar:
    """A progress bar over the bytes of the sources, with the speed in hours of audio per hour."""

    def __init__(self, sources: list[Source]):
        self.sizes = {source.path: os.lstat(source.path).st_size for source in sources}
        self.start, self.audio = time.monotonic(), 0.0

    def __enter__(self) -> "ProgressBar":
        shape = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}B [{elapsed}<{remaining}{postfix}]"
        total = sum(self.sizes.values())
        # disable=None: no bar if standard error is not a terminal.
        self.bar = tqdm(total=total, unit_scale=True, desc="preparing", bar_format=shape, disable=None)
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def __call__(self, job: SourceJob, outcome: Outcome) -> None:
        self.audio += outcome.audio
        pace = self.audio / max(time.monotonic() - self.start, 1e-6)
        self.bar.set_postfix_str(f"{pace:.1f} hours of audio per hour", refresh=False)
        self.bar.update(self.sizes[job.source.path])
