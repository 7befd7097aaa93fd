"""Waves whose opinions are known give the rows, figures and files that follow from them; nothing is made twice."""

import json
from dataclasses import replace

import pytest
import soundfile

from helpers.fake_judges import FakeAligner, FakeEncoder, FakeMos, FakeRecogniser, marked_wave, read_mark
from tts.evaluate import judging, report, suites
from tts.evaluate.commands.run import compare_subjects
from tts.evaluate.subjects import NETS, SUBJECTS, Subject, choose_subjects
from tts.judges.panel import Panel

TEXTS = {"c0": "hello world", "c1": "hello there", "c2": "hello world", "c3": "hello world"}
SPEAKERS = {"c0": "ada", "c1": "ada", "c2": "bo", "c3": "ada"}
TAKES = {("c0", 0): 10, ("c1", 0): 11, ("c2", 0): 12, ("c3", 0): 13}  # (clip, seed): the number of the wave
TAKES |= {("c0", 1): 20, ("c1", 1): 21, ("c2", 1): 22, ("c3", 1): 23}
HEARD = {1: "hello there", 11: "hello", 20: "", 21: "hello there", 22: "hello word"}  # of the rest: hello world
MOS = {10: 1.0, 11: 2.0, 20: 2.0, 21: 3.0, 22: 4.0}  # of the rest: 3
VOICES = {0: (1.0, 0.0), 1: (0.0, 1.0), 3: (0.0, 1.0)}  # of the rest: .6, .8


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    """Recordings 0 to 3 of two speakers."""
    folder = tmp_path_factory.mktemp("suite") / "marked"
    (folder / "audio").mkdir(parents=True)
    lines = ["id|speaker|text|seconds"]
    for number, (clip, text) in enumerate(TEXTS.items()):
        soundfile.write(folder / "audio" / f"{clip}.wav", marked_wave(number, 24000).numpy(), 24000, "FLOAT")
        lines.append(f"{clip}|{SPEAKERS[clip]}|{text}|1.5")
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n")
    return suites.read_suite(str(folder))


class Spoken:
    """A made-up system, and the takes that it was asked for."""

    def __init__(self):
        self.takes = []
        self.subject = Subject(self.speak, (), seeded=True, says="made-up speech")

    def speak(self, studio, clip, seed):
        self.takes.append((clip.id, seed))
        return marked_wave(TAKES[clip.id, seed], studio.audio.sample_rate)


def fakes(**changes):
    judges = {
        "heard": FakeRecogniser(opinions=HEARD),
        "aligned": FakeAligner(),
        "mos": FakeMos(opinions=MOS),
        "voice": FakeEncoder(opinions=VOICES),
    }
    return judges | changes


def evaluate(suite, studio, subjects, judges, folder, *, seeds=2):
    with Panel(judges, cache=folder / "cache", workers=1) as panel:
        places = {"cache": folder / "cache", "out": folder / "out"}
        summary = compare_subjects(suite, subjects, studio, panel, seeds=seeds, **places)
    return summary, json.loads((folder / "out" / "report.json").read_text())


@pytest.fixture(scope="module")
def evaluation(suite, bare_studio, tmp_path_factory):
    """Summary and report of recordings and speech, and the folder with the files."""
    folder = tmp_path_factory.mktemp("evaluation")
    subjects = {"recording": SUBJECTS["recording"], "system": Spoken().subject}
    return *evaluate(suite, bare_studio, subjects, fakes(), folder), folder / "out"


def test_known_opinions_give_the_figures_that_follow_from_them(evaluation):
    summary, body, _ = evaluation
    found, truth = summary["subjects"]["system"], summary["subjects"]["recording"]
    assert (truth["waves"], found["waves"]) == (4, 8)
    assert truth["wer"].value == truth["cer"].value == 0
    # 16 words and 88 characters: "there" lost, everything lost, an l lost.
    assert found["wer"].value == found["wer_above_recording"].value == 4 / 16
    assert found["cer"].value == pytest.approx((6 + 11 + 1) / 88)
    assert found["mos"].value == pytest.approx((1 + 2 + 3 + 3 + 2 + 3 + 4 + 3) / 8)
    assert found["mos_above_recording"].value == pytest.approx(found["mos"].value - 3)
    # Each of ada's clips is compared with her other two: the mean of (0, 1) and (0, 1), or of (1, 0) and (0, 1).
    mixed = (0.6 + 0.8) / 2**0.5
    assert found["similarity"].value == pytest.approx((2 * 0.8 + 4 * mixed) / 6, abs=1e-5)
    assert found["stopped early"].value == found["faults"].value == 1 / 8
    assert found["ran on"].value == found["skips"].value == found["repeats"].value == 0
    assert found["outliers"].value == 0
    assert "mcd" not in found and "voiced" not in found  # nobody was asked
    differences = [entry for entry in summary["differences"]]
    assert differences == [] and summary["kinds"] == {} and summary["codebooks"] == {}
    assert body["figures"]["subjects"]["system"]["wer"]["value"] == 0.25
    rtf = sum(row["compute"] for row in body["rows"][4:]) / (8 * 1.5)
    assert found["rtf"].value == pytest.approx(rtf)


