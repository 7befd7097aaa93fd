import itertools
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from helpers.syllables import syllables
from tts.document import Document
from tts.encoding import open_wave
from tts.narration import chain, loudness
from tts.narration.encode import CLOSE, Mastering, laid_out
from tts.narration.loudness import PRESETS, measure
from tts.narration.mark import detect
from tts.narration.timeline import TimedChapter, TimedSegment, TimedWord, Timeline

RATE = 24_000


BOOK = Document(
    title="A Book",
    author="A. Uthor",
    language="en-GB",
    series="Saga 2",
    description="About a book.",
    date="1895",
    publisher="Pub",
)


def write(path: Path, wave: np.ndarray, rate: int = RATE) -> Path:
    with open_wave(path, rate) as file:
        file.write(wave)
    return path


def segment(start: float, stop: float) -> TimedSegment:
    word = TimedWord(first=0, last=5, start=start, stop=stop)
    return TimedSegment(
        id="1.1.1", paragraph=0, kind="prose", level=0, role="narrator", voice="lj", text="Words", words=[word],
        start=start, stop=stop,
    )  # fmt: skip


@pytest.fixture
def book(tmp_path):
    """Two chapters of speech, 6 and 5 s, and their timeline."""
    paths, chapters, at = [], [], 0.0
    for number, seconds in enumerate((6.0, 5.0)):
        wave = np.concatenate(
            (
                np.zeros((1, 4800), np.float32),
                syllables(seconds - 0.4, RATE, seed=number) * 0.3,
                np.zeros((1, 4800), np.float32),
            ),
            1,
        )
        paths.append(write(tmp_path / f"{number}.flac", wave))
        own = [segment(0.2, seconds - 0.2)]
        chapters.append(TimedChapter(title=f"Chapter {number + 1}", start=at, stop=at + seconds, segments=own))
        at += seconds
    timeline = Timeline(
        title="A Book", author="A. Uthor", language="en-GB", narrator="lj", seconds=at, chapters=chapters,
        synthetic=True, weights="0123abcd",
    )  # fmt: skip
    return paths, timeline


def made(book, output: Path, *, per_chapter=False, tell=print, progress=print, document=BOOK, **options) -> list[Path]:
    """Files of chapters that are there."""
    paths, timeline = book
    mastering = Mastering(output, RATE, timeline=timeline, document=document, **options)
    sounds = [lambda path=path: loudness.decoded(path)[1] for path in paths]
    files = mastering.files(sounds, [chapter.title for chapter in timeline.chapters], per_chapter)
    for file in files:
        mastering.write(file, tell, progress)
    return [file.path for file in files]


def measured(path: Path) -> loudness.Measured:
    rate, blocks = loudness.decoded(path)
    return measure(blocks, rate)


def shown(path: Path) -> tuple[dict, list]:
    """The tags and the chapters (title, start, stop) of a file."""
    with av.open(str(path)) as file:
        chapters = [
            (one["metadata"]["title"], one["start"] * float(one["time_base"]), one["end"] * float(one["time_base"]))
            for one in file.chapters()
        ]
        return file.metadata | file.streams.audio[0].metadata, chapters


def test_an_audiobook_has_its_chapters_and_says_what_it_is(book, tmp_path):
    (path,) = made(book, tmp_path / "a.m4b")
    tags, chapters = shown(path)
    assert chapters == [
        ("Chapter 1", 0.0, pytest.approx(6.0, abs=2e-3)),
        ("Chapter 2", pytest.approx(6.0, abs=2e-3), pytest.approx(11.0, abs=2e-3)),
    ]
    wanted = {
        "title": "A Book", "album": "A Book", "artist": "A. Uthor", "album_artist": "A. Uthor", "composer": "lj",
        "genre": "Audiobook", "date": "1895", "description": "About a book.", "show": "Saga", "episode_id": "2",
    }  # fmt: skip
    assert {key: tags.get(key) for key in wanted} == wanted
    assert tags["comment"] == "Synthetic speech, made by Triforce with weights 0123abcd, voice: lj."


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a"])
def test_every_file_says_that_it_is_synthetic(book, tmp_path, suffix):
    (path,) = made(book, tmp_path / f"a{suffix}")
    tags, chapters = shown(path)
    assert "Synthetic speech, made by Triforce with weights 0123abcd, voice: lj." in tags["comment"]
    assert len(chapters) == (0 if suffix == ".wav" else 2)


@pytest.mark.parametrize(
    "series, told",
    [("Saga 2", ("Saga", "2")), ("Saga, #2.5", ("Saga", "2.5")), ("Area 51 Tales", ("Area 51 Tales", None))],
)
def test_the_number_in_a_series_has_a_tag_of_its_own(book, tmp_path, series, told):
    (path,) = made(book, tmp_path / "a.mp3", document=replace(BOOK, series=series))
    tags, _ = shown(path)
    assert (tags["series"], tags.get("series-part")) == told


