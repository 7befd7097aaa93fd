"""What is judged: suites of texts, with recordings of them or of a voice to say them in. Suites are data.

A suite is a folder of clips (metadata.csv and audio/), a text file with a line for each item, or a YAML file of
`says`, `licence` and `texts` by kind. In a line `written | spoken` the second half is what should be heard.
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from tts import corpus

FOLDER = Path(__file__).parent / "suites"


@dataclass(frozen=True)
class Clip:
    """A text to be spoken; the recording of it, if there is one, and another recording of the same speaker."""

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
    """Clips, where they are from, and a hash of their texts, by which figures on other texts are told apart."""

    name: str
    says: str
    licence: str
    clips: list[Clip]

    @property
    def fingerprint(self) -> str:
        lines = [f"{clip.id}|{clip.text}|{clip.spoken}" for clip in self.clips]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def first(self, limit: int | None) -> "Suite":
        """At most so many clips, spread over all."""
        count = min(limit or len(self.clips), len(self.clips))
        return replace(self, clips=[self.clips[index * len(self.clips) // count] for index in range(count)])

    def spoken_by(self, voices: list[Clip]) -> "Suite":
        """The same texts, each in the voice of one of these recordings in turn: cloning."""
        clips = []
        for index, clip in enumerate(self.clips):
            voice = voices[index % len(voices)]
            clips.append(replace(clip, speaker=voice.speaker, path=None, reference=voice.path))
        return replace(self, clips=clips)


def names() -> list[str]:
    """The suites that ship."""
    return sorted(path.stem for path in FOLDER.iterdir() if path.suffix in (".yaml", ".txt"))


def read(name: str) -> Suite:
    """A suite by name, or a file or folder by path. Raises ValueError that says what there is."""
    path = Path(name)
    if name in names():
        path = next(path for path in FOLDER.iterdir() if path.stem == name and path.suffix in (".yaml", ".txt"))
    if path.is_dir():
        return Suite(path.resolve().name, "recordings", "their own", read_clips(path, None))
    if not path.is_file():
        raise ValueError(f"no {path}/metadata.csv, no file {path}: give clips, a text or a suite: {', '.join(names())}")
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
    """Lines that start with # are remarks; the first ones say what the suite is."""
    lines = [line.strip() for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    remarks = [line.lstrip("# ") for line in lines if line.startswith("#")]
    texts = [line for line in lines if not line.startswith("#")]
    if not texts:
        raise ValueError(f"{path} holds no text")
    clips = [_clip(f"{path.stem}-{number:03}", line, path.stem) for number, line in enumerate(texts)]
    return Suite(path.stem, remarks[0] if remarks else "", remarks[1] if len(remarks) > 1 else "", clips)


def _clip(id: str, line: str, kind: str) -> Clip:
    written, _, spoken = line.partition(" | ")
    return Clip(id, "", written.strip(), None, None, kind, spoken.strip())


def read_clips(folder: Path, limit: int | None, *, silent: bool = False) -> list[Clip]:
    """The clips of a folder with metadata.csv and audio/ID.*; with a limit, spread over the whole list.

    Those without a text are left out, unless `silent`. A clip's reference is the next one of its speaker. Only a
    speaker's one and only clip is its own.
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
        clips.append(Clip(each.id, each.speaker, each.text, each.path, other))
    count = min(limit or len(clips), len(clips))
    return [clips[index * len(clips) // count] for index in range(count)]
