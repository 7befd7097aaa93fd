"""The data module: shards to batches, with an order that a stopped run picks up where it left it."""

import itertools
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import lightning as L
import numpy as np
import torch
from torch import distributed
from torch.utils.data import DataLoader

from data.index import SPLITS
from data.library import Numbers, Voices, open_folders
from data.meanings import Meanings, known_code
from data.order import Draw, Planner
from data.reader import REFERENCE_SHARE, SHORTEST_REFERENCE, ClipDataset, collate, tells_times
from data.remote import local_folder
from tts.text.tokenizer import Tokenizer
from tts.types import AudioConfig, Batch

log = logging.getLogger(__name__)
FIXED_SEED = 0  # of validation and test, so that runs with different seeds are judged on the same batches
MAX_NOTICES = 20
MAX_LOST = 20  # batches in a row of which nothing can be read


class Stream:
    """Training batches without end; where it is, Lightning saves and restores as one number (`state_dict`).

    Its length is that of the first epoch, for progress bars. Asking twice for an iterator gives the same one.
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
        return -(-self.epoch_len // rank_and_world()[1])

    def __iter__(self) -> Iterator[Batch]:
        if self.under_way is None:
            self.under_way = self._read()
        return self.under_way

    def _read(self) -> Iterator[Batch]:
        rank, world = rank_and_world()
        turns, read = itertools.tee(self.plans.turns(self.sample, rank, world))
        lost = 0
        loader = _load(self.dataset, (turn.draws for turn in read), self.workers)
        for turn, (batch, problems) in zip(turns, loader, strict=True):
            self.sample = turn.done
            self.skipped += _report(problems, self.skipped)
            lost = 0 if batch is not None else lost + 1
            # Alone, a batch of which nothing can be read is passed over; ranks must make each step together.
            if lost > (MAX_LOST if world == 1 else 0):
                raise ValueError(
                    f"{lost} batches in a row could not be read, last: {problems[-1]}; check the shards "
                    "(`uv run python -m data verify SHARDS`)"
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
        self.under_way: Iterator[Batch] | None = None

    def __len__(self) -> int:
        return len(self.plans.epoch(0).ends)

    def __iter__(self) -> Iterator[Batch]:
        self.under_way = self._read()
        return self.under_way

    def close(self) -> None:
        """End the pass that is under way, and its workers.

        Workers begin as copies of this process, which share its memory until it is written to. One that is left in the
        middle of a pass keeps all that training has replaced since.
        """
        if self.under_way is not None:
            self.under_way.close()

    def _read(self) -> Iterator[Batch]:
        skipped = 0
        batches = [turn.draws for turn in itertools.islice(self.plans.batches(0), len(self))]
        for batch, problems in _load(self.dataset, batches, self.workers):
            skipped += _report(problems, skipped)
            if batch is not None:
                yield batch
            elif rank_and_world()[1] > 1:  # the other ranks make this step
                raise ValueError(
                    f"a batch could not be read, last: {problems[-1]}; check the shards "
                    "(`uv run python -m data verify SHARDS`)"
                )


def rank_and_world() -> tuple[int, int]:
    """This process's rank, and of how many."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def _load(dataset: ClipDataset, draws: Iterable[list[Draw]], workers: int) -> DataLoader:
    """Batches of draws, in their order whatever the number of workers."""
    return DataLoader(
        dataset,
        batch_sampler=draws,
        collate_fn=collate,
        num_workers=workers,
        pin_memory=torch.cuda.is_available(),
    )