@pytest.mark.parametrize("suffix", [".m4b", ".mp3", ".opus"])
def test_podcasts_are_as_loud_as_asked(book, tmp_path, suffix):
    told = []
    (path,) = made(book, tmp_path / f"a{suffix}", preset="podcast", tell=told.append)
    found = measured(path)
    assert found.loudness == pytest.approx(-19.0, abs=CLOSE) and found.true_peak <= -1.0 and found.channels == 1
    assert len(told) == 1 and "MISSED" not in told[0] and "-19.0 ± 0.5 LUFS" in told[0]


def test_audiobooks_meet_acx(book, tmp_path):
    told = []
    paths = made(book, tmp_path / "a.mp3", preset="audiobook", per_chapter=True, tell=told.append)
    assert [path.name for path in paths] == ["a-01.mp3", "a-02.mp3"] and len(told) == 2
    for path in paths:
        found = measured(path)
        assert -23 <= found.rms <= -18 and found.true_peak <= -3 and found.noise <= -60 and found.rate == 44_100
        with av.open(str(path)) as file:
            assert file.streams.audio[0].bit_rate == 192_000
    tags, chapters = shown(paths[1])
    assert tags["title"] == "Chapter 2" and tags["track"] == "2/2" and tags["album"] == "A Book"
    assert chapters == [("Chapter 2", 0.0, pytest.approx(5.5, abs=0.01))]


