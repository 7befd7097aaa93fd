"""A plan: what is said of a document, by whom, and under which key the store has the take of every segment.

A plan needs no net, unless a voice is to be cloned from a recording.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tts import document, settings, voices
from tts.engine.choice import Nets
from tts.narration.cast import cast_of
from tts.narration.outputs import USUAL
from tts.narration.project import Project
from tts.narration.quotes import DIALOGUE, quoted
from tts.narration.script import Script, chapter_numbers, script_of
from tts.narration.speaking import SpeechJob, WantedTake, load_nets
from tts.narration.takes import TakeStore, digest
from tts.synthesis.explain import language_with, passages, reader_of
from tts.synthesis.speaking import Settings, take_seed
from tts.text.tokenizer import Tokenizer

MIXING = 1  # raised when the same takes come to be mixed otherwise
SILENT = {"pause", "pauses", "max_chars"}  # settings that change no take

Tell = Callable[[str], None]  # takes a notice for the user


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is asked for, as plain data."""

    book: str  # the path of a document
    output: str
    conf: dict  # of conf/infer.yaml
    lexicon: str | None = None
    chapters: str | None = None  # "3-5,8"
    include: tuple[str, ...] = ()
    announce: bool = False
    announce_notes: bool = False
    cast: tuple[str, ...] = ()  # ROLE=VOICE
    quotes: str | None = None  # the voice of dialogue in prose; None: the narrator reads it
    preset: str = "none"  # of loudness, in `tts.narration.loudness.PRESETS`
    bed: str | None = None  # a sound under the speech: one of `tts.narration.beds`, or a file
    per_chapter: bool = False  # a file for each chapter
    mark: bool = True  # whether the sound says inaudibly that it is synthetic
    cover: str | None = None  # a JPEG or a PNG that takes the place of the document's own
    outputs: tuple[str, ...] = USUAL  # what is made beside the recording, of `tts.narration.outputs.EXTRAS`

    @classmethod
    def last(cls, project: Project) -> "Order":
        """The last one of a project. Raises ValueError if there is none that this version understands."""
        try:
            found = project.read("order")
            found["conf"] = {"language": "auto", "voices": {}} | found["conf"]  # older projects have no such settings
            order = cls(**found | {name: tuple(found[name]) for name in ("include", "cast", "outputs")})
            settings.check(order.conf)
        except (TypeError, KeyError, ValueError):
            raise ValueError(f"nothing was narrated in {str(project.folder)!r} yet: run make first") from None
        return order

    @property
    def nets(self) -> Nets:
        """Which nets speak. Raises ValueError as `Nets.chosen`."""
        return Nets.chosen(self.conf)

    def reader(self, text: document.Document, tell: Tell) -> Tokenizer:
        """The tokenizer in whose language the document is read."""
        return reader_of(self.nets.tokenizer(), text.text, asked=self.conf["language"], told=text.language, tell=tell)

    def script(self, tell: Tell) -> Script:
        """What is said."""
        text = document.read(Path(self.book))
        text = replace(text, cover=Path(self.cover).read_bytes()) if self.cover else text
        text = quoted(text) if self.quotes else text
        reader = self.reader(text, tell)
        language = language_with(self.lexicon, reader)
        script = script_of(
            text,
            language=language,
            settings=Settings.parse(self.conf),
            include=self.include,
            chapters=chapter_numbers(self.chapters) if self.chapters else None,
            announce=self.announce,
            announce_notes=self.announce_notes,
            passages=passages(reader),
        )
        for notice in script.notices:
            tell(notice)
        for segment in script.segments:
            for notice in segment.notices:
                tell(f"{segment.id}: {notice}")
        return script


@dataclass(frozen=True)
class CastVoice:
    """Who speaks a role."""

    name: str  # as the user knows the voice
    path: Path  # in the project, named by its content


