"""Rich text (.rtf), by striprtf."""

from tts.document import text
from tts.document.document import Document

MAX_RTF = 20 * 2**20  # bytes; pictures are written in them as text


def parse(data: bytes) -> Document:
    if not data.lstrip().startswith(b"{\\rtf"):
        raise ValueError("it is no rich text: save it again as .rtf or as plain text")
    try:
        from striprtf.striprtf import rtf_to_text
    except ImportError:
        raise ValueError("rich text needs a library: run with `uv run --group documents`") from None
    if len(data) > MAX_RTF:
        raise ValueError(f"it is larger than {MAX_RTF >> 20} MB: save it without its pictures")
    try:
        said = rtf_to_text(data.decode("latin-1"), errors="replace")
    except Exception as error:  # it does not say what it raises
        raise ValueError(f"no readable rich text: {error}") from None
    return text.prose("\n\n".join(line for line in said.split("\n") if line.strip()))
