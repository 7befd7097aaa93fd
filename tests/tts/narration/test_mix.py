import numpy as np
import pytest

from tts.narration.mix import EDGE, LEAD_IN, STEP, TAIL, mix_chapter
from tts.narration.script import Manner, Segment

RATE = 24000


def segment(number: int, pause: float, volume: float = 0.0) -> Segment:
    return Segment(
        id=f"1.1.{number}",
        chapter=0,
        paragraph=0,
        kind="prose",
        role="narrator",
        written="Words.",
        words="Words.",
        pause=pause,
        manner=Manner(volume=volume),
    )


def tone(seconds: float, level: float = 0.3, phase: float = 0.0) -> np.ndarray:
    return (level * np.sin(2 * np.pi * 200 * np.arange(round(seconds * RATE)) / RATE + phase)).astype(np.float32)


def whole(placed) -> np.ndarray:
    return np.concatenate([one.wave for one in placed])


def test_times_say_where_each_take_stands_in_the_chapter():
    takes = [(segment(1, 0.35), tone(1.0)), (segment(2, 0.7), tone(0.5, 0.2)), (segment(3, 1.5), tone(0.8, 0.1))]
    placed = list(mix_chapter(iter(takes), RATE))
    chapter = whole(placed)
    assert [one.segment.id for one in placed] == ["1.1.1", "1.1.2", "1.1.3"]
    assert placed[0].start == LEAD_IN and placed[1].start == pytest.approx(LEAD_IN + 1.35)
    for one, (_, wave) in zip(placed, takes, strict=True):
        start, stop = round(one.start * RATE), round(one.stop * RATE)
        assert stop - start == len(wave)
        edge = round(EDGE * RATE)
        np.testing.assert_array_equal(chapter[start:stop][edge:-edge], wave[edge:-edge])
    speech = sum(len(wave) for _, wave in takes) / RATE
    assert len(chapter) / RATE == pytest.approx(LEAD_IN + speech + 0.35 + 0.7 + 1.5)


def test_the_chapter_ends_in_silence_even_where_the_script_has_no_pause():
    chapter = whole(mix_chapter([(segment(1, 0.1), tone(1.0))], RATE))
    assert len(chapter) / RATE == pytest.approx(LEAD_IN + 1.0 + TAIL)
    assert not chapter[-round(TAIL * RATE) :].any() and not chapter[: round(LEAD_IN * RATE)].any()


def test_a_take_that_starts_or_stops_in_the_middle_of_a_sound_does_not_click():
    steep = tone(0.5, phase=np.pi / 2)
    chapter = whole(mix_chapter([(segment(1, 0.0), steep), (segment(2, 0.0), steep)], RATE))
    # A sine of this level and frequency moves by no more than this between two samples; fades add their slope.
    most = 0.3 * 2 * np.pi * 200 / RATE + 0.3 / (EDGE * RATE)
    assert np.abs(np.diff(chapter)).max() < most * 1.05
    assert np.abs(np.diff(np.concatenate((np.zeros(1), steep)))).max() > 10 * most  # what it was before


def test_the_first_word_is_whole():
    wave = tone(0.5)  # starts at 0, as takes do
    placed = list(mix_chapter([(segment(1, 0.0), wave)], RATE))
    start = round(LEAD_IN * RATE)
    assert abs(wave[0]) < STEP
    np.testing.assert_array_equal(placed[0].wave[start : start + len(wave) // 2], wave[: len(wave) // 2])


def test_what_cannot_be_said_leaves_its_pause():
    nothing = np.zeros(0, np.float32)
    placed = list(mix_chapter([(segment(1, 0.5), nothing), (segment(2, 2.0), tone(1.0))], RATE))
    assert placed[0].start == placed[0].stop == LEAD_IN
    assert placed[1].start == pytest.approx(LEAD_IN + 0.5)
    assert not list(mix_chapter([], RATE))


def test_volume_scales_a_take_and_never_clips():
    quiet, loud = list(mix_chapter([(segment(1, 0.0, -6.0), tone(0.5)), (segment(2, 0.0, 20.0), tone(0.5))], RATE))
    assert np.abs(quiet.wave).max() == pytest.approx(0.3 * 10 ** (-6 / 20), rel=1e-3)
    assert 0.95 < np.abs(loud.wave).max() <= 0.99


def test_one_take_is_held_at_a_time():
    asked = []

    def takes():
        for number in range(100):
            asked.append(number)
            yield segment(number, 0.1), tone(0.1)

    for count, _ in enumerate(mix_chapter(takes(), RATE)):
        assert len(asked) <= count + 2
