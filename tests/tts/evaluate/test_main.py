"""The command line: every command is there, and errors are one line."""

import importlib

import pytest

from tts.evaluate.__main__ import COMMANDS, __doc__, main


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_adds_its_arguments_and_runs(name, capsys):
    command = importlib.import_module(COMMANDS[name])
    assert command.__doc__ and command.add_arguments and command.execute
    with pytest.raises(SystemExit) as stop:
        main([name, "--help"])
    assert stop.value.code == 0
    usage = capsys.readouterr().out
    assert f"python -m tts.evaluate {name}" in usage and "--output" in usage
    assert name == "run" or f"python -m tts.evaluate {name}" in __doc__


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        ([], "the following arguments are required: SUITE"),
        (["nowhere"], "no nowhere/metadata.csv"),
        (["stops", "nowhere.txt"], "no file nowhere.txt"),
        (["long", "--voice", "nobody"], "no voice, clip or folder 'nobody'"),
        (["compare", "nowhere", "nowhere"], "no nowhere: give report.json of an evaluation"),
        (["compare", "nowhere"], "the following arguments are required: B"),
        (["compare", "a", "b", "--", "steps=1"], "compare takes no settings"),
        (["small", "--seeds", "none"], "'none' is no whole number above 0"),
        (["small", "--seeds", "0"], "'0' is no whole number above 0"),
        (
            ["small", "--judges", "jury"],
            "no judge 'jury': choose from heard, aligned, mos, distillmos, voice, likeness, prosody",
        ),
        (["small", "--recogniser", "neighbour"], "no recogniser 'neighbour': use sphinx, whisper or whisper="),
        (["small", "--recogniser", "sphinx=here"], "no recogniser sphinx=here: use sphinx"),
        (["small", "--judges", "heard", "--recogniser", "whisper=nowhere"], "no Whisper model in nowhere"),
        (["small", "--judges", "heard", "--recogniser", "ctc=nowhere"], "no codec at nowhere"),
    ],
)
def test_errors_are_one_line(argv, reason, capsys, tmp_path):
    if argv[:1] == ["stops"]:
        pytest.importorskip("pocketsphinx")
    places = ["-o", str(tmp_path / "out")] + ([] if argv[:1] == ["compare"] else ["--cache", str(tmp_path / "cache")])
    cut = argv.index("--") if "--" in argv else len(argv)
    assert main([*argv[:cut], *places, *argv[cut:]]) == 1
    error = capsys.readouterr().err
    assert reason in error
    assert error.count("\n") == 1
