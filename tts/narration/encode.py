"""Speech to finished files: loudness, bed, mark, codec, tags. What is asked is measured in the result."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tts.document import Document
from tts.encoding import FileChapter, StreamShape, output_of
from tts.narration import loudness
from tts.narration.beds import find_bed
from tts.narration.blocks import ahead
from tts.narration.chain import Chain, Sound
from tts.narration.loudness import PRESETS, Preset
from tts.narration.timeline import TimedSegment, Timeline
from tts.packets import PackedSound, packed
from tts.synthesis.mark import provenance

HEADROOM = 0.5  # dB that peaks of a lossy codec may rise
ATTEMPTS = 3  # encodings of a file until it measures as asked
CLOSE = 0.3  # LU that a result shall be off at most
CLOSE_OVER_BED = 0.2  # the same where a bed lies under the speech, which is as loud as asked against what was asked
GENRE = "Audiobook"

Tell = Callable[[str], None]  # takes a line for the user
Progress = Callable[[float], None]  # takes seconds of sound


@dataclass(frozen=True)
class OutputFile:
    """One file: its chapters, in order, and what it is called."""

    path: Path
    chapters: Sequence[Sound]
    titles: Sequence[str]
    number: int  # among the files, counted from 1
    of: int
    title: str


class Mastering:
    """Makes finished files of speech (mono, at `rate` Hz), which may still be coming."""

    def __init__(
        self,
        output: Path,
        rate: int,
        *,
        timeline: Timeline,
        document: Document,
        preset: str = "none",
        bed: str | None = None,
        mark: bool = True,
    ):
        """`timeline` says what the tags say; its chapters are not looked at. `bed` is what `find_bed` takes.

        Raises ValueError for an unknown preset, bed or suffix.
        """
        self.output, self.rate, self.timeline, self.document, self.mark = output, rate, timeline, document, mark
        self.format = output_of(output)
        self.preset = find_preset(preset)
        self.bed = find_bed(bed, rate) if bed else None

    def files(self, chapters: Sequence[Sound], titles: Sequence[str], per_chapter: bool) -> list[OutputFile]:
        """The files that are to be made, one or one for each chapter."""
        if not per_chapter:
            return [OutputFile(self.output, chapters, titles, 1, 1, self.timeline.title)]
        of = len(chapters)
        digits = max(2, len(str(of)))
        made = []
        for number, (sound, title) in enumerate(zip(chapters, titles, strict=True), 1):
            path = self.output.with_name(f"{self.output.stem}-{number:0{digits}}{self.output.suffix}")
            named = title or f"{self.timeline.title} {number}".strip()
            made.append(OutputFile(path, [sound], [title], number, of, named))
        return made

    def write(self, file: OutputFile, tell: Tell, progress: Progress = lambda seconds: None) -> None:
        """Make a file, and tell what is heard of it: whether it measures as asked.

        It is encoded while its speech comes, with a gain that follows from the first of it. If the whole does not
        measure as asked, it is encoded again. `progress` is called with the seconds that are encoded. Raises OSError
        as writing does.
        """
        chain = Chain(file.chapters, self.rate, self.preset, self.bed, self.mark)
        kbits = self.preset.kbits or self.format.kbits
        shape = StreamShape(self.format, self.preset.rate or self.rate, chain.channels, kbits)
        peak, lossy = self.preset.peak, self.format.lossy
        ceiling = None if peak is None else peak - (HEADROOM if lossy else 0.0)
        gain = chain.fit(self.format.loss)
        for attempt in range(1, ATTEMPTS + 1):
            with _packed(file.path, self.rate, shape) as sound:
                result = self._heard(sound, chain, _counted(chain.blocks(gain, ceiling), self.rate, progress))
                missing = chain.missing(result) if result else 0.0
                too_high = max(0.0, result.true_peak - peak) if result and peak is not None else 0.0
                if attempt == ATTEMPTS or (abs(missing) <= self.slack and not too_high):
                    sound.save(file.path, self._tags(file), _marks(file.titles, chain.stops), self.document.cover)
                    if result:
                        tell(loudness.table(file.path, loudness.requirements(self.preset, result)))
                    return
            if abs(missing) > self.slack:
                gain += missing
            if too_high:
                ceiling -= too_high + loudness.SAFETY

    @property
    def slack(self) -> float:
        """By how many LU or dB a file may miss the middle of what is asked for before it is encoded again."""
        if self.preset.rms is not None:
            low, high = self.preset.rms
            return (high - low) / 4
        return CLOSE_OVER_BED if self.bed else CLOSE

    def _heard(self, sound: PackedSound, chain: Chain, blocks: Iterator[np.ndarray]) -> loudness.Measured | None:
        """Encode everything; gives what the result measures, decoded again, where something is asked of it."""
        if self.preset != PRESETS["none"]:
            return loudness.measure(ahead(sound.decoded(ahead(blocks))), sound.shape.codec_rate, weigh=chain.weighs)
        for block in ahead(blocks):
            sound.write(block)
        sound.finish()
        return None

    def _tags(self, file: OutputFile) -> dict[str, str]:
        """What a file says of itself, under the names that FFmpeg and Audiobookshelf read."""
        timeline, document = self.timeline, self.document
        numbered = re.fullmatch(r"(.+?)[\s,#]+(\d+(?:\.\d+)?)", document.series.strip())
        series, part = numbered.groups() if numbered else (document.series.strip(), "")
        made_by = provenance(timeline.weights, timeline.narrator, self.bed.name if self.bed else "")
        tags = {
            "title": file.title,
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
            "track": f"{file.number}/{file.of}" if file.of > 1 else "",
        }
        return {key: value for key, value in tags.items() if value}


def find_preset(name: str) -> Preset:
    """A preset by its name. Raises ValueError that lists them."""
    if name not in PRESETS:
        raise ValueError(f"no preset {name!r}: use {', '.join(PRESETS)}")
    return PRESETS[name]


def laid_out(timeline: Timeline, *, preset: str, bed: str | None, per_chapter: bool) -> Timeline:
    """The timeline of the finished recording: what stands before and after the speech belongs to its chapters."""
    before, after = find_preset(preset).around(bool(bed))
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


@contextmanager
def _packed(path: Path, rate: int, shape: StreamShape) -> Iterator[PackedSound]:
    """Sound that is packed beside its file, in whose name errors are told."""
    try:
        with packed(path.parent, rate, shape) as sound:
            yield sound
    except OSError as error:
        if error.errno and not error.filename:
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise


def _counted(blocks: Iterable[np.ndarray], rate: int, progress: Progress) -> Iterator[np.ndarray]:
    samples = 0
    for block in blocks:
        samples += block.shape[1]
        progress(samples / rate)
        yield block


def _marks(titles: Sequence[str], stops: Sequence[float]) -> list[FileChapter]:
    marks = zip(titles, [0.0, *stops], stops, strict=False)
    return [FileChapter(title or str(number), start, stop) for number, (title, start, stop) in enumerate(marks, 1)]


def _later(segment: TimedSegment, seconds: float) -> TimedSegment:
    if not seconds:
        return segment
    words = [replace(word, start=word.start + seconds, stop=word.stop + seconds) for word in segment.words]
    return replace(segment, start=segment.start + seconds, stop=segment.stop + seconds, words=words)
