"""Makes a narration: speaks what the store lacks, mixes each chapter once its last take is there, writes the recording.

A run that was stopped at any moment is continued by running it again.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from threading import Condition

import numpy as np
import soundfile

from tts.encoding import open_wave
from tts.executors import Executor
from tts.files import whole
from tts.narration.beds import BEDS, find_bed
from tts.narration.beside import FilesBeside
from tts.narration.encode import Mastering, find_preset, laid_out
from tts.narration.mix import Placed, mix_chapter
from tts.narration.outputs import find_outputs, write_all
from tts.narration.plan import NarrationPlan, Order, Tell
from tts.narration.project import Project, changes, remembered
from tts.narration.script import Segment
from tts.narration.speaking import SpeechJob, WantedTake, load_nets, speak_paragraph
from tts.narration.takes import BrokenTake, StoredTake
from tts.narration.timeline import TimedChapter, TimedSegment, Timeline
from tts.narration.times import SaidWord, written_words
from tts.text.language import language

KEY = "software"  # the tag of a chapter that holds its key; soundfile does not see what FFmpeg writes as a comment

Told = Callable[[float, float], None]  # takes how much is done, and of how much
Progress = Callable[[str], AbstractContextManager[Told]]  # of a kind of work


@dataclass(frozen=True)
class Narrated:
    """What came of a run."""

    recordings: list[Path]  # one, or one for each chapter
    others: list[Path]  # what was made from it
    chapters: int
    seconds: float  # of the recording
    spoken: int  # takes that were made in this run
    kept: int  # takes that were there
    doubtful: list[tuple[Segment, StoredTake]]


class Narration:
    """A plan that is being carried out."""

    def __init__(self, plan: NarrationPlan, tell: Tell):
        self.plan, self.tell = plan, tell
        self.project, self.store, self.script = plan.project, plan.store, plan.script
        numbers = range(len(self.script.segments))
        chapters = groupby(numbers, key=lambda index: self.script.segments[index].chapter)
        self.chapters = [list(own) for _, own in chapters]  # the numbers of the segments of each
        self.keys = [plan.chapter_key(own) for own in self.chapters]
        self.paths = [
            self.project.chapter_path(place, chapter.title) for place, chapter in enumerate(self.script.chapters, 1)
        ]
        self.takes: dict[str, StoredTake] = {}  # by key, those that are known to be there
        self._came = Condition()  # of takes; whoever awaits one has it
        self._given_up = False

    def jobs(self) -> list[SpeechJob]:
        """What the store lacks, a job for each paragraph. What it has is read through."""
        lacking: dict[str, list[int]] = {}
        asked = set()
        for index, want in enumerate(self.plan.wanted):
            if want is None or want.key in self.takes or want.key in asked:
                continue
            if found := self._stored(want.key):
                self.takes[want.key] = found
            else:
                asked.add(want.key)
                lacking.setdefault(self.script.segments[index].id.rpartition(".")[0], []).append(index)
        return [self.plan.job(indices) for indices in lacking.values()]

    def _stored(self, key: str) -> StoredTake | None:
        try:
            found = self.store.find(key)
            if found:
                self.store.read(key)
            return found
        except BrokenTake as error:
            self.tell(f"{error}: it is spoken again")
            return None

    def speak(self, jobs: list[SpeechJob], executor: Executor, told: Told, check: Callable[[], None]) -> None:
        """Run the jobs, and mix each chapter as soon as it can be. Raises OSError if a worker died.

        `told` gets characters: how long they take to speak hardly depends on which they are. `check` is called after
        each job, and may raise what makes it useless to go on.
        """
        total, said, lost = sum(job.characters for job in jobs), 0, []

        def done(job: SpeechJob, takes: list[StoredTake]) -> None:
            nonlocal said
            with self._came:
                self.takes.update((take.key, take) for take in takes)
                self._came.notify_all()
            said += job.characters
            told(said, total)
            check()

        waiting = dict(enumerate(self._lacking()))
        for takes in executor.map(speak_paragraph, jobs, lambda job: lost.append(job) or [], done):
            for chapter in list(waiting):
                waiting[chapter].difference_update(take.key for take in takes)
                if not waiting[chapter]:
                    del waiting[chapter]
                    self.mix(chapter)
        if lost:
            words = lost[0].wanted[0].words
            raise OSError(f"{len(lost)} paragraphs are lost: a worker died, the first time at {words!r}; run again")

    def _lacking(self) -> list[set[str]]:
        """The keys that each chapter waits for."""
        wanted = ([self.plan.wanted[index] for index in indices] for indices in self.chapters)
        return [{want.key for want in own if want and want.key not in self.takes} for own in wanted]

    def _is_mixed(self, chapter: int) -> bool:
        return _key_in(self.paths[chapter]) == self.keys[chapter]

    def mix(self, chapter: int) -> None:
        """Write a chapter from the store, unless it is there."""
        if self._is_mixed(chapter):
            return
        self.project.chapters.mkdir(parents=True, exist_ok=True)
        tags = {"title": self.script.chapters[chapter].title, KEY: self.keys[chapter]}
        with open_wave(self.paths[chapter], self.store.rate, tags=tags) as file:
            for placed in self._laid_out(chapter, lambda want: self.store.read(want.key)):
                file.write(placed.wave)

    def sound(self, chapter: int) -> Iterator[np.ndarray]:
        """The speech of a chapter, (1, N); where a take is not spoken yet, it is waited for.

        Raises InterruptedError once `give_up` was called. It is for another thread than the one that speaks.
        """
        for placed in self._laid_out(chapter, self._awaited):
            yield placed.wave[None]

    def _awaited(self, want: WantedTake) -> np.ndarray:
        with self._came:
            self._came.wait_for(lambda: want.key in self.takes or self._given_up)
            if self._given_up:
                raise InterruptedError("given up")
        return self.store.read(want.key)

    def give_up(self) -> None:
        """Nothing will be spoken any more."""
        with self._came:
            self._given_up = True
            self._came.notify_all()

    def _laid_out(self, chapter: int, sound: Callable[[WantedTake], np.ndarray]) -> Iterator[Placed]:
        """The segments of a chapter in time; `sound` gives the wave of a take."""
        empty = np.zeros(0, np.float32)
        takes = (
            (self.script.segments[index], sound(want) if want else empty)
            for index in self.chapters[chapter]
            for want in [self.plan.wanted[index]]
        )
        return mix_chapter(takes, self.store.rate)

    def title_page(self) -> Timeline:
        """What is said of the whole, without its chapters."""
        text, cast = self.script.document, self.plan.voices
        return Timeline(
            title=self.plan.title,
            author=text.author,
            language=text.language or language(self.plan.nets.language).code,
            narrator=", ".join(dict.fromkeys(cast[role].name for role in self.script.roles)),
            seconds=0.0,
            chapters=[],
            synthetic=True,
            weights=self.plan.weights,
        )

    def timeline(self) -> Timeline:
        """When everything is said. Only lengths matter for that, so silence stands for the takes."""
        chapters: list[TimedChapter] = []
        start = 0.0
        for number, own in enumerate(self.script.chapters):
            samples, segments = 0, []
            for placed in self._laid_out(number, lambda want: np.zeros(self.takes[want.key].samples, np.float32)):
                samples += len(placed.wave)
                segments.append((placed.segment, placed.start, placed.stop))
            stop = start + samples / self.store.rate
            timed = list(self._timed(self.chapters[number], segments))
            chapters.append(TimedChapter(title=own.title, start=start, stop=stop, segments=timed))
            start = stop
        return replace(self.title_page(), seconds=start, chapters=chapters)

    def _timed(self, indices: list[int], placed: list[tuple[Segment, float, float]]) -> Iterator[TimedSegment]:
        """What is heard of a chapter. Parts of one sentence, of which the later ones have no text, are one segment."""
        spoken = [(self.plan.wanted[index], *own) for index, own in zip(indices, placed, strict=True)]
        spoken = [own for own in spoken if own[0]]
        starts = [number for number, (_, segment, *_) in enumerate(spoken) if segment.written or not number]
        for first, last in zip(starts, [*starts[1:], len(spoken)], strict=True):
            parts = spoken[first:last]
            segment = parts[0][1]
            takes = [self.takes[want.key] for want, *_ in parts]
            said = [_moved(word, own[2]) for own, take in zip(parts, takes, strict=True) for word in take.words]
            yield TimedSegment(
                id=segment.id,
                paragraph=segment.paragraph,
                kind=segment.kind,
                level=segment.level,
                role=segment.role,
                voice=self.plan.voices[segment.role].name,
                text=segment.written,
                words=written_words(segment.written, said),
                start=parts[0][2],
                stop=parts[-1][3],
                take=" ".join(take.key for take in takes),
                seed=takes[0].seed,
                faults=[fault for take in takes for fault in take.faults],
                loss=max(take.loss for take in takes),
            )

    def doubtful(self) -> list[tuple[Segment, StoredTake]]:
        """The takes in which the check still finds faults."""
        pairs = zip(self.script.segments, self.plan.wanted, strict=True)
        takes = [(segment, self.takes[want.key]) for segment, want in pairs if want]
        return [(segment, take) for segment, take in takes if take.faults]


def make(order: Order, project: Project, executor: Executor, tell: Tell, progress: Progress) -> Narrated:
    """Narrate a document, or go on with it."""
    check(order)
    plan = NarrationPlan(order, project, tell)
    narration = Narration(plan, tell)
    now = remembered(plan.script)
    for line in changes(project.read("script"), now):
        tell(line)
    project.write("order", asdict(order))
    jobs = narration.jobs()
    spoken = sum(len(job.wanted) for job in jobs)
    kept = len(narration.takes)
    with files_beside(narration, order, tell) as files:
        with progress("speaking") as told:
            narration.speak(jobs, executor, told, files.check)
        load_nets.cache_clear()  # nothing is spoken any more, and a long book needs their memory
        with project.locked(tell):
            for chapter in range(len(narration.chapters)):  # those of long ago, or of another run meanwhile
                narration.mix(chapter)
            project.remove_other_chapters(narration.paths)
            project.remove_leftovers()
            timeline = narration.timeline()
            with progress("mastering") as told:
                recordings = files.finish(told, timeline.seconds)
            timeline = laid_out(timeline, preset=order.preset, bed=order.bed, per_chapter=order.per_chapter)
            others = write_all(timeline, plan.script.document, recordings, project.folder, order.outputs)
            doubtful = narration.doubtful()
            project.write_doubtful(doubtful, spoken + kept, plan.store.path)
            project.write("script", now)
    if order.chapters is None and (unwanted := plan.unwanted()):
        tell(f"{len(unwanted)} takes are wanted no more: the verb clean removes them")
    chapters = len(narration.chapters)
    return Narrated(recordings, others, chapters, timeline.seconds, spoken, kept, doubtful)


def check(order: Order) -> None:
    """Raise the ValueErrors of what comes last, before hours of speaking."""
    find_preset(order.preset)
    if order.bed and order.bed not in BEDS:
        find_bed(order.bed, order.nets.sample_rate())
    find_outputs(order.outputs, [Path(order.output)])


@contextmanager
def files_beside(narration: Narration, order: Order, tell: Tell) -> Iterator[FilesBeside]:
    """The finished files, which are made while the narration is spoken; nothing waits for takes after the block."""
    mastering = Mastering(
        Path(order.output),
        narration.store.rate,
        timeline=narration.title_page(),
        document=narration.script.document,
        preset=order.preset,
        bed=order.bed,
        mark=order.mark,
    )
    sounds = [partial(narration.sound, chapter) for chapter in range(len(narration.chapters))]
    titles = [chapter.title for chapter in narration.script.chapters]
    with FilesBeside(mastering, mastering.files(sounds, titles, order.per_chapter), tell) as files:
        try:
            yield files
        finally:
            narration.give_up()


def speak_again(plan: NarrationPlan, indices: Iterable[int], seed: int | None) -> list[tuple[Segment, StoredTake]]:
    """Give segments another take, with this seed or the one after their own, and keep that choice."""
    out = []
    for index in indices:
        plan.choose(index, plan.wanted[index].seed + 1 if seed is None else seed)
        (take,) = speak_paragraph(plan.job([index]))
        out.append((plan.script.segments[index], take))
    return out


def speak_choices(plan: NarrationPlan, index: int, count: int) -> list[tuple[Path, StoredTake]]:
    """Several takes of a segment, side by side in the project's folder: number 1 has the seed of the settings."""
    out = []
    for number in range(1, count + 1):
        want = plan.want(index, plan.seed + number - 1)
        (take,) = speak_paragraph(replace(plan.job([]), wanted=(want,)))
        path = plan.project.tries / f"{plan.script.segments[index].id} take {number}.flac"
        with whole(path) as file:
            file.write(plan.store.path(take.key).read_bytes())
        out.append((path, take))
    return out


def _key_in(path: Path) -> str:
    """The key of the chapter in a file; empty if it cannot be read."""
    try:
        with soundfile.SoundFile(path) as file:
            return getattr(file, KEY)
    except soundfile.LibsndfileError:
        return ""


def _moved(word: SaidWord, seconds: float) -> SaidWord:
    return word._replace(start=word.start + seconds, stop=word.stop + seconds)
