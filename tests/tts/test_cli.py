import os
import subprocess
import sys
from pathlib import Path

import pytest

from tts.cli import UNREAD, Parser, UsageError, exit_code, grouped_exit_code, printable

ROOT = Path(__file__).parents[2]
# Four workers, and a table that is made anew.
NO_COMMANDS = {
    "tts/bench/worker.py",
    "tts/alignment/unpack.py",
    "tts/server/narrator.py",
    "tts/server/showmaker.py",
    "tts/text/english/needs.py",
}


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
        (FileNotFoundError(2, "No such file", "a.txt"), 1, "thing: error: No such file: a.txt\n"),
        (OSError(28, "full", "a.m4b"), 1, "thing: error: no space left to write a.m4b: free some, and run again\n"),
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


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ModuleNotFoundError("no x", name="x"), "thing: error: x is missing: run it with `uv run --group xs`\n"),
        (ModuleNotFoundError("no y", name="y"), "thing: error: y is missing: run it with `uv run`\n"),
        (ModuleNotFoundError("no z: run `uv run --group zs`"), "thing: error: no z: run `uv run --group zs`\n"),
    ],
)
def test_a_package_that_is_missing_is_told_with_what_installs_it(error, line, capsys):
    def command() -> int:
        raise error

    assert grouped_exit_code("thing", command, group="", groups={"x": "xs"}) == 1
    assert capsys.readouterr().err == line


def test_faults_of_the_program_are_not_hidden():
    def command() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        exit_code("thing", command)


def test_names_that_are_no_text_are_printable():
    assert printable("a\udcffb\tc") == "a\\udcffb c"


def program(main: str, **streams) -> subprocess.CompletedProcess:
    """Run a program whose `main` has this body."""
    code = f"import sys\nfrom tts.cli import *\ndef main():\n    {main}\nrun_as_program(main)"
    buffered = os.environ | {"PYTHONUNBUFFERED": ""}
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, env=buffered, **streams)


@pytest.fixture
def unread():
    """The end of a pipe from which nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.mark.parametrize(
    "main",
    [
        "print('one line')",
        "print('many lines\\n' * 100_000)",
        "Parser(prog='thing').parse_args(['--help'])",
        "return exit_code('thing', lambda: print('many lines\\n' * 100_000))",
    ],
)
def test_a_program_whose_reader_has_gone_ends_without_a_word(main, unread):
    done = program(main, stdout=unread, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (UNREAD, "")


def test_so_does_one_whose_complaints_nobody_reads(unread):
    assert program("print('no', file=sys.stderr, flush=True)", stdout=unread, stderr=unread).returncode == UNREAD


@pytest.mark.parametrize(("main", "code"), [("print('done')", 0), ("print('done'); return 3", 3)])
def test_a_program_that_is_read_exits_with_its_own_code(main, code):
    done = program(main, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (code, "done\n", "")


def test_every_command_line_ends_so():
    folders = [ROOT / name for name in ("tts", "data", "dvae", "gpt", "diffusion", "vocoder", "speaker")]
    paths = [*ROOT.glob("*.py"), *(path for folder in folders for path in folder.rglob("*.py"))]
    texts = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in paths}
    programs = {name: text for name, text in texts.items() if '__name__ == "__main__"' in text}
    assert "infer.py" in programs
    assert {name for name, text in programs.items() if "    run_as_program(" not in text} == NO_COMMANDS
