"""A CSV log that a resumed run continues, and that does not end a run when the disk is full."""

import csv
import os
from pathlib import Path

from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.loggers.csv_logs import ExperimentWriter
from lightning.pytorch.loggers.logger import rank_zero_experiment

from tts.training.checkpoints import spared


class CsvLog(CSVLogger):
    """Lightning's CSV log, except that a resumed run appends to its old file and a full disk only costs lines."""

    @property
    @rank_zero_experiment
    def experiment(self) -> ExperimentWriter:
        if self._experiment is None:
            self._experiment = _CsvWriter(self.log_dir)
        return self._experiment

    def save(self) -> None:
        with spared("the log", self.experiment.metrics_file_path):
            super().save()


class _CsvWriter(ExperimentWriter):
    def _check_log_dir_exists(self) -> None:
        """Keep the old file, without a line that was cut off. Lightning's writer would delete the file."""
        path = Path(self.metrics_file_path)
        if path.is_file():
            whole = path.read_bytes().rpartition(b"\n")[0]
            self.metrics_keys = next(csv.reader([whole.decode().partition("\n")[0]]))
            os.truncate(path, len(whole) + 1) if whole else path.unlink()

    def save(self) -> None:
        path = Path(self.metrics_file_path)
        size = path.stat().st_size if path.is_file() else 0
        try:
            super().save()
        except OSError:
            os.truncate(path, size)  # removes a line that was cut off
            raise
