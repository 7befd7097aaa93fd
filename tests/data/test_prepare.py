"""The whole way, on speech of the shipped nets: they are at hand, and the codec that aligns can hear them."""

import json
import shutil
import tarfile
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch

from data.__main__ import main
from data.shards import read_index, verify
from tts import settings, voices
from tts.pipeline import Settings, TextToSpeech

pytestmark = pytest.mark.filterwarnings("ignore:this tokenizer was made with")
TEXT = "The ship came into the harbour late in the evening. Nobody stood at the quay to see it come in."
OPEN = ["judge.agreement=0", "judge.word_agreement=0", "judge.mos=0", "judge.min_rate=0", "words.coverage=0.1"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A talk with its text, the same talk coded anew, and a file that is none."""
    folder = tmp_path_factory.mktemp("talks") / "show"
    folder.mkdir()
    speech = TextToSpeech.load("tts/weights", "cpu")
    chosen = replace(Settings.parse(settings.compose([])), candidates=1, steps=2, retries=0)
    chunks = speech.stream(
        TEXT, voices.load(voices.find("lj"), fingerprint=speech.fingerprint), settings=chosen, seed=0
    )
    wave = torch.cat([chunk.wave for chunk in chunks]).numpy()
    wave = 0.5 * wave / np.abs(wave).max()
    soundfile.write(folder / "talk.wav", np.concatenate([wave, np.zeros(12000)]), 24000)
    soundfile.write(folder / "again.mp3", np.concatenate([wave, np.zeros(12000)]), 24000, format="MP3")
    for name in ("talk.txt", "again.txt"):
        (folder / name).write_text(TEXT, encoding="utf-8")
    (folder / "empty.mp3").write_bytes(b"")
    (folder / "README.md").write_text("Licence: CC0 1.0\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def shards(folder):
    out = folder.with_name("shards")
    assert prepare(folder, out) == 0
    return out


def prepare(folder, out, *more):
    return main(["prepare", str(folder), "-o", str(out), "--workers", "0", "--", *OPEN, *more])


def content(out):
    return {file.name: file.read_bytes() for file in out.iterdir() if not file.name.startswith("report")}


def records(out):
    work = out.with_name(f"{out.name}.work") / "ledger"
    return {file.relative_to(work): file.stat().st_mtime_ns for file in work.rglob("*.*")}


def test_clips_say_where_they_are_from_and_what_is_said_when(shards):
    assert verify(shards) == []
    index = read_index(shards)
    assert index.corpora == {"show": {"licence": "CC0 1.0"}} and index.clips
    for entry in index.clips:
        with tarfile.open(shards / entry.shard) as tar:
            clip = json.load(tar.extractfile(f"{entry.key}.json"))
            sound, rate = soundfile.read(tar.extractfile(f"{entry.key}.flac"))
        assert {"id", "text", "speaker", "source", "licence", "scores", "sha256", "words", "spoken"} <= clip.keys()
        assert clip["end"] - clip["start"] == pytest.approx(len(sound) / rate, abs=0.001)
        assert " ".join(word["text"] for word in clip["words"]) == clip["text"] and clip["text"] in TEXT
        for word in clip["words"]:
            assert clip["start"] <= word["start"] < word["end"] <= clip["end"]


def test_what_is_left_out_has_a_reason(shards):
    lines = [json.loads(line) for line in (shards / "rejected.jsonl").read_text("utf-8").splitlines()]
    reasons = " ".join(line["reason"] for line in lines)
    assert "an empty file" in reasons and "sounds like" in reasons
    report = json.loads((shards / "report.json").read_text("utf-8"))
    assert report["files"] == 3 and report["hours"]["kept"] > 0 and report["stages"]["segment"]
    assert "http" not in (shards / "report.html").read_text("utf-8")


def test_running_again_does_nothing_and_lost_work_is_done_again(folder, shards):
    before, known = content(shards), records(shards)
    assert prepare(folder, shards) == 0
    assert content(shards) == before and records(shards) == known
    for stage in ("segment", "cut"):
        shutil.rmtree(shards.with_name("shards.work") / "ledger" / stage)
    assert prepare(folder, shards) == 0
    assert content(shards) == before


def test_a_threshold_repeats_only_what_rests_on_it_and_spoils_nothing(folder, shards, capsys):
    before, known = content(shards), records(shards)
    assert prepare(folder, shards, "judge.snr=99") == 1
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1 and "no usable clip" in error[0]
    assert content(shards) == before and records(shards) == known


def test_settings_are_checked(folder, capsys):
    with pytest.raises(SystemExit) as done:
        prepare(folder, folder.with_name("none"), "segment.max_seconds=1")
    assert done.value.code == 2 and "segment needs" in capsys.readouterr().err
