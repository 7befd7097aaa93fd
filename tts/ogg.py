"""A fixed serial number for Ogg streams. libsndfile takes it from the clock, so equal waves would give other bytes."""

import struct
import zlib
from io import IOBase

SERIAL = 1  # of every stream that we write
HEADER = 27  # bytes before a page's table of segments
# Each byte with its bits in reverse order.
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def checksum(page: bytes | bytearray) -> int:
    """CRC-32 as RFC 3533, section 6, has it: polynomial 04c11db7, not reflected, nothing added.

    zlib's CRC has the same polynomial but reads and gives bits in reverse order, and inverts before and after.
    """
    value = zlib.crc32(page.translate(REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{value:032b}"[::-1], 2)


def set_serial(file: IOBase, serial: int) -> None:
    """Give an Ogg stream another serial number, in place and page by page, so that length costs no memory.

    Raises ValueError for what is no Ogg stream.
    """
    position = file.seek(0)
    while header := file.read(HEADER):
        if header[:4] != b"OggS" or len(header) < HEADER:
            raise ValueError(f"no Ogg page at byte {position}")
        segments = file.read(header[26])
        page = bytearray(header + segments + file.read(sum(segments)))
        page[14:18] = struct.pack("<I", serial)
        page[22:26] = bytes(4)
        page[22:26] = struct.pack("<I", checksum(page))
        file.seek(position)
        position += file.write(page)
