"""The picture book as one page that needs no network: it reads aloud, marks each word, and turns its leaves.

Its parts are `leaves.html`, `.css` and `.js` here, and `reading.css` and `.js` of `tts.narration`.
"""

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path

from tts.files import whole
from tts.narration.overlay import identity, language
from tts.narration.player import MARK, MAX_EMBEDDED, READING, embedded, policy, timed_sentence
from tts.narration.timeline import Timeline
from tts.shows.book.leaves import Leaf

HERE = Path(__file__).parent


def write_page(
    path: Path,
    *,
    timeline: Timeline,
    description: str,
    byline: str,
    cover: Path | None,
    leaves: Sequence[Leaf],
    sound: Path,
    translated: str,
    credits: Sequence[str],
) -> bool:
    """Write the page with its pictures in it; gives whether the sound is in it, too, or lies beside it as it is large.

    `translated` is the language of the translations, if leaves have them.
    """
    inside = sound.stat().st_size <= MAX_EMBEDDED
    title = " ".join(timeline.title.split()) or "Untitled"
    book = {
        "id": identity(timeline),
        "sound": embedded(sound) if inside else sound.name,
        "seconds": round(timeline.seconds, 3),
        "title": title,
        "byline": byline,
        "cover": embedded(cover or leaves[0].picture),
        "translated": translated,
        "leaves": [_leaf(leaf) for leaf in leaves],
        "credits": list(credits),
    }
    text = json.dumps(book, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    style, script = (
        "".join(part.read_text("utf-8") for part in (READING[kind], HERE / f"leaves.{kind}")) for kind in ("css", "js")
    )
    parts = {
        "language": escape(language(timeline)),
        "title": escape(title),
        "description": escape(" ".join(description.split())),
        "style": style,
        "style-hash": policy(style),
        "script": script,
        "script-hash": policy(script),
        "data": f'<script type="application/json" id="book-data">{text}</script>',
    }
    page = MARK.sub(lambda found: parts[found[1]], (HERE / "leaves.html").read_text("utf-8"))
    with whole(path) as file:
        file.write(page.encode("utf-8", "replace"))
    return inside


def _leaf(leaf: Leaf) -> dict:
    """What the script needs; times of sentences and words are milliseconds of the recording."""
    return {
        "picture": embedded(leaf.picture),
        "description": leaf.description,
        "title": leaf.title,
        "paragraphs": [[_sentence(start, segment) for start, segment in own] for own in leaf.paragraphs],
        "translation": leaf.translation,
        "start": round(leaf.start, 3),
        "stop": round(leaf.stop, 3),
    }


def _sentence(start: float, segment) -> list:
    """As `timed_sentence`, its times moved to the recording's start."""
    text, first, last, words, faults = timed_sentence(segment)
    offset = round(start * 1000)
    moved = [value + offset if place % 4 > 1 else value for place, value in enumerate(words)]
    return [text, first + offset, last + offset, moved, faults]
