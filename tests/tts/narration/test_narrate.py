"""A narration from start to end with nano nets: what is spoken again, and what a stop leaves behind."""

import errno
import json
import multiprocessing
import os
import re
import resource
import shutil
import signal
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from helpers import nano, narrating
from helpers.narrating import BOOK, TAKES, chapters, contents, in_child, killed_after, narrate, order
from tts import packets
from tts.document import Chapter, Document, Paragraph, Span
from tts.executors import LocalExecutor
from tts.narration import plan
from tts.narration.mix import mix_chapter
from tts.narration.narrate import Narration
from tts.narration.plan import NarrationPlan, Order
from tts.narration.project import Project
from tts.narration.speaking import load_nets


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return narrating.home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def undisturbed(home, tmp_path_factory) -> Path:
    """The folder of a narration of BOOK that nothing disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    done = narrate(order(home, folder))
    assert (done.spoken, done.kept) == (TAKES, 0)
    return folder


@pytest.fixture
def begun(home, undisturbed, tmp_path) -> Path:
    """A copy of it."""
    shutil.copytree(undisturbed, tmp_path / "begun")
    return tmp_path / "begun"


def spoken(home: Path, folder: Path, text: str = BOOK, *overrides: str, **changed) -> int:
    """How many takes it needs to make that in a folder."""
    return narrate(order(home, folder, text, *overrides, **changed)).spoken


def test_a_recording_is_its_chapters_and_they_are_their_takes(home, undisturbed):
    made = NarrationPlan(order(home, undisturbed), Project(undisturbed / "book.narration"), print)
    whole, rate = soundfile.read(undisturbed / "book.flac", dtype="int16")
    mixed = [soundfile.read(path, dtype="int16")[0] for path in Narration(made, print).paths]
    assert rate == 24000 and np.array_equal(whole, np.concatenate(mixed))
    segments = made.script.segments
    takes = [
        (segment, made.store.read(want.key))
        for segment, want in zip(segments, made.wanted, strict=True)
        if want and segment.chapter == 0
    ]
    expected = np.concatenate([placed.wave for placed in mix_chapter(takes, rate)])
    assert np.abs(expected - mixed[0] / 32768).max() < 1e-4


def test_the_timeline_says_when_each_word_is_heard(home, undisturbed):
    made = NarrationPlan(order(home, undisturbed), Project(undisturbed / "book.narration"), print)
    narration = Narration(made, print)
    assert narration.jobs() == []
    timeline = narration.timeline()
    assert timeline.seconds == pytest.approx(soundfile.info(undisturbed / "book.flac").duration)
    assert [chapter.title for chapter in timeline.chapters] == ["The Kettle", "The End"]
    assert timeline.narrator == "someone" and timeline.synthetic
    assert timeline.title == "book"  # the document has none
    said = timeline.chapters[0].segments
    assert [segment.text for segment in said][:3] == [
        "The Kettle",
        "Dr. Smith bought it in 1914.",
        '"Never mind," he said.',
    ]
    for segment in said:
        assert segment.words and segment.take and segment.voice == "someone"
        assert segment.start <= segment.words[0].start and segment.words[-1].stop <= segment.stop + 0.002
    assert [said[1].text[word.first : word.last] for word in said[1].words] == "Dr Smith bought it in 1914".split()


def test_running_again_speaks_nothing_and_changes_nothing(home, undisturbed, begun):
    assert spoken(home, begun) == 0
    assert contents(begun) == contents(undisturbed)


def test_killed_and_run_again_is_undisturbed_by_bytes(home, undisturbed, tmp_path):
    for jobs in (1, 2, 3):
        assert (
            in_child(lambda jobs=jobs: narrate(order(home, tmp_path), progress=killed_after(jobs))) == -signal.SIGKILL
        )
    assert not (tmp_path / "book.flac").exists()
    done = narrate(order(home, tmp_path))
    assert 0 < done.spoken < TAKES
    assert contents(tmp_path) == contents(undisturbed)


def test_finished_chapters_are_there_while_the_rest_is_made(home, undisturbed, tmp_path):
    assert in_child(lambda: narrate(order(home, tmp_path), progress=killed_after(5))) == -signal.SIGKILL
    (first,) = (tmp_path / "book.narration" / "chapters").iterdir()
    assert first.read_bytes() == contents(undisturbed)[first.name]


def test_an_edited_sentence_is_spoken_again_alone(home, undisturbed, begun):
    assert spoken(home, begun, BOOK.replace("Nobody", "Everybody")) == 1
    before, after = contents(undisturbed), contents(begun)
    assert {name for name in before if before[name] != after[name]} == {"book.flac", "02-The-End.flac"}


def test_a_new_edition_says_what_it_changes(home, begun):
    told = []
    narrate(order(home, begun, BOOK.replace("Nobody", "Everybody")), tell=told.append)
    assert any("1 segments are new, 1 are gone" in line for line in told)
    assert any(line == "new in chapter 2 (The End): Everybody cried." for line in told)


def test_reordered_chapters_are_not_spoken_again(home, undisturbed, begun):
    first, second = re.split(r"(?=^# The End)", BOOK, flags=re.MULTILINE)
    assert spoken(home, begun, f"{second}\n\n{first}") == 0
    assert sorted(path.name for path in (begun / "book.narration" / "chapters").iterdir()) == [
        "01-The-End.flac",
        "02-The-Kettle.flac",
    ]
    assert contents(begun)["01-The-End.flac"] == contents(undisturbed)["02-The-End.flac"]


def test_a_new_chapter_and_another_name_of_the_book_speak_only_what_is_new(home, begun):
    assert spoken(home, begun, f"# Before\n\nOnce.\n\n{BOOK}") == 2
    other = begun / "novel.md"
    other.write_text(BOOK, "utf-8")
    assert spoken(home, begun, book=str(other)) == 0


@pytest.mark.parametrize(
    "overrides, takes", [(["pauses.paragraph=1"], 0), (["pause=2"], 0), (["steps=2"], TAKES), (["seed=1"], TAKES)]
)
def test_only_settings_that_change_the_sound_of_a_take_speak_again(home, begun, overrides, takes):
    assert spoken(home, begun, BOOK, *overrides) == takes


def test_a_voice_counts_by_its_content_and_not_by_its_name(home, undisturbed, begun, tmp_path):
    same = tmp_path / "another.safetensors"
    shutil.copy(home / "someone.safetensors", same)
    cast = (f"narrator={same}",)
    assert spoken(home, begun, cast=cast) == 0
    assert chapters(begun) == chapters(undisturbed)  # the recording names its voice
    other = narrating.voice(home, "other", seed=2)
    shutil.copy(other, same)
    assert spoken(home, begun, cast=cast) == TAKES


def test_a_broken_take_is_spoken_again(home, undisturbed, begun):
    takes = sorted((begun / "book.narration" / "takes").rglob("*.flac"))
    takes[0].write_bytes(takes[0].read_bytes()[:100])
    takes[1].write_bytes(takes[2].read_bytes())
    shutil.rmtree(begun / "book.narration" / "chapters")
    told = []
    assert narrate(order(home, begun), tell=told.append).spoken == 2
    assert sum("spoken again" in line for line in told) == 2
    assert contents(begun) == contents(undisturbed)


def test_a_broken_take_that_a_finished_chapter_shares_is_spoken_again(home, begun):
    made = NarrationPlan(order(home, begun), Project(begun / "book.narration"), print)
    (index,) = [index for index, segment in enumerate(made.script.segments) if segment.words == "It sang."]
    path = made.store.path(made.wanted[index].key)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert spoken(home, begun, f"{BOOK}\n\nIt sang.\n") == 1
    assert path.read_bytes() == data


def test_two_runs_on_one_book_do_not_disturb_each_other(home, undisturbed, tmp_path):
    both = [multiprocessing.get_context("fork").Process(target=narrate, args=(order(home, tmp_path),)) for _ in "ab"]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert contents(tmp_path) == contents(undisturbed)
    assert not list(tmp_path.rglob("*.partial"))


@contextmanager
def largest_file(size: int):
    """What a full disk is like: no file gets larger than that."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_is_an_error_and_what_was_spoken_stays(home, undisturbed, tmp_path):
    asked = order(home, tmp_path)
    largest = max(path.stat().st_size for path in (undisturbed / "book.narration" / "takes").rglob("*.flac"))
    with largest_file(largest + 1000), pytest.raises(OSError):
        narrate(asked)  # the chapters are larger
    assert not (tmp_path / "book.flac").exists() and not list(tmp_path.rglob("*.partial"))
    assert narrate(asked).spoken < TAKES
    assert contents(tmp_path) == contents(undisturbed)


