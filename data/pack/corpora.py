"""Where recordings come from: three folder layouts, told apart by what lies in them, all read as `Recording`s."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tts.corpus import HELDOUT, Recording
from tts.text.detection import language_of

SUFFIXES = (".flac", ".wav", ".opus", ".ogg", ".mp3", ".m4a", ".aac", ".webm")
HEADER = "id|speaker|text|seconds"
ACCEPTED = (
    f"a folder with metadata.csv (header {HEADER}) and audio/ID.*, an LJSpeech folder (metadata.csv without header, "
    "wavs/), or a LibriSpeech/LibriTTS tree (SPEAKER/CHAPTER/*.flac|wav with .trans.txt or .normalized.txt)"
)
README_CHARACTERS = 300


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A folder of recordings, which of them are held out, and the entries of its list that cannot be used."""

    name: str
    licence: str  # the licence line of its README; empty if there is none
    synthetic: str  # the system that spoke, from the line "Synthetic: ..." of its README; empty for recordings
    language: str  # of all its texts, by name
    recordings: list[Recording]
    heldout: frozenset[str]  # ids of the test split
    malformed: list[tuple[str, str]] = field(default_factory=list)  # (entry, reason)


def read_corpus(path: Path, language: str = "auto") -> Corpus:
    """Recognise the layout of a folder and list its recordings, in a fixed order.

    `language` is the code of its language, or auto: then its texts decide, and the default is English.
    """
    path = Path(path).resolve()
    if not path.is_dir():
        raise ValueError(f"no such folder: {path}")
    malformed: list[tuple[str, str]] = []
    if (path / "metadata.csv").is_file():
        lines = _lines(path / "metadata.csv")
        if lines and lines[0].lower() == HEADER:
            recordings = list(_metadata(path, lines[1:], malformed))
        elif (path / "wavs").is_dir():
            recordings = list(_ljspeech(path, lines, malformed))
        else:
            raise ValueError(
                f"{path}/metadata.csv has no header {HEADER}, and no wavs/ lies beside it; give {ACCEPTED}"
            )
    else:
        recordings = list(_libri(path))
    if not recordings:
        raise ValueError(f"no recordings of a known layout in {path}; give {ACCEPTED}")
    heldout = read_ids(path / HELDOUT) if (path / HELDOUT).is_file() else frozenset()
    return Corpus(
        name=path.name,
        licence=read_licence(path),
        synthetic=_readme_line(path, "synthetic"),
        language=language_of(
            "\n".join(recording.text for recording in recordings), asked=language, told="", default="english"
        ),
        recordings=recordings,
        heldout=heldout,
        malformed=malformed,
    )


def read_ids(path: Path) -> frozenset[str]:
    """A list of clip ids, one per line."""
    return frozenset(line for line in _lines(path) if line)


def _lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8-sig").split("\n")]
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text ({error.reason} at byte {error.start}); convert it first") from None
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from None


def _metadata(path: Path, lines: list[str], malformed: list[tuple[str, str]]) -> Iterator[Recording]:
    files = {file.stem: file for file in sorted((path / "audio").glob("*")) if file.suffix.lower() in SUFFIXES}
    for line in filter(None, lines):
        fields = line.split("|")
        if len(fields) != 4 or not fields[0] or not fields[1]:
            malformed.append((line[:80], f"not the four fields {HEADER}"))
        elif fields[0] not in files:
            malformed.append((fields[0], "no audio file of this id"))
        else:
            yield Recording(id=fields[0], speaker=fields[1], text=fields[2], path=files[fields[0]])


def _ljspeech(path: Path, lines: list[str], malformed: list[tuple[str, str]]) -> Iterator[Recording]:
    for line in filter(None, lines):
        fields = line.split("|")
        file = path / "wavs" / f"{fields[0]}.wav"
        if len(fields) < 2 or not fields[0]:
            malformed.append((line[:80], "not the LJSpeech fields id|text|normalised text"))
        elif file.resolve().parent != (path / "wavs").resolve() or not file.is_file():
            malformed.append((fields[0], "no audio file of this id"))
        else:
            yield Recording(id=fields[0], speaker="lj", text=fields[-1], path=file)


def _libri(path: Path) -> Iterator[Recording]:
    transcripts: dict[str, str] = {}
    for file in sorted(path.rglob("*.trans.txt")):
        for line in filter(None, _lines(file)):
            clip, _, text = line.partition(" ")
            transcripts[clip] = _sentence_case(text)
    for file in sorted(path.rglob("*/*/*")):
        speaker, chapter = file.parent.parent.name, file.parent.name
        if not re.fullmatch(rf"(?i){re.escape(speaker)}([-_]){re.escape(chapter)}\1.+\.(flac|wav)", file.name):
            continue
        beside = file.with_name(f"{file.stem}.normalized.txt")
        text = " ".join(_lines(beside)).strip() if beside.is_file() else transcripts.get(file.stem, "")
        yield Recording(id=file.stem, speaker=speaker, text=text, path=file)


def _sentence_case(text: str) -> str:
    # LibriSpeech is all capitals, which a text front end would take for acronyms.
    return text.capitalize() if text.isupper() else text


def read_licence(path: Path) -> str:
    """The licence line of a README in the folder; empty if there is none."""
    return _readme_line(path, "licen[cs]e")


def _readme_line(path: Path, name: str) -> str:
    """What follows a name such as "Licence:" in a README of the folder; empty if nothing does."""
    for readme in sorted(path.glob("README*")):
        found = re.search(rf"(?im)^\W*{name}\W+(.+)$", readme.read_text(encoding="utf-8", errors="replace"))
        if found:
            return found[1].strip()[:README_CHARACTERS]
    return ""
