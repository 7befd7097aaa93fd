"""Scenes to pictures."""

from typing import TYPE_CHECKING

from tts.files import whole
from tts.shows.pictures import FOLDER, LIST, read_pictures
from tts.shows.stage import ShowStage, Work

if TYPE_CHECKING:
    from PIL.Image import Image

QUALITY = 90  # of the JPEG
COPYRIGHT = 0x8298  # the tag of EXIF
LARGEST = 4  # times that a picture can be enlarged


def run(work: Work) -> None:
    """Write pictures/001.jpg and so on. A picture whose scene was edited is painted anew, the others are kept."""
    own = work.settings
    size = (own["width"], own["height"])
    if not 1 <= own["enlarge"] <= LARGEST:
        raise ValueError(f"enlarge is {own['enlarge']}: give 1 to {LARGEST}")
    pictures = read_pictures(work)
    with work.progress(f"{len(pictures)} pictures") as progress:
        for number, picture in enumerate(pictures, 1):
            if picture.path.relative_to(work.folder).as_posix() not in work.keep:
                # One seed for all: whoever is in several pictures looks the same in each.
                image = work.painter.paint(picture.scene, size, seed=work.seed)
                save(_enlarged(image, own["enlarge"]), picture.path, image.info.get("credits", ""))
            progress(number, len(pictures))
    wanted = {picture.path for picture in pictures}
    for path in work.path(FOLDER).glob("[0-9]*.jpg"):
        if path not in wanted:
            path.unlink()


def save(image: "Image", path, credits: str) -> None:
    """Write a JPEG whole, with its credits in its data."""
    from PIL import Image

    exif = Image.Exif()
    if credits:
        exif[COPYRIGHT] = credits.encode("ascii", "replace").decode()
    with whole(path) as file:
        image.convert("RGB").save(
            file, "JPEG", quality=QUALITY, subsampling=0, comment=credits.encode(), exif=exif, optimize=True
        )


def _enlarged(image: "Image", times: float) -> "Image":
    from PIL import Image, ImageFilter

    if times == 1:
        return image
    larger = image.resize((round(image.width * times), round(image.height * times)), Image.Resampling.LANCZOS)
    return larger.filter(ImageFilter.UnsharpMask(radius=times, percent=60, threshold=2))


STAGE = ShowStage(
    run=run,
    reads=(LIST,),
    makes=(FOLDER,),
    models=("painter",),
    settings={"width": 1100, "height": 1100, "enlarge": 1.0},
)
