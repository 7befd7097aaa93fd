import numpy as np
import pytest
from PIL import Image

from tts.shows.models.glance import Glance, colour_name, read_picture


@pytest.fixture
def save(tmp_path):
    def made(pixels: np.ndarray, name: str = "photo.png", **options):
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / name, **options)
        return tmp_path / name

    return made


def halves(upper, lower) -> np.ndarray:
    pixels = np.empty((90, 120, 3))
    pixels[:45], pixels[45:] = upper, lower
    return pixels


def test_what_is_told_is_true(save):
    said = Glance().caption(save(halves((90, 160, 240), (70, 160, 60))))
    assert said == "The picture is mostly blue and green. Perhaps there is a blue sky above grass."
    assert Glance().caption(save(halves((5, 5, 8), (5, 5, 8)))).startswith("The picture is dark and mostly black.")
    assert "bright and mostly white" in Glance().caption(save(halves((250, 250, 250), (245, 245, 245))))


def test_nobody_is_seen_where_nobody_is(save):
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3))
    for pixels in (noise, halves((90, 160, 240), (70, 160, 60))):
        assert "person" not in Glance().caption(save(pixels)).lower()


def test_a_face_is_seen():
    pytest.importorskip("cv2")
    data = pytest.importorskip("skimage.data")
    from tts.shows.models.glance import look

    assert look(Image.fromarray(data.astronaut())).people == 1
    assert look(Image.fromarray(data.chelsea())).people == 0


@pytest.mark.parametrize(
    "rgb, name",
    [
        ((220, 30, 30), "red"),
        ((120, 70, 30), "brown"),
        ((250, 220, 40), "yellow"),
        ((128, 128, 128), "grey"),
        ((240, 140, 200), "pink"),
    ],
)
def test_colours_have_their_everyday_names(rgb, name):
    assert colour_name(*(part / 255 for part in rgb)) == name


def test_a_picture_is_held_as_its_data_say(save):
    exif = Image.Exif()
    exif[0x0112] = 6  # it lies on its side
    assert read_picture(save(halves((9, 9, 9), (250, 250, 250)), "photo.jpg", exif=exif)).size == (90, 120)


def test_what_is_no_picture_is_named(tmp_path, save):
    (tmp_path / "text.png").write_text("not a picture")
    with pytest.raises(ValueError, match="is no picture"):
        read_picture(tmp_path / "text.png")
    whole = save(np.random.default_rng(0).integers(0, 255, (200, 200, 3)))
    (tmp_path / "cut.png").write_bytes(whole.read_bytes()[:5000])
    with pytest.raises(ValueError, match="cut off or broken"):
        read_picture(tmp_path / "cut.png")
    with pytest.raises(FileNotFoundError):
        read_picture(tmp_path / "missing.png")
