"""A picture that a user sends, made harmless: `python -m tts.server.photo PICTURE TARGET PIXELS`.

It is decoded in a process of its own, with bounds on pixels, memory and time, and written anew as a plain JPEG that is
no larger than shows need. Whatever else the file holds, such as the place where the photo was taken, is left behind.
"""

import asyncio
import json
import sys
import warnings
from asyncio.subprocess import PIPE
from pathlib import Path

from tts.cli import run_as_program
from tts.files import whole
from tts.settings import ROOT

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")  # of Pillow; others start programs, or are rare
SIDE = 2048  # pixels of the longer side, at most
SMALLEST = 16  # pixels of the shorter side
QUALITY = 92  # of the JPEG
BYTES = 3 << 30  # of memory
SECONDS = 60  # of the processor
LONGEST = 120.0  # seconds that a picture may take


async def keep_picture(sent: Path, target: Path, pixels: int) -> None:
    """Write a picture of at most so many pixels anew. Raises ValueError that says why it is refused."""
    command = (sys.executable, "-m", "tts.server.photo", str(sent), str(target), str(pixels))
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE)
    try:
        out, _ = await asyncio.wait_for(process.communicate(), LONGEST)
        refused = json.loads(out)["refused"]
    except (asyncio.TimeoutError, ValueError):
        raise ValueError("the picture cannot be read, or not in time") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if refused:
        raise ValueError(refused)


def rewrite(sent: Path, target: Path, pixels: int) -> None:
    """The same in this process."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = None  # the bound is ours
    known = ", ".join(FORMATS)
    try:
        with Image.open(sent, formats=FORMATS) as image:
            width, height = image.size
            if width * height > pixels:
                raise ValueError(f"the picture has {width} x {height} pixels; at most {pixels:,} are read")
            if min(width, height) < SMALLEST:
                raise ValueError(f"the picture has {width} x {height} pixels: send a larger one")
            image.draft("RGB", (SIDE, SIDE))
            image = ImageOps.exif_transpose(image).convert("RGB")
    except UnidentifiedImageError:
        raise ValueError(f"the file is no picture that can be read: send {known}") from None
    except (OSError, SyntaxError, EOFError):
        raise ValueError("the picture is damaged or cut off") from None
    image.thumbnail((SIDE, SIDE))
    with whole(target) as file:
        image.save(file, "JPEG", quality=QUALITY)


def main() -> int:
    sent, target, pixels = sys.argv[1:]
    _confine()
    try:
        rewrite(Path(sent), Path(target), int(pixels))
        refused = ""
    except MemoryError:
        refused = "the picture takes too much memory"
    except ValueError as error:
        refused = str(error)
    print(json.dumps({"refused": refused}))
    return 0


def _confine() -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    run_as_program(main)
