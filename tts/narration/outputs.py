"""Everything that is made from a recording beside its sound, by name."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tts.document import Document
from tts.files import whole
from tts.narration import manifest, overlay, player, subtitles
from tts.narration.timeline import Timeline

# The names of files, and what makes each.
EXTRAS: dict[str, Callable[[Timeline, Document, Sequence[Path], Path], None]] = {
    "manifest.json": lambda timeline, document, audio, path: manifest.write(timeline, path),
    "book.epub": lambda timeline, document, audio, path: overlay.epub(timeline, document, audio, path),
    "player.html": lambda timeline, document, audio, path: player.page(timeline, document, audio, path),
    "sentences.srt": lambda timeline, document, audio, path: _write(subtitles.srt(timeline), path),
    "sentences.vtt": lambda timeline, document, audio, path: _write(subtitles.vtt(timeline), path),
    "sentences.lrc": lambda timeline, document, audio, path: _write(subtitles.lrc(timeline), path),
    "words.srt": lambda timeline, document, audio, path: _write(subtitles.srt(timeline, words=True), path),
    "words.vtt": lambda timeline, document, audio, path: _write(subtitles.vtt(timeline, words=True), path),
    "words.lrc": lambda timeline, document, audio, path: _write(subtitles.lrc(timeline, words=True), path),
}
USUAL = ("manifest.json", "player.html", "sentences.srt", "words.vtt")


def write_all(
    timeline: Timeline, document: Document, audio: Sequence[Path], folder: Path, names: Iterable[str] = USUAL
) -> list[Path]:
    """Write the outputs that are named into a folder; gives their paths.

    `audio` is one file for each chapter, or one for all. Raises ValueError for an unknown name, or for sound that
    an output cannot hold, before anything is written.
    """
    chosen = find_outputs(names, audio)
    overlay.check_audio(timeline, audio)
    for name in chosen:
        EXTRAS[name](timeline, document, audio, folder / name)
    return [folder / name for name in chosen]


def find_outputs(names: Iterable[str], audio: Sequence[Path]) -> list[str]:
    """The names, each once. Raises ValueError for an unknown one, and for audio whose format one cannot hold."""
    chosen = list(dict.fromkeys(names))
    if unknown := [name for name in chosen if name not in EXTRAS]:
        raise ValueError(f"no output {unknown[0]!r}: choose from {', '.join(EXTRAS)}")
    if "book.epub" in chosen:
        overlay.check_kinds(audio)
    return chosen


def _write(text: str, path: Path) -> None:
    with whole(path) as file:
        file.write(text.encode("utf-8", "replace"))
