"""Cloning on nano nets, with recordings whose speakers differ in pitch."""

import json

import pytest

from helpers import tone_speech
from tts import corpus
from tts.evaluate import suites
from tts.evaluate.commands import cloning


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


pytestmark = pytest.mark.slow


def test_cloning_says_whom_clones_and_recordings_are_like(studio, panel, recordings, tmp_path):
    speakers, _ = cloning.cut_references(studio, corpus.by_speaker([recordings]), 5, tmp_path / "out")
    options = {"seeds": 2, "cache": tmp_path / "cache", "out": tmp_path / "out"}
    result = cloning.clone_speakers(studio, panel, speakers, suites.read_suite("clone").first(2), **options)
    figures = result["figures"]
    assert figures["recognised, reference"].value == 1
    assert figures["similarity, reference"].value > 0.98 > figures["similarity to others, reference"].value
    for line in result["speakers"]:  # of two speakers, whoever is not the other is the one
        assert (line["recognised"] > 0.5) == (line["similarity"] > line["similarity to others"])
    body = json.loads((tmp_path / "out" / "cloning.json").read_text())
    assert (body["seconds"], len(body["rows"])) == (5, 2 * 2 * 2)
    assert len(list((tmp_path / "out" / "references").iterdir())) == 4
    assert cloning.cloning_table(result).count("\n| ann") == 1
