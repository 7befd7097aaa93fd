import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from data.pack.corpora import read_corpus
from helpers.corpus import make_corpus


def wave(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(2400), 24000)


def test_metadata_corpus(tmp_path):
    corpus = read_corpus(make_corpus(tmp_path / "tiny", heldout=1))
    assert corpus.name == "tiny"
    assert corpus.licence == "CC0 1.0, made by tests/helpers/corpus.py."
    assert corpus.heldout == {"s0-000"}
    assert len(corpus.recordings) == 24
    assert corpus.recordings[0].speaker == "speaker0"


def test_lines_that_make_no_sense_are_set_aside(tmp_path):
    folder = make_corpus(tmp_path / "tiny")
    with open(folder / "metadata.csv", "a") as file:
        file.write("no fields\n|nobody|Text.|1.0\n../../etc/passwd|x|Text.|1.0\n")
    corpus = read_corpus(folder)
    assert len(corpus.recordings) == 24
    assert [entry for entry, _ in corpus.malformed] == ["no fields", "|nobody|Text.|1.0", "../../etc/passwd"]


def test_ljspeech(tmp_path):
    wave(tmp_path / "wavs" / "LJ001-0001.wav")
    text = 'LJ001-0001|In 1901, "etc".|In nineteen oh one, "et cetera".\n../LJ001|x|x\n'
    (tmp_path / "metadata.csv").write_text(text)
    corpus = read_corpus(tmp_path)
    assert [(clip.speaker, clip.text) for clip in corpus.recordings] == [("lj", 'In nineteen oh one, "et cetera".')]
    assert len(corpus.malformed) == 1


def test_librispeech_and_libritts_trees(tmp_path):
    wave(tmp_path / "84" / "121" / "84-121-0000.flac")
    wave(tmp_path / "84" / "121" / "84-121-0001.flac")
    (tmp_path / "84" / "121" / "84-121.trans.txt").write_text("84-121-0000 GO DO YOU HEAR\n")
    wave(tmp_path / "85" / "122" / "85_122_000.wav")
    (tmp_path / "85" / "122" / "85_122_000.normalized.txt").write_text("Then he went.\n")
    found = {clip.id: (clip.speaker, clip.text) for clip in read_corpus(tmp_path).recordings}
    assert found == {
        "84-121-0000": ("84", "Go do you hear"),
        "84-121-0001": ("84", ""),
        "85_122_000": ("85", "Then he went."),
    }


def test_other_layouts_are_named(tmp_path):
    wave(tmp_path / "holiday" / "day 1" / "party.wav")
    with pytest.raises(ValueError, match="LibriSpeech/LibriTTS tree"):
        read_corpus(tmp_path)
    with pytest.raises(ValueError, match="no such folder"):
        read_corpus(tmp_path / "missing")
    folder = make_corpus(tmp_path / "tiny")
    (folder / "metadata.csv").write_bytes(b"\xff\xfe\x00binary")
    with pytest.raises(ValueError, match="not UTF-8"):
        read_corpus(folder)
    shutil.rmtree(folder / "audio")
    (folder / "metadata.csv").write_text("a|b|c\n")
    with pytest.raises(ValueError, match="no header"):
        read_corpus(folder)
