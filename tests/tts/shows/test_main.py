"""What a person types, and one line for each mistake."""

import re

import pytest

from tts.shows.__main__ import main
from tts.shows.show import shows

MISTAKES = {
    "show": (["bedtme", "x", "-o", "{}/out"], 2, "no show 'bedtme': give bedtime"),
    "output": (["bedtime", "x"], 2, "-o FOLDER is missing"),
    "a file": (["bedtime", "x", "-o", "{}/file"], 2, "is a file: give -o a folder"),
    "setting": (["bedtime", "x", "-o", "{}/out", "--", "minutes=long"], 2, "minutes is 'long'; it must be like 3.0"),
    "no setting": (["bedtime", "x", "-o", "{}/out", "--", "minutes"], 2, "'minutes' is no setting: use key=value"),
    "unknown": (["bedtime", "x", "-o", "{}/out", "--", "story.title=x"], 2, "stage story has no setting 'title'"),
    "stage": (["bedtime", "x", "-o", "{}/out", "--redo", "stry"], 1, "no stage 'stry' in the show bedtime"),
    "no input": (["bedtime", "-o", "{}/out"], 1, "holds no input yet: give a text"),
    "writer": (
        ["bedtime", "x", "-o", "{}/out", "--writer", "chatgpt"],
        1,
        "no writer 'chatgpt': give smollm, URL#MODEL",
    ),
    "model": (["bedtime", "x", "-o", "{}/out", "--writer", "http://h/v1"], 1, "name the model after a #"),
    "filter": (["bedtime", "x", "-o", "{}/out", "--filter", "{}/none"], 1, "No such file or directory: .*none"),
}


@pytest.mark.parametrize("typed, code, line", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_in_one_line(tmp_path, capsys, typed, code, line):
    (tmp_path / "file").write_text("x")
    assert main([word.replace("{}", str(tmp_path)) for word in typed]) == code
    last = capsys.readouterr().err.splitlines()[-1]
    assert re.search(f"^shows: error: .*{line}", last), last


def test_stages_are_listed_with_their_files_and_settings(capsys):
    assert main(["bedtime", "--stages", "--", "minutes=7"]) == 0
    out = capsys.readouterr().out
    assert "story: plan.yaml -> story.md" in out and "minutes: 7" in out


def test_shows_that_ship_have_a_title_and_say_what_they_are(capsys):
    assert {"bedtime", "literai"} <= shows().keys()
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "bedtime" in capsys.readouterr().out
