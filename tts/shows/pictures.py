"""pictures.yaml: from which sentence on each picture is shown, and what it shows."""

from dataclasses import dataclass
from pathlib import Path

from tts.shows.stage import Work

LIST, FOLDER = "pictures.yaml", "pictures/"
MOST = 500  # pictures of a show
LONGEST = 2000  # characters of a scene


@dataclass(frozen=True)
class Picture:
    """An entry, and the file of its picture."""

    at: str  # the first words of the sentence
    scene: str
    path: Path


def read_pictures(work: Work) -> list[Picture]:
    """The entries in order. Raises ValueError that names the one that is wrong."""
    found = work.read_yaml(LIST)
    if not isinstance(found, list) or not found or len(found) > MOST:
        raise ValueError(f"{LIST} must be a list of 1 to {MOST} entries with at and scene")
    pictures = []
    for number, entry in enumerate(found, 1):
        told = [entry.get(key) for key in ("at", "scene")] if isinstance(entry, dict) else []
        if len(told) != 2 or not all(isinstance(one, str) and one.strip() for one in told):
            raise ValueError(f"{LIST}, entry {number}: it needs at (words of a sentence) and scene (what is painted)")
        if len(told[1]) > LONGEST:
            raise ValueError(f"{LIST}, entry {number}: its scene has {len(told[1])} characters: give {LONGEST} at most")
        pictures.append(Picture(*(" ".join(one.split()) for one in told), work.path(f"{FOLDER}{number:03}.jpg")))
    return pictures


def credits_of(paths: list[Path]) -> list[str]:
    """Whose work is in pictures, as their files say it."""
    from PIL import Image

    found = []
    for path in paths:
        with Image.open(path) as image:
            comment = image.info.get("comment", b"")
        found.append(comment.decode("utf-8", "replace") if isinstance(comment, bytes) else str(comment))
    return [line for line in dict.fromkeys(found) if line]
