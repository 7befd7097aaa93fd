"""EPUBs with media overlays, as the checker of the W3C judges them."""

import shutil
import subprocess
from dataclasses import replace

import pytest

from helpers import sounds, timelines
from tts.narration import overlay

JAR = shutil.which("epubcheck")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not JAR or not shutil.which("java"), reason="needs epubcheck and java"),
]


@pytest.mark.parametrize("suffix", [".mp3", ".m4a"])
def test_the_checker_finds_no_fault(suffix, tmp_path):
    book = replace(timelines.book(), series="Lights 2", date="1901-02-03", description="A & b", publisher="P")
    timeline = timelines.of(book)
    audio = [
        sounds.encoded(tmp_path / f"{number}{suffix}", chapter.stop - chapter.start)
        for number, chapter in enumerate(timeline.chapters)
    ]
    overlay.epub(timeline, book, audio, tmp_path / "a.epub")
    command = ["java", "-jar", JAR, "--failonwarnings", tmp_path / "a.epub"]  # Debian's command is the jar itself
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
