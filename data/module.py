"""The data module: shards to batches, with an order that a stopped run picks up where it left it."""

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import lightning as L
import torch
from torch import distributed
from torch.utils.data import DataLoader

from data.remote import here
from data.stream import REFERENCE_SHARE, SHORTEST_REFERENCE, ClipDataset, Draw, Stored, collate, open_folders, plan
from tts.audio import AudioConfig
from tts.text.tokenizer import Tokenizer
from tts.types import Batch

log = logging.getLogger(__name__)
FIXED_SEED = 0  # of validation and test, so that runs with different seeds are judged on the same batches
MAX_NOTICES = 20


class Loader:
    """Batches of pass after pass; Lightning saves and restores where it is (`state_dict`).

    A training pass that was left early is taken up again by the next `iter`: Lightning, resumed at the end of
    an epoch, takes a single batch and asks anew. Validation and test always begin at the beginning.
    """

    def __init__(self, dataset: ClipDataset, plans: "Planner", *, workers: int):
        self.dataset = dataset
        self.plans = plans
        self.workers = workers
        self.epoch = 0  # passes completed
        self.batch = 0  # batches of the pass under way that were handed out
        self.skipped = 0  # clips that could not be read

    def __len__(self) -> int:
        return len(self.plans(self.epoch))

    def __iter__(self) -> Iterator[Batch]:
        if self.plans.fixed:
            self.batch = 0
        elif self.batch >= len(self):
            self.epoch, self.batch = self.epoch + 1, 0
        loader = DataLoader(
            self.dataset,
            batch_sampler=self.plans(self.epoch)[self.batch :],
            collate_fn=collate,
            num_workers=self.workers,
            pin_memory=torch.cuda.is_available(),
        )
        for batch, problems in loader:
            self.batch += 1
            self._report(problems)
            if batch is not None:
                yield batch

    def _report(self, problems: list[str]) -> None:
        for problem in problems:
            self.skipped += 1
            if self.skipped <= MAX_NOTICES:
                log.warning(problem)

    def state_dict(self) -> dict[str, int]:
        return {"epoch": self.epoch, "batch": self.batch}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.epoch, self.batch = state["epoch"], state["batch"]


class Planner:
    """The plan of any epoch, for this process of a distributed run."""

    def __init__(
        self,
        clips: list[Stored],
        *,
        weights: Mapping[str, float],
        longest: float | None,
        seed: int,
        batch_seconds: float,
        fixed: bool,
    ):
        seconds = [min(clip.entry.seconds, longest or clip.entry.seconds) for clip in clips]
        each = [1.0 if fixed else weights.get(clip.entry.corpus, 1.0) for clip in clips]
        self.fixed = fixed
        self.plan = partial(plan, seconds, each, seed=seed, batch_seconds=batch_seconds)
        self.last: tuple[int, list[list[Draw]]] = (-1, [])

    def __call__(self, epoch: int) -> list[list[Draw]]:
        epoch = 0 if self.fixed else epoch
        if self.last[0] != epoch:
            batches = self.plan(epoch=epoch)
            if distributed.is_available() and distributed.is_initialized():
                world, rank = distributed.get_world_size(), distributed.get_rank()
                batches = batches[: len(batches) // world * world][rank::world]
            self.last = epoch, batches
        return self.last[1]


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
        clip_seconds: float | None,  # of the reference clip; None: none is read
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
        self.clip_seconds = clip_seconds
        self.letters = letters
        self.weights = dict(weights)
        self.needs_text = needs_text
        self.seed = seed
        self.workers = workers
        self.shift = shift
        self.library = open_folders([here(str(folder)) for folder in folders], audio)
        corpora = set(self.library.licences)
        if unknown := sorted(set(self.weights) - corpora):
            raise ValueError(
                f"data.weights names {unknown[0]!r}, which is not in {folders}; there are {sorted(corpora)}"
            )
        for notice in self.library.notices:
            log.warning(notice)

    def train_dataloader(self) -> Loader:
        return self.loader("train")

    def val_dataloader(self) -> Loader:
        return self.loader("val")

    def test_dataloader(self) -> Loader:
        return self.loader("test")

    def loader(self, split: str) -> Loader:
        """Batches of a split; training is shuffled anew each epoch, the others are always the same."""
        fixed = split != "train"
        pool = [clip for clip in self.library.clips if self._wanted(clip) and clip.entry.split in {"train", split}]
        dataset = ClipDataset(
            clips=[],
            pool=pool,
            audio=self.audio,
            tokenizer=self.tokenizer,
            crop_seconds=self.crop_seconds,
            clip_seconds=self.clip_seconds,
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
            weights=self.weights,
            longest=self.crop_seconds,
            seed=FIXED_SEED if fixed else self.seed,
            batch_seconds=self.batch_seconds,
            fixed=fixed,
        )
        return Loader(dataset, plans, workers=self.workers)

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
        if self.clip_seconds is None or any(True for _ in dataset.partners(clip)):
            return True
        # The only clip of its speaker gives up a part of itself as reference; then its text no longer fits.
        return not self.needs_text and entry.seconds * REFERENCE_SHARE >= SHORTEST_REFERENCE