MANNERS = Document(
    chapters=[
        Chapter("", [Paragraph((Span("One here.", rate=rate, pitch=pitch, volume=volume),))])
        for rate, pitch, volume in ((1.0, 0.0, 0.0), (2.0, 0.0, 0.0), (1.0, 12.0, 0.0), (1.0, 0.0, -6.0))
    ]
)


def test_rate_and_pitch_make_other_takes_and_volume_another_mix(home, tmp_path, monkeypatch):
    monkeypatch.setattr(plan.document, "read", lambda path: MANNERS)
    narration = Narration(NarrationPlan(order(home, tmp_path), Project(tmp_path / "book.narration"), print), print)
    keys = [want.key for want in narration.plan.wanted]
    assert len(set(keys)) == 3 and keys[3] == keys[0]
    narration.speak(narration.jobs(), LocalExecutor(0), lambda done, whole: None, lambda: None)
    lengths = [narration.takes[key].samples for key in keys]
    assert lengths[1] == pytest.approx(lengths[0] / 2, abs=3000)
    assert lengths[2] == pytest.approx(lengths[0], abs=3000)
    sound = [soundfile.read(path)[0] for path in narration.paths]
    assert np.abs(sound[3]).max() == pytest.approx(np.abs(sound[0]).max() / 2, rel=0.05)


