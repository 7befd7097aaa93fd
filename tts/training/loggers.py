"""A CSV log that a resumed run continues and that a full disk does not end."""

import csv
import os
from pathlib import Path

from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.loggers.csv_logs import ExperimentWriter
from lightning.pytorch.loggers.logger import rank_zero_experiment

from tts.training.checkpoints import spared


class CsvLog(CSVLogger):
    """Lightning's CSV log, but a resumed run goes on with the file that it finds, and a full disk costs only lines."""

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
        """Lightning's own deletes what it finds; here a line that was cut off goes, and the rest stays."""
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
            os.truncate(path, size)  # half a line
            raise
