"""Reading shards at random: a reader that trusts no byte it has not checked, and samples made of what it reads."""

import io
import math
import os
import random
import tarfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from data import remote
from data.index import Entry
from data.library import Library, Numbers, Selection, Voices
from data.meanings import Meanings
from data.order import Draw
from tts.text.language import code_of
from tts.text.tokenizer import Tokenizer, unpinned
from tts.types import AudioConfig, Batch, SpokenClips

SHORTEST_REFERENCE = 1.0  # seconds
REFERENCE_SHARE = 1 / 3  # of a speaker's only clip, when reference and target must share it
CONTAINERS = {"flac": "FLAC", "opus": "OGG"}
LEAST = 4096  # samples of a batch of texts alone, which a codec can encode
MAX_OPEN = 256  # shards at once in a process; systems allow 1024 files and a training has others


@dataclass(frozen=True)
class Sample:
    """One row of a batch."""

    key: str
    speaker: str
    text: list[int]
    times: list[float]  # seconds of the start, each id and the end; empty where they are not known
    wav: Float[Tensor, " N"]
    reference: Float[Tensor, " K"]
    prompt: "Sample | None" = None  # the whole clip that the reference was taken from, without either
    languages: "dict[str, Sample]" = field(default_factory=dict)  # by code, see `Batch.languages`


NOTHING = Sample("", "", [], [], torch.zeros(0), torch.zeros(0))


class ShardReader:
    """Sound by index entry, straight from the tar: no member is unpacked, unpickled or believed unread."""

    def __init__(self, sample_rate: int):
        self.sample_rate = sample_rate
        self.files: dict[Path, int] = {}

    def __getstate__(self) -> dict:
        return {"sample_rate": self.sample_rate, "files": {}}  # each worker opens its own

    def read(self, clip: Entry, start: int, stop: int) -> Float[Tensor, " N"]:
        """Samples start to stop of a clip. Raises ValueError naming the shard if the tar is not what its index says."""
        path = clip.folder / clip.shard
        try:
            block = self._bytes(path, clip.offset - tarfile.BLOCKSIZE, clip.offset + clip.size)
            header = tarfile.TarInfo.frombuf(block[: tarfile.BLOCKSIZE], "utf-8", "strict")
            if header.name != f"{clip.key}.{clip.format}" or header.size != clip.size or not header.isreg():
                raise ValueError(f"it holds {header.name!r} there")
            if len(block) != tarfile.BLOCKSIZE + clip.size:
                raise ValueError("it ends too early")
            return self._decode(block[tarfile.BLOCKSIZE :], clip, start, stop)
        except (OSError, ValueError, tarfile.TarError, soundfile.LibsndfileError) as error:
            raise ValueError(f"{path}: clip {clip.key} is not what the index says ({error}); skipped") from None

    def _bytes(self, path: Path, start: int, stop: int) -> bytes:
        if url := remote.origin(path.parent):
            return remote.read_range(f"{url}/{path.name}", start, stop)
        if path not in self.files:
            if len(self.files) >= MAX_OPEN:
                os.close(self.files.pop(next(iter(self.files))))
            self.files[path] = os.open(path, os.O_RDONLY)
        return os.pread(self.files[path], stop - start, start)

    def _decode(self, data: bytes, clip: Entry, start: int, stop: int) -> Float[Tensor, " N"]:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            found = (file.format, file.samplerate, file.channels)
            if found != (CONTAINERS.get(clip.format), self.sample_rate, 1):
                raise ValueError(f"found {found}")
            if abs(file.frames - clip.seconds * self.sample_rate) > 0.05 * self.sample_rate:
                raise ValueError(f"found {file.frames} samples")
            file.seek(min(start, file.frames))
            return torch.from_numpy(file.read(max(0, min(stop, file.frames) - start), dtype="float32"))


