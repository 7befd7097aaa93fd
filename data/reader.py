"""Reading shards at random: an order that is a plan, and a reader that trusts no byte it has not checked.

The plan of an epoch is a pure function of the clips, the seed and the epoch, made before ranks and workers share
it out. So one number, how many samples of the plan are done, says where a run is, whatever it ran on.
"""

import io
import os
import random
import tarfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch
from jaxtyping import Float, Int
from torch import Tensor

from data import remote
from data.shards import Entry, read_index
from data.split import text_key
from tts.text.tokenizer import Tokenizer
from tts.types import AudioConfig, Batch

BUCKET = 32  # batches whose clips are sorted by length together: more pads less and shuffles less
SHIFT_FRAMES = 4  # a code spans this many mel frames: the start moves by less than one code
SHORTEST_REFERENCE = 1.0  # seconds
REFERENCE_SHARE = 1 / 3  # of a speaker's only clip, when reference and target must share it
CONTAINERS = {"flac": "FLAC", "opus": "OGG"}


@dataclass(frozen=True)
class Stored:
    """A clip and the folder that it lies in."""

    folder: Path
    entry: Entry
    text_key: str


@dataclass(frozen=True)
class Draw:
    """One clip of one batch, and the seed of everything random about it."""

    clip: int
    seed: int


@dataclass(frozen=True)
class Sample:
    """One row of a batch."""

    key: str
    speaker: str
    text: list[int]
    wav: Float[Tensor, " N"]
    reference: Float[Tensor, " K"]


@dataclass(frozen=True, kw_only=True)
class Library:
    """What all folders together hold."""

    clips: list[Stored]
    licences: dict[str, str]  # corpus -> licence
    notices: list[str]  # about clips that cannot be read or may not be used


def open_folders(folders: list[Path], audio: AudioConfig) -> Library:
    """Read the indexes and leave out every clip that cannot be read or may not be used.

    Folders are split one by one; a training clip that says what another folder holds out is left out.
    """
    stored: list[Stored] = []
    notices: list[str] = []
    owners: dict[str, Path] = {}
    licences: dict[str, str] = {}
    for folder in map(Path, folders):
        index = read_index(folder)
        if (index.sample_rate, index.level) != (audio.sample_rate, audio.level):
            raise ValueError(
                f"{folder} was packed at {index.sample_rate} Hz and {index.level} dBFS, the configuration wants "
                f"{audio.sample_rate} Hz and {audio.level} dBFS: pack it again with this --audio"
            )
        for corpus, about in index.corpora.items():
            if corpus in owners:
                raise ValueError(f"corpus {corpus} is in both {owners[corpus]} and {folder}; give one of them")
            owners[corpus] = folder
            licences[corpus] = about["licence"]
        sizes = {name: _size(folder / name) for name in sorted({entry.shard for entry in index.clips})}
        for name, size in sizes.items():
            lost = sum(entry.shard == name and entry.offset + entry.size > size for entry in index.clips)
            if lost:
                notices.append(f"{folder / name} is truncated or missing: {lost} clips skipped; pack it again")
        stored += [
            Stored(folder, entry, text_key(entry.text))
            for entry in index.clips
            if entry.offset + entry.size <= sizes[entry.shard]
        ]
    heldout = {clip.text_key for clip in stored if clip.entry.split != "train"} - {""}
    kept = [clip for clip in stored if clip.entry.split != "train" or clip.text_key not in heldout]
    if len(kept) < len(stored):
        notices.append(f"{len(stored) - len(kept)} training clips say what another folder holds out: left out")
    return Library(clips=kept, licences=licences, notices=notices)


def _size(path: Path) -> int:
    if remote.origin(path.parent):
        return remote.sizes(path.parent).get(path.name, 0)
    return path.stat().st_size if path.is_file() else 0


@dataclass(frozen=True)
class Plan:
    """The samples of one epoch in order, and where its batches end."""

    clips: np.ndarray  # (samples,)
    seeds: np.ndarray  # (samples,) of everything random about each
    ends: np.ndarray  # (batches,) samples before the end of each batch
    padding: float  # share of what the batches hold that is padding

    def batch(self, start: int, stop: int) -> list[Draw]:
        return [Draw(int(self.clips[place]), int(self.seeds[place])) for place in range(start, stop)]


