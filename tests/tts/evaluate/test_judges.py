"""Opinions kept are opinions given; and, where the judges are installed, that they judge."""

import pytest
import torch

from tts.evaluate.judges import JUDGES, STOP_JUDGES, Panel, to_pcm

TEXTS = ["one", "two", "three"]


class Loudness:
    """A judge for tests: says how loud a wave is, and counts how often it was asked."""

    reads = False
    asked = 0

    @staticmethod
    def identity() -> str:
        return "loudness 1"

    def judge(self, wav, sample_rate):
        type(self).asked += 1
        return {"rms": float(wav.square().mean().sqrt()), "rate": sample_rate}


class Louder(Loudness):
    @staticmethod
    def identity() -> str:
        return "loudness 2"


def waves(seed: int, count: int = 3) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [0.1 * torch.randn(24000 + 100 * k, generator=generator) for k in range(count)]


def test_a_kept_opinion_equals_a_new_one_and_costs_nothing(tmp_path):
    Loudness.asked = 0
    with Panel({"loud": Loudness}, cache=tmp_path, workers=1) as panel:
        first = panel.ask(waves(0), 24000, TEXTS, "test")
        assert Loudness.asked == 3
        assert panel.ask(waves(0), 24000, TEXTS, "test") == first
    with Panel({"loud": Loudness}, cache=tmp_path, workers=1) as panel:
        assert panel.ask([*waves(0), *waves(1, 1)], 24000, [*TEXTS, ""], "test")[:3] == first
    assert Loudness.asked == 4
    assert all(opinion["loud"]["rate"] == 16000 for opinion in first)


def test_another_version_of_a_judge_is_asked_again(tmp_path):
    Loudness.asked = Louder.asked = 0
    for judge in (Loudness, Louder):
        with Panel({"loud": judge}, cache=tmp_path, workers=1) as panel:
            panel.ask(waves(0), 24000, TEXTS, "test")
    assert (Loudness.asked, Louder.asked) == (3, 3)


class Reader(Loudness):
    """A judge that is told the words."""

    reads = True

    @staticmethod
    def identity() -> str:
        return "reader 1"

    def judge(self, wav, sample_rate, text):
        type(self).asked += 1
        return text


def test_a_judge_who_reads_is_asked_again_for_other_words(tmp_path):
    Reader.asked = 0
    with Panel({"read": Reader}, cache=tmp_path, workers=1) as panel:
        for texts in (TEXTS, TEXTS, TEXTS[::-1]):
            assert [opinion["read"] for opinion in panel.ask(waves(0), 24000, texts, "test")] == texts
    assert Reader.asked == 5  # the middle one did not change


def test_sixteen_bits_survive_the_way_to_a_judge():
    pcm = to_pcm(torch.tensor([-1.0, -0.5, 0.0, 1 / 32768, 0.999, 2.0]), 16000)
    assert pcm.tolist() == [-32768, -16384, 0, 1, 32735, 32767]
    assert (to_pcm(torch.from_numpy(pcm / 32768), 16000) == pcm).all()


def test_no_worker_is_refused(tmp_path):
    with pytest.raises(ValueError, match="use 1 or more"):
        Panel({"loud": Loudness}, cache=tmp_path, workers=0)


def test_the_installed_judges_hear_silence_as_such(tmp_path):
    for package in ("pocketsphinx", "speechmos", "onnxruntime"):
        pytest.importorskip(package)
    with Panel(JUDGES | STOP_JUDGES, cache=tmp_path, workers=1) as panel:
        nothing, hiss = panel.ask(
            [torch.zeros(10), 0.01 * torch.randn(16000)], 16000, ["hello", "the whole of the story"], "test"
        )
    assert nothing["heard"] == ""
    assert nothing["mos"]["overall"] == 1.0
    assert not nothing["aligned"]["whole"]
    assert isinstance(hiss["heard"], str)
    assert 0.5 < hiss["mos"]["overall"] < 2.5
