"""Short files of sound in the formats that books and players take."""

from pathlib import Path

import av
import numpy as np

RATE = 24_000  # Hz


def encoded(path: Path, seconds: float) -> Path:
    """A quiet tone as MP3 or AAC, by the suffix."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mp3" if path.suffix == ".mp3" else "aac", rate=RATE, layout="mono")
        size = stream.codec_context.frame_size or 1024
        wave = 0.1 * np.sin(2 * np.pi * 220 / RATE * np.arange(round(seconds * RATE), dtype=np.float32))
        for first in range(0, len(wave), size):
            frame = av.AudioFrame.from_ndarray(wave[None, first : first + size].astype(np.float32), "fltp", "mono")
            frame.sample_rate, frame.pts = RATE, first
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