class NarrationPlan:
    """A script, its cast, and the take that each of its segments wants."""

    def __init__(self, order: Order, project: Project, tell: Tell):
        nets = order.nets.placed()
        self.project, self.seed = project, order.conf["seed"]
        self.script = order.script(tell)
        self.title = self.script.document.title or Path(order.output).stem
        self.settings = Settings.parse(order.conf)
        reader = order.reader(self.script.document, lambda notice: None)
        self.nets, prints = replace(nets, language=reader.language.name), nets.fingerprints()
        self.store = TakeStore(project.takes, nets.sample_rate())
        self.weights = digest(prints)
        self.voices = self._cast(order, reader.language.code, nets.speaker_fingerprint(), tell)
        sound = {name: value for name, value in asdict(self.settings).items() if name not in SILENT}
        common = digest(prints, sound, *nets.arithmetic())
        self._said = self._determined(common, reader)
        self._times = self._counted()
        self.choices = project.choices()
        # Of every segment; None where there is nothing to say.
        self.wanted = [self.want(index) if own.words else None for index, own in enumerate(self.script.segments)]

    def _cast(self, order: Order, language: str, prints: str, tell: Tell) -> dict[str, CastVoice]:
        """The voice of every role. The project's file of them is read, and gets those that are new."""
        given = [*order.cast, *([f"{DIALOGUE}={order.quotes}"] if order.quotes else [])]
        text, file = self.script.document, self.project.cast
        narrator = voices.usual(order.conf, language)
        cast = cast_of(text, file, given, narrator=narrator, language=language, fingerprint=prints)
        cast.save(file)
        chosen = {role: cast.voice(role) for role in self.script.roles}
        kept = {}
        for name in dict.fromkeys(chosen.values()):
            source = voices.resolve(name, tell)
            if isinstance(source, Path):
                latents = voices.load(source, fingerprint=prints)
            else:
                latents = voices.latents_of(source, load_nets(self.nets), cache=True, tell=tell)
            kept[name] = self.project.keep_voice(name, latents, prints)
        return {role: CastVoice(Path(name).stem, kept[name]) for role, name in chosen.items()}

    def _determined(self, common: str, tokenizer: Tokenizer) -> list[str]:
        """For each segment a hash of what determines its take apart from the seed. Volume and pauses are mixed in."""
        out = []
        for segment in self.script.segments:
            ids = tokenizer.encode(segment.words) if segment.words else []
            voice, manner = self.voices[segment.role].path.stem, segment.manner
            out.append(digest(common, ids, segment.words, voice, manner.rate, manner.pitch))
        return out

    def _counted(self) -> list[int]:
        """For each segment, how often its words came in its paragraph, itself included."""
        said: Counter[tuple[str, str]] = Counter()
        out = []
        for segment in self.script.segments:
            own = (segment.id.rpartition(".")[0], segment.words)
            said[own] += 1
            out.append(said[own])
        return out

    def _key(self, index: int, seed: int) -> str:
        words = self.script.segments[index].words
        return digest(self._said[index], take_seed(seed, words, self._times[index]))

    def want(self, index: int, seed: int | None = None) -> WantedTake:
        """The take of a segment with this seed, else the one that was chosen by ear, else that of the settings."""
        segment = self.script.segments[index]
        if seed is None:
            choice = self.choices and self.choices.get(self._key(index, self.seed))
            seed = choice["seed"] if choice else self.seed
        return WantedTake(
            key=self._key(index, seed),
            words=segment.words,
            time=self._times[index],
            voice=self.voices[segment.role].path,
            manner=segment.manner,
            seed=seed,
        )

    def choose(self, index: int, seed: int) -> None:
        """Keep this seed for a segment for as long as nothing else about its take changes."""
        own = self.script.segments[index]
        self.choices[self._key(index, self.seed)] = {"seed": seed, "id": own.id, "words": own.words}
        self.project.write("choices", self.choices)
        self.wanted[index] = self.want(index)

    def find(self, id: str) -> list[int]:
        """The segments that an id names: one, a paragraph or a chapter. Raises ValueError if nothing is said there."""
        segments = enumerate(self.script.segments)
        found = [index for index, own in segments if own.words and f"{own.id}.".startswith(f"{id}.")]
        if not found:
            raise ValueError(f"nothing is said at {id!r}: name a paragraph such as 2.3, or a sentence of it, 2.3.1")
        return found

    def doubtful(self) -> list[int]:
        """The segments whose take is there, and has a fault."""
        found = []
        for index, want in enumerate(self.wanted):
            take = self.store.find(want.key) if want else None
            if take and take.faults:
                found.append(index)
        return found

    def unwanted(self) -> list[Path]:
        """The takes in the store that no segment wants: of changed sentences, other voices, other seeds."""
        wanted = {want.key for want in self.wanted if want}
        return [path for path in self.store.paths() if path.stem not in wanted]

    def job(self, indices: Iterable[int]) -> SpeechJob:
        """What speaks these segments."""
        return SpeechJob(
            wanted=tuple(self.wanted[index] for index in indices),
            takes=self.project.takes,
            nets=self.nets,
            settings=self.settings,
        )

    def chapter_key(self, indices: Iterable[int]) -> str:
        """A hash of what determines the sound of a chapter."""
        parts = []
        for index in indices:
            own, take = self.script.segments[index], self.wanted[index]
            parts.append((take.key if take else "", own.pause, own.manner.volume))
        return digest(MIXING, parts)
