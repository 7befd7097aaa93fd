"""Serial numbers of Ogg streams."""

import io

import pytest
import soundfile
import torch

from tts.ogg import checksum, set_serial


def slow_checksum(page: bytes) -> int:
    """The definition of RFC 3533, bit by bit."""
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
            value &= 0xFFFFFFFF
    return value


def stream(seconds: float) -> io.BytesIO:
    buffer = io.BytesIO()
    soundfile.write(buffer, (torch.randn(round(seconds * 24000)) * 0.1).numpy(), 24000, format="OGG", subtype="VORBIS")
    return buffer


@pytest.mark.parametrize("page", [b"", b"\0", b"OggS", bytes(range(256)) * 5])
def test_the_checksum_is_that_of_the_standard(page):
    assert checksum(page) == slow_checksum(page)


def test_a_stream_under_another_number_is_the_same_sound():
    file = stream(3.0)
    before = file.getvalue()
    set_serial(file, 7)
    after = file.getvalue()
    assert len(after) == len(before) and after != before and after[14:18] == b"\7\0\0\0"
    decoded = [soundfile.read(io.BytesIO(data))[0] for data in (before, after)]
    assert (decoded[0] == decoded[1]).all() and len(decoded[0]) == 72000
    set_serial(file, int.from_bytes(before[14:18], "little"))
    assert file.getvalue() == before


def test_what_is_no_ogg_stream_is_refused():
    with pytest.raises(ValueError, match="no Ogg page at byte 0"):
        set_serial(io.BytesIO(b"RIFF" + bytes(100)), 1)
