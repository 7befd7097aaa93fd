"""The folder of a narration: what is kept in it, and what people or accidents may have made of it."""

import os
import time
from pathlib import Path

import pytest

from tts.narration.project import Project, changes


@pytest.fixture
def project(tmp_path) -> Project:
    return Project.beside(tmp_path / "book.m4b")


def chapter(title: str, *said: str) -> dict:
    return {"title": title, "said": [["narrator", words] for words in said]}


def test_a_project_lies_beside_its_output(project, tmp_path):
    assert project.folder == tmp_path / "book.narration"


def test_chapters_are_named_by_place_and_title(project):
    names = {1: "The Kettle", 2: "", 12: "../a/b: c?", 3: "é" * 200}
    found = {place: project.chapter_path(place, title) for place, title in names.items()}
    assert {path.parent for path in found.values()} == {project.chapters}
    assert [path.name for path in found.values()][:3] == ["01-The-Kettle.flac", "02.flac", "12-a-b-c.flac"]
    assert len(os.fsencode(found[3].name)) < 200


def test_what_is_no_json_is_not_there(project):
    assert project.read("script") is None and project.choices() == {}
    project.write("choices", {"a": {"seed": 4}, "b": {"seed": "4"}, "c": 4})
    assert project.choices() == {"a": {"seed": 4}}
    for content in ("", "[", "[]", "1"):
        (project.folder / "choices.json").write_text(content)
        assert project.choices() == {}


def test_changes_are_told_by_chapter_and_in_words():
    old = [chapter("One", "It sang.", "It stopped.", "Never mind.", "Never mind."), chapter("", "The end.")]
    new = [chapter("", "The end."), chapter("One", "It sang.", "It went on.", "Never mind.")]
    assert changes(old, new) == [
        "since the last time 1 segments are new, 2 are gone and 3 are as they were",
        "new in chapter 2 (One): It went on.",
        "gone in chapter 1 (One): It stopped.; Never mind.",
    ]
    assert changes(new, new) == []


@pytest.mark.parametrize("broken", [None, 1, {}, [1], [{}], [{"title": "", "said": [1]}], [{"said": [[[], {}]]}]])
def test_without_a_script_of_the_last_time_nothing_is_told(broken):
    assert changes(broken, [chapter("One", "It sang.")]) == []


def test_only_what_was_left_long_ago_is_removed(project):
    project.takes.mkdir(parents=True)
    old, new = project.takes / ".a.flac.1.partial", project.takes / ".b.flac.2.partial"
    for path in (old, new):
        path.touch()
    os.utime(old, (time.time() - 10**6,) * 2)
    project.remove_leftovers()
    assert [path.name for path in project.takes.iterdir()] == [new.name]


def test_chapters_of_an_earlier_script_are_removed_and_nothing_else(project):
    project.chapters.mkdir(parents=True)
    paths = [project.chapter_path(1, "One"), project.chapter_path(2, "Two"), project.chapters / "notes.txt"]
    for path in paths:
        path.touch()
    project.remove_other_chapters(paths[:1])
    assert sorted(path.name for path in project.chapters.iterdir()) == ["01-One.flac", "notes.txt"]


def test_doubtful_takes_are_shown_with_nothing_of_the_text_as_markup(project):
    from tts.narration.script import Segment
    from tts.narration.takes import StoredTake

    base = {"chapter": 0, "paragraph": 0, "kind": "prose", "role": "narrator", "pause": 0.0}
    segment = Segment(id="1.1.1", written="", words="<script>alert(1)</script> & so on.", **base)
    known = {"samples": 1, "sha256": "", "attempts": 3, "loss": 1.0, "words": []}
    take = StoredTake(key="ab12", seed=4, faults=["skips 'so'"], **known)
    project.write_doubtful([(segment, take)], 9, lambda key: project.takes / key[:2] / f"{key}.flac")
    page = Path(project.doubtful).read_text("utf-8")
    assert "<script>" not in page and "&lt;script&gt;" in page and 'src="takes/ab/ab12.flac"' in page
    assert "1 of 9" in page and "seed 4, 3 attempts" in page
