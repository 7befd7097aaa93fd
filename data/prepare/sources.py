"""Recordings in files and folders, and the texts, transcripts and feeds beside each of them."""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlparse
from xml.etree import ElementTree

from data.pack.corpora import read_corpus, read_licence
from tts.alignment.unpack import CONTAINERS
from tts.corpus import Recording

TRANSCRIPTS = (".srt", ".vtt", ".json")
TEXTS = (".txt", ".epub")
FEEDS = (".rss", ".xml")
PASSED_OVER = (".csv", ".md", ".jpg", ".jpeg", ".png", ".gif", ".webp", ".pdf", ".html", ".opf", ".cue", ".m3u", ".nfo")
MAX_FEED = 20 * 2**20  # bytes


@dataclass(frozen=True, kw_only=True)
class Source:
    """A recording, and what is known about it before it is opened."""

    path: str  # as the file system gives it
    name: str  # the same relative to its root, printable
    corpus: str
    text: str = ""  # from metadata.csv, if there is one
    beside: tuple[str, ...] = ()  # paths of transcripts, then of texts
    speaker: str = ""
    title: str = ""
    licence: str = ""
    origin: str = ""  # a URL, or the name of the file

    @property
    def has_text(self) -> bool:
        """Whether anything says what is said, so that no recogniser is needed."""
        return bool(self.beside or self.text)


@dataclass(frozen=True)
class SkippedFile:
    """A file that is no source, and why."""

    name: str
    reason: str


