"""Packed files: what is wrong with one."""

import io
import lzma
import struct
import zipfile
import zlib
from typing import BinaryIO
from xml.etree import ElementTree

MAX_DIRECTORY = 10 * 2**20  # bytes of the list of files: some 100,000
MAX_TAGS = 3_000_000  # of an XML file; each takes some 200 bytes of memory
# What the standard library raises for a broken archive or page, depending on how it is packed.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    ElementTree.ParseError,
    EOFError,
    KeyError,
    IndexError,
    OSError,
    RuntimeError,
    OverflowError,
    ValueError,
)


def check_directory(file: BinaryIO) -> None:
    """Refuse a list of files that would take all memory before a single file is read."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 66_000))
    end = file.read()
    place = end.rfind(b"PK\x05\x06")
    if place >= 0 and len(end) >= place + 16 and struct.unpack_from("<I", end, place + 12)[0] > MAX_DIRECTORY:
        raise ValueError("it holds too many files")


def reason(error: Exception) -> str:
    """Why a packed file cannot be read."""
    if isinstance(error, KeyError):  # how the standard library says that a file is not there
        said = str(error.args[0]) if error.args else ""
        name = said.removeprefix("There is no item named ").removesuffix(" in the archive").strip("'\"")
        return f"{name} is not in it"
    return str(error) or "it is damaged"