def _report(problems: list[str], before: int) -> int:
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
        prompt_seconds: float | None,  # a reference clip up to this long is given whole, with its text; None: none is
        letters: float,  # share of known words shown as letters, in training
        weights: Mapping[str, float],  # corpus -> times per epoch; 1 if not named, 0 leaves it out
        needs_text: bool,  # only transcribed clips
        new_speakers: bool,  # validation and test: only speakers of whom training has no clip
        languages: Sequence[
            str
        ] = (),  # codes of those in which tasks ask what an item says; none: texts alone are left out
        seed: int,
        workers: int,
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
        self.prompt_seconds = prompt_seconds
        self.letters = letters
        self.weights = dict(weights)
        self.needs_text = needs_text
        self.new_speakers = new_speakers
        if languages and not hasattr(tokenizer, "spell"):
            raise ValueError("data.languages needs a tokenizer of phonemes and letters: text=translation")
        self.languages = tuple(map(known_code, languages))
        self.seed = seed
        self.workers = workers
        # Keys of clips not to train on (tts/training/guard.py), set by train.py.
        self.aside: frozenset[str] = frozenset()
        self.library = open_folders([local_folder(str(folder)) for folder in folders], audio)
        if unknown := sorted(set(self.weights) - set(self.library.corpora)):
            raise ValueError(
                f"data.weights names {unknown[0]!r}, which is not in {folders}; "
                f"there are {sorted(self.library.corpora)}"
            )
        for notice in [*self.library.notices, *self._useless_times()]:
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
        pool = self._wanted("train", split)
        spoken = pool[self.library.seconds(pool) > 0]
        voices = None if self.reference_seconds is None else Voices(self.library, spoken)
        wanted = self._wanted(split)
        if fixed and self.new_speakers:
            wanted = wanted[~np.isin(self.library.voices(wanted), self.library.voices(self._wanted("train")))]
        targets = self._usable(wanted, voices)
        meanings = Meanings(self.library, pool, self.languages) if self.languages else None
        if not len(targets):
            raise ValueError(
                f"no usable clip in split {split!r}; loosen data.max_seconds, data.needs_text or "
                "data.new_speakers, or pack more"
            )
        dataset = ClipDataset(
            library=self.library,
            targets=targets,
            voices=voices,
            audio=self.audio,
            tokenizer=self.tokenizer,
            crop_seconds=self.crop_seconds,
            reference_seconds=self.reference_seconds,
            prompt_seconds=self.prompt_seconds,
            letters=0.0 if fixed else self.letters,
            meanings=meanings,
        )
        seconds = self.library.cost(targets)
        plans = Planner(
            seconds if self.crop_seconds is None else np.minimum(seconds, self.crop_seconds),
            np.ones(len(targets)) if fixed else self._weights(targets),
            seed=FIXED_SEED if fixed else self.seed,
            batch_seconds=self.batch_seconds,
            aside=frozenset() if fixed else self._places_aside(targets),
        )
        if fixed:
            return Loader(dataset, plans, workers=self.workers)
        first = plans.epoch(0)
        if len(plans.aside) == len(targets):
            raise ValueError(
                "every training clip was set aside after bad steps: lower stage.optimizer.lr and start anew"
            )
        log.info(f"an epoch: {len(first.clips)} samples, {len(first.ends)} batches, {first.padding:.1%} padding")
        return Stream(dataset, plans, workers=self.workers)

    def provenance(self) -> dict[str, dict]:
        """What a net trained on this heard: hours of training audio, weight, licence and engine of each corpus."""
        clips = self._wanted("train")
        corpus, seconds = self.library.corpus(clips), self.library.seconds(clips)
        return {
            name: {
                "hours": round(float(seconds[corpus == self.library.corpora.index(name)].sum()) / 3600, 3),
                "weight": self.weights.get(name, 1.0),
                "licence": self.library.licences[name],
                "synthetic": self.library.synthetic[name],  # the system that spoke; empty for recordings
            }
            for name in sorted(self.library.corpora[place] for place in np.unique(corpus).tolist())
        }

    def _useless_times(self) -> list[str]:
        """Folders whose times are of another tokenizer's ids."""
        return [
            f"{index.folder} was aligned with another tokenizer than this one: its clips are aligned in every step; "
            "pack it again with a --codec that was trained with this one"
            for index in self.library.indexes
            if self.tokenizer and index.alignment and not tells_times(index.alignment, self.tokenizer)
        ]

    def _weights(self, clips: Numbers) -> np.ndarray:
        """Times per epoch of each clip."""
        each = np.array([self.weights.get(name, 1.0) for name in self.library.corpora], float)
        return each[self.library.corpus(clips)]

    def _wanted(self, *splits: str) -> Numbers:
        """Clips of these splits whose corpus is not left out."""
        clips = self.library.usable
        split = self.library.column("split")[clips]
        clips = clips[np.isin(split, [SPLITS.index(name) for name in splits])]
        return clips[self._weights(clips) > 0]

    def _usable(self, clips: Numbers, voices: Voices | None) -> Numbers:
        """Clips that can be targets."""
        seconds, transcribed = self.library.seconds(clips), self.library.transcribed(clips)
        usable = np.ones(len(clips), bool)
        if self.needs_text:
            usable &= transcribed
        if self.crop_seconds is None:
            usable &= seconds <= self.max_seconds
        if voices is not None:
            # The only clip of its speaker gives up a part of itself as reference; then its text no longer fits.
            shares = (seconds * REFERENCE_SHARE >= SHORTEST_REFERENCE) & (not self.needs_text)
            usable &= shares | np.isin(clips, voices.paired)
        texts = seconds == 0
        return clips[np.where(texts, bool(self.languages), usable)]

    def _places_aside(self, clips: Numbers) -> frozenset[int]:
        """Places of the clips that are set aside."""
        if not self.aside:
            return frozenset()
        return frozenset(place for place, number in enumerate(clips.tolist()) if self.library.key(number) in self.aside)