def test_the_nets_are_let_go_before_the_recording_is_made(home, begun):
    loaded = {}

    @contextmanager
    def progress(work: str):
        yield lambda done, whole: None
        loaded[work] = load_nets.cache_info().currsize

    narrate(order(home, begun, BOOK.replace("Nobody", "Somebody")), progress=progress)
    assert loaded == {"speaking": 1, "mastering": 0}


def test_progress_counts_what_is_spoken_and_nothing_else(home, begun):
    counts = []

    @contextmanager
    def progress(work: str):
        yield lambda done, whole: counts.append((work, done, whole))

    narrate(order(home, begun, BOOK.replace("Nobody", "Everybody")), progress=progress)
    said = len("Everybody cried.")
    assert [count for count in counts if count[0] == "speaking"] == [("speaking", said, said)]


def test_doubtful_takes_are_listed_where_they_can_be_heard(home, undisturbed):
    made = NarrationPlan(order(home, undisturbed), Project(undisturbed / "book.narration"), print)
    page = (undisturbed / "book.narration" / "doubtful.html").read_text("utf-8")
    doubtful = made.doubtful()
    assert doubtful  # nets that learned nothing run on
    for index in doubtful:
        key = made.wanted[index].key
        assert f"takes/{key[:2]}/{key}.flac" in page and made.script.segments[index].id in page


def test_the_last_order_is_remembered(home, undisturbed, tmp_path):
    project = Project(undisturbed / "book.narration")
    assert Order.last(project) == order(home, undisturbed)
    for content in ("", "{}", "[]", json.dumps({"book": 1, "output": 2, "conf": {}, "include": [], "cast": []})):
        (tmp_path / "order.json").write_text(content)
        with pytest.raises(ValueError, match="nothing was narrated"):
            Order.last(Project(tmp_path))


