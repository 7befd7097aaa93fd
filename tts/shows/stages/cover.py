"""The cover of an episode: a picture of what it is about, with its title."""

from typing import TYPE_CHECKING

from tts.files import whole
from tts.shows.stage import ShowStage, Work, fill

if TYPE_CHECKING:
    from PIL.Image import Image

QUALITY = 90  # of the JPEG
BAND = 0.2  # of the height, under the title
MARGIN = 0.06  # of the width, beside it
LARGEST = 0.09  # of the height: letters


def run(work: Work) -> None:
    """Write cover.jpg."""
    own, about = work.settings, work.read_fields("about.yaml", "title")
    plan = work.read_fields("plan.yaml") if work.path("plan.yaml").is_file() else {}
    scene = fill(own["scene"], **{**plan, "title": about["title"], "description": about.get("description", "")})
    image = work.painter.paint(scene, (own["side"], own["side"]), seed=work.seed)
    drawn = titled(image, about["title"])
    if "cover.jpg" not in work.keep:
        with whole(work.path("cover.jpg")) as file:
            drawn.save(file, "JPEG", quality=QUALITY, comment=image.info.get("credits", "").encode())


def titled(image: "Image", title: str) -> "Image":
    """The picture with its title on a dark band, as large as fits in two lines."""
    from PIL import Image, ImageDraw, ImageFont

    drawn = image.convert("RGB")
    width, height = drawn.size
    top = round(height * (1 - BAND))
    band = Image.new("RGB", (width, height - top), (24, 28, 48))
    drawn.paste(Image.blend(drawn.crop((0, top, width, height)), band, 0.75), (0, top))
    pen = ImageDraw.Draw(drawn)
    for size in range(round(height * LARGEST), 11, -2):
        font = ImageFont.load_default(size)
        lines = _lines(title, lambda text, font=font: pen.textlength(text, font), width * (1 - 2 * MARGIN))
        if len(lines) <= 2 and len(lines) * size * 1.2 <= height - top:
            break
    place = (width / 2, (top + height) / 2)
    pen.multiline_text(place, "\n".join(lines), (255, 255, 255), font, anchor="mm", align="center")
    return drawn


def _lines(text: str, width, most: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if width(longer) <= most or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


STAGE = ShowStage(
    run=run,
    reads=("about.yaml", "plan.yaml?"),
    makes=("cover.jpg",),
    models=("painter",),
    settings={"scene": "{title}. {description}", "side": 1400},
)
