import os
import shutil
import zipfile

import pytest

from data.__main__ import main
from data.index import read_index
from data.pack.engines import Kokoro, kokoro_phonemes
from data.pack.synth import deal, named, plain_sentences
from helpers.beside import epub
from tts import document

TEXT = "It was a fine day in the old harbour. The ships lay still upon the water. Nobody spoke a word to the captain. "


def test_epub_is_read_along_its_spine(tmp_path):
    page = "<head><title>no</title></head><h1>One</h1><p>It <i>was</i> fine &amp; dry.</p><script>no()</script>"
    book = epub(
        tmp_path / "b.epub", {"two.xhtml": page, "colophon.xhtml": "<p>Set in type.</p>", "one.xhtml": "<p>End.</p>"}
    )
    assert [part for part in document.read(book).text.split("\n\n") if part] == ["One", "It was fine & dry.", "End."]


def test_hostile_books_are_refused(tmp_path):
    bomb = epub(tmp_path / "bomb.epub", {"a.xhtml": "<p>" + " " * (51 << 20)})
    assert bomb.stat().st_size < 200_000
    with pytest.raises(ValueError, match="more than 50 MB"):
        document.read(bomb)
    (tmp_path / "not.epub").write_bytes(b"PK\x03\x04 no zip")
    with pytest.raises(ValueError, match="no readable EPUB"):
        document.read(tmp_path / "not.epub")
    with zipfile.ZipFile(tmp_path / "laugh.epub", "w") as archive:
        archive.writestr("META-INF/container.xml", '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>')
    with pytest.raises(ValueError, match="entities"):
        document.read(tmp_path / "laugh.epub")
    with pytest.raises(ValueError, match="save it as EPUB"):
        document.read(tmp_path / "book.mobi")


def test_only_plain_sentences_are_spoken():
    text = TEXT + "No 3 of 12 was £5. “Is it?” Call x@y.z now for the rest of it. It was a fine day in the old harbour."
    assert plain_sentences(text) == [
        "It was a fine day in the old harbour.",
        "The ships lay still upon the water.",
        "Nobody spoke a word to the captain.",
    ]


def test_voices_get_different_sentences_while_there_are_enough():
    sentences = [f"Sentence {'x' * n} is here to be spoken." for n in range(50)]
    jobs = deal(sentences, ["slt", "rms"], [600, 600], seed=0)
    said = {voice: {job.text for job in jobs if job.speaker == voice} for voice in ("slt", "rms")}
    assert said["slt"] and said["rms"] and not said["slt"] & said["rms"]
    everything = deal(sentences, ["slt", "rms"], [1e6, 1e6], seed=0)
    assert len(everything) == 100 == len({job.id for job in everything})
    assert jobs != deal(sentences, ["slt", "rms"], [600, 600], seed=1)


def test_a_missing_flite_is_one_clear_line(tmp_path, monkeypatch, capsys):
    (tmp_path / "b.txt").write_text(TEXT)
    monkeypatch.setenv("PATH", "")
    assert main(["synth", str(tmp_path / "b.txt"), "-o", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: flite is not installed; get it with") and error.count("\n") == 1
    assert sorted(os.listdir(tmp_path)) == ["b.txt"]


@pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
def test_a_book_becomes_shards_and_a_second_run_speaks_nothing_anew(tmp_path, capsys):
    (tmp_path / "b.txt").write_text(TEXT)
    command = ["synth", str(tmp_path / "b.txt"), "-o", str(tmp_path / "out"), "--voices", "slt", "--workers", "0"]
    assert main(command) == 0
    clips = read_index(tmp_path / "out").clips
    assert {clip.text for clip in clips} == set(plain_sentences(TEXT))
    assert all(clip.speaker == "slt" and clip.corpus == "flite" and 1 < clip.seconds < 5 for clip in clips)
    sound = tmp_path / "out.work" / "flite" / "audio"
    before = {file.name: file.stat().st_mtime_ns for file in sound.iterdir()}
    assert main(command) == 0
    assert before == {file.name: file.stat().st_mtime_ns for file in sound.iterdir()}
    assert main([*command[:5], "/etc/passwd", "--workers", "0"]) == 1
    assert "unknown voice" in capsys.readouterr().err


def test_a_voice_may_be_given_a_name_and_a_mixture_must():
    assert named(["slt", "sora=.7*jm_kumo+.3*jf_alpha"]) == {"slt": "slt", "sora": ".7*jm_kumo+.3*jf_alpha"}
    with pytest.raises(ValueError, match=r"no name of a speaker.*give NAME=\.7\*jm_kumo\+\.3\*jf_alpha"):
        named([".7*jm_kumo+.3*jf_alpha"])
    with pytest.raises(ValueError, match="'../up' is no name"):
        named(["../up=slt"])
    with pytest.raises(ValueError, match="two voices are called 'slt': give one of them as NAME=rms"):
        named(["slt", "slt=rms"])


def test_kokoro_reads_our_phones_with_their_stress():
    assert kokoro_phonemes("The record, again!") == "ðə ɹˈɛkəɹd, əɡˈɛn!"
    assert kokoro_phonemes("A child's joy") == "ə ʧˈIldz ʤˈY"
    assert kokoro_phonemes("They record it") == "ðˈA ɹɪkˈɔɹd ˈɪt"


def test_kokoro_knows_mixtures_and_refuses_other_voices():
    Kokoro().check(".7*jf_alpha+.3*jm_kumo")
    with pytest.raises(ValueError, match="unknown voice 'alba'; kokoro has jf_alpha"):
        Kokoro().check(".7*alba+.3*jm_kumo")
    with pytest.raises(ValueError, match="no mixture"):
        Kokoro().check("2*jf_alpha")
