"""What is in a book: `python -m tts.server.outline BOOK` prints it as a line of JSON.

What a user sends is read in a process of its own, so that a book that takes long or breaks the reader harms nobody.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from dataclasses import asdict, dataclass
from pathlib import Path

from tts import document
from tts.cli import run_as_program
from tts.narration.cast import roles_of
from tts.settings import ROOT

LONGEST = 120.0  # seconds that a book may take


@dataclass(frozen=True)
class Outline:
    """A book before it is narrated."""

    title: str
    author: str
    chapters: list[tuple[str, int]]  # title and words of each
    roles: dict[str, int]  # how many words each says, the narrator first


def outline_of(book: Path) -> Outline:
    """Raises ValueError if it cannot be read."""
    text = document.read(book)
    chapters = [(chapter.title, _words(chapter)) for chapter in text.chapters]
    return Outline(text.title, text.author, chapters, roles_of(text))


async def found_in(book: Path) -> Outline:
    """The same, from another process. Raises ValueError if it cannot be read, or not in time."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tts.server.outline", str(book)), cwd=ROOT, stdout=PIPE
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), LONGEST)
        found = json.loads(out)
    except (asyncio.TimeoutError, ValueError):
        raise ValueError("the book cannot be read, or not in time") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if "failed" in found:
        raise ValueError(found["failed"])
    return Outline(**found | {"chapters": [(title, words) for title, words in found["chapters"]]})


def _words(chapter: document.Chapter) -> int:
    return sum(len(span.text.split()) for part in chapter.paragraphs for span in part.spans)


def main() -> int:
    book = Path(sys.argv[1])
    try:
        found = asdict(outline_of(book))
    except (ValueError, OSError) as error:
        found = {"failed": str(error).replace(f"{book.parent}/", "")}
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    run_as_program(main)
