"""Waves to files: every format of `tts.formats.OUTPUTS`, with tags, chapters and a cover where the format has them.

Equal input gives equal bytes: FFmpeg's bitexact mode leaves out dates, versions and random serial numbers.
"""

import base64
import io
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tts.files import replacing
from tts.formats import OUTPUTS, Output

if TYPE_CHECKING:
    import av
    from numpy.typing import ArrayLike

BLOCK = 1 << 18  # samples given to an encoder at once
MILLISECOND = Fraction(1, 1000)
# Containers whose chapters and cover are Vorbis comments, and those that hold a cover as a picture.
COMMENTED = ("ogg", "opus", "flac")
PICTURED = ("flac", "mp3", "mp4")
PICTURES = {b"\xff\xd8\xff": ("jpeg_pipe", "image/jpeg"), b"\x89PNG\r\n\x1a\n": ("png_pipe", "image/png")}
FRONT_COVER = 3  # the type of a picture in FLAC and ID3
# ISO 639-2 as MP4 wants it, by what BCP 47 begins with.
TRACK_LANGUAGES = {"en": "eng", "de": "deu"}


@dataclass(frozen=True)
class FileChapter:
    """A chapter of a file. Formats other than WAV show it."""

    title: str
    start: float  # seconds
    stop: float


class WaveWriter:
    """Writes a file block by block. `open_wave` makes it."""

    def __init__(self, container: "av.container.OutputContainer", stream: "av.AudioStream", sample_rate: int):
        self._container, self._stream = container, stream
        self._frames = Frames(stream.codec_context.layout.name, sample_rate)

    def write(self, wav: "ArrayLike") -> None:
        """Append samples of one channel, or (channels, samples); a tensor of torch is one of the CPU."""
        for frame in self._frames.of(wav):
            self._container.mux(self._stream.encode(frame))  # which resamples, and cuts frames as the codec wants them

    def finish(self) -> None:
        """Write what the encoder still holds."""
        self._container.mux(self._stream.encode(None))


class Frames:
    """Samples as an encoder takes them, with the time of each."""

    def __init__(self, layout: str, sample_rate: int):
        self._layout, self._rate, self._tick = layout, sample_rate, Fraction(1, sample_rate)
        self._given = 0

    def of(self, wav: "ArrayLike") -> Iterator["av.AudioFrame"]:
        """The next samples, of one channel or (channels, samples), between -1 and 1; what is beyond is cut off."""
        import av

        planes = np.atleast_2d(np.asarray(wav, np.float32)).clip(-1.0, 1.0)
        for start in range(0, planes.shape[1], BLOCK):
            part = np.ascontiguousarray(planes[:, start : start + BLOCK])
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=self._layout)
            frame.sample_rate, frame.pts, frame.time_base = self._rate, self._given, self._tick
            self._given += part.shape[1]
            yield frame


@contextmanager
def open_wave(
    path: str | os.PathLike,
    sample_rate: int,
    *,
    channels: int = 1,
    file_rate: int | None = None,
    kbits: int | None = None,
    tags: Mapping[str, str] | None = None,
    chapters: Sequence[FileChapter] = (),
    cover: bytes = b"",
) -> Iterator[WaveWriter]:
    """Write an audio file block by block, in the format of `tts.formats.OUTPUTS` that its suffix names.

    Blocks are at `sample_rate`, the file is at `file_rate`, or else at the nearest rate above that its codec has.
    `kbits`, for each channel, replaces the format's own. `tags` are FFmpeg's names; a format drops those it has no
    place for. `cover` is a JPEG or a PNG; anything else is left out, as is a cover where the format has none (WAV).

    The file appears under its name only when it is complete. Equal waves give equal bytes. Raises OSError that names
    the file if the disk is full, ValueError for a suffix that is not in the table or a folder that does not exist.
    """
    output = output_of(path)
    shape = StreamShape(output, file_rate or sample_rate, channels, kbits or output.kbits)
    with opened(Path(path), shape, tags or {}, chapters, cover) as (container, stream):
        writer = WaveWriter(container, stream, sample_rate)
        yield writer
        writer.finish()


def output_of(path: str | os.PathLike) -> Output:
    """The format that a suffix names. Raises ValueError that lists them."""
    suffix = Path(path).suffix.lower()
    if suffix not in OUTPUTS:
        raise ValueError(f"cannot write {suffix or 'a file without suffix'}: use {', '.join(OUTPUTS)}")
    return OUTPUTS[suffix]


@dataclass(frozen=True)
class StreamShape:
    """How sound is packed."""

    output: Output
    rate: int  # Hz, if the codec has it; else the nearest one above
    channels: int
    kbits: int  # kbit/s for each channel; 0: what the codec chooses

    @property
    def layout(self) -> str:
        return {1: "mono", 2: "stereo"}[self.channels]

    @property
    def codec_rate(self) -> int:
        return rate_of(self.output.codec, self.rate)

    def configure(self, context: "av.AudioCodecContext") -> None:
        """Set what an encoder does that is not set when it is made."""
        from av.codec.context import Flags

        context.flags |= Flags.bitexact
        context.options = dict(self.output.options)
        if self.output.lossy and self.kbits:
            context.bit_rate = self.kbits * 1000 * self.channels


