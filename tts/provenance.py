"""Which version of the code this is."""

import subprocess
from functools import cache

from tts.settings import ROOT


@cache
def revision() -> str:
    """The git revision of the checkout, with `+` when the tree differs from it; `unknown` outside a checkout."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+", "--abbrev=40"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
