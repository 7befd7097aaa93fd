import pytest

from tts.cli import Parser, UsageError, exit_code, printable


def test_a_wrong_option_is_told_in_one_line(capsys):
    parser = Parser(prog="python -m thing")
    parser.add_subparsers(required=True).add_parser("do").add_argument("--count", type=int)
    with pytest.raises(UsageError, match="invalid int value: 'x'; see python -m thing do --help"):
        parser.parse_args(["do", "--count", "x"])
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (None, 0, ""),
        (ValueError("no\n  such\x1b thing"), 1, "thing: error: no such\\x1b thing\n"),
        (FileNotFoundError("gone"), 1, "thing: error: gone\n"),
        (UsageError("what"), 1, "thing: error: what\n"),
        (KeyboardInterrupt(), 130, "thing: interrupted\n"),
    ],
)
def test_the_exit_code_tells_what_happened(error, code, line, capsys):
    def command() -> None:
        if error:
            raise error

    assert exit_code("thing", command) == code
    assert capsys.readouterr().err == line


def test_faults_of_the_program_are_not_hidden():
    def command() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        exit_code("thing", command)


def test_names_that_are_no_text_are_printable():
    assert printable("a\udcffb\tc") == "a\\udcffb c"