@pytest.mark.parametrize(
    ("told", "asked", "words", "language"),
    [
        ("de-AT", "auto", "Nummer fünf kam.", "german"),
        ("en", "auto", "Nr.", "english"),
        ("fr", "auto", "Nr.", "english"),
        ("en", "de", "Nummer fünf kam.", "german"),
        ("", "auto", "Nummer fünf kam.", "german"),
    ],
)
def test_what_is_asked_or_the_book_decides_the_language(home, tmp_path, told, asked, words, language):
    text = f"---\nlang: {told}\n---\n\nNr. 5 kam.\n\nDas ist nur ein kurzer Satz, aber deutsch.\n"
    notices = []
    project = Project.beside(tmp_path / "a")
    made = NarrationPlan(order(home, tmp_path, text, f"language={asked}"), project, notices.append)
    assert (made.script.segments[0].words, made.nets.language) == (words, language)
    assert ("read as German; " in " ".join(notices)) == (language == "german")
    assert any("its language is 'fr'" in notice for notice in notices) == (told == "fr")


def test_a_german_book_is_narrated(home, tmp_path):
    text = "---\nlang: de\n---\n\n# Der Weg\n\nSchöne Grüße, Dr. Müller.\n"
    asked = order(home, tmp_path, text, outputs=("manifest.json",))
    assert narrate(asked).spoken == 2
    manifest = json.loads((tmp_path / "book.narration" / "manifest.json").read_text("utf-8"))
    assert manifest["language"] == "de"
    assert narrate(asked).spoken == 0


def test_a_german_passage_of_an_english_book_is_read_as_german(tmp_path):
    nano.weights(tmp_path / "weights", german=True)
    narrating.voice(tmp_path, "someone", seed=1)
    page = "<html lang='en'><p>She read.</p><blockquote lang='de'>Der 3. Mann kam.</blockquote></html>"
    (tmp_path / "book.html").write_text(page)
    asked = replace(order(tmp_path, tmp_path, outputs=("manifest.json",)), book=str(tmp_path / "book.html"))
    assert narrate(asked).spoken == 2
    made = json.loads((tmp_path / "book.narration" / "manifest.json").read_text("utf-8"))
    _, german = made["chapters"][0]["segments"]
    assert [german["text"][word["first"] : word["last"]] for word in german["words"]] == ["Der", "3", "Mann", "kam"]
    script = NarrationPlan(asked, Project.beside(tmp_path / "book"), print).script
    assert [segment.words for segment in script.segments] == ["She read.", "<de> Der dritte Mann kam."]


def test_files_of_chapters_are_finished_while_the_rest_is_spoken(home, undisturbed, tmp_path):
    """Those of a run that is killed meanwhile are whole, and the next run ends as an undisturbed one."""
    first = tmp_path / "book-01.mp3"

    @contextmanager
    def progress(work: str):
        def told(done: float, whole: float) -> None:
            if done == whole:  # the last job: the first chapter was mixed before
                for _ in range(600):
                    if first.exists():
                        os._exit(9)
                    time.sleep(0.1)

        yield told

    asked = order(home, tmp_path, output=str(tmp_path / "book.mp3"), per_chapter=True, preset="podcast")
    assert in_child(lambda: narrate(asked, progress=progress)) == 9
    before = first.read_bytes()
    assert not (tmp_path / "book-02.mp3").exists()
    done = narrate(asked)
    assert [path.name for path in done.recordings] == ["book-01.mp3", "book-02.mp3"]
    assert first.read_bytes() == before
    second = (tmp_path / "book-02.mp3").read_bytes()
    (tmp_path / "again").mkdir()
    again = replace(asked, output=str(tmp_path / "again" / "book.mp3"))
    done = narrate(again, project=Project(tmp_path / "book.narration"))
    assert [path.read_bytes() for path in done.recordings] == [before, second]


def test_what_a_file_of_a_chapter_cannot_be_is_an_error_of_the_run(home, undisturbed, tmp_path, monkeypatch):
    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, "no space", "book-01.mp3")

    monkeypatch.setattr(packets, "opened", full)
    with pytest.raises(OSError, match="no space"):
        narrate(order(home, tmp_path, output=str(tmp_path / "book.mp3"), per_chapter=True))
    assert not list(tmp_path.glob("*.mp3"))
