"""The command line: what is refused before any net is loaded, and keys."""

import pytest

import infer
from tts.server.__main__ import main
from tts.server.keys import Keys


@pytest.mark.parametrize(
    "argv, words",
    [
        (["run", "--host", "0.0.0.0"], "without API keys only this machine is served"),
        (["run", "--host", "example.org"], "without API keys only this machine is served"),
        (["run", "--port", "70000"], "port is 70000"),
        (["run", "--batch", "0"], "batch is 0"),
        (["run", "--", "waiting=0"], "waiting is 0"),
        (["run", "--", "steps=0"], "steps is 0"),
        (["run", "--", "colour=red"], "no setting 'colour'"),
        (["run", "--", "port=http"], "port is 'http'"),
        (["serve"], "invalid choice"),
        ([], "VERB"),
    ],
)
def test_misuse_is_one_line_and_exit_code_2(argv, words, capsys):
    assert main(argv) == 2
    told = capsys.readouterr().err
    assert words in told and told.count("\n") == 1


def test_serve_is_a_word_of_infer_too(capsys):
    assert infer.main(["serve", "--host", "0.0.0.0"]) == 2
    assert "without API keys" in capsys.readouterr().err


def test_a_file_of_keys_that_is_none_is_refused(tmp_path, capsys):
    assert main(["run", "--keys", str(tmp_path / "none")]) == 1
    (tmp_path / "keys").write_text("# nobody\n")
    assert main(["run", "--keys", str(tmp_path / "keys")]) == 1
    assert "holds no key" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["nosql://ann:secret@host/base", "rubbish", "sqlite:////proc/none/jobs"])
def test_a_database_that_cannot_be_used_is_one_line(url, tmp_path, capsys):
    assert main(["run", "--data", str(tmp_path), "--", f"database={url}"]) == 1
    told = capsys.readouterr().err
    assert "cannot be used" in told and told.count("\n") == 1 and "secret" not in told


def test_a_key_is_shown_once_and_works(tmp_path, capsys):
    file = tmp_path / "keys"
    assert main(["key", "ann", "--keys", str(file)]) == 0 and main(["key", "bob", "--keys", str(file)]) == 0
    ann, bob = capsys.readouterr().out.split()
    known = Keys.read(file)
    assert known.user(ann) == "ann" and known.user(bob) == "bob" and known.user(ann + "x") is None
    assert main(["key", "../bob", "--keys", str(file)]) == 1
