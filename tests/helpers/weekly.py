"""The show that docs/shows.md builds from scratch, and something that it is made from."""

import re
import textwrap
from pathlib import Path

from tts.settings import ROOT

LOG = """\
# Kettle

All that changed.

## 1.4 (November 2026)

- The lid can be opened with one hand, even when the water boils
- The whistle is a fifth lower and no longer wakes the neighbours
- Fixed a leak under the spout that appeared after two years of use
- The handle stays cold on gas stoves and over open fires
- Fixed the scale, which showed cups where it should have shown litres
- The box is made of paper alone and can be thrown into the river

## 1.3 (October 2026)

- A new lid
"""


def recipe(folder: Path) -> Path:
    """weekly.yaml of a folder, as it stands on the page."""
    page = (ROOT / "docs/shows.md").read_text("utf-8")
    (found,) = re.findall(r"(?m)^    # weekly.yaml\n((?:    .*\n|\n)+?)(?=    uv run)", page)
    path = folder / "weekly.yaml"
    path.write_text(textwrap.dedent(found))
    return path
