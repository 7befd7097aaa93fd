"""Suites: lists of texts to be spoken, with recordings of them if there are any.

A suite is a folder of clips (metadata.csv and audio/), a text file with one text in each line, or a YAML file with
`says`, `licence` and `texts` by kind. In a line `written | spoken`, the second half is what should be heard.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from tts import corpus
from tts.text.language import language

FOLDER = Path(__file__).parent / "suites"
SENTENCES = "ordinary"  # the suite of single sentences


@dataclass(frozen=True)
class SuiteClip:
    """A text to be spoken; a recording of it, and another recording of the same speaker, if there are any."""

    id: str
    speaker: str
    text: str
    path: Path | None
    reference: Path | None
    kind: str = ""  # of the text: numbers, names, ...
    spoken: str = ""  # what should be heard, where that is not the text itself

    @property
    def expected(self) -> str:
        return self.spoken or self.text


@dataclass(frozen=True)
class Suite:
    """Clips and where they are from."""

    name: str
    says: str
    licence: str
    clips: list[SuiteClip]

    @property
    def fingerprint(self) -> str:
        """A hash of the texts: figures of different texts must not be compared."""
        lines = [f"{clip.id}|{clip.text}|{clip.spoken}" for clip in self.clips]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def first(self, limit: int | None) -> "Suite":
        """At most so many clips, spread over all."""
        return replace(self, clips=corpus.evenly(self.clips, limit or len(self.clips)))

    def spoken_by(self, voices: list[SuiteClip]) -> "Suite":
        """The same texts in the voices of these recordings, which take turns: cloning."""
        clips = []
        for index, clip in enumerate(self.clips):
            voice = voices[index % len(voices)]
            clips.append(replace(clip, speaker=voice.speaker, path=None, reference=voice.path))
        return replace(self, clips=clips)


def suite_names() -> list[str]:
    """The names of the suites that ship."""
    return sorted(path.stem for path in FOLDER.iterdir() if path.suffix in (".yaml", ".txt"))


def read_suite(name: str) -> Suite:
    """A suite by its name, or by the path of a file or folder. Raises ValueError that lists the names."""
    path = Path(name)
    if name in suite_names():
        path = next(path for path in FOLDER.iterdir() if path.stem == name and path.suffix in (".yaml", ".txt"))
    if path.is_dir():
        return Suite(path.resolve().name, "recordings", "their own", read_clips(path, None))
    if not path.is_file():
        raise ValueError(
            f"no {path}/metadata.csv, no file {path}: give clips, a text or a suite: {', '.join(suite_names())}"
        )
    return _read_yaml(path) if path.suffix in (".yaml", ".yml") else _read_lines(path)


def _read_yaml(path: Path) -> Suite:
    try:
        data = OmegaConf.to_container(OmegaConf.load(path))
        texts = {
            kind: [line for line in str(block).splitlines() if line.strip()] for kind, block in data["texts"].items()
        }
        says, licence = str(data["says"]), str(data["licence"])
    except (OmegaConfBaseException, YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path} is no suite ({' '.join(str(error).split())}): it needs says, licence, texts"
        ) from None
    clips = [
        _clip(f"{kind.replace(' ', '-')}-{number:03}", line, kind)
        for kind, own in texts.items()
        for number, line in enumerate(own)
    ]
    if not clips:
        raise ValueError(f"{path} holds no text")
    return Suite(path.stem, says, licence, clips)


def _read_lines(path: Path) -> Suite:
    """Lines that start with # are remarks: the first says what the suite is, the second its licence."""
    lines = [line.strip() for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    remarks = [line.lstrip("# ") for line in lines if line.startswith("#")]
    texts = [line for line in lines if not line.startswith("#")]
    if not texts:
        raise ValueError(f"{path} holds no text")
    clips = [_clip(f"{path.stem}-{number:03}", line, path.stem) for number, line in enumerate(texts)]
    return Suite(path.stem, remarks[0] if remarks else "", remarks[1] if len(remarks) > 1 else "", clips)


def _clip(id: str, line: str, kind: str) -> SuiteClip:
    written, _, spoken = line.partition(" | ")
    return SuiteClip(id, "", written.strip(), None, None, kind, spoken.strip())


def read_clips(folder: Path, limit: int | None, *, silent: bool = False) -> list[SuiteClip]:
    """The clips of a folder with metadata.csv and audio/ID.*; with a limit, spread over the whole list.

    Clips without a text are left out, unless `silent`. The reference of a clip is the next clip of the same speaker, or
    the clip itself if there is no other.
    """
    recordings = [each for each in corpus.read_recordings(folder) if silent or each.text.strip()]
    if not recordings:
        raise ValueError(f"{folder}: no clip has a text")
    by_speaker: dict[str, list[Path]] = {}
    for each in recordings:
        by_speaker.setdefault(each.speaker, []).append(each.path)
    clips = []
    for each in recordings:
        own = by_speaker[each.speaker]
        other = own[(own.index(each.path) + 1) % len(own)]
        clips.append(SuiteClip(each.id, each.speaker, each.text, each.path, other))
    return corpus.evenly(clips, limit or len(clips))


def read_sentences(names: Sequence[str], count: int, max_chars: int) -> list[str]:
    """The first `count` sentences of these suites or text files."""
    texts = [clip.text for name in names for clip in read_suite(name).clips]
    return [sentence.text.strip() for text in texts for sentence in language().split(text, max_chars)][:count]
