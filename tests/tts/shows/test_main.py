"""What a person types, and one line for each mistake."""

import re

import pytest
import yaml

from tts.shows.__main__ import main
from tts.shows.order import FILE
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


@pytest.fixture
def bedtime(server, tmp_path):
    """Run the first stage of bedtime in a folder, and give its settings.yaml and what was planned."""
    pytest.importorskip("openai")
    folder = tmp_path / "out"

    def call(*typed):
        split = typed.index("--") if "--" in typed else len(typed)
        assert main(["bedtime", *typed[:split], "-o", str(folder), "--until", "plan", *typed[split:]]) == 0
        return yaml.safe_load((folder / FILE).read_text()), yaml.safe_load((folder / "plan.yaml").read_text())

    call.folder, call.writer = folder, f"{server.address}#m"
    return call


def test_what_was_asked_for_is_kept_and_holds_when_the_show_goes_on(bedtime, server, capsys):
    first, plan = bedtime(
        "Rain.", "--writer", bedtime.writer, "--seed", "3", "--", "plan.choices={pet: [newt]}", "minutes=5"
    )
    assert first == {
        "show": "bedtime",
        "models": {"writer": bedtime.writer},
        "seed": 3,
        "settings": {"plan.choices": {"pet": ["newt"]}, "minutes": 5},
    }
    asked = len(server.requests)
    assert bedtime() == (first, plan) and len(server.requests) == asked and "pet" in plan
    assert "minutes=5 (kept in settings.yaml)" in capsys.readouterr().err
    second, plan = bedtime("--cast", "Ann=lj", "--", "plan.choices={hat: [red]}")
    assert "hat" in plan and second["settings"] == {"plan.choices": {"hat": ["red"]}, "minutes": 5}
    assert bedtime("--cast", "Ben=kumo")[0]["cast"] == {"Ann": "lj", "Ben": "kumo"}
    (bedtime.folder / FILE).write_text(yaml.safe_dump({"models": {"writer": bedtime.writer}, "seed": 3}))
    assert bedtime()[0].keys() == {"show", "models", "seed"}


@pytest.mark.parametrize(
    "edited, line",
    [
        ("show: literai", "holds the show 'literai': give 'bedtime' another folder"),
        ("colour: red", "settings.yaml has 'colour': it may have"),
        ("seed: soon", "settings.yaml: seed is 'soon'"),
        ("models: {singer: x}", "settings.yaml: models has 'singer'"),
        ("settings: {minuets: 3}", "no stage has a setting 'minuets'"),
        ("[", "settings.yaml, line 1: it is no YAML"),
    ],
)
def test_kept_settings_that_cannot_be_are_told(tmp_path, capsys, edited, line):
    (tmp_path / FILE).write_text(edited)
    assert main(["bedtime", "-o", str(tmp_path)]) == 2
    assert line in capsys.readouterr().err.splitlines()[-1]
