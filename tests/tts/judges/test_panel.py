"""Opinions are cached as they were given; and installed judges judge."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from helpers.fake_judges import FakeMos, marked_wave
from tts.judges.judge import Expected, Judge, to_pcm
from tts.judges.panel import Evidence, Panel
from tts.judges.similarity import Resemblyzer, normalised
from tts.judges.sphinx import Sphinx
from tts.judges.table import JUDGES, RECOGNISERS, make_judges, make_recogniser


def loudness(wav, rate):
    return {"rms": float(wav.square().mean().sqrt()), "rate": rate}


@dataclass
class Counting(Judge):
    """Answers by a function, and counts how often it is asked."""

    answer: Callable = loudness
    name: str = "loudness 1"
    told: str = ""
    asked: int = 0

    def identity(self) -> str:
        return self.name

    def judge(self, wav, sample_rate, *told):
        answer = self.answer(wav, sample_rate, *told)
        self.asked += 1
        return answer


def waves(seed: int, texts: str = "abc") -> list[Evidence]:
    generator = torch.Generator().manual_seed(seed)
    return [Evidence(0.1 * torch.randn(24000 + 100 * k, generator=generator), text) for k, text in enumerate(texts)]


def test_a_kept_opinion_equals_a_new_one_and_costs_nothing(tmp_path):
    judge = Counting()
    with Panel({"loud": judge}, cache=tmp_path, workers=1) as panel:
        first = panel.ask(waves(0), 24000, "test")
        assert judge.asked == 3
        assert panel.ask(waves(0), 24000, "test") == first
    with Panel({"loud": judge}, cache=tmp_path, workers=1) as panel:
        assert panel.ask([*waves(0), *waves(1, "a")], 24000, "test")[:3] == first
    assert judge.asked == 4
    assert all(opinion["loud"]["rate"] == 16000 for opinion in first)


def test_another_version_of_a_judge_is_asked_again(tmp_path):
    judges = Counting(), Counting(name="loudness 2")
    for judge in judges:
        with Panel({"loud": judge}, cache=tmp_path, workers=1) as panel:
            panel.ask(waves(0), 24000, "test")
    assert [judge.asked for judge in judges] == [3, 3]


def test_a_judge_that_reads_is_asked_again_for_other_words(tmp_path):
    judge = Counting(lambda wav, rate, text: text, told="text")
    with Panel({"read": judge}, cache=tmp_path, workers=1) as panel:
        for texts in ("abc", "abc", "cba"):
            assert [opinion["read"] for opinion in panel.ask(waves(0, texts), 24000, "test")] == list(texts)
    assert judge.asked == 5  # the middle one did not change


def test_sixteen_bits_survive_the_way_to_a_judge():
    pcm = to_pcm(torch.tensor([-1.0, -0.5, 0.0, 1 / 32768, 0.999, 2.0]), 16000)
    assert pcm.tolist() == [-32768, -16384, 0, 1, 32735, 32767]
    assert (to_pcm(torch.from_numpy(pcm / 32768), 16000) == pcm).all()


def test_no_worker_is_refused(tmp_path):
    with pytest.raises(ValueError, match="use 1 or more"):
        Panel({"loud": Counting()}, cache=tmp_path, workers=0)


def test_a_judge_that_compares_is_asked_about_each_pair_once_and_never_without_one(tmp_path):
    judge = Counting(lambda wav, rate, recording: len(recording) / len(wav), told="recording")
    wave, half = torch.ones(16000), torch.ones(8000)
    with Panel({"twin": judge}, cache=tmp_path, workers=1) as panel:
        pairs = [Evidence(wave, recording=half), Evidence(wave, recording=wave), Evidence(wave)]
        for _ in range(2):
            assert [opinion["twin"] for opinion in panel.ask(pairs, 16000, "test")] == [0.5, 1.0, None]
    assert judge.asked == 2


def test_what_was_judged_before_a_stop_is_kept(tmp_path):
    def stop_at_third(wav, rate):
        if weary.asked == 2:
            raise KeyboardInterrupt
        return 0.0

    weary, fresh = Counting(stop_at_third), Counting()
    with Panel({"loud": weary}, cache=tmp_path, workers=1) as panel, pytest.raises(KeyboardInterrupt):
        panel.ask(waves(0), 24000, "test")
    with Panel({"loud": fresh}, cache=tmp_path, workers=1) as panel:
        panel.ask(waves(0), 24000, "test")
    assert (weary.asked, fresh.asked) == (2, 1)


def test_only_those_that_are_asked_answer_and_waves_too_short_are_not_judged(tmp_path):
    judge, other = Counting(), Counting(name="other")
    with Panel({"loud": judge, "other": other}, cache=tmp_path, workers=1) as panel:
        (opinion,) = panel.ask([Evidence(torch.zeros(1599))], 16000, "test", only=("loud",))
        assert opinion == {"loud": None} and judge.asked == 0
        (opinion,) = panel.ask([Evidence(torch.zeros(1600))], 16000, "test", only=("loud",))
    assert set(opinion) == {"loud"} and (judge.asked, other.asked) == (1, 0)


def test_processes_judge_as_one_does(tmp_path):
    judges = {"loud": FakeMos(opinions={1: 2.0, 2: 4.0})}
    evidence = [Evidence(marked_wave(number, 24000)) for number in range(3)]
    with Panel(judges, cache=tmp_path, workers=2) as panel:
        opinions = panel.ask(evidence, 24000, "test")
        assert panel.ask(evidence, 24000, "test") == opinions
    assert [opinion["loud"]["overall"] for opinion in opinions] == [3.0, 2.0, 4.0]
    assert judges["loud"].asked == []  # copies were asked


def test_judges_are_chosen_by_name(tmp_path):
    assert list(make_judges(["mos", "heard"], recogniser=Sphinx(), embedding="resemblyzer")) == ["heard", "mos"]
    assert all(
        isinstance(judge, Judge) for judge in make_judges(list(JUDGES), recogniser=Sphinx(), embedding="x").values()
    )
    with pytest.raises(ValueError, match="no judge 'jury'"):
        make_judges(["jury"], recogniser=Sphinx(), embedding="resemblyzer")
    with pytest.raises(ValueError, match="no embedding net at nowhere.pt"):
        Panel(make_judges(["voice"], recogniser=Sphinx(), embedding="nowhere.pt"), cache=tmp_path, workers=1)


def test_every_judge_and_recogniser_is_made_by_its_name(tmp_path):
    for name, kind in RECOGNISERS.items():
        option = name if "=" not in kind.usage.split(" or ")[0] else f"{name}={tmp_path}"
        assert type(make_recogniser(option, tmp_path)) is kind
    judges = make_judges(list(JUDGES), recogniser=Sphinx(), embedding="resemblyzer")
    assert all(isinstance(judge, JUDGES[name]) for name, judge in judges.items()) and list(judges) == list(JUDGES)


def test_measures_of_judges_differ_by_name():
    names = [name for kind in JUDGES.values() for name in kind.measures]
    assert len(names) == len(set(names))


def test_similarity_is_the_cosine_to_the_mean_of_the_other_recordings():
    encoder = Resemblyzer()
    others = [np.array([1.0, 0.0]), np.array([0.0, 1.0])]
    assert encoder.figures([0.6, 0.8], Expected("", others)) == {"similarity": pytest.approx(1.4 / 2**0.5, abs=1e-5)}
    assert encoder.figures(None, Expected("", others)) is None
    assert encoder.figures([0.6, 0.8], Expected("")) is None


def test_an_embedding_has_length_one_or_there_is_none():
    assert normalised(np.array([3.0, 4.0])) == [0.6, 0.8]
    assert normalised(np.zeros(2)) is None and normalised(np.array([np.nan, 1.0])) is None