def test_a_row_tells_all_of_one_wave(evaluation):
    _, body, _ = evaluation
    rows = [row for row in body["rows"] if row["subject"] == "system"]
    takes = [(clip, seed) for clip in TEXTS for seed in (0, 1)]
    assert [(row["clip"], row["seed"]) for row in rows] == takes
    row = rows[takes.index(("c1", 0))]
    # Two syllables of seven phones, and four for the ends, where most texts have eight: that much longer than expected.
    assert row | {"compute": None} == {
        "subject": "system",
        "clip": "c1",
        "speaker": "ada",
        "kind": "",
        "seed": 0,
        "text": "hello there",
        "opinions": {
            "heard": {"text": "hello", "word_edits": 1, "words": 2, "character_edits": 6, "characters": 11},
            "aligned": {"whole": True, "stray": 0.0},
            "mos": {"overall": 2.0},
            "voice": {"similarity": pytest.approx(0.98995)},
        },
        "phones": 7,
        "length": pytest.approx(12 / 11, abs=1e-4),
        "fault": None,
        "judged": True,
        "codes": 0,
        "seconds": 1.5,
        "compute": None,
    }
    assert [row["fault"] for row in rows] == [None, "stopped early", *[None] * 6]
    assert [row["opinions"]["voice"] for row in rows if row["speaker"] == "bo"] == [None, None]


def test_the_files_of_an_evaluation(evaluation, suite, bare_studio):
    _, body, out = evaluation
    assert {path.name for path in out.iterdir()} == {"audio", "report.json", "report.html", "figures.png", "mels.png"}
    # Three clips spread over four, and the first take of each.
    names = {f"{clip}-{subject}.wav" for clip in ("c0", "c1", "c2") for subject in ("recording", "system")}
    assert {path.name for path in (out / "audio").iterdir()} == names
    assert [read_mark(bare_studio.recording(out / "audio" / f"{c}-system.wav"), 24000) for c in ("c0", "c2")] == [
        10,
        12,
    ]
    page = (out / "report.html").read_text()
    assert page.count("<audio") == len(body["rows"]) == 12 and page.count("<details>") == 4
    for note in (
        "hello word &middot; WER 0.50 &middot; CER 0.09 &middot; DNSMOS 4.00",
        "stopped early",
        "made-up speech",
    ):
        assert note in page
    assert not any(outside in page for outside in ('src="http', 'src="/', "<link", "<script"))
    assert body["judges"] == {name: f"fake {kind}" for name, kind in zip(fakes(), KINDS, strict=True)}
    assert body["about"] == {
        "subjects": {"recording": SUBJECTS["recording"].says, "system": "made-up speech"},
        "seeds": 2,
        "clips": 4,
        "suite": {"name": "marked", "says": "recordings", "licence": "their own"},
    }
    assert body["texts"] == suite.fingerprint and body["weights"] == {}
    for field in ("date", "normaliser", "settings", "revision", "versions", "hardware", "judge_packages"):
        assert body[field]


KINDS = ("recogniser", "aligner", "mos", "encoder")


def test_the_table_has_a_line_for_each_subject(evaluation):
    summary, _, _ = evaluation
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in report.summary_table(summary).splitlines()
    ]
    head = ["subject", "waves", "WER", "CER", "CER - recordings", "DNSMOS", "similarity", "phones/s", "faults", "RTF"]
    assert lines[0] == [name for name in head if name != "phones/s"]  # nobody measured a span
    assert [line[:2] for line in lines[2:4]] == [["recording", "4"], ["system", "8"]]
    assert lines[3][2].startswith("0.250 [") and lines[3][5].startswith("2.625 [")


