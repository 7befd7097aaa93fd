"""The training of what tells homographs apart, on a few sentences."""

from pathlib import Path

import pytest

from tts.text.english.learning import train_homographs
from tts.text.english.senses import senses

WIKIPEDIA = (
    '"homograph"\t"wordid"\t"sentence"\t"start"\t"end"\n'
    '"tear"\t"tear_nou"\t"Ötzi shed a tear."\t13\t17\n'
    '"tear"\t"tear_vrb"\t"Do not tear it."\t7\t11\n'
)


def test_training_learns_its_examples_and_is_repeatable(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(train_homographs, "STEPS", 10)
    (tmp_path / "train.tsv").write_text(WIKIPEDIA, encoding="utf-8")
    (tmp_path / "own.txt").write_text("row_2: They had a row about money.\n", encoding="utf-8")
    files = [str(tmp_path / name) for name in ("train.tsv", "a.npz", "b.npz")]
    for out in files[1:]:
        train_homographs.main([files[0], "--own", str(tmp_path / "own.txt"), "--check", files[0], "--out", out])
        assert "100.0% of 2 examples right" in capsys.readouterr().out
    assert Path(files[1]).read_bytes() == Path(files[2]).read_bytes()


def test_a_sentence_without_its_word_is_an_error(tmp_path):
    path = tmp_path / "own.txt"
    path.write_text("tear_nou: She wept.\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no 'tear_nou' in 'She wept.'"):
        list(train_homographs.read_own(path, senses()))
