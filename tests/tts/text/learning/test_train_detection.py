import pytest

from tts.cli import UsageError
from tts.text import detection
from tts.text.learning import train_detection


def test_counts_make_a_table_that_recognises(monkeypatch, tmp_path, capsys):
    for name, text in (("en", "the cat and the dog\n" * 30), ("de", "der Hund und die Katze\n" * 30)):
        (tmp_path / name).write_text(text)
    out = tmp_path / "trigrams.tsv"
    texts = [f"english={tmp_path / 'en'}", f"german={tmp_path / 'de'}"]
    train_detection.main([*texts, "-o", str(out)])
    monkeypatch.setattr(detection, "FILE", out)
    detection._table.cache_clear()
    try:
        assert detection.detect("the dog and the cat", "german") == "english"
        train_detection.main(["--check", texts[1]])
    finally:
        detection._table.cache_clear()
    assert "of 30 german lines 0 english, 30 german, 0 doubtful" in capsys.readouterr().out


def test_what_is_no_file_of_a_language_is_said():
    with pytest.raises(UsageError, match="'klingon=x' is no LANGUAGE=FILE: languages are english, german"):
        train_detection.main(["klingon=x"])
    with pytest.raises(UsageError, match="nothing to do"):
        train_detection.main([])
