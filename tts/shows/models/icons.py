"""The embedded painter: scenes made of OpenMoji's drawings, from the words of a text."""

import io

from PIL import Image

from tts.shows.painting.composition import compose
from tts.shows.painting.figures import render

CREDITS = (
    "Drawings by OpenMoji (openmoji.org), CC BY-SA 4.0; composed by Triforce. The picture is under the same licence."
)
SMALLEST, LARGEST = 32, 8192  # pixels of a side


class Icons:
    """Paints any text at any size; the same text, size and seed give the same picture."""

    name = "icons"
    free = True

    def paint(self, scene: str, size: tuple[int, int], *, seed: int) -> Image.Image:
        """The picture of a scene, `size` as width and height in pixels; `info["credits"]` says whose drawings it has.

        Raises ValueError for a size beyond 32 to 8192, and where the group `shows` is not installed.
        """
        if not all(SMALLEST <= side <= LARGEST for side in size):
            raise ValueError(f"no picture of {size[0]} x {size[1]} pixels: give sides of {SMALLEST} to {LARGEST}")
        picture = Image.open(io.BytesIO(render(compose(scene, size, seed)))).convert("RGB")
        picture.info["credits"] = CREDITS
        return picture
