"""Sound to whoever listens now: standard output, or a program that plays it. Needs no torch."""

import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedIOBase
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

# Programs that play what comes through a pipe, in the order in which they are tried. Samples come as `pcm` gives them.
PLAYERS = {
    "aplay": "-q -t raw -f S16_LE -c 1 -r {rate} -",
    "paplay": "--raw --format=s16le --channels=1 --rate={rate}",
    "ffplay": "-nodisp -autoexit -loglevel error -f s16le -ch_layout mono -ar {rate} -i -",
    "mpv": "--no-config --no-video --no-terminal --demuxer=rawaudio --demuxer-rawaudio-channels=1"
    " --demuxer-rawaudio-rate={rate} --demuxer-rawaudio-format=s16le -",
    "play": "-q -t raw -e signed -b 16 -L -c 1 -r {rate} -",
}
ENDLESS = 0xFFFFFFFF  # the size of what is not known to end


class Live:
    """Writes waves as samples of 16 bits, little-endian, and holds none back; before the first of them a header."""

    def __init__(self, file: BufferedIOBase, header: bytes = b""):
        self.file, self.header = file, header

    def write(self, wave: "ArrayLike") -> None:
        self.file.write(self.header + pcm(wave))
        self.file.flush()
        self.header = b""


def pcm(wave: "ArrayLike") -> bytes:
    """Samples between -1 and 1 as 16 bits, as a WAV file has them."""
    return (np.asarray(wave) * np.float32(32768)).round().clip(-32768, 32767).astype("<i2").tobytes()


def endless_wav(rate: int, comment: str) -> bytes:
    """The beginning of a WAV of one channel whose length nobody knows yet."""
    text = comment.encode() + b"\0"
    text += b"\0" * (len(text) % 2)
    info = b"INFOICMT" + struct.pack("<I", len(text)) + text
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", ENDLESS, b"WAVE", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    return head + struct.pack("<4sI", b"LIST", len(info)) + info + struct.pack("<4sI", b"data", ENDLESS)


def find_player() -> str:
    """The first program of `PLAYERS` that is here. Raises ValueError that names them if there is none."""
    found = next(filter(shutil.which, PLAYERS), None)
    if not found:
        raise ValueError(f"no program here plays sound: install one of {', '.join(PLAYERS)}, or write a file with -o")
    return found


@contextmanager
def playing(name: str, rate: int) -> Iterator[Live]:
    """A program that plays what is written, to its end. Raises ValueError with its own words if it fails."""
    command = [name, *PLAYERS[name].format(rate=rate).split()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as player:
        try:
            with suppress(BrokenPipeError):  # it has ended; how is seen below
                yield Live(player.stdin)
            _, words = player.communicate()
        except BaseException:
            player.kill()
            raise
    if player.returncode:
        reason = words.decode(errors="replace").strip().splitlines() or [f"exit code {player.returncode}"]
        raise ValueError(f"{name} cannot play: {reason[-1]}")
