"""The command line of narration: verbs, exit codes, and one line for what is wrong."""

import shutil
import sys
from pathlib import Path

import pytest

from helpers import narrating
from helpers.narrating import BOOK, FAST, TAKES
from tts.narration.__main__ import main


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return narrating.home(tmp_path_factory.mktemp("home"))


@pytest.fixture
def book(tmp_path, monkeypatch) -> Path:
    """BOOK in an empty folder, from which commands are run."""
    monkeypatch.chdir(tmp_path)
    Path("book.md").write_text(BOOK, "utf-8")
    return tmp_path


@pytest.fixture
def narration(home, book, capsys):
    """Run a verb: exit code, standard output, standard error."""

    def run(verb: str, *argv: str) -> tuple[int, str, str]:
        asked = [verb, *argv]
        if verb in ("make", "list"):
            asked += ["--weights", str(home / "weights"), "-v", str(home / "someone.safetensors"), "--", *FAST]
        code = main(asked)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_list_shows_chapters_words_and_time(narration):
    code, out, _ = narration("list", "book.md")
    lines = out.splitlines()
    assert code == 0 and len(lines) == 3
    assert lines[0].split()[::3][0] == "1" and lines[0].endswith("words  The Kettle") and lines[2].split()[0] == "all"
    _, out, _ = narration("list", "book.md", "--chapters", "2")
    assert out.splitlines()[0].split()[0] == "2" and len(out.splitlines()) == 2


def test_make_says_what_it_made_and_that_some_of_it_is_doubtful(narration):
    code, _, err = narration("make", "book.md", "-o", "out.flac")
    assert code == 3  # nets that learned nothing run on
    assert "out.flac\n0:00:" in err and f" in 2 chapters; {TAKES} takes were spoken, 0 were there\n" in err
    assert "out.narration: manifest.json, player.html" in err
    assert "stayed doubtful" in err and "doubtful.html" in err
    code, _, err = narration("make", "book.md", "-o", "out.flac", "-q")
    assert (code, err) == (3, "")
    assert Path("out.narration/order.json").is_file()


def test_retake_is_another_take_that_the_next_make_uses(narration):
    narration("make", "book.md", "-o", "out.flac")
    before = Path("out.flac").read_bytes()
    code, out, _ = narration("retake", "2.2", "--seed", "4")
    assert code == 0 and out.startswith("2.2.1 seed 4: ") and Path(out.rpartition(": ")[2].strip()).is_file()
    _, _, err = narration("make", "book.md", "-o", "out.flac")
    assert "0 takes were spoken" in err and Path("out.flac").read_bytes() != before
    shutil.copy("book.md", "moved.md")
    Path("moved.md").write_text(f"# Before\n\nOnce.\n\n{BOOK}")  # the choice moves with its sentence
    narration("make", "moved.md", "-o", "out.flac")
    assert narration("retake", "3.2", "--seed", "4")[1] == out.replace("2.2.1", "3.2.1")
    assert narration("retake", "3.2")[1].startswith("3.2.1 seed 5: ")


def test_retake_of_all_that_is_doubtful(narration):
    narration("make", "book.md", "-o", "out.flac")
    code, out, _ = narration("report")
    doubtful = [line.split()[0] for line in out.splitlines()[:-1]]
    assert code == 3 and doubtful and out.splitlines()[-1].startswith(f"{len(doubtful)} of ")
    _, out, _ = narration("retake", "doubtful")
    assert [line.split()[0] for line in out.splitlines()] == doubtful
    assert all("seed 1: " in line for line in out.splitlines())


