"""The data module: shards to batches, with an order that a stopped run picks up where it left it."""

import itertools
import logging
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import lightning as L
import torch
from torch import distributed
from torch.utils.data import DataLoader

from data.reader import (
    REFERENCE_SHARE,
    SHORTEST_REFERENCE,
    ClipDataset,
    Draw,
    Stored,
    collate,
    open_folders,
    plan,
    size,
)
from data.remote import here
from tts.text.tokenizer import Tokenizer
from tts.types import AudioConfig, Batch

log = logging.getLogger(__name__)
FIXED_SEED = 0  # of validation and test, so that runs with different seeds are judged on the same batches
MAX_NOTICES = 20
MAX_LOST = 20  # batches in a row of which nothing can be read


@dataclass(frozen=True)
class Turn:
    """One batch, and how many samples of the run are done with it."""

    draws: list[Draw]
    done: int


class Planner:
    """The plans of all epochs in a row: the n-th sample of a run is the same one whoever asks."""

    def __init__(
        self,
        clips: list[Stored],
        *,
        weights: Mapping[str, float],
        longest: float | None,
        seed: int,
        batch_seconds: float,
        aside: Set[str] = frozenset(),
    ):
        seconds = [min(clip.entry.seconds, longest or clip.entry.seconds) for clip in clips]
        each = [weights.get(clip.entry.corpus, 1.0) for clip in clips]
        self.aside = {place for place, clip in enumerate(clips) if clip.entry.key in aside}
        self.epoch = lru_cache(2)(
            lambda epoch: plan(seconds, each, seed=seed, epoch=epoch, batch_seconds=batch_seconds)
        )
        self.size = partial(size, each, seed=seed)
        self.starts = [0]  # samples before each epoch

    def start(self, epoch: int) -> int:
        """Samples before an epoch."""
        while len(self.starts) <= epoch:
            self.starts.append(self.starts[-1] + self.size(epoch=len(self.starts) - 1))
        return self.starts[epoch]

    def locate(self, sample: int) -> int:
        """The epoch that a sample belongs to."""
        while self.starts[-1] <= sample:
            self.start(len(self.starts))
        return bisect_right(self.starts, sample) - 1

    def batches(self, sample: int) -> Iterator[Turn]:
        """All batches from a sample on, without end; what is set aside counts as done and is not read."""
        for epoch in itertools.count(self.locate(sample)):
            plan, start = self.epoch(epoch), self.start(epoch)
            for first, stop in itertools.pairwise([0, *plan.ends.tolist()]):
                draws = [draw for draw in plan.batch(max(first, sample - start), stop) if draw.clip not in self.aside]
                if draws:
                    yield Turn(draws, start + stop)

    def turns(self, sample: int, rank: int, world: int) -> Iterator[Turn]:
        """What one rank of several reads: each takes one batch in turn, and all are done with the last one's."""
        batches = self.batches(sample)
        while turn := list(itertools.islice(batches, world)):
            yield Turn(turn[rank].draws, turn[-1].done)


