"""The manifest: a timeline as JSON, with the version of its format. Whatever is not one is refused in one line."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from tts.files import whole
from tts.narration.timeline import TimedSegment, Timeline

FORMAT, VERSION = "narration", 1
MAX_BYTES = 1 << 28  # some thirty times that of a book of 20 hours


def write(timeline: Timeline, path: Path) -> None:
    """Equal timelines give equal bytes."""
    with whole(path) as file:
        for piece in pieces(timeline):
            file.write(piece)


def pieces(timeline: Timeline) -> Iterator[bytes]:
    """The file, a value at a time: at once it takes 250 MB of memory for a book of 20 hours."""
    body = {"format": FORMAT, "version": VERSION, **_shallow(timeline)}
    encoder = json.JSONEncoder(sort_keys=True, indent=1, ensure_ascii=False, default=_shallow)
    yield from (piece.encode("utf-8", "replace") for piece in encoder.iterencode(body))
    yield b"\n"


def _shallow(own: Any) -> dict[str, Any]:
    """The fields of a dataclass by their names, not copied."""
    return {field.name: getattr(own, field.name) for field in fields(own)}


def read(path: Path) -> Timeline:
    """The timeline that was written. Raises ValueError with the path and what is wrong."""
    with open(path, "rb") as file:
        data = file.read(MAX_BYTES + 1)
    try:
        if len(data) > MAX_BYTES:
            raise ValueError(f"larger than {MAX_BYTES >> 20} MB")
        return _timeline(data)
    except ValueError as error:
        raise ValueError(f"cannot read the manifest {str(path)!r}: {error}") from None


def _timeline(data: bytes) -> Timeline:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("it is no JSON") from None
    if not isinstance(body, dict) or body.pop("format", None) != FORMAT:
        raise ValueError("it is no manifest of a narration")
    version = body.pop("version", None)
    if version != VERSION:
        raise ValueError(f"its format has version {version!r}, this program reads {VERSION}: make it again")
    timeline = _built(Timeline, body, "")
    _check_order(timeline.chapters, timeline.seconds, "chapters")
    for number, chapter in enumerate(timeline.chapters):
        place = f"chapters[{number}].segments"
        _check_order(chapter.segments, chapter.stop - chapter.start, place)
        for index, segment in enumerate(chapter.segments):
            _check_words(segment, f"{place}[{index}].words")
    return timeline


def _built(kind: Any, value: Any, place: str) -> Any:
    """The value as the type of a field asks for it; nothing else is ever made."""
    if get_origin(kind) is list and isinstance(value, list):
        (item,) = get_args(kind)
        return [_built(item, own, f"{place}[{index}]") for index, own in enumerate(value)]
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        if not 0 <= value < math.inf:
            raise ValueError(f"{place} is {value}")
        return float(value)
    if kind in (str, int, bool) and type(value) is kind:
        return value
    if isinstance(value, dict) and hasattr(kind, "__dataclass_fields__"):
        known, needed = _fields(kind)
        if wrong := (value.keys() - known.keys()) | (needed - value.keys()):
            raise ValueError(f"{place or 'it'}: {sorted(wrong)[0][:80]!r} is unknown or missing")
        return kind(**{name: _built(known[name], own, f"{place}.{name}".lstrip(".")) for name, own in value.items()})
    raise ValueError(f"{place} is no {getattr(kind, '__name__', kind)}")


@cache
def _fields(kind: type) -> tuple[dict[str, Any], frozenset[str]]:
    """The types of a dataclass's fields by their names, and the names that have no default."""
    needed = {own.name for own in fields(kind) if own.default is MISSING and own.default_factory is MISSING}
    return get_type_hints(kind), frozenset(needed)


def _check_order(parts: Sequence[Any], end: float, place: str) -> None:
    """Parts follow each other and end before `end`, in seconds, give or take a millisecond of rounding."""
    before = 0.0
    for index, part in enumerate(parts):
        if not before - 1e-3 <= part.start <= part.stop <= end + 1e-3:
            raise ValueError(f"{place}[{index}] lasts from {part.start} to {part.stop} s, out of order")
        before = part.stop


def _check_words(segment: TimedSegment, place: str) -> None:
    _check_order(segment.words, math.inf, place)
    before = 0
    for index, word in enumerate(segment.words):
        if not before <= word.first < word.last <= len(segment.text):
            raise ValueError(f"{place}[{index}] is not in the text")
        before = word.last
