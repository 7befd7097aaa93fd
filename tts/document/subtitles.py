"""Transcripts with times: SubRip, WebVTT, Podcasting 2.0 JSON and Whisper JSON, all read as the same cues."""

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tts.document.document import MAX_BYTES, Chapter, Document, Paragraph
from tts.document.encoding import decode

NEW_PARAGRAPH = 2.0  # seconds without speech
TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
ARROW = re.compile(rf"\s*{TIME}\s*-->\s*{TIME}")
VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>")
TAG = re.compile(r"<[^>]*>|\{\\[^}]*\}")
# (applause), [music]: said by nobody.
DASH = re.compile(r"(?m)^\s*[-–—](?:\s+|(?=[A-Z\"'“]))")  # before what each of two speakers says
NOISE = re.compile(r"\[[^\]]*\]|\([^)]*\)|♪[^♪]*♪?")


@dataclass(frozen=True)
class Cue:
    """What is said between two times in seconds, and by whom, where that is told."""

    start: float
    end: float
    text: str
    speaker: str = ""


def read_cues(path: Path) -> list[Cue]:
    """Cues in the order of their times. Raises ValueError for a file that is no transcript."""
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES >> 20} MB")
    lines = decode(path.read_bytes())
    return _sorted(_json(lines) if path.suffix.lower() == ".json" else _subtitles(lines))


def parse(data: bytes) -> Document:
    """What subtitles say, without times; a long pause or another speaker begins a paragraph."""
    paragraphs: list[list[Cue]] = []
    before = None
    for cue in _sorted(_subtitles(decode(data)), shown_at_once=True):
        if before is None or cue.start - before.end >= NEW_PARAGRAPH or cue.speaker != before.speaker:
            paragraphs.append([])
        paragraphs[-1].append(cue)
        before = cue
    said = [Paragraph.of(" ".join(cue.text for cue in cues), speaker=cues[0].speaker) for cues in paragraphs]
    return Document(chapters=[Chapter(paragraphs=said)])


def _sorted(found: Iterable[Cue], *, shown_at_once: bool = False) -> list[Cue]:
    """Cues by their times; those that end as they begin have words but no time in which they could be heard."""
    cues = [cue for cue in found if cue.text and 0 <= cue.start <= cue.end and (shown_at_once or cue.start < cue.end)]
    if not cues:
        raise ValueError("no text with times in it")
    return sorted(cues, key=lambda cue: (cue.start, cue.end))


def _subtitles(lines: str) -> Iterator[Cue]:
    for block in re.split(r"\n\s*\n", lines.replace("\r\n", "\n").replace("\r", "\n")):
        rows = block.split("\n")
        for number, line in enumerate(rows):
            if match := ARROW.match(line):
                said = "\n".join(rows[number + 1 :])
                voice = VOICE.search(said)
                start, end = _seconds(match.groups()[:4]), _seconds(match.groups()[4:])
                yield Cue(start, end, _clean(html.unescape(TAG.sub("", said))), voice[1].strip() if voice else "")
                break


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = parts
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")


def _clean(said: str) -> str:
    return " ".join(DASH.sub("", NOISE.sub(" ", said)).split())


def _json(lines: str) -> Iterator[Cue]:
    try:
        content = json.loads(lines)
    except (ValueError, RecursionError):
        raise ValueError("no JSON that can be read") from None
    segments = content.get("segments") if isinstance(content, dict) else None
    if not isinstance(segments, list):
        raise ValueError("no segments in its JSON")
    for item in segments:
        if not isinstance(item, dict):
            continue
        start, end = item.get("startTime", item.get("start")), item.get("endTime", item.get("end"))
        said, speaker = item.get("body", item.get("text")), item.get("speaker")
        if isinstance(start, int | float) and isinstance(end, int | float) and isinstance(said, str):
            yield Cue(float(start), float(end), _clean(said), speaker.strip() if isinstance(speaker, str) else "")
