import pytest

from data.__main__ import main
from helpers.corpus import make_corpus


def test_pack_from_the_command_line(tmp_path, capsys):
    corpus = make_corpus(tmp_path / "tiny", clips=4)
    (tmp_path / "skip.txt").write_text("s1-002\n")
    command = [
        "pack",
        str(corpus),
        "-o",
        str(tmp_path / "out"),
        "--exclude",
        str(tmp_path / "skip.txt"),
        "--workers",
        "0",
    ]
    assert main(command) == 0
    output = capsys.readouterr().out
    assert "tiny" in output and "1 clips set aside" in output
    assert (tmp_path / "out" / "index.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["pack", "{tmp}/missing", "-o", "{tmp}/out"], 1, "no such folder"),
        (["pack", "{tmp}/tiny/audio", "-o", "{tmp}/out"], 1, "LibriSpeech/LibriTTS tree"),
        (["pack", "{tmp}/tiny", "-o", "{tmp}/tiny"], 1, "holds other files"),
        (["pack", "{tmp}/tiny", "{tmp}/tiny", "-o", "{tmp}/out"], 1, "two sources are called"),
        (["pack", "{tmp}/tiny", "-o", "{tmp}/out", "--exclude", "{tmp}/none"], 1, "cannot read"),
        (["pack", "{tmp}/tiny", "-o", "{tmp}/out", "--min-seconds", "15"], 1, "no usable clip"),
        (["pack", "{tmp}/tiny", "-o", "{tmp}/out", "--audio", "8khz"], 2, "known are 24khz"),
        (["pack", "{tmp}/tiny", "-o", "{tmp}/out", "--val-share", "2"], 2, "not within 0 to 0.5"),
        (["pack", "{tmp}/tiny", "-o", "{tmp}/out", "--codec", "{tmp}/none.safetensors"], 1, "no checkpoint at"),
        (["verify", "{tmp}/tiny"], 1, "no index.json in"),
        (["pack", "-o", "{tmp}/out"], 2, "SOURCE"),
        (["synth", "{tmp}/none.txt", "-o", "{tmp}/out"], 1, "no such file"),
    ],
)
def test_errors_are_one_line_and_leave_nothing(tmp_path, monkeypatch, capsys, arguments, code, message):
    make_corpus(tmp_path / "tiny", clips=2, heldout=0)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    arguments = [argument.format(tmp=tmp_path) for argument in arguments]
    assert main(arguments if arguments[0] == "verify" else [*arguments, "--workers", "0"]) == code
    error = capsys.readouterr().err
    assert "usage:" not in error
    last = error.splitlines()[-1]  # below the bar of what was packed
    assert last.startswith("error: ") and message in last
    assert [file.name for file in tmp_path.iterdir()] == ["tiny"]


@pytest.mark.parametrize("command", ["pack", "synth"])
def test_help_gives_an_example(command, capsys):
    with pytest.raises(SystemExit) as done:
        main([command, "--help"])
    assert done.value.code == 0 and "example: uv run python -m data" in capsys.readouterr().out
