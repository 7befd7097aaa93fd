"""The folder in which a narration is made: all that makes rerunning the same as going on.

BOOK.narration/
  order.json       what was asked for, so that `retake` and `try` need not be told again
  cast.yaml        who speaks which role
  choices.json     seeds that were chosen by ear
  script.json      the words of the last narration, to say what a new edition changes
  takes/           see `tts.narration.takes`
  voices/          the voices that speak, by their content
  chapters/        finished chapters, which can be heard while the rest is made
  try/             takes to choose from
  text.txt         what came from standard input
  doubtful.html    takes in which the check found a fault
  manifest.json    when everything is said; player.html and subtitles lie beside it
"""

import hashlib
import html
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tts.files import PARTIAL, locked, whole
from tts.narration.script import Script, Segment

if TYPE_CHECKING:
    from tts.narration.takes import StoredTake
    from tts.records import SpeakerLatents

SUFFIX = ".narration"
LONGEST_TITLE = 60  # characters of a file's name
LEFT = 24 * 3600.0  # seconds after which nobody writes to an unfinished file any more
EXAMPLES = 3  # changed sentences that are shown

PAGE = """\
<!doctype html><html lang="en"><meta charset="utf-8"><title>Doubtful takes</title>
<style>body {{ font: 16px/1.5 sans-serif; max-width: 50em; margin: 2em auto }} dt {{ margin-top: 1em }}</style>
<h1>Doubtful takes</h1><p>{count} of {total}. <code>retake ID</code> makes another take of one, <code>try ID</code>
several to choose from by ear.</p><dl>
{rows}
</dl></html>
"""


class Project:
    """A narration's folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.takes = folder / "takes"
        self.chapters = folder / "chapters"
        self.tries = folder / "try"
        self.cast = folder / "cast.yaml"
        self.doubtful = folder / "doubtful.html"

    @classmethod
    def beside(cls, output: Path) -> "Project":
        """The project of an output, if no other is named."""
        return cls(output.with_name(output.stem + SUFFIX))

    @contextmanager
    def locked(self, tell: Callable[[str], None]) -> Iterator[None]:
        """Hold the project's lock, which one run at a time has; others wait."""
        with locked(self.folder / "lock", lambda: tell(f"waiting for another run that uses {self.folder}")):
            yield

    def read(self, name: str) -> Any:
        """What NAME.json holds; None if it is missing or no JSON."""
        try:
            return json.loads((self.folder / f"{name}.json").read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return None

    def choices(self) -> dict[str, dict]:
        """Seeds that were chosen by ear, by the keys of the takes that they replace."""
        found = self.read("choices")
        items = found.items() if isinstance(found, dict) else ()
        return {key: own for key, own in items if isinstance(own, dict) and isinstance(own.get("seed"), int)}

    def write(self, name: str, value: object) -> None:
        """Write NAME.json."""
        with whole(self.folder / f"{name}.json", shared=True) as file:
            file.write(json.dumps(value, indent=1, ensure_ascii=True).encode())

    def keep_voice(self, name: str, latents: "SpeakerLatents", fingerprint: str) -> Path:
        """A voice as a file of the project, named by its content, so that all processes speak with the same."""
        from tts import voices

        content = hashlib.sha256(fingerprint.encode())
        for array in voices.arrays(latents).values():
            content.update(array.tobytes())
        path = self.folder / "voices" / f"{content.hexdigest()[:32]}{voices.SUFFIX}"
        if not path.exists():
            unknown = dict.fromkeys(("gender", "description", "source", "licence"), "")
            card = voices.About(name=name, made="kept for a narration", fingerprint=fingerprint, **unknown)
            voices.save(path, latents, card)
        return path

    def chapter_path(self, place: int, title: str) -> Path:
        """The file of the finished chapter at a place, counted from 1."""
        slug = re.sub(r"[\W_]+", "-", title).strip("-")[:LONGEST_TITLE].strip("-")
        return self.chapters / f"{place:02}{slug and '-' + slug}.flac"

    def remove_other_chapters(self, kept: Iterable[Path]) -> None:
        """Remove the chapters of an earlier script."""
        kept = set(kept)
        for path in self.chapters.glob("[0-9]*.flac"):
            if path not in kept:
                path.unlink()

    def keep_text(self, data: bytes) -> Path:
        """A text that came from standard input, as a file that can be read again."""
        path = self.folder / "text.txt"
        with whole(path, shared=True) as file:
            file.write(data)
        return path

    def remove_leftovers(self) -> None:
        """Remove what runs that were killed long ago left unfinished."""
        for path in self.folder.rglob(f"*{PARTIAL}"):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > LEFT:
                    path.unlink()

    def write_doubtful(self, doubtful: list[tuple[Segment, "StoredTake"]], total: int, path: Callable) -> None:
        """A page on which every doubtful take can be heard; `path` gives the file of a take."""
        rows = "\n".join(
            f"<dt>{segment.id}: {html.escape('; '.join(take.faults))} (seed {take.seed}, {take.attempts} attempts)</dt>"
            f"<dd>{html.escape(segment.words)}<br><audio controls preload=none "
            f'src="{quote(path(take.key).relative_to(self.folder).as_posix())}"></audio></dd>'
            for segment, take in doubtful
        )
        with whole(self.doubtful, shared=True) as file:
            file.write(PAGE.format(count=len(doubtful), total=total, rows=rows).encode("utf-8", "replace"))


def remembered(script: Script) -> list[dict]:
    """A script as plain data, for `changes`."""
    chapters = [{"title": chapter.title, "said": []} for chapter in script.chapters]
    for segment in script.segments:
        if segment.words:
            chapters[segment.chapter]["said"].append([segment.role, segment.words])
    return chapters


def changes(old: object, new: list[dict]) -> list[str]:
    """What a new edition changes, in lines of English; nothing if the same is said, or if `old` is no script."""
    try:
        return _changes(old, new) if isinstance(old, list) else []
    except (TypeError, KeyError, ValueError):
        return []


def _changes(old: list[dict], new: list[dict]) -> list[str]:
    if old == new:
        return []
    before = Counter((role, words) for chapter in old for role, words in chapter["said"])
    after = Counter((role, words) for chapter in new for role, words in chapter["said"])
    kept = (before & after).total()
    lines = [
        f"since the last time {(after - before).total()} segments are new, {(before - after).total()} are gone and "
        f"{kept} are as they were"
    ]
    return lines + _by_chapter(new, after - before, "new") + _by_chapter(old, before - after, "gone")


def _by_chapter(chapters: list[dict], changed: Counter, how: str) -> list[str]:
    """A line for each chapter with changed segments, with the first of their words."""
    left, lines = Counter(changed), []
    for number, chapter in enumerate(chapters, 1):
        own = []
        for role, words in chapter["said"]:
            if left[role, words]:
                left[role, words] -= 1
                own.append(words)
        if own:
            shown = "; ".join(words if len(words) <= 60 else f"{words[:57]}..." for words in own[:EXAMPLES])
            more = " ..." if len(own) > EXAMPLES else ""
            title = f" ({chapter['title']})" if chapter["title"] else ""
            lines.append(f"{how} in chapter {number}{title}: {shown}{more}")
    return lines