def test_takes_can_be_chosen_by_ear(narration):
    narration("make", "book.md", "-o", "out.flac")
    before = Path("out.flac").read_bytes()
    code, out, _ = narration("try", "1.1.2", "--takes", "3")
    paths = sorted(Path("out.narration/try").iterdir())
    assert code == 0 and [path.name for path in paths] == [f"1.1.2 take {number}.flac" for number in (1, 2, 3)]
    assert len({path.read_bytes() for path in paths}) == 3
    assert narration("try", "1.1.2", "--keep", "2")[0] == 0
    _, _, err = narration("make", "book.md", "-o", "out.flac")
    assert "0 takes were spoken" in err and Path("out.flac").read_bytes() != before
    assert narration("try", "1.1.2", "--keep", "1")[0] == 0
    narration("make", "book.md", "-o", "out.flac")
    assert Path("out.flac").read_bytes() == before


def test_takes_that_are_wanted_no_more_are_told_and_go_when_asked(narration):
    store = Path("out.narration/takes")
    narration("make", "book.md", "-o", "out.flac")
    assert narration("clean")[1].startswith(f"0 of {TAKES} takes are wanted no more: 0:00:00")
    Path("book.md").write_text(BOOK.replace("Nobody", "Everybody"), "utf-8")
    _, _, err = narration("make", "book.md", "-o", "out.flac")
    assert "1 takes are wanted no more" in err
    _, _, err = narration("make", "book.md", "-o", "out.flac", "--chapters", "2")  # the other chapter's takes stay
    assert "wanted no more" not in err
    code, out, _ = narration("clean")
    assert code == 0 and out.startswith(f"1 of {TAKES + 1} takes ") and "--remove" in out
    assert len(list(store.rglob("*.flac"))) == TAKES + 1
    assert narration("clean", "--remove")[1].endswith("removed\n")
    assert len(list(store.rglob("*.flac"))) == TAKES
    assert "0 takes were spoken" in narration("make", "book.md", "-o", "out.flac")[2]


@pytest.mark.parametrize(
    "argv, code, words",
    [
        (["make", "book.md"], 2, ["--output"]),
        (["make", "book.md", "-o", "x.doc"], 2, ["'x.doc'", ".flac"]),
        (["make", "book.md", "-o", "nowhere/x.flac"], 2, ["nowhere", "make it first"]),
        (["make", "missing.epub", "-o", "x.flac"], 1, ["missing.epub"]),
        (["make", "book.md", "-o", "x.flac", "--chapters", "9"], 1, ["no chapter 9"]),
        (["make", "book.md", "-o", "x.flac", "--cast", "Jack"], 1, ["ROLE=VOICE"]),
        (["make", "book.md", "-o", "x.flac", "--cast", "Jack=someone"], 1, ["'Jack'", "narrator"]),
        (["make", "book.md", "-o", "x.flac", "--speed", "9"], 2, ["speed", "0.5 to 2"]),
        (["make", "empty.md", "-o", "x.flac"], 1, ["no voice can say"]),
        (["retake", "1.1"], 2, ["--project"]),
        (["retake", "1.1", "--project", "none"], 1, ["run make first"]),
        (["report", "--", "steps=1"], 2, ["settings"]),
        (["sing"], 2, ["sing"]),
        ([], 2, ["VERB"]),
    ],
)
def test_what_is_wrong_is_told_in_one_line(narration, argv, code, words, capsys):
    Path("empty.md").write_text("")
    result = narration(*argv) if argv else (main([]), *capsys.readouterr())
    lines = result[2].strip().splitlines()
    assert result[0] == code and lines[-1].startswith("narration: error: "), result
    assert all(word in lines[-1] for word in words) and "Traceback" not in result[2]
    assert not Path("x.flac").exists()


def test_a_text_may_come_from_standard_input(narration, monkeypatch):
    with open("book.md") as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert narration("make", "-", "-o", "out.flac")[0] == 3
    assert Path("out.flac").stat().st_size and narration("retake", "1.1.1")[0] == 0


def test_an_interrupted_run_says_how_to_go_on(narration, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("tts.narration.narrate.speak_paragraph", interrupt)
    code, _, err = narration("make", "book.md", "-o", "out.flac")
    assert code == 130 and err.splitlines()[-1] == "narration: interrupted; run again to go on"