@dataclass(kw_only=True, eq=False)
class ClipDataset(torch.utils.data.Dataset):
    """Draws to samples: a target, its text, and a reference clip of the same speaker that is never the target.

    `targets` are numbers of clips, and a draw names one by its place among them; references come from `voices`.
    Broken clips come back as their error message.
    """

    library: Library
    targets: Numbers
    voices: Voices | None  # None: no reference is read
    audio: AudioConfig
    tokenizer: Tokenizer | None
    crop_seconds: float | None
    reference_seconds: float | None
    prompt_seconds: float | None  # a reference clip that is no longer is given whole, with its text; None: none is
    letters: float
    meanings: Meanings | None = None  # which clips say the same in which languages; None: no task asks

    def __post_init__(self):
        self.clips = Selection(self.library, self.targets)
        self.reader = ShardReader(self.audio.sample_rate)
        languages = set(self.library.languages.values()) if self.tokenizer else ()
        self.readers = {language: self.tokenizer.reading(language) for language in languages}
        self.timed = {index.folder for index in self.library.indexes if tells_times(index.alignment, self.tokenizer)}

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, draw: Draw) -> Sample | str:
        try:
            return self._sample(int(self.clips.numbers[draw.clip]), random.Random(draw.seed))
        except ValueError as error:
            return str(error)

    def _sample(self, number: int, rng: random.Random) -> Sample:
        clip = self.library[number]
        if not clip.seconds:
            silence = torch.zeros(self._samples(SHORTEST_REFERENCE))
            return Sample(clip.key, "", [], [], torch.zeros(0), silence, None, self._languages(number, rng))
        start, stop = 0, self._samples(clip.seconds)
        reference, prompt = torch.zeros(0), None
        whole = True
        languages = self._languages(number, rng)
        if self.voices is not None:
            partner = self.voices.partner(number, rng)
            if partner is not None:
                other = self.library[partner]
                reference = self.reader.read(
                    other, *self._crop(0, self._samples(other.seconds), self.reference_seconds, rng)
                )
                if self.prompt_seconds is not None and other.seconds <= self.prompt_seconds:
                    text, times = self._text(other, rng)
                    wav = self.reader.read(other, 0, self._samples(other.seconds))
                    prompt = Sample(other.key, other.speaker, text, times, wav, torch.zeros(0))
            else:
                cut = self._samples(min(self.reference_seconds, clip.seconds * REFERENCE_SHARE))
                first, whole = rng.random() < 0.5, False
                reference = self.reader.read(clip, *((0, cut) if first else (stop - cut, stop)))
                start, stop = (cut, stop) if first else (0, stop - cut)
        if self.crop_seconds is not None and stop - start > self._samples(self.crop_seconds):
            start, stop = self._crop(start, stop, self.crop_seconds, rng)
            whole = False
        text, times = self._text(clip, rng) if whole else ([], [])
        wav = self.reader.read(clip, start, stop)
        return Sample(clip.key, clip.speaker, text, times, wav, reference, prompt, languages)

    def _languages(self, number: int, rng: random.Random) -> dict[str, Sample]:
        """What a clip says in each language: itself in its own, in others one that means the same."""
        if self.meanings is None:
            return {}
        own = {code_of(self.library.language(number)): number} | self.meanings.others(number, rng)
        return {code: self._said(own[code]) if code in own else NOTHING for code in self.meanings.codes}

    def _said(self, number: int) -> Sample:
        """A clip as tasks of translation have it: its text in letters, and its sound if it has any."""
        clip = self.library[number]
        text = self.readers[self.library.languages[clip.corpus]].spell(clip.spoken)
        wav = self.reader.read(clip, 0, self._samples(clip.seconds)) if clip.seconds else torch.zeros(0)
        return Sample(clip.key, clip.speaker, text, [], wav, torch.zeros(0))

    def _text(self, clip: Entry, rng: random.Random) -> tuple[list[int], list[float]]:
        """The ids of a clip's text, some words as letters, and when each is heard."""
        if self.tokenizer is None or not clip.spoken:
            return [], []
        reader = self.readers[self.library.languages[clip.corpus]]
        text = reader.encode(clip.spoken, letters=self.letters, generator=rng)
        if clip.folder not in self.timed or not clip.times:
            return text, []
        plain = reader.encode(clip.spoken) if self.letters else text
        return text, spread_letters(clip.times, plain, text, reader.silent_ids)

    def _samples(self, seconds: float) -> int:
        return round(seconds * self.audio.sample_rate)

    def _crop(self, start: int, stop: int, seconds: float, rng: random.Random) -> tuple[int, int]:
        size = min(self._samples(seconds), stop - start)
        start += rng.randint(0, stop - start - size)
        return start, start + size