class Stream:
    """Training batches without end; where it is, Lightning saves and restores as one number (`state_dict`).

    Its length, that of the first epoch, is for the eye: who asks for another iterator gets the one there is.
    """

    def __init__(self, dataset: ClipDataset, plans: Planner, *, workers: int):
        self.dataset = dataset
        self.plans = plans
        self.workers = workers
        self.epoch_len = len(plans.epoch(0).ends)  # batches
        self.sample = 0  # samples that were handed out, to all ranks together, since the run began
        self.skipped = 0  # clips that could not be read
        self.under_way: Iterator[Batch] | None = None

    def __len__(self) -> int:
        return -(-self.epoch_len // place()[1])

    def __iter__(self) -> Iterator[Batch]:
        if self.under_way is None:
            self.under_way = self._read()
        return self.under_way

    def _read(self) -> Iterator[Batch]:
        rank, world = place()
        turns, read = itertools.tee(self.plans.turns(self.sample, rank, world))
        lost = 0
        loader = load(self.dataset, (turn.draws for turn in read), self.workers)
        for turn, (batch, problems) in zip(turns, loader, strict=True):
            self.sample = turn.done
            self.skipped += report(problems, self.skipped)
            lost = 0 if batch is not None else lost + 1
            # Alone, a batch of which nothing can be read is passed over; ranks must make each step together.
            if lost > (MAX_LOST if world == 1 else 0):
                raise ValueError(
                    f"{lost} batches in a row could not be read, last: {problems[-1]}; look after the shards"
                )
            if batch is not None:
                yield batch

    def state_dict(self) -> dict[str, int]:
        return {"sample": self.sample}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.sample, self.under_way = state["sample"], None


class Loader:
    """The batches of one plan, the same each time: validation and test.

    Every rank reads all of them. So they make as many steps as each other, and a figure says the same on any number of
    devices, however few batches there are.
    """

    def __init__(self, dataset: ClipDataset, plans: Planner, *, workers: int):
        self.dataset = dataset
        self.plans = plans
        self.workers = workers

    def __len__(self) -> int:
        return len(self.plans.epoch(0).ends)

    def __iter__(self) -> Iterator[Batch]:
        skipped = 0
        batches = [turn.draws for turn in itertools.islice(self.plans.batches(0), len(self))]
        for batch, problems in load(self.dataset, batches, self.workers):
            skipped += report(problems, skipped)
            if batch is not None:
                yield batch
            elif place()[1] > 1:  # the other ranks make this step
                raise ValueError(f"a batch could not be read, last: {problems[-1]}; look after the shards")


def place() -> tuple[int, int]:
    """This process's rank, and of how many."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def load(dataset: ClipDataset, draws: Iterable[list[Draw]], workers: int) -> DataLoader:
    """Batches of draws, in their order whatever the number of workers."""
    return DataLoader(
        dataset,
        batch_sampler=draws,
        collate_fn=collate,
        num_workers=workers,
        pin_memory=torch.cuda.is_available(),
    )


def report(problems: list[str], before: int) -> int:
    """Log clips that could not be read, the first few of a run; gives their number."""
    for problem in problems[: max(0, MAX_NOTICES - before)]:
        log.warning(problem)
    return len(problems)


class SpeechData(L.LightningDataModule):
    """Shards for every stage; what a stage needs differs in a few keys of conf/data."""

    def __init__(
        self,
        *,
        path: str | Sequence[str],  # one folder of shards or several, or their URLs
        audio: AudioConfig,
        tokenizer: Tokenizer | None,
        batch_seconds: float,  # of target audio, padding included
        max_seconds: float,  # longer clips are left out, unless they are cropped
        crop_seconds: float | None,  # random stretches instead of whole clips; a cut clip has no text
        reference_seconds: float | None,  # of the reference clip; None: none is read
        letters: float,  # share of known words shown as letters, in training
        weights: Mapping[str, float],  # corpus -> times per epoch; 1 if not named, 0 leaves it out
        needs_text: bool,  # only transcribed clips
        seed: int,
        workers: int,
        shift: bool,  # start each training clip up to one code late
    ):
        super().__init__()
        if needs_text and tokenizer is None:
            raise ValueError("needs_text is set, but there is no tokenizer; choose one, e.g. text=english")
        folders = [path] if isinstance(path, str | Path) else list(path)
        self.audio = audio
        self.tokenizer = tokenizer
        self.batch_seconds = batch_seconds
        self.max_seconds = max_seconds
        self.crop_seconds = crop_seconds
        self.reference_seconds = reference_seconds
        self.letters = letters
        self.weights = dict(weights)
        self.needs_text = needs_text
        self.seed = seed
        self.workers = workers
        self.shift = shift
        self.aside: frozenset[str] = (
            frozenset()
        )  # keys of clips not to train on (tts/training/guard.py), set by train.py
        self.library = open_folders([here(str(folder)) for folder in folders], audio)
        corpora = set(self.library.licences)
        if unknown := sorted(set(self.weights) - corpora):
            raise ValueError(
                f"data.weights names {unknown[0]!r}, which is not in {folders}; there are {sorted(corpora)}"
            )
        for notice in self.library.notices:
            log.warning(notice)

    def train_dataloader(self) -> Stream:
        return self.loader("train")

    def val_dataloader(self) -> Loader:
        return self.loader("val")

    def test_dataloader(self) -> Loader:
        return self.loader("test")

    def loader(self, split: str) -> Stream | Loader:
        """Batches of a split; training is shuffled anew each epoch and never ends, the others are always the same."""
        fixed = split != "train"
        pool = [clip for clip in self.library.clips if self._wanted(clip) and clip.entry.split in {"train", split}]
        dataset = ClipDataset(
            clips=[],
            pool=pool,
            audio=self.audio,
            tokenizer=self.tokenizer,
            crop_seconds=self.crop_seconds,
            reference_seconds=self.reference_seconds,
            letters=0.0 if fixed else self.letters,
            shift=self.shift and not fixed,
        )
        dataset.clips = [clip for clip in pool if clip.entry.split == split and self._usable(clip, dataset)]
        if not dataset.clips:
            raise ValueError(
                f"no usable clip in split {split!r}; loosen data.max_seconds or data.needs_text, or pack more"
            )
        plans = Planner(
            dataset.clips,
            weights={} if fixed else self.weights,
            longest=self.crop_seconds,
            seed=FIXED_SEED if fixed else self.seed,
            batch_seconds=self.batch_seconds,
            aside=frozenset() if fixed else self.aside,
        )
        if fixed:
            return Loader(dataset, plans, workers=self.workers)
        first = plans.epoch(0)
        if len(plans.aside) == len(dataset.clips):
            raise ValueError(
                "every training clip was set aside after bad steps: lower stage.optimizer.lr and start anew"
            )
        log.info(f"an epoch: {len(first.clips)} samples, {len(first.ends)} batches, {first.padding:.1%} padding")
        return Stream(dataset, plans, workers=self.workers)

    def provenance(self) -> dict[str, dict]:
        """What a net trained on this heard: hours of training audio, weight and licence of each corpus."""
        seconds: dict[str, float] = defaultdict(float)
        for clip in self.library.clips:
            if clip.entry.split == "train" and self._wanted(clip):
                seconds[clip.entry.corpus] += clip.entry.seconds
        return {
            corpus: {
                "hours": round(total / 3600, 3),
                "weight": self.weights.get(corpus, 1.0),
                "licence": self.library.licences[corpus],
            }
            for corpus, total in sorted(seconds.items())
        }

    def _wanted(self, clip: Stored) -> bool:
        return self.weights.get(clip.entry.corpus, 1.0) > 0

    def _usable(self, clip: Stored, dataset: ClipDataset) -> bool:
        entry = clip.entry
        if self.needs_text and not entry.spoken:
            return False
        if self.crop_seconds is None and entry.seconds > self.max_seconds:
            return False
        if self.reference_seconds is None or any(True for _ in dataset.partners(clip)):
            return True
        # The only clip of its speaker gives up a part of itself as reference; then its text no longer fits.
        return not self.needs_text and entry.seconds * REFERENCE_SHARE >= SHORTEST_REFERENCE
