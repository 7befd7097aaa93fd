"""The whole comparison on nano nets: every subject speaks, and the report says all it must."""

import json
from dataclasses import replace

import pytest
import torch

from helpers import nano
from helpers.jury import Content, Optimist, Parrot
from tts import settings
from tts.evaluate import report, stops, suites
from tts.evaluate.__main__ import main
from tts.evaluate.commands import long, speed, survey
from tts.evaluate.commands.run import run
from tts.evaluate.subjects import NETS, SUBJECTS, Studio, choose
from tts.evaluate.suites import read_clips
from tts.judges import recognisers
from tts.judges.panel import Evidence, Panel
from tts.judges.wer import character_edits, symbols, words


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


class Ear:
    """Knows voices by their loudness and its inverse; counts how often it was asked."""

    told = ""
    silent = None
    asked = 0

    def identity(self) -> str:
        return "ear"

    def judge(self, wav, sample_rate):
        type(self).asked += 1
        return [0.6, 0.8]


JUDGES = {"heard": Parrot(), "mos": Content(), "voice": Ear()}


def judged(clips, studio, folder, names, *, seeds=2):
    with Panel(JUDGES, cache=folder / "cache", workers=1) as panel:
        subjects = choose(names, weights=studio.weights)
        places = {"cache": folder / "cache", "out": folder / "out"}
        return run(suites.read(str(clips)), subjects, studio, panel, seeds=seeds, **places)


def test_every_subject_speaks_and_the_report_says_all(clips, studio, tmp_path):
    names = [name for name in SUBJECTS if name not in ("flite", "latents")]
    summary = judged(clips, studio, tmp_path, names)
    body = json.loads((tmp_path / "out" / "report.json").read_text())
    assert list(body["figures"]["subjects"]) == names
    # Two of three texts are what the parrot says; the third is one of two words off.
    for figures in body["figures"]["subjects"].values():
        assert figures["wer"]["value"] == pytest.approx(1 / 6, abs=1e-4)
        assert figures["cer_above_recording"]["value"] == 0
        assert figures["mos"]["value"] == 3
        assert figures["rtf"]["low"] <= figures["rtf"]["value"] <= figures["rtf"]["high"]
    found = body["figures"]["subjects"]
    assert found["vocoder"]["similarity"]["value"] == pytest.approx(1, abs=1e-4)
    assert "similarity" not in found["tts"]  # its voice is a file, and no speaker of the clips
    assert set(body["figures"]["codebooks"]) == {"coarse", "resynthesis", "tts", "tts-own"}
    assert all(0 < book["used"] <= 1 <= book["perplexity"] for book in body["figures"]["codebooks"].values())
    assert {(entry["subject"], entry["minus"]) for entry in body["figures"]["differences"]} == {
        (subject, minus) for _, subject, minus in report.DIFFERENCES if subject != "latents"
    }
    assert body["judges"] == {"heard": "parrot", "mos": "content", "voice": "ear"}
    assert set(body["weights"]) == {f"{net}.safetensors" for net in NETS}
    for field in ("date", "normaliser", "texts", "settings", "revision", "versions", "hardware", "about"):
        assert field in body
    assert len(body["rows"]) == 3 * (4 + 3 * 2)  # three subjects are seeded
    assert all(row["seconds"] > 0.1 for row in body["rows"])
    assert all((row["codes"] > 0) == (row["subject"] in body["figures"]["codebooks"]) for row in body["rows"])
    for picture in ("mels.png", "figures.png"):
        assert (tmp_path / "out" / picture).stat().st_size > 10_000
    assert len(list((tmp_path / "out" / "audio").glob("*.wav"))) == 3 * len(names)
    tables = report.table(summary).split("\n\n")
    assert len({len(line) for line in tables[0].splitlines()}) == 1
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count("<audio") == len(body["rows"])
    assert not any(outside in page for outside in ('src="http', 'src="/', "<link", "<script"))


def test_one_more_subject_costs_only_itself(clips, studio, tmp_path, monkeypatch):
    spoken = []
    for name in ("coarse", "resynthesis"):
        subject = SUBJECTS[name]

        def speak(*arguments, name=name, subject=subject):
            spoken.append(name)
            return subject.speak(*arguments)

        monkeypatch.setitem(SUBJECTS, name, replace(subject, speak=speak))
    Ear.asked = 0
    first = judged(clips, studio, tmp_path, ["recording", "coarse"])
    asked, made = Ear.asked, len(spoken)
    both = judged(clips, studio, tmp_path, ["recording", "coarse", "resynthesis"])
    assert set(spoken[made:]) == {"resynthesis"}
    assert Ear.asked - asked <= 3 * 2
    assert both["subjects"]["coarse"] == first["subjects"]["coarse"]
    assert both["codebooks"]["coarse"] == first["codebooks"]["coarse"]


