"""Finished audiobooks as Audiobookshelf expects them: FOLDER/USER/AUTHOR/TITLE, with metadata.json beside the sound.

A library of it that points at FOLDER/USER shows each book with its author, narrator and chapters.
"""

import json
import os
import re
import shutil
from pathlib import Path

from tts.files import replacing, whole
from tts.narration import feed, manifest
from tts.narration.timeline import Timeline
from tts.server.jobs import NarrationJob

UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')  # in a name of a file, of any system
NOBODY = "Unknown author"
LONGEST = 60  # characters of a name


def put(job: NarrationJob, project: Path, folder: Path) -> Path:
    """Put a finished narration on the shelf; gives its folder. What was there under its names is replaced.

    Raises ValueError if its manifest is missing or none.
    """
    if "manifest.json" not in job.files:
        raise ValueError("a narration without manifest.json goes on no shelf")
    timeline = manifest.read(project / "manifest.json")
    place = folder / job.user / (_name(timeline.author) or NOBODY) / (_name(timeline.title) or job.title)
    place.mkdir(parents=True, exist_ok=True)
    for name in job.files:
        if Path(name).suffix in feed.MEDIA:
            with replacing(place / name) as temporary:
                _copy(project / name, temporary)
    with whole(place / "metadata.json") as file:
        file.write(json.dumps(_metadata(timeline, job), ensure_ascii=False, indent=1).encode("utf-8", "replace"))
    return place


def _copy(source: Path, target: str | os.PathLike) -> None:
    """The same file under another name where that can be, as it may be large, or else a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _metadata(timeline: Timeline, job: NarrationJob) -> dict:
    """The fields that Audiobookshelf writes itself; what nobody knows is left out."""
    chapters = [
        {"id": number, "start": round(chapter.start if number else 0.0, 3), "end": round(chapter.stop, 3),
         "title": chapter.title or f"Chapter {number + 1}"}
        for number, chapter in enumerate(timeline.chapters)
    ]  # fmt: skip
    return {
        "title": timeline.title or job.title,
        "authors": [timeline.author] if timeline.author else [],
        "narrators": [timeline.narrator] if timeline.narrator else [],
        "language": timeline.language,
        "chapters": chapters,
        "tags": ["synthetic speech"] if timeline.synthetic else [],
    }


def _name(text: str) -> str:
    """A title or an author as the name of a folder, which is never hidden and leads nowhere else."""
    return " ".join(UNFIT.sub(" ", text).split()).strip(" .")[:LONGEST].strip(" .")