def test_nothing_is_made_or_judged_twice(suite, bare_studio, tmp_path):
    spoken, judges = Spoken(), fakes()
    first, _ = evaluate(suite, bare_studio, {"system": spoken.subject}, judges, tmp_path, seeds=1)
    assert spoken.takes == [("c0", 0), *((clip, 0) for clip in TEXTS)]  # the first one twice, to warm up
    assert judges["heard"].asked == [10, 11, 12, 13]
    assert sorted(judges["voice"].asked) == [0, 1, 2, 3, 10, 11, 12, 13]
    again, _ = evaluate(suite, bare_studio, {"system": spoken.subject}, judges, tmp_path, seeds=1)
    assert len(spoken.takes) == 5 and len(judges["heard"].asked) == 4 and len(judges["voice"].asked) == 8
    assert again == first
    # More seeds and another subject cost only themselves.
    subjects = {"system": spoken.subject, "recording": SUBJECTS["recording"]}
    evaluate(suite, bare_studio, subjects, judges, tmp_path, seeds=2)
    assert spoken.takes[5:] == [("c0", 1), *((clip, 1) for clip in TEXTS)]
    assert judges["heard"].asked[4:] == [20, 21, 22, 23, 0, 1, 2, 3]
    assert judges["voice"].asked[8:] == [20, 21, 22, 23, 0, 1, 2, 3]  # a cached wave has 16 bits, a recording more


def test_what_forced_alignment_finds_counts_beside_what_is_heard(suite, bare_studio, tmp_path):
    aligned = FakeAligner(opinions={number: {"whole": False, "stray": 0.0} for number in (11, 12)})
    _, body = evaluate(suite, bare_studio, {"system": Spoken().subject}, fakes(aligned=aligned), tmp_path, seeds=1)
    assert [row["fault"] for row in body["rows"]] == [None, "stopped early", None, None]  # of 12, all words were heard
    assert body["rows"][1]["opinions"]["aligned"] == {"whole": False, "stray": 0.0}


def test_a_pace_is_that_of_the_speaker_if_there_are_enough_waves(suite, bare_studio, tmp_path, monkeypatch):
    def speak(studio, clip, seed):
        return marked_wave(TAKES[clip.id, seed], studio.audio.sample_rate, seconds=3.0 if clip.speaker == "bo" else 1.5)

    subjects = {"system": Subject(speak, (), seeded=True, says="bo is slow")}
    lengths = {}
    for pace, folder in ((10, "all"), (2, "own")):
        monkeypatch.setattr(judging, "OWN_PACE", pace)
        _, body = evaluate(suite, bare_studio, subjects, fakes(), tmp_path / folder)
        lengths[folder] = {row["length"] for row in body["rows"] if row["speaker"] == "bo"}
    assert min(lengths["all"]) > 1.8 and lengths["own"] == {1.0}


class Broken(FakeMos):
    """Fails at the third wave."""

    def judge(self, wav, sample_rate):
        if len(self.asked) == 2:
            raise ValueError("the net is broken")
        return super().judge(wav, sample_rate)


def test_a_judge_that_fails_ends_the_evaluation_and_what_was_judged_is_kept(suite, bare_studio, tmp_path):
    spoken, judges = Spoken(), fakes(mos=Broken(opinions=MOS))
    with pytest.raises(ValueError, match="the net is broken"):
        evaluate(suite, bare_studio, {"system": spoken.subject}, judges, tmp_path, seeds=1)
    assert not (tmp_path / "out" / "report.json").exists() and not (tmp_path / "out" / "report.html").exists()
    mended = fakes()
    summary, _ = evaluate(suite, bare_studio, {"system": spoken.subject}, mended, tmp_path, seeds=1)
    assert mended["mos"].asked == [12, 13] and mended["heard"].asked == [13]
    assert summary["subjects"]["system"]["mos"].value == pytest.approx((1 + 2 + 3 + 3) / 4)
    assert len(spoken.takes) == 5


class Phones(FakeRecogniser):
    words = False

    def spell(self, text):
        return "{" + " ".join(text.replace(" ", "")) + "}"


def test_a_recogniser_without_words_counts_its_symbols_and_finds_no_faults(suite, bare_studio, tmp_path):
    judges = fakes(heard=Phones(opinion="{h e l l o}", opinions={12: "{h e l l o w o r l d}"}))
    summary, body = evaluate(suite, bare_studio, {"system": Spoken().subject}, judges, tmp_path, seeds=1)
    found = summary["subjects"]["system"]
    assert found["cer"].value == 3 * 5 / 40
    assert "wer" not in found and "faults" not in found
    assert {row["fault"] for row in body["rows"]} == {None}


