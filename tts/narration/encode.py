"""Chapters of speech to finished files: loudness, bed, mark, codec, tags. Everything is measured before and after.

chapters (24 kHz) -> silence around -> gain -> compressor -> bed -> mark -> limiter -> encoder
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile

from tts.document import Document
from tts.encoding import FileChapter, open_wave
from tts.formats import OUTPUTS
from tts.narration import loudness
from tts.narration.beds import Bed, find_bed, under
from tts.narration.blocks import ahead, decibels
from tts.narration.loudness import ABSOLUTE_GATE, PRESETS, SILENT, STEREO, Preset, Requirement
from tts.narration.timeline import TimedChapter, TimedSegment, Timeline
from tts.synthesis.mark import marked, provenance

BLOCK = 24_000  # samples read at once
HEADROOM = 0.5  # dB that peaks of a lossy codec may rise
ATTEMPTS = 3  # encodings of a file until it measures as asked
PASSES = 3  # over the sound of a file, mostly: measuring the speech, encoding, measuring the result
BELOW = 3.0  # dB under the loudness of speech at which the compressor starts
GENRE = "Audiobook"

Tell = Callable[[str], None]  # takes a line for the user
Progress = Callable[[float, float], None]  # takes how much is done, and of how much


@dataclass(frozen=True)
class Report:
    """What one file was asked for and what it measures, decoded again."""

    path: Path
    lines: list[Requirement]

    def __str__(self) -> str:
        return loudness.table(self.path, self.lines)


@dataclass(frozen=True)
class OutputFile:
    """One file: its chapters, in order, and what it is called."""

    path: Path
    sources: Sequence[Path]
    chapters: Sequence[TimedChapter]
    number: int  # among the files, counted from 1
    title: str


def master(
    chapters: Sequence[Path],
    output: Path,
    *,
    timeline: Timeline,
    document: Document,
    preset: str = "none",
    bed: str | None = None,
    mark: bool = True,
    per_chapter: bool = False,
    tell: Tell = lambda line: None,
    progress: Progress = lambda done, whole: None,
) -> list[Path]:
    """Make the finished file from the sound of each chapter (mono), or one file a chapter beside `output`.

    `timeline` is that of the chapters as they are; `laid_out` gives that of the result. Files are measured again after
    they are written, and `tell` gets the report. `progress` is called with seconds of sound done, and to do in all.
    `bed` is a name or an audio file, as `find_bed` takes it. Raises ValueError for chapters that do not fit the
    timeline, an unknown preset, bed or suffix; OSError as writing does.
    """
    if len(chapters) != len(timeline.chapters) or not chapters:
        raise ValueError(f"{len(chapters)} chapters of sound, but {len(timeline.chapters)} in the timeline")
    rate = _rate(chapters)
    mastering = Mastering(output, rate, timeline=timeline, document=document, preset=preset, bed=bed, mark=mark)
    files = mastering.pieces(chapters, timeline.chapters, per_chapter)
    work = PassProgress(progress, mastering.passes * sum(_seconds(piece.sources) for piece in files))
    for piece in files:
        mastering.write(piece, len(files), tell, work)
    work.finish()
    return [piece.path for piece in files]


class Mastering:
    """What is asked of finished files, whose chapters may come one by one."""

    def __init__(
        self,
        output: Path,
        rate: int,
        *,
        timeline: Timeline,
        document: Document,
        preset: str,
        bed: str | None,
        mark: bool,
    ):
        """`timeline` says what the tags say; its chapters are not looked at."""
        self.output, self.rate, self.timeline, self.document, self.mark = output, rate, timeline, document, mark
        self.preset = find_preset(preset)
        self.bed = find_bed(bed, rate) if bed else None

    @property
    def passes(self) -> int:
        """Over the sound of a file, mostly."""
        return PASSES if self.bed or self.preset != PRESETS["none"] else 1

    def pieces(self, chapters: Sequence[Path], timed: Sequence[TimedChapter], per_chapter: bool) -> list[OutputFile]:
        """The files that are made, with the times of their chapters from the start of each file."""
        if per_chapter:
            of = len(chapters)
            return [self.piece(n, of, *own) for n, own in enumerate(zip(chapters, timed, strict=True), 1)]
        before, after = around(self.preset, bool(self.bed))
        at, times = 0.0, []
        for index, (path, chapter) in enumerate(zip(chapters, timed, strict=True)):
            stop = at + _seconds([path]) + (before if index == 0 else 0) + (after if index == len(chapters) - 1 else 0)
            times.append(replace(chapter, start=at, stop=stop, segments=[]))
            at = stop
        return [OutputFile(self.output, chapters, times, 1, self.timeline.title)]

    def piece(self, number: int, of: int, path: Path, chapter: TimedChapter) -> OutputFile:
        """The file of a chapter alone, `number` of so many counted from 1."""
        digits = max(2, len(str(of)))
        name = self.output.with_name(f"{self.output.stem}-{number:0{digits}}{self.output.suffix}")
        seconds = sum(around(self.preset, bool(self.bed))) + _seconds([path])
        times = [replace(chapter, start=0.0, stop=seconds, segments=[])]
        return OutputFile(name, [path], times, number, chapter.title or f"{self.timeline.title} {number}".strip())

    def write(self, piece: OutputFile, of: int, tell: Tell, work: "PassProgress") -> None:
        """Make one of so many files, and tell what it measures."""
        tags = tags_of(self.timeline, self.document, piece, of, self.bed)
        report = _write(piece, self.rate, self.preset, self.bed, self.mark, tags, self.document, work)
        if report.lines:
            tell(str(report))


def find_preset(name: str) -> Preset:
    """A preset by its name. Raises ValueError that lists them."""
    if name not in PRESETS:
        raise ValueError(f"no preset {name!r}: use {', '.join(PRESETS)}")
    return PRESETS[name]


def laid_out(timeline: Timeline, *, preset: str, bed: str | None, per_chapter: bool) -> Timeline:
    """The timeline of the finished recording: what stands before and after the speech belongs to its chapters."""
    before, after = around(find_preset(preset), bool(bed))
    last = len(timeline.chapters) - 1
    at, chapters = 0.0, []
    for index, chapter in enumerate(timeline.chapters):
        ahead = before if per_chapter or index == 0 else 0.0
        behind = after if per_chapter or index == last else 0.0
        stop = at + ahead + (chapter.stop - chapter.start) + behind
        segments = [_later(segment, ahead) for segment in chapter.segments]
        chapters.append(replace(chapter, start=at, stop=stop, segments=segments))
        at = stop
    return replace(timeline, chapters=chapters, seconds=at)


def around(preset: Preset, bed: bool) -> tuple[float, float]:
    """Seconds before and after the speech of a file."""
    return (preset.bed_before, preset.bed_after) if bed else (preset.before, preset.after)


def tags_of(timeline: Timeline, document: Document, piece: OutputFile, files: int, bed: Bed | None) -> dict[str, str]:
    """What a file says of itself, under the names that FFmpeg and Audiobookshelf read."""
    numbered = re.fullmatch(r"(.+?)[\s,#]+(\d+(?:\.\d+)?)", document.series.strip())
    series, part = numbered.groups() if numbered else (document.series.strip(), "")
    made_by = provenance(timeline.weights, timeline.narrator, bed.name if bed else "")
    tags = {
        "title": piece.title,
        "album": timeline.title,
        "artist": timeline.author,
        "album_artist": timeline.author,
        "composer": timeline.narrator,
        "genre": GENRE,
        "date": document.date,
        "publisher": document.publisher,
        "description": document.description,
        "language": timeline.language,
        # MP4 has no tag for a series; Audiobookshelf takes that of a television show.
        "series": series,
        "show": series,
        "series-part": part,
        "episode_id": part,
        "comment": made_by if timeline.synthetic else "",
        "track": f"{piece.number}/{files}" if files > 1 else "",
    }
    return {key: value for key, value in tags.items() if value}


def _write(
    piece: OutputFile,
    rate: int,
    preset: Preset,
    bed: Bed | None,
    mark: bool,
    tags: dict[str, str],
    document: Document,
    work: "PassProgress",
) -> Report:
    """Measure the speech, encode, and measure what was encoded; again if that is not as loud as asked."""
    suffix = piece.path.suffix.lower()
    if suffix not in OUTPUTS:
        raise ValueError(f"cannot write {str(piece.path)!r}: the name must end in {', '.join(OUTPUTS)}")
    codec = OUTPUTS[suffix]
    chain = _Chain(piece, rate, preset, bed, mark)
    ceiling = None if preset.peak is None else preset.peak - (HEADROOM if codec.lossy else 0.0)
    gain = chain.fit(codec.loss, work)
    for attempt in range(1, ATTEMPTS + 1):
        with open_wave(
            piece.path,
            rate,
            channels=chain.channels,
            file_rate=preset.rate,
            kbits=preset.kbits,
            tags=tags,
            chapters=_file_chapters(piece),
            cover=document.cover,
        ) as file:
            for block in work.counted(ahead(chain.blocks(gain, ceiling)), rate):
                file.write(block)
        if preset == PRESETS["none"]:
            return Report(piece.path, [])
        file_rate, blocks = loudness.decoded(piece.path)
        result = loudness.measure(work.counted(ahead(blocks), file_rate), file_rate, weigh=chain.weighs)
        missing = chain.missing(result)
        too_high = 0.0 if preset.peak is None else max(0.0, result.true_peak - preset.peak)
        if attempt == ATTEMPTS or (abs(missing) <= preset.slack and not too_high):
            return Report(piece.path, loudness.requirements(preset, result))
        if abs(missing) > preset.slack:
            gain += missing
        if too_high:
            ceiling -= too_high + loudness.SAFETY
    raise AssertionError("the last attempt returns")


def _file_chapters(piece: OutputFile) -> list[FileChapter]:
    return [FileChapter(one.title or str(number), one.start, one.stop) for number, one in enumerate(piece.chapters, 1)]


class _Chain:
    """The sound of one file, from its chapters to what is encoded; it can be run as often as it is asked for."""

    def __init__(self, piece: OutputFile, rate: int, preset: Preset, bed: Bed | None, mark: bool):
        self.piece, self.rate, self.preset, self.bed, self.mark = piece, rate, preset, bed, mark
        self.channels = bed.channels if bed else 1
        self.before, self.after = around(preset, bed is not None)
        self.seconds = self.before + _seconds(piece.sources) + self.after
        self.weighs = preset.loudness is not None or bed is not None  # whether loudness matters, and not RMS alone
        self.spoken = SILENT  # LUFS of the speech as it is, in one channel; its RMS in dB where that alone matters
        self.first_gain = 0.0  # dB, before the compressor

    def fit(self, loss: float, work: "PassProgress") -> float:
        """Measure the speech, before and after the compressor; gives the gain in dB that it needs after it.

        `loss` is by how many dB the codec will turn it down. A bed, the mark and the limiter hardly change how loud the
        whole is; what they do change is measured in the finished file.
        """
        asks = self.preset.loudness is not None or self.preset.rms is not None
        if not asks and self.bed is None:
            return 0.0
        speech = loudness.measure(work.counted(ahead(self.speech()), self.rate), self.rate, weigh=self.weighs)
        self.spoken = speech.loudness if self.weighs else speech.rms
        if self.spoken <= ABSOLUTE_GATE or not asks:
            return 0.0
        self.first_gain = self.missing(speech)
        if self.preset.ratio == 1:
            return loss
        return loss + self.missing(loudness.measure(work.counted(ahead(self.levelled()), self.rate), self.rate))

    def missing(self, result: loudness.Measured) -> float:
        """How many dB a result is too quiet; none if nothing is said."""
        if self.spoken <= ABSOLUTE_GATE:
            return 0.0
        if self.preset.loudness is not None:
            return self.preset.loudness + (STEREO if result.channels == 2 else 0.0) - result.loudness
        return sum(self.preset.rms) / 2 - result.rms

    def speech(self) -> Iterator[np.ndarray]:
        """The chapters one after the other, with silence around."""
        yield from _silence(round(self.before * self.rate))
        for path in self.piece.sources:
            with soundfile.SoundFile(path) as file:
                for block in file.blocks(BLOCK, dtype="float32", always_2d=True):
                    yield block.T.copy()
        yield from _silence(round(self.after * self.rate))

    @property
    def heard(self) -> float:
        """LUFS of the speech in one channel before the compressor."""
        return self.spoken + self.first_gain

    def levelled(self) -> Iterator[np.ndarray]:
        """The speech after the compressor, if there is one."""
        sound = _louder(self.speech(), self.first_gain)
        if self.preset.ratio == 1:
            return sound
        return loudness.compressed(sound, self.rate, self.heard - BELOW, self.preset.ratio)

    def blocks(self, gain: float, ceiling: float | None) -> Iterator[np.ndarray]:
        """Everything that is done to the speech."""
        sound = _louder(self.levelled(), gain)
        if self.bed:
            against = self.preset.loudness if self.preset.loudness is not None else self.heard + gain
            sound = under(sound, self.bed, self.rate, self.preset, speech_level=against, seconds=self.seconds)
        if self.mark:
            sound = marked(sound, self.rate)
        if ceiling is not None:
            sound = loudness.limited(sound, self.rate, ceiling)
        return iter(sound)


class PassProgress:
    """Tells how much of all passes is done."""

    def __init__(self, progress: Callable[[float, float], None], seconds: float):
        self._progress, self._done, self._whole = progress, 0.0, seconds

    def counted(self, blocks: Iterator[np.ndarray], rate: int) -> Iterator[np.ndarray]:
        for block in blocks:
            self._done += block.shape[1] / rate
            self._progress(min(self._done, self._whole), self._whole)
            yield block

    def finish(self) -> None:
        self._progress(self._whole, self._whole)


def _louder(blocks: Iterator[np.ndarray], gain: float) -> Iterator[np.ndarray]:
    factor = np.float32(decibels(gain))
    return (block * factor for block in blocks) if gain else blocks


def _silence(samples: int) -> Iterator[np.ndarray]:
    for start in range(0, samples, BLOCK):
        yield np.zeros((1, min(BLOCK, samples - start)), np.float32)


def _later(segment: TimedSegment, seconds: float) -> TimedSegment:
    if not seconds:
        return segment
    words = [replace(word, start=word.start + seconds, stop=word.stop + seconds) for word in segment.words]
    return replace(segment, start=segment.start + seconds, stop=segment.stop + seconds, words=words)


def _seconds(paths: Sequence[Path]) -> float:
    total = 0.0
    for path in paths:
        info = soundfile.info(path)
        total += info.frames / info.samplerate
    return total


def _rate(paths: Sequence[Path]) -> int:
    """The one sample rate of all chapters."""
    rates = {}
    for path in paths:
        try:
            info = soundfile.info(path)
        except soundfile.LibsndfileError as error:
            raise ValueError(f"cannot read the chapter {path}: {error.error_string}") from None
        if info.channels != 1:
            raise ValueError(f"{info.channels} channels in {path}: chapters are mono")
        rates.setdefault(info.samplerate, path)
    if len(rates) > 1:
        raise ValueError(
            f"chapters at several rates: {', '.join(f'{path} at {rate} Hz' for rate, path in rates.items())}"
        )
    return next(iter(rates))
