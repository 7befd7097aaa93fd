"""What an export says about itself, in a file beside its pieces. Needs no torch."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tts.files import fingerprint
from tts.records import NETS
from tts.settings import ROOT

FORMAT = "triforce-onnx-6"
ABOUT = "about.json"
FOLDER = ROOT / "onnx"  # where an export is written and looked for unless another folder is given
NEEDED = (
    "weights",
    "fingerprint",
    "pieces",
    "eight_bits",
    "audio",
    "gpt",
    "codec",
    "decoder",
    "vocoder",
    "text",
    "specs",
)
COMMAND = "`uv run --group export python -m tts.export`"


def read_about(folder: Path) -> dict[str, Any]:
    """What an engine needs besides the pieces. Raises ValueError if the folder holds no whole export of this format."""
    try:
        about = json.loads((folder / ABOUT).read_text("utf-8"))
    except (OSError, ValueError):
        raise ValueError(f"{folder} is no export: write one where torch is installed, with {COMMAND}") from None
    if about.get("format") != FORMAT:
        raise ValueError(f"{folder} has format {about.get('format')!r}, expected {FORMAT!r}: export it again")
    if missing := [key for key in NEEDED if key not in about]:
        raise ValueError(f"{folder / ABOUT} does not say its {', '.join(missing)}: export it again")
    return about


def family(fingerprints: Iterable[str]) -> str:
    """By what an export knows its weights, from the fingerprints of the four nets in the order of `NETS`."""
    return "".join(own[:16] for own in fingerprints)


def family_in(weights: Path) -> str | None:
    """The same of a folder of weights; None if it holds no whole family."""
    paths = [weights / f"{net}.safetensors" for net in NETS]
    return family(map(fingerprint, paths)) if all(path.is_file() for path in paths) else None
