"""Ways to choose among takes, on nano nets and by hand; and whether the pipeline notices damaged codes."""

import json
import random

import pytest
import torch

from helpers import nano
from helpers.fake_judges import FakeRecogniser
from tts import settings
from tts.evaluate.commands import hearing, ranking
from tts.evaluate.commands.ranking import WAYS, PoolMaker, ScoredTake, TakePool
from tts.evaluate.subjects import Studio
from tts.evaluate.suites import read_clips
from tts.judges.panel import Panel

BY_NAME = {way.says: way for way in WAYS}


class Forgetful(FakeRecogniser):
    """Hears one word less in every other wave."""

    def transcribe(self, wav, sample_rate):
        self.answer(wav, sample_rate)
        return "hello there" if len(self.asked) % 2 else "hello"


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    (folder / "audio").mkdir()
    lines = ["id|speaker|text|seconds"]
    for index, text in enumerate(["We all said hello to them there.", "Then nobody said any more at all.", "Hello."]):
        nano.hum(folder / "audio" / f"c{index}.wav", seconds=1.5 + index, pitch=100 + 20 * index)
        lines.append(f"c{index}|ada|{text}|1.5")
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def studio(tmp_path_factory, clips):
    overrides = [f"voice={clips / 'audio' / 'c0.wav'}", "device=cpu", "steps=1", "retries=1"]
    overrides += ["sampling.max_codes_per_id=2.0"]
    return Studio(weights=nano.weights(tmp_path_factory.mktemp("weights")), conf=settings.compose(overrides))


@pytest.fixture
def pool():
    """Two of four takes for the ways of one size, and a second attempt."""

    def take(understood: float, likely: float, faults: int, loss: float) -> ScoredTake:
        return ScoredTake(codes=10, likely=likely, understood=understood, faults=faults, loss=loss)

    takes = [take(-3, -2, 1, 20), take(-2, -3, 2, 15), take(-4, -5, 0, 3), take(-1, -5, 1, 18), take(-9, -9, 0, 4)]
    sizes = {"one": 1.0, "many": 2.0, "double": 3.0, "tries": 2.0}
    costs = {"draw": 1.0, "hear": 0.01, "understand": 0.1, "likely": 0.2}
    seconds = {f"{what} {of}": cost * size for what, cost in costs.items() for of, size in sizes.items()}
    return TakePool(size=2, takes=takes, seconds=seconds)


@pytest.mark.parametrize(
    ("way", "picks", "codes", "seconds"),
    [
        ("one take", [0], 10, 1.0),
        ("again while faults are heard", [4], 20, 2.02),
        ("any of {many}", [0, 1], 20, 2.0),
        ("likeliest of {many}", [0], 20, 2.4),
        ("best understood of {many}", [1], 20, 2.2),
        ("clearest of {many}", [1], 20, 2.02),
        ("fewest faults, best understood of {many}", [0], 20, 2.22),
        ("best understood of {double}", [3], 40, 3.3),
        ("fewest faults, best understood of {double}", [2], 40, 3.33),
    ],
)
def test_each_way_picks_by_its_own_scores_and_pays_for_them(pool, way, picks, codes, seconds):
    way = BY_NAME[way]
    assert way.picks(pool) == picks
    assert way.codes(pool) == codes
    assert way.seconds(pool) == pytest.approx(seconds)


def test_a_pool_holds_the_attempts_of_the_pipeline(studio):
    maker, text = PoolMaker(studio, 2), "Hello there."
    pool, takes = maker.fill(text, seed=5)
    assert len(pool.takes) == len(takes) == 4 + 1  # what nano nets say is never right, so it was tried again
    seeds = [ranking.derive_seed(5, f"attempt {attempt}") for attempt in (0, 1)]
    for index, seed in zip((0, 4), seeds, strict=True):
        kept = studio.speech.utter(text, maker.voice, settings=studio.settings, seed=seed)
        assert torch.equal(takes[index].codes.ids, kept.speech.codes.ids)
        assert pool.takes[index].faults == len(kept.verdict.faults)


def test_ways_are_compared_and_what_was_made_is_not_made_twice(studio, tmp_path, monkeypatch):
    forgetful = Forgetful()

    def rank():
        with Panel({"heard": forgetful}, cache=tmp_path, workers=1) as panel:
            places = {"cache": tmp_path, "out": tmp_path}
            return ranking.rank_ways(studio, ["Hello there.", "* * *", "Hello."], panel, seeds=2, size=2, **places)

    lines = rank()
    assert len(lines) == len(WAYS) and lines[0].way == "one take"
    assert (lines[0].codes, lines[0].seconds, lines[0].above_one.value) == (1.0, 1.0, 0.0)
    assert all(line.codes > 1 for line in lines[1:])
    assert ranking.ranking_table(lines).count("\n") == len(WAYS) + 1
    body = json.loads((tmp_path / "ranking.json").read_text())
    assert body["sentences"] == 2 and len(body["rows"]) == 4 and body["judges"] == {"heard": "fake recogniser"}
    assert [figure["way"] for figure in body["figures"]] == [line.way for line in lines]
    asked = len(forgetful.asked)
    monkeypatch.setattr(PoolMaker, "fill", None)
    assert rank() == lines and len(forgetful.asked) == asked


def test_one_sentence_is_too_few_to_rank(studio, tmp_path):
    with (
        Panel({"heard": Forgetful()}, cache=tmp_path, workers=1) as panel,
        pytest.raises(ValueError, match="2 or more"),
    ):
        ranking.rank_ways(studio, ["Hello."], panel, seeds=1, size=2, cache=tmp_path, out=tmp_path)


def test_damage_is_done_to_whole_words():
    codes, borders = torch.arange(12), [0, 2, 4, 6, 8, 10, 12]
    states = hearing.damages(codes, borders, torch.tensor([90, 91]), random.Random(0))
    assert list(states) == list(hearing.DAMAGES)
    assert states["whole"].tolist() == list(range(12))
    assert len(states["a word cut out"]) == 10 and states["a word cut out"][0] == 0
    assert len(states["a word twice"]) == 14 and len(states["three words twice"]) == 18
    assert states["the last word cut off"].tolist() == list(range(10))
    assert states["words added"].tolist() == [*range(12), 90, 91]


def test_the_pipeline_is_tried_on_damaged_recordings(studio, clips, tmp_path):
    figures = hearing.try_damages(studio, read_clips(clips, None), out=tmp_path)
    assert "whole" in figures and all(0 <= figure.value <= 1 for figure in figures.values())
    body = json.loads((tmp_path / "hearing.json").read_text())
    assert {row["clip"] for row in body["rows"]} == {"c0", "c1"}  # the third has too few words to be damaged
    assert hearing.describe_damages(figures).startswith("whole ")
    with pytest.raises(ValueError, match="no clip has 5 words"):
        hearing.try_damages(studio, read_clips(clips, None)[2:], out=tmp_path)
