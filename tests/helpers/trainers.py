"""Lightning trainers for tests: on the CPU, and they leave nothing behind but what the test asks for."""

from pathlib import Path

import lightning as L


def quiet_trainer(folder: Path, **options) -> L.Trainer:
    silent = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
    return L.Trainer(accelerator="cpu", default_root_dir=folder, **dict.fromkeys(silent, False), **options)
