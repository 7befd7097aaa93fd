"""Cases of the text front end, in files by kind; and docs/reading.md, which shows them to users.

A file holds lines of "written => said"; blank lines and lines that start with a number sign and a space are passed
over, but the first of these names the kind. In `cases/` of all languages \\n is a line break and \\t a tab, and the
pause between two portions stands in brackets.
"""

from pathlib import Path

TEXT = Path(__file__).parent.parent / "tts" / "text"
LAYOUT, ENGLISH, GERMAN = TEXT / "cases", TEXT / "english" / "cases", TEXT / "german" / "cases"
PAGE = TEXT.parent.parent.parent / "docs" / "reading.md"
INTRODUCTION = """\
# What is read how

`uv run infer.py --explain TEXT` shows how any text will be read. This page shows the cases that the tests check, by
kind; `uv run python tests/helpers/cases.py` writes it. Something is read wrongly? Send the text and how it should be
read. Until it is mended, `--lexicon FILE` gives words your own reading.

In brackets stands what ends between two portions. How long the silence is that it leaves, `pauses` in
[conf/infer.yaml](../conf/infer.yaml) says. `⏎` is a line break, `⇥` a tab.
"""


def read(path: Path) -> list[tuple[str, str]]:
    """What is written, and what is said."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition(" =>") for line in lines if line and not line.startswith("# "))
    return [(written, said.removeprefix(" ")) for written, _, said in pairs]


def unescaped(written: str) -> str:
    return written.replace("\\n", "\n").replace("\\t", "\t")


def page() -> str:
    """The page of all kinds."""
    parts = [INTRODUCTION]
    for path in (path for folder in (LAYOUT, ENGLISH, GERMAN) for path in sorted(folder.glob("*.txt"))):
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        title = first.removeprefix("# ") if first.startswith("# ") else path.stem
        rows = [f"| {_shown(written)} | {_shown(said)} |" for written, said in read(path)]
        german = "German: " if path.parent == GERMAN else ""
        parts.append(
            f"## {german}{title[0].upper()}{title[1:]}\n\n| written | read |\n|---|---|\n" + "\n".join(rows) + "\n"
        )
    return "\n".join(parts)


def _shown(text: str) -> str:
    """As code in a cell of a Markdown table."""
    text = text.replace("\\n", " ⏎ ").replace("\\t", " ⇥ ").replace("|", "\\|").strip()
    ticks = "``" if "`" in text else "`"
    space = " " if "`" in text else ""
    return f"{ticks}{space}{text}{space}{ticks}" if text else "nothing"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
