"""What every rank of a test does: `torchrun tests/ranks.py FILE`, where FILE lists the overrides of one run after another."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from hydra import compose, initialize_config_dir  # noqa: E402

import train  # noqa: E402

if __name__ == "__main__":
    for overrides in json.loads(Path(sys.argv[1]).read_text()):
        with initialize_config_dir(version_base="1.3", config_dir=str(ROOT / "conf")):
            cfg = compose("train", overrides)
        train.train(cfg)