def test_a_text_without_recordings_is_said_in_the_voices_of_others(clips, studio, tmp_path):
    suite = suites.read("clone").spoken_by(read_clips(clips, None, silent=True)).first(2)
    assert [clip.speaker for clip in suite.clips] == ["ada", "ada"]
    with Panel(JUDGES, cache=tmp_path, workers=1) as panel:
        subjects = choose(["recording", "tts-own"], weights=studio.weights)
        summary = run(suite, subjects, studio, panel, seeds=1, cache=tmp_path, out=tmp_path)
        assert list(summary["subjects"]) == ["tts-own"]
        assert summary["subjects"]["tts-own"]["similarity"].value == pytest.approx(1, abs=1e-4)
        assert list(summary["kinds"]["tts-own"]) == ["clone"]
        with pytest.raises(ValueError, match="it has no recordings"):
            run(suite, {"recording": SUBJECTS["recording"]}, studio, panel, seeds=1, cache=tmp_path, out=tmp_path)


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
    with pytest.raises(ValueError, match="does not hear GPT latents"):
        choose(["latents"], weights=nano.weights(tmp_path / "nano"))
    with pytest.raises(ValueError, match="resynthesis needs dvae, diffusion, vocoder"):
        choose(["recording", "resynthesis"], weights=tmp_path)
    with pytest.raises(ValueError, match="no subject 'parrot'"):
        choose(["parrot"], weights=tmp_path)


def test_a_survey_of_stops_counts_and_keeps_offenders(studio, tmp_path):
    texts = ["Hello world.", "Hello there.", "Hello again."]
    with Panel({"heard": Parrot(), "aligned": Optimist()}, cache=tmp_path / "cache", workers=1) as panel:
        spoken = survey.speak(studio, texts, seed=0)
        result = survey.survey(studio, spoken, panel, out=tmp_path)
    body = json.loads((tmp_path / "stops.json").read_text())
    assert body["sentences"] == 3 == len(body["rows"])
    assert set(body["figures"]) == {*stops.KINDS, "any", "spoken more than once"}
    assert len(body["offenders"]) == len(list((tmp_path / "audio").glob("*.wav")))
    assert survey.lines(result, 3).startswith("of 3 sentences")


def test_a_long_reading_is_kept_passage_by_passage(studio, tmp_path):
    text, voice = "Hello world, and hello again to all of you. " * 12, studio.conf["voice"]
    options = {"minutes": 1, "seed": 0, "cache": tmp_path}
    passages = long.speak(studio, text, voice, **options)
    assert " ".join(passage.text for passage in passages).split() == text.split()
    for passage in passages:
        assert passage.joins and all(0 <= join <= len(passage.wave) for join in passage.joins)
    again = long.speak(studio, text, voice, **options)
    assert all(torch.equal(one.wave, other.wave) for one, other in zip(passages, again, strict=True))


@pytest.mark.parametrize("name", ["ctc", "gpt"])
def test_our_own_nets_listen(clips, studio, tmp_path, name):
    listener = recognisers.choose(name, studio.weights)
    assert isinstance(listener, recognisers.Listener)
    wave = studio.recording(read_clips(clips, None)[0].path)
    with Panel({"heard": listener}, cache=tmp_path, workers=1) as panel:
        heard = panel.ask([Evidence(wave)], studio.audio.sample_rate, "test")[0]["heard"]
    assert symbols(words(heard)) == [] or heard.startswith("{")
    meant = listener.spell("Hello, world.")
    assert meant == ("{HH AH L OW W ER L D}" if name == "ctc" else "{HH AH L OW} {W ER L D}")
    assert character_edits(meant, meant) == (0, 8 if name == "ctc" else 9)


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
        (["stops", "nowhere.txt"], "no file nowhere.txt"),
        (["speed", "--voice", "nobody"], "no voice, clip or folder 'nobody'"),
        (["compare", "nowhere", "nowhere"], "no nowhere: give report.json of an evaluation"),
        (["compare", "nowhere"], "the following arguments are required: B"),
        (["small", "--seeds", "none"], "'none' is no whole number above 0"),
        (["small", "--judges", "jury"], "no judge 'jury'"),
        (["small", "--recogniser", "neighbour"], "no recogniser 'neighbour'"),
        (["small", "--judges", "heard", "--recogniser", "whisper=nowhere"], "no Whisper model in nowhere"),
    ],
)
def test_errors_are_one_line(argv, reason, capsys, tmp_path):
    if argv[0] == "stops":
        pytest.importorskip("pocketsphinx")
    places = [] if argv[0] == "compare" else ["--cache", str(tmp_path / "cache")]
    assert main([*argv, "-o", str(tmp_path / "out"), *places]) == 1
    error = capsys.readouterr().err
    assert reason in error
    assert error.count("\n") == 1
