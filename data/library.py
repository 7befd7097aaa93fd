"""All folders of shards that a training reads, as one numbered list of clips.

What is kept for each clip is a number in an array: nothing here is a Python object per clip.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from random import Random

import numpy as np
from jaxtyping import Bool, Int

from data import remote
from data.index import FACTS, SECOND, SPLITS, Entry, Index, read_index, spoken_lengths
from tts.types import AudioConfig

LETTERS_PER_SECOND = 15.0  # of reading
Numbers = Int[np.ndarray, " K"]  # of clips


class Library(Sequence[Entry]):
    """The clips of all folders; `usable` are the numbers of those that can be read and may be used.

    Folders are split one by one; a training clip that says what another folder holds out is left out.
    """

    def __init__(self, indexes: Sequence[Index]):
        self.indexes = list(indexes)
        self.starts = [0, *accumulate(map(len, self.indexes))]  # number of the first clip of each folder, and of all
        self.corpora = [name for index in self.indexes for name in index.corpora]
        self.first_corpora = list(accumulate((len(index.corpora) for index in self.indexes), initial=0))
        about = {name: about for index in self.indexes for name, about in index.corpora.items()}
        self.licences = {name: facts["licence"] for name, facts in about.items()}
        # Shards packed before these were recorded say nothing of them; all of those are English.
        self.synthetic = {name: facts.get("synthetic", "") for name, facts in about.items()}
        self.languages = {name: facts.get("language", "english") for name, facts in about.items()}
        self.notices: list[str] = []  # about clips that cannot be read or may not be used
        whole = np.concatenate([self._whole(index) for index in self.indexes])
        told, trains = self.column("text_key"), self.column("split") == SPLITS.index("train")
        held_out = told[whole & ~trains & (told != 0)]
        repeated = whole & trains & np.isin(told, held_out)
        if lost := int(repeated.sum()):
            self.notices.append(f"{lost} training clips say what another folder holds out: left out")
        self.usable = _numbers(whole & ~repeated)

    def __len__(self) -> int:
        return self.starts[-1]

    def __getitem__(self, number: int) -> Entry:
        index, place = self.locate(number)
        return index[place]

    def locate(self, number: int) -> tuple[Index, int]:
        """The folder of a clip, and its place there."""
        folder = bisect_right(self.starts, number) - 1
        return self.indexes[folder], int(number) - self.starts[folder]

    def key(self, number: int) -> str:
        index, place = self.locate(number)
        return index.key(place)

    def text_key(self, number: int) -> int:
        index, place = self.locate(number)
        return int(index.columns["text_key"][place])

    def column(self, name: str) -> np.ndarray:
        """A fact of all clips; of a single folder it is the shared column itself."""
        columns = [
            index.columns[name] if name in index.columns else np.zeros(len(index), FACTS[name])
            for index in self.indexes
        ]
        return columns[0] if len(columns) == 1 else np.concatenate(columns)

    def seconds(self, clips: Numbers) -> np.ndarray:
        """Of sound; 0 of a text alone."""
        return self.column("seconds")[clips] / SECOND

    def cost(self, clips: Numbers) -> np.ndarray:
        """Seconds that each clip counts in the budget of a batch: those of its sound, or about those of its text."""
        letters = np.concatenate([spoken_lengths(index.columns) for index in self.indexes])[clips]
        seconds = self.seconds(clips)
        return np.where(seconds > 0, seconds, letters / LETTERS_PER_SECOND)

    def language(self, number: int) -> str:
        """The name of the language of one clip."""
        index, place = self.locate(number)
        return self.languages[list(index.corpora)[int(index.columns["corpus"][place])]]

    def corpus(self, clips: Numbers) -> Numbers:
        """The corpus of each clip, as a place in `corpora`."""
        firsts = zip(self.indexes, self.first_corpora, strict=False)
        return np.concatenate([index.columns["corpus"] + np.uint32(first) for index, first in firsts])[clips]

    def voices(self, clips: Numbers) -> Int[np.ndarray, " K"]:
        """A number for each clip that is the same for the same speaker of the same corpus."""
        return self.corpus(clips).astype(np.int64) << 32 | self.column("speaker")[clips]

    def voice(self, number: int) -> int:
        """That number of one clip."""
        folder = bisect_right(self.starts, number) - 1
        columns, place = self.indexes[folder].columns, int(number) - self.starts[folder]
        return self.first_corpora[folder] + int(columns["corpus"][place]) << 32 | int(columns["speaker"][place])

    def transcribed(self, clips: Numbers) -> Bool[np.ndarray, " K"]:
        return np.concatenate([spoken_lengths(index.columns) > 0 for index in self.indexes])[clips]

    def _whole(self, index: Index) -> Bool[np.ndarray, " K"]:
        """Which clips of a folder lie within their shards as these are now."""
        shard, ends = index.columns["shard"], index.columns["offset"] + index.columns["size"]
        sizes = np.array(_sizes(index), np.uint64)
        whole = ends <= sizes[shard]
        lost = np.bincount(shard[~whole], minlength=len(sizes))
        for number in np.flatnonzero(lost).tolist():
            self.notices.append(
                f"{index.folder / index.shards[number].name} is truncated or missing: {lost[number]} clips skipped; "
                "pack it again"
            )
        return whole


def open_folders(folders: Sequence[Path], audio: AudioConfig) -> Library:
    """Open the indexes; raises ValueError where they do not fit the configuration or each other."""
    owners: dict[str, Path] = {}
    indexes = []
    for folder in folders:
        index = read_index(folder)
        if (index.sample_rate, index.level) != (audio.sample_rate, audio.level):
            raise ValueError(
                f"{folder} was packed at {index.sample_rate} Hz and {index.level} dBFS, the configuration wants "
                f"{audio.sample_rate} Hz and {audio.level} dBFS: pack it again with this --audio"
            )
        for corpus in index.corpora:
            if corpus in owners:
                raise ValueError(f"corpus {corpus} is in both {owners[corpus]} and {folder}; give one of them")
            owners[corpus] = folder
        indexes.append(index)
    return Library(indexes)


def _sizes(index: Index) -> list[int]:
    if remote.origin(index.folder):
        return [shard.bytes for shard in index.shards]
    paths = [index.folder / shard.name for shard in index.shards]
    return [path.stat().st_size if path.is_file() else 0 for path in paths]


def _numbers(chosen: Bool[np.ndarray, " K"]) -> Numbers:
    return np.flatnonzero(chosen).astype(np.uint32)


class Selection(Sequence[Entry]):
    """Some clips of a library, by their numbers."""

    def __init__(self, library: Library, numbers: Numbers):
        self.library = library
        self.numbers = numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, place: int) -> Entry:
        return self.library[int(self.numbers[place])]


class Voices:
    """Which clips may be references of which: those of one speaker that say something else.

    Another take of the same words would give the target away. Clips lie sorted by voice and by what they say, so those
    that a target excludes are one stretch of its voice's clips, and a partner is found without looking at all of them.
    """

    def __init__(self, library: Library, pool: Numbers):
        self.library = library
        voice, text = library.voices(pool), library.column("text_key")[pool]
        order = np.lexsort((pool, text, voice))
        self.order, voice, text = pool[order], voice[order], text[order]
        self.voices, self.starts = np.unique(voice, return_index=True)
        self.ends = np.append(self.starts[1:], len(pool))
        # A clip without a text excludes itself alone.
        begins = np.diff(voice, prepend=voice[:1]).astype(bool) | np.diff(text, prepend=text[:1]).astype(bool)
        group = np.cumsum(begins | (text == 0))
        sizes = self.ends - self.starts
        self.paired = np.sort(self.order[np.repeat(sizes, sizes) > np.bincount(group)[group]])  # clips with a partner

    def partner(self, clip: int, rng: Random) -> int | None:
        """A clip that may be the reference of a clip of the pool, each equally likely."""
        voice = int(np.searchsorted(self.voices, self.library.voice(clip)))
        start, end = int(self.starts[voice]), int(self.ends[voice])
        text = self.library.text_key(clip)
        first = bisect_left(self.order, text, start, end, key=self.library.text_key)
        last = bisect_right(self.order, text, start, end, key=self.library.text_key)
        if text == 0:
            first = bisect_left(self.order, clip, first, last)
            last = first + 1
        count = (end - start) - (last - first)
        if not count:
            return None
        place = start + rng.randrange(count)
        return int(self.order[place if place < first else place + last - first])
