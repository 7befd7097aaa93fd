"""The show that docs/shows.md builds from scratch, straight from that page."""

import re
import textwrap

import pytest

from helpers import narrating
from helpers.answering import serving
from tts.narration import manifest
from tts.settings import ROOT
from tts.shows import checks
from tts.shows.__main__ import main
from tts.shows.talk import read_turns

pytest.importorskip("openai")
LOG = """\
# Kettle

All that changed.

## 1.4 (November 2026)

- The lid can be opened with one hand, even when the water boils
- The whistle is a fifth lower and no longer wakes the neighbours
- Fixed a leak under the spout that appeared after two years of use
- The handle stays cold on gas stoves and over open fires
- Fixed the scale, which showed cups where it should have shown litres
- The box is made of paper alone and can be thrown into the river

## 1.3 (October 2026)

- A new lid
"""


@pytest.fixture
def weekly(tmp_path):
    page = (ROOT / "docs/shows.md").read_text("utf-8")
    (recipe,) = re.findall(r"(?m)^    # weekly.yaml\n((?:    .*\n|\n)+?)(?=    uv run)", page)
    path = tmp_path / "weekly.yaml"
    path.write_text(textwrap.dedent(recipe))
    (tmp_path / "CHANGELOG.md").write_text(LOG)
    return path


def test_a_change_log_becomes_an_episode_with_a_feed(weekly, tmp_path, capsys):
    home = narrating.home(tmp_path / "home")
    speaking = [*narrating.FAST, f"weights={home / 'weights'}"]
    voice = home / "someone.safetensors"
    folder = tmp_path / "news"
    with serving() as server:
        own = ["--writer", f"{server.address}#m", "-v", str(voice), "--cast", f"Ada={voice}", "--cast", f"Max={voice}"]
        code = main(
            [str(weekly), str(tmp_path / "CHANGELOG.md"), "-o", str(folder), *own, "--", f"speaking={speaking}"]
        )
    assert code == 0, capsys.readouterr().err
    turns = read_turns((folder / "dialogue.txt").read_text())
    assert {turn.name for turn in turns} == {"Ada", "Max"} and "news of Kettle, 1.4" in turns[0].said
    timeline = manifest.read(folder / "episode.narration/manifest.json")
    said = " ".join(segment.text for chapter in timeline.chapters for segment in chapter.segments)
    assert all(sentence in said for sentence in checks.sentences(turns[2].said))
    assert "<enclosure" in (folder / "feed.xml").read_text() and "Technology" in (folder / "feed.xml").read_text()
    assert f"m at {server.address}" in (folder / "credits.md").read_text()
    err = capsys.readouterr().err
    assert "before: 0 of 200,000 tokens" in err and "after: " in err and "answers are new" in err
