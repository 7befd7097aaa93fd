"""libsndfile draws an Ogg stream's serial number from the clock; a fixed one makes equal input equal bytes."""

import struct


def _table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
        table.append(value & 0xFFFFFFFF)
    return table


CRC_TABLE = _table()


def checksum(page: bytes | bytearray) -> int:
    """CRC-32 as RFC 3533, section 6, has it: polynomial 04c11db7, not reflected, nothing added."""
    value = 0
    for byte in page:
        value = ((value << 8) & 0xFFFFFFFF) ^ CRC_TABLE[(value >> 24) ^ byte]
    return value


def with_serial(stream: bytes, serial: int) -> bytes:
    """The same Ogg stream under another serial number: bytes 14-17 of each page, its checksum in 22-25."""
    pages, position = [], 0
    while position < len(stream):
        if stream[position : position + 4] != b"OggS":
            raise ValueError(f"no Ogg page at byte {position}")
        segments = stream[position + 26]
        body = position + 27 + segments
        end = body + sum(stream[position + 27 : body])
        page = bytearray(stream[position:end])
        page[14:18] = struct.pack("<I", serial)
        page[22:26] = bytes(4)
        page[22:26] = struct.pack("<I", checksum(page))
        pages.append(bytes(page))
        position = end
    return b"".join(pages)