def test_without_a_judge_its_measures_are_left_out(suite, bare_studio, tmp_path):
    summary, body = evaluate(suite, bare_studio, {"system": Spoken().subject}, {"mos": FakeMos()}, tmp_path, seeds=1)
    assert set(summary["subjects"]["system"]) == {"waves", "mos", "outliers", "rtf"}
    assert body["rows"][0]["opinions"] == {"mos": {"overall": 3.0}}


def test_what_a_net_loses_is_paired_with_the_subject_before_it(suite, bare_studio, tmp_path):
    subjects = {"recording": SUBJECTS["recording"], "vocoder": Spoken().subject}
    summary, _ = evaluate(suite, bare_studio, subjects, fakes(), tmp_path)
    found = {(d["measure"], d["subject"], d["minus"]): d["figure"].value for d in summary["differences"]}
    lost = {("cer", "vocoder", "recording"): 18 / 88, ("mos", "vocoder", "recording"): 2.625 - 3}
    assert found == pytest.approx(lost)
    assert "CER of vocoder minus recording: 0.205 [" in report.summary_table(summary)


def test_kinds_of_text_are_summed_apart(suite, bare_studio, tmp_path):
    kinds = {"c0": "greetings", "c1": "greetings", "c2": "names", "c3": "names"}
    suite = replace(suite, clips=[replace(clip, kind=kinds[clip.id]) for clip in suite.clips])
    summary, _ = evaluate(suite, bare_studio, {"system": Spoken().subject}, fakes(), tmp_path)
    found = summary["kinds"]["system"]
    assert (found["greetings"]["wer"].value, found["names"]["wer"].value) == (3 / 8, 1 / 8)
    assert "| system  | greetings |" in report.summary_table(summary)


def test_every_subject_speaks_with_nano_nets(hums, nano_studio, tmp_path):
    names = [name for name in SUBJECTS if name not in ("flite", "latents")]
    subjects = choose_subjects(names, weights=nano_studio.weights)
    judges = {"heard": FakeRecogniser(), "mos": FakeMos(), "voice": FakeEncoder()}
    summary, body = evaluate(suites.read_suite(str(hums)), nano_studio, subjects, judges, tmp_path, seeds=1)
    found = summary["subjects"]
    assert list(found) == names
    for figures in found.values():  # two of three texts are what is heard; the third is one of two words off
        assert figures["wer"].value == pytest.approx(1 / 6)
        assert figures["cer_above_recording"].value == 0 and figures["mos"].value == 3
    assert found["vocoder"]["similarity"].value == pytest.approx(1, abs=1e-4)
    assert "similarity" not in found["tts"]  # its voice is a file, and no speaker of the clips
    assert set(summary["codebooks"]) == {"coarse", "resynthesis", "tts", "tts-own"}
    for name, book in summary["codebooks"].items():
        assert book["codes"] == sum(row["codes"] for row in body["rows"] if row["subject"] == name)
    assert {(entry["subject"], entry["minus"]) for entry in summary["differences"]} == {
        (subject, minus) for _, subject, minus in report.DIFFERENCES if subject != "latents"
    }
    assert set(body["weights"]) == {f"{net}.safetensors" for net in NETS}
    assert len(body["rows"]) == 3 * 7
    assert all((row["codes"] > 0) == (row["subject"] in summary["codebooks"]) for row in body["rows"])
    assert "codes of coarse: " in report.summary_table(summary)


def test_a_text_without_recordings_is_said_in_the_voices_of_others(hums, nano_studio, tmp_path):
    suite = suites.read_suite("clone").spoken_by(suites.read_clips(hums, None, silent=True)).first(2)
    assert [clip.speaker for clip in suite.clips] == ["ada", "ada"]
    subjects = choose_subjects(["recording", "tts-own"], weights=nano_studio.weights)
    judges = {"heard": FakeRecogniser(), "mos": FakeMos(), "voice": FakeEncoder()}
    summary, body = evaluate(suite, nano_studio, subjects, judges, tmp_path, seeds=1)
    assert list(summary["subjects"]) == ["tts-own"]
    assert summary["subjects"]["tts-own"]["similarity"].value == pytest.approx(1, abs=1e-4)
    assert list(summary["kinds"]["tts-own"]) == ["clone"]
    with pytest.raises(ValueError, match="it has no recordings"):
        evaluate(suite, nano_studio, {"recording": SUBJECTS["recording"]}, judges, tmp_path)