def tells_times(alignment: dict | None, tokenizer: Tokenizer | None) -> bool:
    """Whether a folder's times are of the ids that this tokenizer gives, in whatever language its clips are.

    The tokenizer may have symbols more: those of languages that the codec lacks, whose clips have no times.
    """
    if alignment is None or tokenizer is None:
        return False
    told, own = dict(alignment["text"]), unpinned(tokenizer.spec())
    if "symbols" in told and "symbols" in own:
        own["symbols"] = own["symbols"][: len(told["symbols"])]
    return _of_any_language(told) == _of_any_language(own)


def _of_any_language(spec: dict) -> dict:
    return {key: value for key, value in spec.items() if key not in ("language", "lexicon")}


def spread_letters(
    times: Sequence[float], plain: Sequence[int], shown: Sequence[int], silent_ids: Collection[int]
) -> list[float]:
    """Times of a text some of whose words are shown as letters, from those of its plain ids.

    The letters of a word are spread evenly over the time of the word, which reaches half-way to its neighbours. Empty
    if the times are of other ids, as after a change of the lexicon.
    """
    if len(times) != len(plain) + 2:
        return []
    out, a, b = [times[0]], 0, 0
    while a < len(plain) or b < len(shown):
        if plain[a : a + 1] == shown[b : b + 1]:
            out.append(times[a + 1])
            a, b = a + 1, b + 1
            continue
        end = next((place for place in range(a, len(plain)) if plain[place] in silent_ids), len(plain))
        until = next(
            (place for place in range(b, len(shown)) if shown[place : place + 1] == plain[end : end + 1]), len(shown)
        )
        if end == a or until == b:
            return []
        first, last = (times[a] + times[a + 1]) / 2, (times[end] + times[end + 1]) / 2
        out += [first + (last - first) * (place + 0.5) / (until - b) for place in range(until - b)]
        a, b = end, until
    return [*out, times[-1]]


def collate(samples: list[Sample | str]) -> tuple[Batch | None, list[str]]:
    """Pad to the longest; what could not be read is left out and reported."""
    good = [sample for sample in samples if isinstance(sample, Sample)]
    problems = [sample for sample in samples if isinstance(sample, str)]
    if not good:
        return None, problems
    reference, reference_len = _pad([sample.reference for sample in good])
    prompted = any(sample.prompt for sample in good)
    batch = Batch(
        keys=[sample.key for sample in good],
        speakers=[sample.speaker for sample in good],
        reference=reference,
        reference_len=reference_len,
        prompt=_utterance([sample.prompt or NOTHING for sample in good]) if prompted else None,
        languages={code: _utterance([sample.languages[code] for sample in good]) for code in good[0].languages},
        **vars(_utterance(good)),
    )
    return batch, problems


def _utterance(samples: list[Sample]) -> SpokenClips:
    text, text_len = _pad([torch.tensor(sample.text, dtype=torch.long) for sample in samples])
    wav, wav_len = _pad([sample.wav for sample in samples])
    wav = F.pad(wav, (0, max(0, LEAST - wav.shape[1])))
    times = _times(samples, text.shape[1] + 2) if any(sample.times for sample in samples) else None
    return SpokenClips(text, text_len, wav, wav_len, times)


def _times(samples: list[Sample], size: int) -> Float[Tensor, "B S2"]:
    """Times behind a text's end stay there, as those of `tts.align` do."""
    rows = [[*sample.times, *sample.times[-1:] * (size - len(sample.times))] or [math.nan] * size for sample in samples]
    return torch.from_numpy(np.array(rows, np.float32))


def _pad(rows: list[Tensor]) -> tuple[Tensor, Tensor]:
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])
