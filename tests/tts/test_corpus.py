"""Folders of recordings: what is there, and what is missing by name."""

import pytest

from helpers import tone_speech
from tts import corpus


def test_recordings_are_read_in_order_and_gathered_by_speaker(tmp_path):
    folder = tone_speech.write_corpus(tmp_path / "babble", ["one", "two"])
    recordings = corpus.read_recordings(folder)
    assert [each.id for each in recordings] == ["ann0", "ann1", "bob0", "bob1"]
    assert [each.text for each in recordings] == ["one", "two", "one", "two"]
    assert all(each.path.is_file() for each in recordings)
    both = corpus.by_speaker([folder, folder])
    assert list(both) == ["ann", "bob"] and len(both["ann"]) == 4
    (folder / "heldout_ids.txt").write_text("ann0\nbob1\n")
    assert [path.stem for own in corpus.by_speaker([folder]).values() for path in own] == ["ann1", "bob0"]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (None, "metadata.csv"),
        ("", "starts with ''"),
        ("ann0|ann|one|1.0\n", "expected the header"),
        ("id|speaker|text|seconds\nnobody|ann|one|1.0\n", "no audio file for 'nobody'"),
    ],
)
def test_what_is_missing_is_named(tmp_path, table, reason):
    if table is not None:
        (tmp_path / "metadata.csv").write_text(table)
    with pytest.raises(ValueError, match=reason.replace("(", r"\(")):
        corpus.read_recordings(tmp_path)
