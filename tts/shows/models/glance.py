"""The embedded eye: what can be said of a picture without a net that knows things.

It tells the light, the main colours, a guess of sky, grass or snow, and how many faces two detectors agree on that
OpenCV's package carries. What else is to be seen, a person has to say.
"""

import colorsys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

SIDE = 64  # pixels to which a picture is reduced for its colours
FACE_SIDE = 320  # and for faces
MAX_PIXELS = 200_000_000
MAIN = 0.15  # share of the picture from which on a colour is named
GREY = 0.16  # saturation below which a colour is black, grey or white
NIGHT, DIM, BRIGHT = 0.22, 0.42, 0.62  # mean lightness
FULL = 0.55  # share of a third of the picture that is sky, grass or snow
CLOSE = 0.12  # share of the picture that a face fills from which on it is seen from close by
HUES = ((0.04, "red"), (0.11, "orange"), (0.18, "yellow"), (0.45, "green"), (0.53, "turquoise"), (0.70, "blue"),
        (0.80, "purple"), (0.94, "pink"), (1.01, "red"))  # fmt: skip
# Each alone also finds faces in walls and wheels.
DETECTORS = ("haarcascade_frontalface_alt.xml", "haarcascade_frontalface_default.xml")
PEOPLE = {0: "", 1: "A person", 2: "Two people", 3: "Three people"}
Box = tuple[float, float, float, float]  # left, top, width, height, as shares of the picture
NEIGHBOURS = 3  # overlapping hits that make a face


@dataclass(frozen=True)
class Seen:
    """What was found in a picture."""

    lightness: float  # 0 black, 1 white
    colours: list[str]  # the main ones, the largest first
    upper: str  # sky, night sky, or nothing
    lower: str  # grass, snow, sand, or nothing
    people: int
    close: bool  # a face fills much of it


class Glance:
    """Says what little it is sure of; `hint` is what to tell the user."""

    name = "glance"
    free = True
    hint = "the embedded eye sees light, colours and faces only: say what the picture shows by --about"

    def caption(self, picture: Path) -> str:
        """What is to be seen, in some short sentences. Raises ValueError for a file that is no picture."""
        return describe(look(read_picture(picture)))


def read_picture(path: Path) -> Image.Image:
    """A picture as it is to be held, in RGB. Raises ValueError for a file that is no picture, or too large a one."""
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"{path} has {image.width} x {image.height} pixels: scale it down")
            return ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, SyntaxError):
        raise ValueError(f"{path} is no picture that can be read: give a JPEG or PNG") from None
    except OSError as error:
        if error.errno is not None:  # a missing file and its like
            raise
        raise ValueError(f"{path} is cut off or broken: {error}") from None


def look(image: Image.Image) -> Seen:
    """What is found in a picture."""
    small = np.asarray(image.resize((SIDE, SIDE)), dtype=np.float32) / 255
    names = np.array([[colour_name(*pixel) for pixel in row] for row in small.tolist()])
    lightness = float((small @ np.array([0.299, 0.587, 0.114], dtype=np.float32)).mean())
    counts = Counter(names.ravel().tolist())
    main = [name for name, count in counts.most_common(3) if count / names.size >= MAIN]
    faces = _faces(image)
    return Seen(
        lightness=lightness,
        colours=main or [counts.most_common(1)[0][0]],
        upper=_upper(names[: SIDE // 3], lightness),
        lower=_lower(names[-SIDE // 3 :], lightness),
        people=len(faces),
        close=max((wide * high for _, _, wide, high in faces), default=0.0) >= CLOSE,
    )


def describe(seen: Seen) -> str:
    """In sentences, of which each is true or says that it guesses."""
    people = PEOPLE.get(seen.people, "Several people")
    sentences = [f"{people} can be seen{', close by' * seen.close}."] if people else []
    levels = ((NIGHT, "dark and "), (DIM, "dim and "), (BRIGHT, ""))
    light = next((word for limit, word in levels if seen.lightness < limit), "bright and ")
    colours = " and ".join(seen.colours[:2])
    sentences.append(f"The picture is {light}mostly {colours}.")
    guesses = [one for one in (seen.upper, seen.lower) if one]
    if guesses:
        sentences.append(f"Perhaps there is {' above '.join(guesses)}.")
    return " ".join(sentences)


def colour_name(red: float, green: float, blue: float) -> str:
    """An everyday name of a colour, each part from 0 to 1."""
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    if value < 0.16:
        return "black"
    if saturation < GREY:
        return "white" if value > 0.86 else "grey"
    name = next(name for limit, name in HUES if hue < limit)
    brownish = name in ("orange", "yellow") or (name == "red" and saturation < 0.6)
    return "brown" if brownish and value < 0.66 else name


def _upper(names: np.ndarray, lightness: float) -> str:
    share = Counter(names.ravel().tolist())
    if share["blue"] + share["turquoise"] > FULL * names.size:
        return "a blue sky" if lightness > NIGHT else "a night sky"
    return "a dark sky or a dark room" if share["black"] > 0.8 * names.size else ""


def _lower(names: np.ndarray, lightness: float) -> str:
    share = Counter(names.ravel().tolist())
    if share["green"] > FULL * names.size:
        return "grass"
    if share["white"] > FULL * names.size and lightness > BRIGHT:
        return "snow or a white table"
    return "water" if share["blue"] + share["turquoise"] > FULL * names.size else ""


def _faces(image: Image.Image) -> list[Box]:
    """The faces that all detectors find; none where OpenCV is not installed."""
    scale = min(1.0, FACE_SIDE / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    grey = np.asarray(image.resize(size).convert("L"))
    least = max(24, round(min(size) * 0.09))
    found: list[list[Box]] = []
    for name in DETECTORS:
        detector = _detector(name)
        if detector is None:
            return []
        hits = detector.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=NEIGHBOURS, minSize=(least, least))
        found.append(
            [(float(x / size[0]), float(y / size[1]), float(w / size[0]), float(h / size[1])) for x, y, w, h in hits]
        )
    return [one for one in found[0] if any(_overlap(one, other) for other in found[1])]


@cache
def _detector(name: str):
    try:
        import cv2
    except ModuleNotFoundError:
        return None
    detector = cv2.CascadeClassifier(f"{cv2.data.haarcascades}{name}")
    return None if detector.empty() else detector


def _overlap(one: Box, other: Box) -> bool:
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return across > 0 and down > 0 and across * down > 0.3 * min(one[2] * one[3], other[2] * other[3])
