"""The show that docs/shows.md builds from scratch, straight from that page, to its episode."""

import pytest

from helpers import nano, narrating
from helpers.answering import serving
from helpers.weekly import LOG, recipe
from tts.narration import manifest
from tts.shows import checks
from tts.shows.__main__ import main
from tts.shows.talk import read_turns

pytestmark = pytest.mark.slow
pytest.importorskip("openai")


def test_a_change_log_becomes_an_episode_with_a_feed_and_new_nets_speak_it_again(tmp_path, capsys):
    weekly = recipe(tmp_path)
    (tmp_path / "CHANGELOG.md").write_text(LOG)
    home = narrating.home(tmp_path / "home")
    speaking = [*narrating.FAST, f"weights={home / 'weights'}"]
    voice = home / "someone.safetensors"
    folder = tmp_path / "news"
    episode, manifested = folder / "episode.mp3", folder / "episode.narration/manifest.json"
    with serving() as server:
        own = ["--writer", f"{server.address}#m", "-v", str(voice), "--cast", f"Ada={voice}", "--cast", f"Max={voice}"]
        code = main(
            [str(weekly), str(tmp_path / "CHANGELOG.md"), "-o", str(folder), *own, "--", f"speaking={speaking}"]
        )
    err = capsys.readouterr().err
    assert code == 0, err
    assert "before: 0 of 200,000 tokens" in err and "after: " in err and "answers are new" in err
    turns = read_turns((folder / "dialogue.txt").read_text())
    assert {turn.name for turn in turns} == {"Ada", "Max"} and "news of Kettle, 1.4" in turns[0].said
    timeline = manifest.read(manifested)
    said = " ".join(segment.text for chapter in timeline.chapters for segment in chapter.segments)
    assert all(sentence in said for sentence in checks.sentences(turns[2].said))
    assert "<enclosure" in (folder / "feed.xml").read_text() and "Technology" in (folder / "feed.xml").read_text()
    assert f"m at {server.address}" in (folder / "credits.md").read_text()

    before = episode.read_bytes()
    assert main([str(weekly), "-o", str(folder)]) == 0  # the server of the writer is gone, and is not needed
    assert "narrate: kept" in capsys.readouterr().err and episode.read_bytes() == before
    other = nano.weights(tmp_path / "other", seed=1) / "vocoder.safetensors"
    (home / "weights" / other.name).write_bytes(other.read_bytes())
    assert main([str(weekly), "-o", str(folder)]) == 0
    err = capsys.readouterr().err
    assert "dialogue: kept" in err and "narrate: made" in err and "publish: made" in err
    assert episode.read_bytes() != before and manifest.read(manifested).weights != timeline.weights
