"""What users send, kept whole under names of ours; and how what is made of it is sent back, so that it cannot act."""

import re
from pathlib import Path

from starlette.datastructures import UploadFile

from tts import document
from tts.files import whole
from tts.server.errors import ApiError
from tts.server.library import Voice

BLOCK = 1 << 20  # bytes that are copied at once
# A page that was made from what somebody sent must not act in this service's name.
FILE_HEADERS = {"Content-Security-Policy": "sandbox", "Cache-Control": "no-store"}
UNPLAIN = re.compile(r"[^\w -]+")


def keep(sent: UploadFile, path: Path) -> None:
    """Copy what was sent."""
    with whole(path) as file:
        while block := sent.file.read(BLOCK):
            file.write(block)


def plain(name: str) -> str:
    """A name that is safe as one of a file."""
    return " ".join(UNPLAIN.sub(" ", name).split())[:60].strip(" -")


def suffix_of(book: UploadFile, param: str = "book") -> str:
    """Which kind of book it is. Raises ApiError that names those that are read."""
    suffix = Path(book.filename or "").suffix.lower()
    if suffix not in document.FORMATS:
        known = ", ".join(document.FORMATS)
        raise ApiError(400, f"The name of the book must end in one of {known}.", param=param, code="invalid_book")
    return suffix


def copied(voice: Voice, folder: Path) -> Path:
    """A user's voice in a folder, so that it can be deleted meanwhile."""
    path = folder / f"{plain(voice.name) or voice.id}{voice.path.suffix}"
    with whole(path) as file:
        file.write(voice.path.read_bytes())
    return path
