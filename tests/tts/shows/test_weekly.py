"""The show that docs/shows.md builds from scratch can be read and written; tests/slow/shows makes its episode."""

import pytest

from helpers.weekly import LOG, recipe
from tts.shows.__main__ import main
from tts.shows.talk import read_turns

pytest.importorskip("openai")


def test_a_change_log_becomes_a_talk_of_two(server, tmp_path, capsys):
    (tmp_path / "CHANGELOG.md").write_text(LOG)
    folder = tmp_path / "news"
    typed = [str(recipe(tmp_path)), str(tmp_path / "CHANGELOG.md"), "-o", str(folder), "--until", "about"]
    assert main([*typed, "--writer", f"{server.address}#m"]) == 0, capsys.readouterr().err
    turns = read_turns((folder / "dialogue.txt").read_text())
    assert {turn.name for turn in turns} == {"Ada", "Max"} and "news of Kettle, 1.4" in turns[0].said
    assert (folder / "about.yaml").exists()
