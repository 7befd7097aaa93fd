"""Opinions are cached as they were given; and installed judges judge."""

import pytest
import torch

from tts.judges.judge import Judge, to_pcm
from tts.judges.panel import Evidence, Panel
from tts.judges.sphinx import Sphinx
from tts.judges.table import JUDGES, make_judges


class Loudness(Judge):
    """A judge for tests: says how loud a wave is, and counts how often it was asked."""

    asked = 0

    def identity(self) -> str:
        return "loudness 1"

    def judge(self, wav, sample_rate):
        type(self).asked += 1
        return {"rms": float(wav.square().mean().sqrt()), "rate": sample_rate}


class Louder(Loudness):
    def identity(self) -> str:
        return "loudness 2"


def waves(seed: int, texts: str = "abc") -> list[Evidence]:
    generator = torch.Generator().manual_seed(seed)
    return [Evidence(0.1 * torch.randn(24000 + 100 * k, generator=generator), text) for k, text in enumerate(texts)]


def test_a_kept_opinion_equals_a_new_one_and_costs_nothing(tmp_path):
    Loudness.asked = 0
    with Panel({"loud": Loudness()}, cache=tmp_path, workers=1) as panel:
        first = panel.ask(waves(0), 24000, "test")
        assert Loudness.asked == 3
        assert panel.ask(waves(0), 24000, "test") == first
    with Panel({"loud": Loudness()}, cache=tmp_path, workers=1) as panel:
        assert panel.ask([*waves(0), *waves(1, "a")], 24000, "test")[:3] == first
    assert Loudness.asked == 4
    assert all(opinion["loud"]["rate"] == 16000 for opinion in first)


def test_another_version_of_a_judge_is_asked_again(tmp_path):
    Loudness.asked = Louder.asked = 0
    for judge in (Loudness, Louder):
        with Panel({"loud": judge()}, cache=tmp_path, workers=1) as panel:
            panel.ask(waves(0), 24000, "test")
    assert (Loudness.asked, Louder.asked) == (3, 3)


class Reader(Loudness):
    """A judge that is told the words."""

    told = "text"

    def identity(self) -> str:
        return "reader 1"

    def judge(self, wav, sample_rate, text):
        type(self).asked += 1
        return text


def test_a_judge_that_reads_is_asked_again_for_other_words(tmp_path):
    Reader.asked = 0
    with Panel({"read": Reader()}, cache=tmp_path, workers=1) as panel:
        for texts in ("abc", "abc", "cba"):
            assert [opinion["read"] for opinion in panel.ask(waves(0, texts), 24000, "test")] == list(texts)
    assert Reader.asked == 5  # the middle one did not change


def test_sixteen_bits_survive_the_way_to_a_judge():
    pcm = to_pcm(torch.tensor([-1.0, -0.5, 0.0, 1 / 32768, 0.999, 2.0]), 16000)
    assert pcm.tolist() == [-32768, -16384, 0, 1, 32735, 32767]
    assert (to_pcm(torch.from_numpy(pcm / 32768), 16000) == pcm).all()


def test_no_worker_is_refused(tmp_path):
    with pytest.raises(ValueError, match="use 1 or more"):
        Panel({"loud": Loudness()}, cache=tmp_path, workers=0)


class Twin(Loudness):
    """A judge that is given a recording to compare with."""

    told = "recording"

    def identity(self) -> str:
        return "twin 1"

    def judge(self, wav, sample_rate, recording):
        type(self).asked += 1
        return len(recording) / len(wav)


def test_a_judge_that_compares_is_asked_about_each_pair_once_and_never_without_one(tmp_path):
    Twin.asked = 0
    wave, half = torch.ones(16000), torch.ones(8000)
    with Panel({"twin": Twin()}, cache=tmp_path, workers=1) as panel:
        pairs = [Evidence(wave, recording=half), Evidence(wave, recording=wave), Evidence(wave)]
        for _ in range(2):
            assert [opinion["twin"] for opinion in panel.ask(pairs, 16000, "test")] == [0.5, 1.0, None]
    assert Twin.asked == 2


class Weary(Loudness):
    """Gives up at the third wave."""

    def judge(self, wav, sample_rate):
        if Loudness.asked == 2:
            raise KeyboardInterrupt
        Loudness.asked += 1
        return 0.0


def test_what_was_judged_before_a_stop_is_kept(tmp_path):
    Loudness.asked = 0
    with Panel({"loud": Weary()}, cache=tmp_path, workers=1) as panel, pytest.raises(KeyboardInterrupt):
        panel.ask(waves(0), 24000, "test")
    with Panel({"loud": Loudness()}, cache=tmp_path, workers=1) as panel:
        panel.ask(waves(0), 24000, "test")
    assert Loudness.asked == 3  # two before the stop, one after


def test_judges_are_chosen_by_name(tmp_path):
    assert list(make_judges(["mos", "heard"], recogniser=Sphinx(), embedding="resemblyzer")) == ["heard", "mos"]
    assert all(
        isinstance(judge, Judge) for judge in make_judges(list(JUDGES), recogniser=Sphinx(), embedding="x").values()
    )
    with pytest.raises(ValueError, match="no judge 'jury'"):
        make_judges(["jury"], recogniser=Sphinx(), embedding="resemblyzer")
    with pytest.raises(ValueError, match="no embedding net at nowhere.pt"):
        Panel(make_judges(["voice"], recogniser=Sphinx(), embedding="nowhere.pt"), cache=tmp_path, workers=1)


def test_the_installed_judges_hear_silence_as_such(tmp_path):
    for package in ("pocketsphinx", "speechmos", "onnxruntime"):
        pytest.importorskip(package)
    judges = make_judges(["heard", "aligned", "mos"], recogniser=Sphinx(), embedding="resemblyzer")
    evidence = [Evidence(torch.zeros(10), "hello"), Evidence(0.01 * torch.randn(16000), "the whole of the story")]
    with Panel(judges, cache=tmp_path, workers=1) as panel:
        nothing, hiss = panel.ask(evidence, 16000, "test")
    assert nothing["heard"] == ""
    assert nothing["mos"]["overall"] == 1.0
    assert not nothing["aligned"]["whole"]
    assert isinstance(hiss["heard"], str)
    assert 0.5 < hiss["mos"]["overall"] < 2.5
