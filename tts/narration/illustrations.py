"""Pictures that belong to sentences of a recording: shown from when the sentence is heard until the next picture."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tts.document.document import HEADING
from tts.narration.timeline import Timeline

WORD = re.compile(r"\w+")
FIRST_WORDS = 8  # of a sentence, by which it is found
KINDS = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".gif": "image/gif"}


@dataclass(frozen=True)
class Illustration:
    """A picture, what it shows in words, and from when on it is shown."""

    path: Path
    description: str
    chapter: int  # from 0
    segment: int  # of the chapter, from 0
    start: float  # seconds from the start of the chapter; a heading right before the sentence belongs to it


def illustrations(timeline: Timeline, pictures: Iterable[tuple[str, Path, str]]) -> list[Illustration]:
    """Where pictures belong; each is given as the sentence it is shown from, its file and its description, in order.

    A sentence is known by its first words, after the one before. Raises ValueError for one that is not heard, and for
    a file that browsers do not show.
    """
    heard = [
        (number, index, segment)
        for number, chapter in enumerate(timeline.chapters)
        for index, segment in enumerate(chapter.segments)
    ]
    placed: list[Illustration] = []
    at = 0
    for sentence, path, description in pictures:
        if path.suffix.lower() not in KINDS:
            raise ValueError(f"{path.name!r} is no picture that pages show: give {', '.join(KINDS)}")
        wanted = _words(sentence)
        place = next((n for n in range(at, len(heard)) if _begins(_words(heard[n][2].text), wanted)), None)
        if not wanted or place is None:
            raise ValueError(f"no sentence after the last picture begins with {sentence[:60]!r}: is the text newer?")
        number, index, _ = heard[place]
        first = place
        while first > at and heard[first - 1][0] == number and heard[first - 1][2].kind == HEADING:
            first -= 1
        placed.append(Illustration(path, description, number, index, heard[first][2].start))
        at = place + 1
    return placed


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower())[:FIRST_WORDS]


def _begins(heard: list[str], wanted: list[str]) -> bool:
    """Whether a sentence that is heard is, or begins, or is begun by, the wanted one."""
    length = min(len(heard), len(wanted))
    return length > 0 and heard[:length] == wanted[:length] and (length == len(wanted) or length >= 2)