def repeats(weights: Sequence[float], rng: np.random.Generator) -> Int[np.ndarray, " K"]:
    """How often an epoch holds each clip: `weight` times, the fraction by chance."""
    weight = np.asarray(weights, dtype=float)
    return (np.floor(weight) + (rng.random(len(weight)) < weight % 1)).astype(int)


def size(weights: Sequence[float], *, seed: int, epoch: int) -> int:
    """Samples of an epoch, without planning it."""
    return int(repeats(weights, np.random.default_rng([seed, epoch])).sum())


def plan(seconds: Sequence[float], weights: Sequence[float], *, seed: int, epoch: int, batch_seconds: float) -> Plan:
    """One epoch: a permutation, cut into buckets that are sorted by length, cut into batches within the budget.

    `batch_seconds` counts padding: the longest clip times the number of clips, unless one clip alone exceeds it.
    """
    rng = np.random.default_rng([seed, epoch])
    length = np.asarray(seconds, dtype=float)
    times = repeats(weights, rng)
    order = rng.permutation(np.repeat(np.arange(len(times)), times))
    share = max(1, round(BUCKET * batch_seconds / length.mean())) if len(length) else 1
    batches: list[np.ndarray] = []
    for start in range(0, len(order), share):
        bucket = order[start : start + share]
        bucket = bucket[np.argsort(length[bucket], kind="stable")]
        first = 0
        for place, newest in enumerate(length[bucket].tolist()):  # ascending, so each newcomer is the longest so far
            if place > first and (place - first + 1) * newest > batch_seconds:
                batches.append(bucket[first:place])
                first = place
        batches.append(bucket[first:])
    batches = [batches[place] for place in rng.permutation(len(batches))]
    clips = np.concatenate([*batches, np.zeros(0, dtype=int)])
    held = sum(len(batch) * length[batch].max() for batch in batches)
    return Plan(
        clips=clips,
        seeds=rng.integers(2**62, size=len(clips)),
        ends=np.cumsum([len(batch) for batch in batches], dtype=int),
        padding=1 - length[clips].sum() / held if held else 0.0,
    )


class ShardReader:
    """Sound by index entry, straight from the tar: no member is unpacked, unpickled or believed unread."""

    def __init__(self, sample_rate: int):
        self.sample_rate = sample_rate
        self.files: dict[Path, int] = {}

    def __getstate__(self) -> dict:
        return {"sample_rate": self.sample_rate, "files": {}}  # each worker opens its own

    def read(self, clip: Stored, start: int, stop: int) -> Float[Tensor, " N"]:
        """Samples start to stop of a clip. Raises ValueError naming the shard if the tar is not what its index says."""
        path, entry = clip.folder / clip.entry.shard, clip.entry
        try:
            block = self._bytes(path, entry.offset - tarfile.BLOCKSIZE, entry.offset + entry.size)
            header = tarfile.TarInfo.frombuf(block[: tarfile.BLOCKSIZE], "utf-8", "strict")
            if header.name != f"{entry.key}.{entry.format}" or header.size != entry.size or not header.isreg():
                raise ValueError(f"it holds {header.name!r} there")
            if len(block) != tarfile.BLOCKSIZE + entry.size:
                raise ValueError("it ends too early")
            return self._decode(block[tarfile.BLOCKSIZE :], entry, start, stop)
        except (OSError, ValueError, tarfile.TarError, soundfile.LibsndfileError) as error:
            raise ValueError(f"{path}: clip {entry.key} is not what the index says ({error}); skipped") from None

    def _bytes(self, path: Path, start: int, stop: int) -> bytes:
        if url := remote.origin(path.parent):
            return remote.read(f"{url}/{path.name}", start, stop)
        if path not in self.files:
            self.files[path] = os.open(path, os.O_RDONLY)
        return os.pread(self.files[path], stop - start, start)

    def _decode(self, data: bytes, entry: Entry, start: int, stop: int) -> Float[Tensor, " N"]:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            found = (file.format, file.samplerate, file.channels)
            if found != (CONTAINERS.get(entry.format), self.sample_rate, 1):
                raise ValueError(f"found {found}")
            if abs(file.frames - entry.seconds * self.sample_rate) > 0.05 * self.sample_rate:
                raise ValueError(f"found {file.frames} samples")
            file.seek(min(start, file.frames))
            return torch.from_numpy(file.read(max(0, min(stop, file.frames) - start), dtype="float32"))