def test_bedtime_has_a_bed_before_and_after_20_below_the_speech(book, tmp_path):
    (path,) = made(book, tmp_path / "a.flac", preset="bedtime", bed="brown", mark=False)
    rate, blocks = loudness.decoded(path)
    sound = np.concatenate(list(blocks), 1)
    assert sound.shape == (2, (7 + 11 + 8) * RATE)
    whole = measure([sound], rate)
    assert whole.loudness == pytest.approx(-16.0, abs=0.5) and whole.true_peak <= -1
    before = measure([sound[:, 3 * RATE : round(6.5 * RATE)]], rate).loudness
    # Brown noise wavers by some tenths over a few seconds; `test_beds` measures a steady one.
    assert before - whole.loudness == pytest.approx(-20, abs=1.0)
    assert not sound[:, :10].any() and np.abs(sound[:, -RATE // 10 :]).max() < 0.01


def test_bed_and_ducking_measure_as_asked_on_the_result(book, tmp_path):
    noise = np.random.default_rng(3).standard_normal((1, 8 * RATE), np.float32) * 0.05
    bed = write(tmp_path / "steady.wav", noise)
    (path,) = made(book, tmp_path / "a.wav", preset="podcast", bed=str(bed), mark=False)
    sound = np.concatenate(list(loudness.decoded(path)[1]), 1)
    speech = np.concatenate([np.concatenate(list(loudness.decoded(one)[1]), 1) for one in book[0]], 1)
    start, stop = 3 * RATE, 14 * RATE  # of the speech, without the silence that the preset asks for
    gain = (sound[:, start:stop] * speech).sum() / np.square(speech).sum()
    rest = sound.copy()
    rest[:, start:stop] -= gain * speech
    alone = rest[:, round(2.05 * RATE) : round(2.55 * RATE)]  # between fade and first word
    spoken = measure([gain * speech], RATE).loudness
    assert measure([alone], RATE).loudness - spoken == pytest.approx(-20, abs=0.2)
    ducked = rest[:, start + RATE // 2 : stop - RATE // 2]
    depth = 10 * np.log10(np.square(ducked).mean() / np.square(alone).mean())
    assert depth == pytest.approx(PRESETS["podcast"].bed_duck, abs=0.2)


def test_the_timeline_of_the_result_is_that_of_its_sound(book, tmp_path):
    _, timeline = book
    for options in (dict(per_chapter=False), dict(per_chapter=True)):
        moved = laid_out(timeline, preset="bedtime", bed="rain", **options)
        first, second = moved.chapters
        late = 7.0 if options["per_chapter"] else 0.0
        assert first.segments[0].start == 7.2 and first.segments[0].words[0].start == 7.2
        assert second.segments[0].start == pytest.approx(0.2 + late)
        assert second.start == first.stop == pytest.approx(13.0 if not late else 21.0)
        assert moved.seconds == second.stop == pytest.approx(26.0 if not late else 41.0)
    (path,) = made(book, tmp_path / "a.m4b", preset="bedtime", bed="rain")
    moved = laid_out(timeline, preset="bedtime", bed="rain", per_chapter=False)
    times = [(one.start, one.stop) for one in moved.chapters]
    assert [(start, stop) for _, start, stop in shown(path)[1]] == [pytest.approx(pair, abs=2e-3) for pair in times]
    assert laid_out(timeline, preset="none", bed=None, per_chapter=False) == timeline


def test_equal_chapters_give_equal_bytes_and_others_are_left_alone(book, tmp_path):
    paths, timeline = book
    before = [path.read_bytes() for path in made(book, tmp_path / "a.opus", preset="podcast", per_chapter=True)]
    assert [path.read_bytes() for path in made(book, tmp_path / "b.opus", preset="podcast", per_chapter=True)] == before
    write(paths[1], np.concatenate((syllables(4.8, RATE, seed=9) * 0.1, np.zeros((1, 4800), np.float32)), 1))
    after = [path.read_bytes() for path in made(book, tmp_path / "c.opus", preset="podcast", per_chapter=True)]
    assert after[0] == before[0] and after[1] != before[1]


def test_the_result_is_marked_unless_asked_otherwise(tmp_path):
    path = write(tmp_path / "0.flac", syllables(14.0, RATE) * 0.3)
    chapter = TimedChapter(title="", start=0.0, stop=14.0, segments=[])
    timeline = Timeline(
        title="", author="", language="en", narrator="lj", seconds=14.0, chapters=[chapter], synthetic=True
    )
    for mark in (True, False):
        (file,) = made(([path], timeline), tmp_path / "a.mp3", preset="podcast", mark=mark)
        assert detect(file).marked == mark


def test_without_preset_bed_and_mark_the_samples_are_those_of_the_chapters(book, tmp_path):
    paths, _ = book
    (path,) = made(book, tmp_path / "a.flac", mark=False)
    whole = np.concatenate([np.concatenate(list(loudness.decoded(one)[1]), 1) for one in paths], 1)
    np.testing.assert_allclose(np.concatenate(list(loudness.decoded(path)[1]), 1), whole, atol=1e-4, rtol=0)


def test_silent_chapters_stay_silent(tmp_path):
    path = write(tmp_path / "0.flac", np.zeros((1, 2 * RATE), np.float32))
    chapter = TimedChapter(title="", start=0.0, stop=2.0, segments=[])
    timeline = Timeline(title="", author="", language="", narrator="", seconds=2.0, chapters=[chapter], synthetic=True)
    (file,) = made(([path], timeline), tmp_path / "a.wav", preset="podcast")
    assert measured(file).loudness == loudness.SILENT


def test_progress_tells_of_the_seconds_that_are_encoded(book, tmp_path):
    told = []
    made(book, tmp_path / "a.mp3", preset="podcast", progress=told.append)
    assert told == sorted(told) and len(told) > 10 and told[-1] == pytest.approx(11.0)


def test_what_cannot_be_made_is_one_line_and_leaves_nothing(book, tmp_path):
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ValueError, match="no preset 'loud': use none, podcast"):
        made(book, tmp_path / "a.mp3", preset="loud")
    with pytest.raises(ValueError, match="no bed 'thunder'"):
        made(book, tmp_path / "a.mp3", bed="thunder")
    with pytest.raises(ValueError, match="cannot write .xyz: use .wav"):
        made(book, tmp_path / "a.xyz")
    assert sorted(tmp_path.iterdir()) == before


def test_a_file_whose_end_is_louder_than_its_start_is_encoded_again(book, tmp_path, monkeypatch):
    monkeypatch.setattr(chain, "HEARD_FIRST", 4.0)
    paths, _ = book
    write(paths[1], syllables(5.0, RATE, seed=7) * 0.5)
    told, encoded = [], []
    (path,) = made(book, tmp_path / "a.opus", preset="podcast", tell=told.append, progress=encoded.append)
    assert any(now < before for before, now in itertools.pairwise(encoded))  # it began anew
    assert len(told) == 1 and measured(path).loudness == pytest.approx(-19.0, abs=CLOSE)


def test_encoding_begins_before_the_last_chapter_is_there(book, tmp_path, monkeypatch):
    monkeypatch.setattr(chain, "HEARD_FIRST", 4.0)
    paths, timeline = book
    encoded, when_it_came = [], []

    def last():
        when_it_came.append(max(encoded, default=0.0))
        return loudness.decoded(paths[1])[1]

    mastering = Mastering(tmp_path / "a.m4b", RATE, timeline=timeline, document=BOOK, preset="podcast")
    (file,) = mastering.files([lambda: loudness.decoded(paths[0])[1], last], ["One", "Two"], False)
    mastering.write(file, print, encoded.append)
    assert when_it_came[0] == pytest.approx(6.0, abs=1.0)
    assert [one[0] for one in shown(file.path)[1]] == ["One", "Two"]


def test_a_bed_fades_out_in_the_silence_after_the_speech():
    assert all(preset.bed_after >= preset.fade_out for preset in PRESETS.values())  # or `under` would ask too early


def test_every_preset_can_be_met():
    assert {name for name, preset in PRESETS.items() if preset.peak is not None} == {"podcast", "audiobook", "bedtime"}
