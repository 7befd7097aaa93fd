"""The whole comparison on nano nets: every subject speaks, and the report says all it must."""

import json

import nano
import pytest
import torch

from tts import settings
from tts.evaluate import report, speed, survey
from tts.evaluate.__main__ import main
from tts.evaluate.compare import compare
from tts.evaluate.judges import Panel
from tts.evaluate.subjects import NETS, SUBJECTS, Studio, choose, read_clips


class Parrot:
    """Hears the same two words in everything."""

    reads = False

    @staticmethod
    def identity() -> str:
        return "parrot"

    def judge(self, wav, sample_rate):
        return "hello world"


class Content:
    """Gives every wave the same mark."""

    reads = False

    @staticmethod
    def identity() -> str:
        return "content"

    def judge(self, wav, sample_rate):
        return {"overall": 3.0}


class Optimist:
    """Finds whatever is looked for."""

    reads = True

    @staticmethod
    def identity() -> str:
        return "optimist"

    def judge(self, wav, sample_rate, text):
        return {"whole": bool(text), "stray": 0.0}


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    (folder / "audio").mkdir()
    lines = ["id|speaker|text|seconds"]
    for index, (speaker, text) in enumerate([("ada", "Hello world."), ("ada", "Hello there."), ("bo", "Hello world.")]):
        nano.hum(folder / "audio" / f"c{index}.wav", seconds=1.5, pitch=100 + 20 * index)
        lines.append(f"c{index}|{speaker}|{text}|1.5")
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def studio(tmp_path_factory, clips):
    overrides = [
        f"voice={clips / 'audio' / 'c0.wav'}",
        "device=cpu",
        "steps=1",
        "retries=0",
        "sampling.max_codes_per_id=2.0",
    ]
    return Studio(weights=nano.weights(tmp_path_factory.mktemp("weights")), conf=settings.compose(overrides))


def test_every_subject_speaks_and_the_report_says_all(clips, studio, tmp_path):
    names = [name for name in SUBJECTS if name != "flite"]
    with Panel({"heard": Parrot, "mos": Content}, cache=tmp_path / "cache", workers=1) as panel:
        listed = read_clips(clips, None)
        summary = compare(listed, choose(names, weights=studio.weights), studio, panel, seeds=2, out=tmp_path)
    body = json.loads((tmp_path / "report.json").read_text())
    assert list(body["figures"]["subjects"]) == names
    # Two of three texts are what the parrot says; the third is one of two words off.
    for figures in body["figures"]["subjects"].values():
        assert figures["wer"]["value"] == pytest.approx(1 / 6, abs=1e-4)
        assert figures["cer_above_recording"]["value"] == 0
        assert figures["mos"]["value"] == 3
        assert figures["rtf"]["low"] <= figures["rtf"]["value"] <= figures["rtf"]["high"]
    assert {(entry["subject"], entry["minus"]) for entry in body["figures"]["differences"]} == {
        (subject, minus) for _, subject, minus in report.DIFFERENCES
    }
    assert body["judges"] == {"heard": "parrot", "mos": "content"}
    assert set(body["weights"]) == {f"{net}.safetensors" for net in NETS}
    for field in ("date", "normaliser", "texts", "settings", "revision", "versions", "hardware", "about"):
        assert field in body
    assert len(body["rows"]) == 3 * (4 + 3 * 2)  # three subjects are seeded
    assert all(row["seconds"] > 0.1 for row in body["rows"])
    assert (tmp_path / "mels.png").stat().st_size > 10_000
    assert len(list((tmp_path / "audio").glob("*.wav"))) == 3 * len(names)
    lines = report.table(summary).splitlines()
    assert len({len(line) for line in lines if line.startswith("|")}) == 1


@pytest.mark.parametrize("name", ["coarse", "resynthesis", "tts"])
def test_a_subject_says_the_same_for_the_same_seed(clips, studio, name):
    clip = read_clips(clips, None)[0]
    subject = SUBJECTS[name]
    first, again, other = (subject.speak(studio, clip, seed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert subject.seeded == (first.shape != other.shape or not torch.equal(first, other))


def test_the_reference_is_another_clip_of_the_speaker(clips):
    first, second, lone = read_clips(clips, None)
    assert (first.reference, second.reference) == (second.path, first.path)
    assert lone.reference == lone.path
    assert [clip.id for clip in read_clips(clips, 2)] == ["c0", "c1"]


def test_subjects_without_their_nets_are_left_out_or_named(tmp_path):
    assert set(choose(None, weights=tmp_path)) <= {"recording", "griffin-lim", "flite"}
    with pytest.raises(ValueError, match="resynthesis needs dvae, diffusion, vocoder"):
        choose(["recording", "resynthesis"], weights=tmp_path)
    with pytest.raises(ValueError, match="no subject 'parrot'"):
        choose(["parrot"], weights=tmp_path)


def test_a_survey_of_stops_counts_and_keeps_offenders(studio, tmp_path):
    texts = ["Hello world.", "Hello there.", "Hello again."]
    with Panel({"heard": Parrot, "aligned": Optimist}, cache=tmp_path / "cache", workers=1) as panel:
        spoken = survey.speak(studio, texts, seed=0)
        result = survey.survey(studio, spoken, panel, out=tmp_path)
    body = json.loads((tmp_path / "stops.json").read_text())
    assert body["sentences"] == 3 == len(body["rows"])
    assert set(body["figures"]) == {*survey.KINDS, "any", "spoken more than once"}
    assert len(body["offenders"]) == len(list((tmp_path / "audio").glob("*.wav")))
    assert survey.lines(result, 3).startswith("of 3 sentences")


def test_speed_times_every_net_within_the_whole(studio):
    own = Studio(weights=studio.weights, conf=studio.conf)
    factors = speed.measure(own, ["Hello world.", "Hello there."])
    assert set(factors) == {"whole path", *NETS}
    parts = sum(factors[name]["median"] for name in NETS)
    assert 0 < parts <= 1.2 * factors["whole path"]["median"]


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["nowhere"], "no nowhere/metadata.csv"),
        (["stops", "nowhere.txt"], "no text file nowhere.txt"),
        (["speed", "--voice", "nobody"], "no voice, clip or folder 'nobody'"),
    ],
)
def test_errors_are_one_line(argv, reason, capsys, tmp_path):
    if argv[0] == "stops":
        pytest.importorskip("pocketsphinx")
    assert main([*argv, "-o", str(tmp_path / "out"), "--cache", str(tmp_path / "cache")]) == 1
    error = capsys.readouterr().err
    assert reason in error
    assert error.count("\n") == 1
