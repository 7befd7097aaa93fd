"""A page that plays a recording and marks each word: one file, with the sound beside it or inside, and no network.

Its parts are `player.html`, `.css` and `.js`, and `reading.css` and `.js`, which the service's page has as well. The
text of each chapter is data that only this script reads, and the page's policy lets the browser run no other.
"""

import base64
import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from tts.document import Document
from tts.document.document import SCENE
from tts.files import whole
from tts.narration.illustrations import KINDS as PICTURES
from tts.narration.illustrations import Illustration
from tts.narration.overlay import check_audio, identity, language
from tts.narration.paragraphs import ShownParagraph, says_title, shown_chapters
from tts.narration.timeline import TimedSegment, Timeline

HERE = Path(__file__).parent
READING = {kind: HERE / f"reading.{kind}" for kind in ("css", "js")}  # a text whose words are marked
PARTS = {kind: (path, HERE / f"player.{kind}") for kind, path in READING.items()}
MARK = re.compile(r"%([a-z-]+)%")
MAX_EMBEDDED = 32 * 2**20  # bytes of sound in a page; browsers take seconds for more
KINDS = {
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".m4b": "audio/mp4",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
}
EXCERPT = 60  # characters of a doubtful sentence in the list


def page(
    timeline: Timeline,
    document: Document,
    audio: Sequence[Path],
    path: Path,
    *,
    embed: bool = False,
    pictures: Sequence[Illustration] = (),
) -> None:
    """Write the page. `audio` is one file for each chapter or one for all; the page names them by relative paths.

    `embed` puts the sound into the page, and `pictures`, which change with the sound, as well. Raises ValueError where
    that is too much, or the files are too many or few.
    """
    check_audio(timeline, audio)
    if embed and sum(one.stat().st_size for one in audio) > MAX_EMBEDDED:
        raise ValueError(f"more than {MAX_EMBEDDED >> 20} MB of sound: leave it beside the page")
    style, script = ("".join(part.read_text("utf-8") for part in PARTS[kind]) for kind in ("css", "js"))
    chapters = [
        _chapter(chapter.title, shown)
        for chapter, shown in zip(timeline.chapters, shown_chapters(timeline, document), strict=True)
    ]
    files = [embedded(one) if embed else _relative(one, path) for one in audio]
    shown = [
        [
            own.chapter,
            round(own.start * 1000),
            embedded(own.path) if embed else _relative(own.path, path),
            _line(own.description),
        ]
        for own in pictures
    ]
    parts = {
        "language": escape(language(timeline)),
        "title": escape(_line(timeline.title)) or "Untitled",
        "byline": escape(_byline(timeline)),
        "style": style,
        "style-hash": policy(style),
        "script": script,
        "script-hash": policy(script),
        "data": "\n".join(_data({**_index(timeline, files), "pictures": shown}, chapters)),
    }
    text = MARK.sub(lambda match: parts[match[1]], (HERE / "player.html").read_text("utf-8"))
    with whole(path) as file:
        file.write(text.encode("utf-8", "replace"))


def _index(timeline: Timeline, files: Sequence[str]) -> dict:
    """What the page knows before a chapter is opened; seconds count in the file of the chapter."""
    alone = len(files) == len(timeline.chapters)
    chapters, doubtful, ids = [], [], {}
    for number, chapter in enumerate(timeline.chapters):
        offset = 0.0 if alone else chapter.start
        begin = offset if number else 0.0  # what is heard before the first chapter belongs to it
        times = [round(seconds, 3) for seconds in (offset, begin, offset + chapter.stop - chapter.start)]
        chapters.append([_line(chapter.title), *times, number if alone else 0])
        heard = [segment for segment in chapter.segments if segment.kind != SCENE]
        for index, segment in enumerate(heard):
            ids.setdefault(segment.id, [number, index])
            if segment.faults:
                doubtful.append([number, index, _line(segment.text)[:EXCERPT], ", ".join(segment.faults)])
    return {"id": identity(timeline), "files": list(files), "chapters": chapters, "doubtful": doubtful, "ids": ids}


def _chapter(title: str, shown: Sequence[ShownParagraph]) -> dict:
    """The paragraphs, and the title if no paragraph says it."""
    paragraphs = [
        [
            own.kind,
            own.level,
            own.speaker,
            own.after,
            [[piece.before, *timed_sentence(piece.segment)] for piece in own.pieces],
        ]
        for own in shown
    ]
    return {"title": "" if says_title(shown, title) else _line(title), "paragraphs": paragraphs}


def timed_sentence(segment: TimedSegment) -> list:
    """Text, start, stop, words as first, last, start, stop one after the other, and faults; times in milliseconds."""
    words = [
        value
        for word in segment.words
        for value in (word.first, word.last, round(word.start * 1000), round(word.stop * 1000))
    ]
    return [
        segment.text,
        round(segment.start * 1000),
        round(segment.stop * 1000),
        words,
        ", ".join(segment.faults),
    ]


def _data(index: dict, chapters: Sequence[dict]) -> Iterator[str]:
    """Blocks of JSON that no browser runs; nothing in them can end the block."""
    names = ["book-data", *(f"chapter-{number}" for number in range(len(chapters)))]
    for name, value in zip(names, [index, *chapters], strict=True):
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        yield f'<script type="application/json" id="{name}">{text.replace("<", chr(92) + "u003c")}</script>'


def _byline(timeline: Timeline) -> str:
    by = f"by {_line(timeline.author)}" if timeline.author.strip() else ""
    kind = "the synthetic voice " if timeline.synthetic else ""
    narrator = f"read by {kind}{_line(timeline.narrator)}" if timeline.narrator.strip() else ""
    return ", ".join(part for part in (by, narrator) if part)


def _line(text: str) -> str:
    return " ".join(text.split())


def policy(text: str) -> str:
    """How the page's policy names a script or a style that it allows."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"


def _relative(audio: Path, path: Path) -> str:
    return quote(Path(os.path.relpath(audio, path.parent)).as_posix())


def embedded(path: Path) -> str:
    """Sound or a picture as an address that holds it. Raises ValueError for a format that browsers do not know."""
    kind = {**KINDS, **PICTURES}.get(path.suffix.lower())
    if not kind:
        raise ValueError(f"{path.name!r} is nothing that browsers play: give one of {', '.join(KINDS)}")
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"
