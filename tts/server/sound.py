"""Waves to the bytes of a file, as they are made: what can be sent to a client while the rest is still spoken."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from tts.encoding import StreamShape, WaveWriter, add_stream
from tts.formats import OUTPUTS, Output
from tts.synthesis.live import endless_wav, pcm

Encode = Callable[[Iterable[np.ndarray], int, str], Iterator[bytes]]  # waves, their rate in Hz, a comment


@dataclass(frozen=True)
class Format:
    """How sound is sent."""

    media: str  # type
    encode: Encode


@dataclass(frozen=True)
class Muxer:
    """Encodes with FFmpeg, into a container that can be written without going back in it."""

    output: Output
    options: Mapping[str, str] = field(default_factory=dict)  # of the container

    def __call__(self, waves: Iterable[np.ndarray], rate: int, comment: str) -> Iterator[bytes]:
        import av

        sink = _Sink()
        options = {"fflags": "+bitexact+flush_packets", **self.options}
        with av.open(sink, "w", format=self.output.container, options=options) as container:
            stream = add_stream(container, StreamShape(self.output, rate, 1, self.output.kbits))
            container.metadata["comment"] = comment
            writer = WaveWriter(container, stream, rate)
            for wave in waves:
                writer.write(wave)
                yield from sink.taken()
            writer.finish()
        yield from sink.taken()


class _Sink:
    """Holds what a container writes. It cannot be sought in, and so the container never goes back."""

    def __init__(self):
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        return len(data)

    def taken(self) -> Iterator[bytes]:
        """What was written since the last time, if anything."""
        if self._held:
            data = bytes(self._held)
            self._held.clear()
            yield data


def _samples(
    waves: Iterable[np.ndarray], rate: int, comment: str, *, head: Callable[[int, str], bytes]
) -> Iterator[bytes]:
    """16 bits a sample, little-endian, after what `head` gives."""
    first = head(rate, comment)
    for wave in waves:
        if wave.size:
            yield first + pcm(wave)
            first = b""


FORMATS = {
    "mp3": Format("audio/mpeg", Muxer(OUTPUTS[".mp3"], {"write_xing": "0"})),
    "opus": Format("audio/ogg", Muxer(OUTPUTS[".opus"], {"page_duration": "100000"})),  # microseconds
    "aac": Format("audio/aac", Muxer(replace(OUTPUTS[".m4a"], container="adts"))),
    "flac": Format("audio/flac", Muxer(OUTPUTS[".flac"])),
    "wav": Format("audio/wav", partial(_samples, head=endless_wav)),
    "pcm": Format("audio/pcm", partial(_samples, head=lambda rate, comment: b"")),
}
