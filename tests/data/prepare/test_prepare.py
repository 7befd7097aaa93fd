"""`python -m data prepare` from recordings to shards."""

import json
import shutil
import tarfile
from importlib.metadata import PackageNotFoundError

import pytest
import soundfile

from data.__main__ import main
from data.index import read_index
from data.shards import verify_shards
from helpers.beside import epub, feed, podcast, whisper
from helpers.fake_whisper import fake_whisper
from helpers.talk import RATE, TEXT, talk

pytestmark = pytest.mark.filterwarnings("ignore:this tokenizer was made with")
AFTER = "<p>Another day began.</p>"
OPEN = ["judge.agreement=0", "judge.word_agreement=0", "judge.mos=0", "judge.min_rate=0"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A talk with its text, the same talk coded anew, and a file that is none."""
    folder = tmp_path_factory.mktemp("talks") / "show"
    folder.mkdir()
    wave = talk()
    soundfile.write(folder / "talk.wav", wave, RATE)
    soundfile.write(folder / "again.mp3", wave, RATE, format="MP3")
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


def clips(out):
    """The JSON of every clip, by the name of its source."""
    found = {}
    for entry in read_index(out).clips:
        with tarfile.open(out / entry.shard) as tar:
            clip = json.load(tar.extractfile(f"{entry.key}.json"))
        found.setdefault(clip["source"], []).append(clip)
    return found


def report(out):
    return json.loads((out / "report.json").read_text("utf-8"))


def records(out):
    work = out.with_name(f"{out.name}.work") / "cache"
    return {file.relative_to(work): file.stat().st_mtime_ns for file in work.rglob("*.*")}


def test_clips_say_where_they_are_from_and_what_is_said_when(shards):
    assert verify_shards(shards) == []
    index = read_index(shards)
    assert index.corpora == {"show": {"language": "english", "licence": "CC0 1.0"}} and index.clips
    for entry in index.clips:
        with tarfile.open(shards / entry.shard) as tar:
            clip = json.load(tar.extractfile(f"{entry.key}.json"))
            sound, rate = soundfile.read(tar.extractfile(f"{entry.key}.flac"))
        assert {"id", "text", "speaker", "source", "licence", "scores", "sha256", "words", "spoken"} <= clip.keys()
        assert clip["end"] - clip["start"] == pytest.approx(len(sound) / rate, abs=0.001)
        assert " ".join(word["text"] for word in clip["words"]) == clip["text"] and clip["text"] in TEXT
        for word in clip["words"]:
            assert clip["start"] <= word["start"] < word["end"] <= clip["end"]


def test_the_index_says_when_each_sound_of_a_clip_is_heard(shards):
    index = read_index(shards)
    assert index.alignment["codec"]
    for entry in index.clips:
        assert entry.spoken and entry.times[0] == 0 and entry.times[-1] == pytest.approx(entry.seconds, abs=0.05)
        assert len(entry.times) > len(entry.spoken.split()) and list(entry.times) == sorted(entry.times)


def test_what_is_left_out_has_a_reason(shards):
    lines = [json.loads(line) for line in (shards / "rejected.jsonl").read_text("utf-8").splitlines()]
    reasons = " ".join(line["reason"] for line in lines)
    assert "an empty file" in reasons and "sounds like" in reasons
    told = report(shards)
    assert told["files"] == 3 and told["hours"]["kept"] > 0 and told["stages"]["segment"]
    assert "://" not in (shards / "report.html").read_text("utf-8")


def test_running_again_does_nothing_and_lost_work_is_done_again(folder, shards):
    before, known = content(shards), records(shards)
    assert prepare(folder, shards) == 0
    assert content(shards) == before and records(shards) == known
    for stage in ("segment", "cut"):
        shutil.rmtree(shards.with_name("shards.work") / "cache" / stage)
    assert prepare(folder, shards) == 0
    assert content(shards) == before


def test_a_threshold_repeats_only_what_rests_on_it_and_spoils_nothing(folder, shards, capsys):
    before, known = content(shards), records(shards)
    assert prepare(folder, shards, "judge.snr=99") == 1
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1 and "no usable clip" in error[0]
    assert content(shards) == before and records(shards) == known


def test_feeds_transcripts_and_books_reach_the_clips_of_their_recordings(folder, tmp_path):
    show = tmp_path / "show"
    show.mkdir()
    wave, rate = soundfile.read(folder / "talk.wav")
    for name, faster in (("one.flac", -900), ("two.flac", 900), ("three.flac", 0)):  # to dedup they are other sounds
        with soundfile.SoundFile(show / name, "w", rate + faster, 1) as file:
            file.title, file.license = "Told by the file", "CC BY 3.0"
            file.write(wave)
    cues = [(0.0, len(wave) / rate, TEXT)]
    feed(show / "feed.xml", [("one.flac", "The first", "Ada"), ("two.flac", "The second", "Bo")])
    podcast(show / "one.json", cues, "SPEAKER_01")
    whisper(show / "two.json", cues)
    epub(show / "book.epub", {"a.xhtml": f"<h1>Chapter One</h1><p>{TEXT}</p>", "b.xhtml": AFTER})
    assert prepare(show, tmp_path / "out") == 0
    found = clips(tmp_path / "out")
    (three, *_) = found["three.flac"]
    assert (
        {name: {clip["speaker"] for clip in own} for name, own in found.items()}
        == {
            "one.flac": {f"{found['one.flac'][0]['source_sha256'][:12]}-SPEAKER_01"},  # and of no other episode
            "two.flac": {"Bo"},
            "three.flac": {three["source_sha256"][:12]},
        }
    )
    assert found["one.flac"][0]["title"] == "The first" and found["two.flac"][0]["licence"] == "cc-by-4.0"
    assert found["two.flac"][0]["origin"] == "https://example.org/a/two.flac?x=1"
    assert (three["title"], three["licence"], three["origin"]) == ("Told by the file", "CC BY 3.0", "three.flac")
    assert all(clip["text"] in TEXT for own in found.values() for clip in own)
    assert {name: row["sources"] for name, row in report(tmp_path / "out")["words_from"].items()} == {
        "transcript": 2,
        "text": 1,
    }


def test_german_is_read_and_aligned_as_german(folder, tmp_path):
    (tmp_path / "show").mkdir()
    shutil.copy(folder / "talk.wav", tmp_path / "show")
    cue = "1\n00:00:00,500 --> 00:00:06,000\nNr. 5 lebt. Schöne Grüße aus Köln, am 3. Mai.\n"
    (tmp_path / "show" / "talk.srt").write_text(cue, encoding="utf-8")
    out = tmp_path / "out"
    german = ("words.language=de", "words.recogniser=whisper")
    lenient = ("words.min_agreement=0", "judge.untranscribed=60", "judge.music=1")  # it is not what the talk says
    assert prepare(tmp_path / "show", out, *german, *lenient) == 0
    found = clips(out)["talk.wav"]
    assert " ".join(clip["spoken"] for clip in found).startswith("Nummer fünf lebt. Schöne Grüße")
    assert {clip["language"] for clip in found} == {"german"}
    assert {facts["language"] for facts in read_index(out).corpora.values()} == {"german"}


def test_where_no_text_is_a_recogniser_writes_it(folder, tmp_path):
    pytest.importorskip("pocketsphinx")
    (tmp_path / "show").mkdir()
    shutil.copy(folder / "talk.wav", tmp_path / "show")
    assert prepare(tmp_path / "show", tmp_path / "out") == 0
    told = report(tmp_path / "out")["words_from"]
    assert list(told) == ["sphinx"] and told["sphinx"]["confidence"] > 0.2
    heard = " ".join(clip["text"] for clip in clips(tmp_path / "out")["talk.wav"]).lower().split()
    assert len(set(heard) & set(TEXT.lower().replace(".", "").split())) >= 5


def test_a_whisper_model_writes_the_words_too(folder, tmp_path):
    pytest.importorskip("faster_whisper")
    model = fake_whisper(tmp_path / "model", "The ship came into harbour late")
    (tmp_path / "show").mkdir()
    shutil.copy(folder / "talk.wav", tmp_path / "show")
    # The words are made up, so what lies between them is speech.
    made_up = ("judge.untranscribed=60", "judge.music=1")
    chosen = ("words.recogniser=whisper", f"words.model={model}", *made_up)
    assert prepare(tmp_path / "show", tmp_path / "out", *chosen) == 0
    assert list(report(tmp_path / "out")["words_from"]) == ["whisper"]
    said = [clip["text"] for clip in clips(tmp_path / "out")["talk.wav"]]
    assert said and set(said) == {"The ship came into harbour late"}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ([], ["pocketsphinx", "not installed", "--group judge"]),
        (["words.recogniser=whisper", "words.model=nowhere"], ["nowhere", "model.bin"]),
    ],
)
def test_a_missing_recogniser_is_told_in_one_line_before_any_work(
    folder, tmp_path, monkeypatch, capsys, settings, told
):
    (tmp_path / "show").mkdir()
    shutil.copy(folder / "talk.wav", tmp_path / "show")

    def version(package):
        raise PackageNotFoundError(package)

    monkeypatch.setattr("tts.judges.judge.version", version)
    assert prepare(tmp_path / "show", tmp_path / "out", *settings) == 1
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1 and all(part in error[0] for part in told)
    assert not (tmp_path / "out.work").exists()


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("segment.max_seconds=1", "segment needs"),
        ("words.recogniser=nobody", "no recogniser 'nobody'"),
        ("words.language=fr", "words.language is 'fr'; it must be one of en, de"),
        ("words.language=de", "sphinx hears English only, not German: use whisper"),
    ],
)
def test_settings_are_checked(folder, capsys, setting, told):
    assert prepare(folder, folder.with_name("none"), setting) == 2
    assert told in capsys.readouterr().err
