"""Sound that is encoded before anything is known of the file that will hold it: how long it gets, where chapters begin.

Its packets wait on the disk, and `save` copies them into the file. That file is the one that `tts.encoding.open_wave`
would have written, by bytes.
"""

import struct
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from tts.encoding import FileChapter, Frames, StreamShape, opened

if TYPE_CHECKING:
    import av

HEAD = struct.Struct("<qqqi")  # pts, dts, duration, bytes of what follows, or SPECIAL
SPECIAL = -1  # in place of a packet that is kept in memory


class PackedSound:
    """Packets of an encoder, in the order in which they came. `packed` makes it."""

    def __init__(self, folder: Path, sample_rate: int, shape: StreamShape):
        import av
        from av.codec.context import Flags

        self.shape = shape
        self._encoder = av.CodecContext.create(shape.output.codec, "w")
        self._encoder.sample_rate, self._encoder.layout = shape.codec_rate, shape.layout
        self._encoder.format = self._encoder.codec.audio_formats[0]
        self._encoder.time_base = Fraction(1, shape.codec_rate)
        shape.configure(self._encoder)
        self._encoder.flags |= Flags.global_header
        self._frames = Frames(shape.layout, sample_rate)
        self._disk = tempfile.TemporaryFile(dir=folder)
        self._special: list[av.Packet] = []  # the first and the last, which also say how much of them is no sound

    def write(self, wav: np.ndarray) -> list["av.Packet"]:
        """Append samples of one channel, or (channels, samples); gives the packets that they complete."""
        return self._kept(packet for frame in self._frames.of(wav) for packet in self._encoder.encode(frame))

    def finish(self) -> list["av.Packet"]:
        """The packets that the encoder still held. Nothing is written after them."""
        return self._kept(self._encoder.encode(None))

    def _kept(self, packets: Iterable["av.Packet"]) -> list["av.Packet"]:
        packets = list(packets)
        for packet in packets:
            if any(True for _ in packet.iter_sidedata()):
                self._special.append(packet)
                self._disk.write(HEAD.pack(0, 0, 0, SPECIAL))
                continue
            self._disk.write(HEAD.pack(packet.pts, packet.dts, packet.duration or 0, packet.size))
            self._disk.write(packet)
        return packets

    def decoded(self, blocks: Iterable[np.ndarray]) -> Iterator[Float[np.ndarray, "C N"]]:
        """Write everything, and give what a listener will hear, at the rate of the file."""
        import av

        decoder = av.CodecContext.create(self._encoder.codec.canonical_name, "r")
        decoder.sample_rate, decoder.layout = self.shape.codec_rate, self.shape.layout
        joined = av.AudioResampler("fltp", self.shape.layout, self.shape.codec_rate, frame_size=self.shape.codec_rate)

        def heard(packets: Sequence["av.Packet | None"]) -> Iterator[np.ndarray]:
            if not decoder.is_open and packets:
                decoder.extradata = self._encoder.extradata
            for packet in packets:
                for frame in decoder.decode(packet):
                    yield from (ready.to_ndarray() for ready in joined.resample(frame))

        for block in blocks:
            yield from heard(self.write(block))
        yield from heard([*self.finish(), None])
        yield from (ready.to_ndarray() for ready in joined.resample(None))

    def save(self, path: Path, tags: Mapping[str, str], chapters: Sequence[FileChapter], cover: bytes) -> None:
        """Write the file. Raises ValueError and OSError as `tts.encoding.open_wave`."""
        with opened(path, self.shape, tags, chapters, cover) as (container, stream):
            for packet in self._packets():
                packet.stream = stream
                container.mux(packet)

    def _packets(self) -> Iterator["av.Packet"]:
        import av

        self._disk.seek(0)
        special = iter(self._special)
        while head := self._disk.read(HEAD.size):
            pts, dts, duration, size = HEAD.unpack(head)
            if size == SPECIAL:
                yield next(special)
                continue
            packet = av.Packet(self._disk.read(size))
            packet.pts, packet.dts, packet.duration = pts, dts, duration
            packet.time_base, packet.is_keyframe = self._encoder.time_base, True
            yield packet

    def close(self) -> None:
        self._disk.close()


@contextmanager
def packed(folder: Path, sample_rate: int, shape: StreamShape) -> Iterator[PackedSound]:
    """Sound at `sample_rate` that is packed in a shape; until the end of the block it waits in an unnamed file."""
    sound = PackedSound(folder, sample_rate, shape)
    try:
        yield sound
    finally:
        sound.close()