class ClipDataset(torch.utils.data.Dataset):
    """Draws to samples: a target, its text, and a reference clip of the same speaker that is never the target.

    `clips` are the targets, `pool` where references may come from. Broken clips come back as their error message.
    """

    def __init__(
        self,
        *,
        clips: list[Stored],
        pool: list[Stored],
        audio: AudioConfig,
        tokenizer: Tokenizer | None,
        crop_seconds: float | None,
        reference_seconds: float | None,
        letters: float,
        shift: bool,
    ):
        self.clips = clips
        self.audio = audio
        self.tokenizer = tokenizer
        self.crop_seconds = crop_seconds
        self.reference_seconds = reference_seconds
        self.letters = letters
        self.shift = shift
        self.reader = ShardReader(audio.sample_rate)
        self.voices = defaultdict(list)
        for clip in pool:
            self.voices[clip.entry.corpus, clip.entry.speaker].append(clip)

    def partners(self, clip: Stored) -> Iterator[Stored]:
        """Other clips of the speaker that say something else: another take would give the words away."""
        return (
            other
            for other in self.voices[clip.entry.corpus, clip.entry.speaker]
            if other.entry.key != clip.entry.key and (not clip.text_key or other.text_key != clip.text_key)
        )

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, draw: Draw) -> Sample | str:
        clip, rng = self.clips[draw.clip], random.Random(draw.seed)
        try:
            return self._sample(clip, rng)
        except ValueError as error:
            return str(error)

    def _sample(self, clip: Stored, rng: random.Random) -> Sample:
        entry = clip.entry
        start, stop = 0, self._samples(entry.seconds)
        reference = torch.zeros(0)
        whole = True
        if self.reference_seconds is not None:
            partners = list(self.partners(clip))
            if partners:
                other = rng.choice(partners)
                reference = self.reader.read(
                    other, *self._crop(0, self._samples(other.entry.seconds), self.reference_seconds, rng)
                )
            else:
                cut = self._samples(min(self.reference_seconds, entry.seconds * REFERENCE_SHARE))
                first, whole = rng.random() < 0.5, False
                reference = self.reader.read(clip, *((0, cut) if first else (stop - cut, stop)))
                start, stop = (cut, stop) if first else (0, stop - cut)
        if self.crop_seconds is not None and stop - start > self._samples(self.crop_seconds):
            start, stop = self._crop(start, stop, self.crop_seconds, rng)
            whole = False
        elif self.shift:
            start += rng.randrange(SHIFT_FRAMES * self.audio.hop)
        return Sample(
            entry.key,
            entry.speaker,
            self._text(entry, rng) if whole else [],
            self.reader.read(clip, start, stop),
            reference,
        )

    def _text(self, entry: Entry, rng: random.Random) -> list[int]:
        if self.tokenizer is None or not entry.spoken:
            return []
        return self.tokenizer.encode(entry.spoken, letters=self.letters, generator=rng)

    def _samples(self, seconds: float) -> int:
        return round(seconds * self.audio.sample_rate)

    def _crop(self, start: int, stop: int, seconds: float, rng: random.Random) -> tuple[int, int]:
        size = min(self._samples(seconds), stop - start)
        start += rng.randint(0, stop - start - size)
        return start, start + size


def collate(samples: list[Sample | str]) -> tuple[Batch | None, list[str]]:
    """Pad to the longest; what could not be read is left out and reported."""
    good = [sample for sample in samples if isinstance(sample, Sample)]
    problems = [sample for sample in samples if isinstance(sample, str)]
    if not good:
        return None, problems
    text, text_len = _pad([torch.tensor(sample.text, dtype=torch.long) for sample in good])
    wav, wav_len = _pad([sample.wav for sample in good])
    reference, reference_len = _pad([sample.reference for sample in good])
    batch = Batch(
        keys=[sample.key for sample in good],
        speakers=[sample.speaker for sample in good],
        text=text,
        text_len=text_len,
        wav=wav,
        wav_len=wav_len,
        reference=reference,
        reference_len=reference_len,
    )
    return batch, problems


def _pad(rows: list[Tensor]) -> tuple[Tensor, Tensor]:
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])
