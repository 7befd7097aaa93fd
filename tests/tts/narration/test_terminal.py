import random
import time

import pytest

from tts.narration import terminal
from tts.narration.terminal import Terminal, TimeLeft, clock

# Characters of sentences, and the seconds of processor time that shipped nets took to speak them.
RECORD = [(4, 0.54), (6, 0.58), (13, 0.71), (17, 0.73), (29, 1.21), (49, 1.79), (85, 3.58), (118, 3.99)]
LOADING = 30.0  # seconds before the first sentence, on a slow disk


def replayed(seed: int) -> list[tuple[float, int]]:
    """When each paragraph of a book is done, and its characters: dialogue and long sentences by turns."""
    chance, now, paragraphs = random.Random(seed), LOADING, []
    for chapter in range(12):
        short = chapter % 2
        for _ in range(60):
            said = chance.choices(RECORD, k=2 if short else 6, weights=[4, 4, 4, 4, 2, 2, 1, 1] if short else None)
            for _, seconds in said:
                now += seconds * (2 if chance.random() < 0.05 else 1)  # some are spoken twice
            paragraphs.append((now, sum(characters for characters, _ in said)))
    return paragraphs


@pytest.mark.parametrize("seed", range(5))
def test_after_two_minutes_the_time_left_is_right_within_a_fifth(seed):
    paragraphs, left, done = replayed(seed), TimeLeft(), 0
    end, whole = paragraphs[-1][0], sum(characters for _, characters in paragraphs)
    shown = []
    for now, characters in paragraphs:
        done += characters
        shown.append((now, left(now, done, whole)))
    later = [(now, seconds) for now, seconds in shown if 120 < now < end - 60]
    assert len(later) > 500 and all(seconds == pytest.approx(end - now, rel=0.2) for now, seconds in later)
    assert shown[-1][1] == 0


def test_nothing_is_said_before_there_is_something_to_go_by():
    left = TimeLeft()
    assert left(50.0, 10, 110) is None and left(51.0, 10, 110) is None
    assert left(60.0, 60, 110) == 9.0  # 50 in the 9 s since the middle, and 50 are left


def test_work_that_gets_slower_is_told_by_how_it_went_of_late():
    left = TimeLeft()
    for second in range(1000):  # ten times as fast for the first third
        done = min(second, 300) + max(0, second - 300) / 10
        seconds = left(second, done, 470)
    assert seconds == pytest.approx((470 - done) * 10, rel=0.01)


def test_the_bar_shows_the_time_left(capsys, monkeypatch):
    monkeypatch.setattr(terminal.sys.stderr, "isatty", lambda: True, raising=False)
    now = iter([0.0, 100.0])
    monkeypatch.setattr(terminal, "monotonic", lambda: next(now))
    with Terminal(quiet=False).progress("speaking") as told:
        told(1, 100)
        time.sleep(0.15)  # the bar is drawn ten times a second
        told(26, 100)
    assert "speaking, 0:04:56 left" in capsys.readouterr().err


def test_time_is_shown_as_on_a_clock():
    assert [clock(seconds) for seconds in (0.4, 61, 3725.6)] == ["0:00:00", "0:01:01", "1:02:06"]