@contextmanager
def opened(
    path: Path, shape: StreamShape, tags: Mapping[str, str], chapters: Sequence[FileChapter], cover: bytes
) -> Iterator[tuple["av.container.OutputContainer", "av.AudioStream"]]:
    """A file that has everything except its sound, and the stream of that."""
    import av

    if not path.parent.is_dir():
        raise ValueError(f"no such folder: {path.parent}")
    output = shape.output
    with replacing(path, shared=True) as temporary:
        container = av.open(str(temporary), "w", format=output.container, options=_options(output))
        try:
            stream = add_stream(container, shape)
            _add_tags(container, stream, output, tags)
            _add_chapters(container, output, chapters)
            picture = _add_cover(container, output, cover)
            container.start_encoding()
            if picture is not None:
                container.mux(picture)
            yield container, stream
            container.close()
        except BaseException as error:
            with suppress(av.error.FFmpegError):  # the same as before, or a file without its end
                container.close()
            if isinstance(error, av.error.OSError):  # names the temporary file, and cannot be changed
                raise OSError(error.errno, error.strerror, str(path)) from None
            raise


def rate_of(codec: str, sample_rate: int) -> int:
    """The rate that a codec takes for what is asked for at `sample_rate`, in Hz: the same, or the nearest one above."""
    import av

    rates = av.Codec(codec, "w").audio_rates
    if not rates or sample_rate in rates:
        return sample_rate
    return min((rate for rate in rates if rate > sample_rate), default=max(rates))


def picture_type(cover: bytes) -> str:
    """The media type of a picture that files can hold, or nothing."""
    return next((mime for magic, (_, mime) in PICTURES.items() if cover.startswith(magic)), "")


def _options(output: Output) -> dict[str, str]:
    options = {"fflags": "+bitexact"}
    if output.container == "wav":
        options["rf64"] = "auto"  # beyond 4 GB the sizes of a WAV have 64 bits
    if output.container == "mp4":
        options |= {"movflags": "+faststart", "brand": output.brand}  # plays while it is still being fetched
    return options


def add_stream(container: "av.container.OutputContainer", shape: StreamShape) -> "av.AudioStream":
    stream = container.add_stream(shape.output.codec, rate=shape.codec_rate, layout=shape.layout)
    shape.configure(stream.codec_context)
    return stream


def _add_tags(
    container: "av.container.OutputContainer", stream: "av.AudioStream", output: Output, tags: Mapping[str, str]
) -> None:
    container.metadata.update({key: _clean(value) for key, value in tags.items() if value})
    language = TRACK_LANGUAGES.get(tags.get("language", "").partition("-")[0].lower())
    if language and output.container == "mp4":
        stream.metadata["language"] = language


def _clean(value: str) -> str:
    """Text that any tag can hold."""
    return value.encode("utf-8", "replace").decode().replace("\0", " ")


def _add_chapters(container: "av.container.OutputContainer", output: Output, chapters: Sequence[FileChapter]) -> None:
    if output.container in COMMENTED:  # FFmpeg writes them for Opus alone, but reads these
        for number, mark in enumerate(chapters):
            minutes, seconds = divmod(mark.start, 60)
            clock = f"{int(minutes) // 60:02}:{int(minutes) % 60:02}:{seconds:06.3f}"
            container.metadata[f"CHAPTER{number:03}"] = clock
            container.metadata[f"CHAPTER{number:03}NAME"] = _clean(mark.title)
        return
    container.set_chapters(
        [
            {
                "id": number,
                "start": round(mark.start * 1000),
                "end": round(mark.stop * 1000),
                "time_base": MILLISECOND,
                "metadata": {"title": _clean(mark.title)},
            }
            for number, mark in enumerate(chapters)
        ]
    )


def _add_cover(container: "av.container.OutputContainer", output: Output, cover: bytes) -> "av.Packet | None":
    """Add a picture; gives back the packet to write first where it is a stream of its own."""
    import av

    mime = picture_type(cover)
    if not mime:
        return None
    kind = next(pipe for pipe, other in PICTURES.values() if other == mime)
    try:
        # Read as what it is and as nothing else: FFmpeg's guess might be a playlist that names files.
        image = av.open(io.BytesIO(cover), format=kind)
        source = image.streams.video[0]
        packet = next(packet for packet in image.demux(source) if packet.size)
    except (av.error.FFmpegError, StopIteration, IndexError):
        return None
    if not source.width or not source.height:
        return None
    if output.container in PICTURED:
        stream = container.add_stream_from_template(source)
        stream.disposition = av.stream.Disposition.attached_pic.value
        packet.stream, packet.pts, packet.dts = stream, 0, 0
        return packet
    if output.container in COMMENTED:
        name = mime.encode()
        block = struct.pack(">II", FRONT_COVER, len(name)) + name
        block += struct.pack(">IIIIII", 0, source.width, source.height, 24, 0, len(cover)) + cover
        container.metadata["METADATA_BLOCK_PICTURE"] = base64.b64encode(block).decode()
    return None