def printable_path(path: str | Path) -> str:
    """A path as text that every terminal can show and JSON can store, whatever bytes it has."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def find_sources(roots: list[Path]) -> tuple[list[Source], list[SkippedFile]]:
    """Every recording below the roots, in a fixed order. Links to files are followed, links to folders are not."""
    sources, skipped = [], []
    names = Counter(_corpus(root) for root in roots)
    for root in roots:
        if not os.path.lexists(root):
            raise ValueError(f"no such file or folder: {printable_path(root)}")
        if names[_corpus(root)] > 1 and root.is_dir():
            raise ValueError(f"two sources are called {_corpus(root)!r}; rename one folder")
        base = root if root.is_dir() else root.parent
        for folder, files in _folders(root):
            _read_folder(base, folder, files, _corpus(root), sources, skipped)
    return sources, skipped


def _corpus(root: Path) -> str:
    folder = root if root.is_dir() else root.parent
    return printable_path(Path(os.path.abspath(folder)).name)


def _folders(root: Path) -> Iterator[tuple[Path, list[str]]]:
    if not root.is_dir():
        yield root.parent, [root.name]
        return
    for folder, folders, files in os.walk(root):
        folders.sort()
        yield Path(folder), sorted(files + [name for name in folders if os.path.islink(os.path.join(folder, name))])


def _read_folder(base: Path, folder: Path, files: list[str], corpus: str, sources: list, skipped: list) -> None:
    """Add the sources of one folder. `files` are the candidates; any file of the folder may be beside them."""
    around = sorted(os.listdir(folder))
    recordings = [name for name in files if _suffix(name) in CONTAINERS]
    table, feed, terms = _table(folder, skipped), _feed(folder, around), _terms(folder, base)
    for name in files:
        path = folder / name
        label = printable_path(os.path.relpath(path, base))
        if path.is_symlink() and not path.is_file():
            skipped.append(SkippedFile(label, "a link to a folder, to itself or to nothing"))
        elif name in recordings and not _plain(name):
            skipped.append(SkippedFile(label, "its name is not valid UTF-8; rename it"))
        elif name in recordings and not path.is_file():
            skipped.append(SkippedFile(label, "not a regular file"))
        elif name in recordings:
            source = Source(path=str(path), name=label, corpus=corpus, origin=label, licence=terms)
            if recording := table.get(path):
                source = replace(source, text=recording.text, speaker=recording.speaker)
            source = replace(source, beside=tuple(_beside(folder, name, around, recordings)), **feed.get(name, {}))
            sources.append(source)
        elif not _known(name):
            skipped.append(
                SkippedFile(label, "not the suffix of a recording; known suffixes are " + ", ".join(sorted(CONTAINERS)))
            )


def _plain(name: str) -> bool:
    try:
        return bool(name.encode())
    except UnicodeEncodeError:
        return False


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1][1:].lower()


def _known(name: str) -> bool:
    suffix = "." + _suffix(name)
    return name.startswith(".") or suffix == "." or suffix in (*TRANSCRIPTS, *TEXTS, *FEEDS, *PASSED_OVER)


def _beside(folder: Path, name: str, around: list[str], recordings: list[str]) -> Iterator[str]:
    """Transcripts (STEM.srt, STEM.en.srt), then texts (STEM.txt).

    An EPUB of any name belongs to all recordings of its folder; a text of any name belongs to the only recording.
    """
    stem = os.path.splitext(name)[0]
    own = [other for other in around if re.fullmatch(re.escape(stem) + r"(\.[\w-]{1,12})?\.\w+", other)]
    for suffix in (*TRANSCRIPTS, *TEXTS):
        found = [other for other in own if other.lower().endswith(suffix)]
        if not found and suffix in TEXTS and (suffix == ".epub" or len(recordings) == 1):
            loose = [other for other in around if other.lower().endswith(suffix) and not _of_another(other, around)]
            found = [other for other in loose if not re.match(r"(?i)(readme|licen[cs]e|copying|credits|notes)", other)]
        yield from (str(folder / other) for other in found)


def _of_another(text: str, around: list[str]) -> bool:
    stem = os.path.splitext(text)[0]
    return any(_suffix(other) in CONTAINERS and os.path.splitext(other)[0] == stem for other in around)


def _table(folder: Path, skipped: list[SkippedFile]) -> dict[Path, Recording]:
    """Texts and speakers from the metadata.csv above a folder that is called audio or wavs."""
    if folder.name not in ("audio", "wavs") or not (folder.parent / "metadata.csv").is_file():
        return {}
    try:
        return {folder / recording.path.name: recording for recording in read_corpus(folder.parent).recordings}
    except ValueError as error:
        skipped.append(SkippedFile(printable_path(folder.parent.name + "/metadata.csv"), str(error)))
        return {}


def _terms(folder: Path, base: Path) -> str:
    """The licence line of the nearest README at or above the folder, within the root."""
    while True:
        found = read_licence(folder)
        if found or folder == base:
            return found
        folder = folder.parent


def _feed(folder: Path, around: list[str]) -> dict[str, dict]:
    """What the RSS feeds of a folder say about its recordings, by file name."""
    about: dict[str, dict] = defaultdict(dict)
    for name in around:
        path = folder / name
        if "." + _suffix(name) not in FEEDS or not path.is_file() or path.stat().st_size > MAX_FEED:
            continue
        data = path.read_bytes()
        try:
            # Entities may expand without limit, or include other files.
            root = None if b"<!ENTITY" in data or b"<!DOCTYPE" in data else ElementTree.fromstring(data)
        except ElementTree.ParseError:
            root = None
        channel = root.find("channel") if root is not None else None
        for item in channel.iterfind("item") if channel is not None else ():
            enclosure = item.find("enclosure")
            address = enclosure.get("url", "") if enclosure is not None else ""
            file = unquote(urlparse(address).path.rpartition("/")[2])
            if file:
                about[file] = {
                    "title": _said(item, "title") or _said(channel, "title"),
                    "speaker": _said(item, "{*}person", "{*}author", "{*}creator"),
                    "licence": _said(item, "{*}license", "{*}rights")
                    or _said(channel, "{*}license", "{*}rights", "copyright"),
                    "origin": address,
                }
                about[file] = {key: value[:300] for key, value in about[file].items() if value}
    return about


def _said(element: ElementTree.Element, *names: str) -> str:
    for name in names:
        found = element.find(name)
        if found is not None and (found.text or found.get("url")):
            return " ".join((found.text or found.get("url")).split())
    return ""
