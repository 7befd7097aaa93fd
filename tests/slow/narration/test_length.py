"""Hours of sound: memory does not grow with them."""

import subprocess
import sys

import pytest

from helpers.syllables import syllables
from tts import settings
from tts.encoding import open_wave

RATE = 24_000
MINUTES = 20  # of the long recording, which are 230 MB; the short one has 2
GROWTH = 40  # MB
SCRIPT = """
import resource, sys
from pathlib import Path
import torch
from tts.document import Document
from tts.narration import loudness
from tts.narration.encode import Mastering
from tts.narration.timeline import Timeline
torch.set_num_threads(1)
chapter, output, minutes = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
timeline = Timeline(title="", author="", language="en", narrator="", seconds=60.0 * minutes, chapters=[],
                    synthetic=True)
mastering = Mastering(output, 24_000, timeline=timeline, document=Document(), preset="podcast", bed="brown")
sounds = [lambda: loudness.decoded(chapter)[1]] * minutes
(file,) = mastering.files(sounds, [""] * minutes, False)
mastering.write(file, print)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_twenty_minutes_need_no_more_memory_than_two_minutes(tmp_path):
    with open_wave(tmp_path / "chapter.flac", RATE) as file:
        file.write(syllables(60.0, RATE) * 0.3)

    def peak(minutes: int) -> float:
        """MB that a process needs to master a recording of so many minutes."""
        output = tmp_path / f"{minutes}.m4b"
        argv = [sys.executable, "-c", SCRIPT, str(tmp_path / "chapter.flac"), str(output), str(minutes)]
        done = subprocess.run(argv, cwd=settings.ROOT, capture_output=True, text=True, check=True)
        assert "MISSED" not in done.stdout and output.stat().st_size > minutes * 60 * 8000
        return int(done.stdout.split()[-1]) / 1024

    short = peak(2)
    assert peak(MINUTES) - short < GROWTH
