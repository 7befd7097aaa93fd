"""Sound that is encoded ahead, and the file that comes of it."""

import numpy as np
import pytest

from tts.encoding import FileChapter, StreamShape, open_wave, output_of
from tts.formats import OUTPUTS
from tts.narration.loudness import decoded
from tts.packets import packed

RATE = 24_000
CHAPTERS = [FileChapter("One", 0.0, 0.8), FileChapter("Two", 0.8, 2.0)]
TAGS = {"title": "T", "artist": "A"}


def sound(channels: int) -> np.ndarray:
    time = np.arange(2 * RATE + 77, dtype=np.float32)
    return np.stack([np.sin(time * np.float32(0.05 + 0.01 * number)) * 0.4 for number in range(channels)])


@pytest.mark.parametrize("channels, rate, kbits", [(1, None, None), (2, 44_100, 96)])
@pytest.mark.parametrize("suffix", OUTPUTS)
def test_packets_that_waited_make_the_same_file(tmp_path, suffix, channels, rate, kbits):
    wave = sound(channels)
    blocks = [wave[:, start : start + 10_000] for start in range(0, wave.shape[1], 10_000)]
    path = tmp_path / f"a{suffix}"
    shape = dict(channels=channels, file_rate=rate, kbits=kbits)
    with open_wave(path, RATE, **shape, tags=TAGS, chapters=CHAPTERS) as file:
        for block in blocks:
            file.write(block)
    at_once = path.read_bytes()
    output = output_of(path)
    with packed(tmp_path, RATE, StreamShape(output, rate or RATE, channels, kbits or output.kbits)) as waiting:
        heard = np.concatenate(list(waiting.decoded(blocks)), 1)
        waiting.save(path, TAGS, CHAPTERS, b"")
    assert path.read_bytes() == at_once
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    file_rate, read = decoded(path)
    known = np.concatenate(list(read), 1)
    assert heard.shape[0] == known.shape[0] == channels
    level = [float(np.sqrt(np.square(one, dtype=np.float64).mean())) for one in (heard, known)]
    assert level[0] == pytest.approx(level[1], rel=0.05)  # an encoder puts some silence before the first sample
