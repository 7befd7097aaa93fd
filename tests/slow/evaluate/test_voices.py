"""Cards of voices, and cloning, on nano nets, with recordings whose speakers differ in pitch."""

import json

import pytest

from helpers import tone_speech
from tts import corpus, voices
from tts.evaluate import suites
from tts.evaluate.commands import cards, cloning
from tts.voices.__main__ import main as voices_main


@pytest.fixture
def recordings(tmp_path):
    return tone_speech.write_repeated(tmp_path / "tones")


@pytest.fixture
def studio(tmp_path):
    return tone_speech.studio(tmp_path / "weights")


@pytest.fixture
def panel(tmp_path):
    with tone_speech.panel(tmp_path) as panel:
        yield panel


@pytest.mark.slow
def test_cards_are_of_the_same_sentences_and_beside_recordings(studio, panel, recordings, tmp_path, monkeypatch):
    monkeypatch.setattr(voices, "FOLDER", tmp_path / "shelf")
    (tmp_path / "shelf").mkdir()
    stray = tmp_path / "stray.safetensors"
    for speaker, target in (("ann", "ann"), ("bob", str(stray))):
        clips = [str(path) for path in corpus.by_speaker([recordings])[speaker]]
        command = ["make", *clips, "-o", target, "--weights", str(studio.weights), "--gender", "other"]
        assert voices_main([*command, "--licence", "CC0-1.0", "--source", "computed", "--description", "tones"]) == 0
    suite, known = suites.read_suite("clone").first(2), corpus.by_speaker([recordings])
    options = {"seeds": 2, "cache": tmp_path / "cache", "out": tmp_path / "out"}
    found = cards.make_cards(studio, panel, ["ann", str(stray)], known, suite, **options)
    assert found["ann"]["recorded"]["pitch"] == pytest.approx(190, rel=0.03)
    assert found["ann"]["halves"] == pytest.approx(1, abs=0.01)
    assert found["ann"]["likeness"].value == pytest.approx(found["ann"]["similarity"].value, rel=0.02)
    assert "likeness" not in found[str(stray)]  # no speaker of the recordings has that name
    body = json.loads((tmp_path / "out" / "cards.json").read_text())
    assert len(body["rows"]) == 2 * 2 * 2 and body["sentences"] == 2
    for name in ("ann", "stray"):
        assert 1000 < (tmp_path / "out" / f"{name}.png").stat().st_size < 60_000
        assert (tmp_path / "out" / f"{name}.ogg").is_file()
    lines = cards.card_table(found).splitlines()
    assert len(lines) == 4 and "(190)" in lines[2] and "`stray`" in lines[3]


@pytest.mark.slow
def test_cloning_says_whom_clones_and_recordings_are_like(studio, panel, recordings, tmp_path):
    speakers, _ = cloning.cut_references(studio, corpus.by_speaker([recordings]), 5, tmp_path / "out")
    options = {"seeds": 2, "cache": tmp_path / "cache", "out": tmp_path / "out"}
    result = cloning.clone_speakers(studio, panel, speakers, suites.read_suite("clone").first(2), **options)
    figures = result["figures"]
    assert figures["recognised, reference"].value == 1
    assert figures["similarity, reference"].value > 0.98 > figures["similarity to others, reference"].value
    for line in result["speakers"]:  # of two speakers, whoever is not the other is the one
        assert (line["recognised"] > 0.5) == (line["similarity"] > line["similarity to others"])
    for name in ("own words from codes", "own words in another's voice"):
        assert -1 <= figures[f"similarity, {name}"].value <= 1
    body = json.loads((tmp_path / "out" / "cloning.json").read_text())
    assert (body["seconds"], len(body["rows"])) == (5, 2 * 2 * 2)
    assert len(list((tmp_path / "out" / "references").iterdir())) == 4
    assert cloning.cloning_table(result).count("\n| ann") == 1
