import tempfile
from threading import Thread

import pytest

from tts.judges.compiled import librosa


def test_an_import_waits_for_that_of_another_process(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    librosa.__wrapped__()
    (lock,) = tmp_path.iterdir()
    with open(lock) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        late = Thread(target=librosa.__wrapped__)
        late.start()
        late.join(0.3)
        assert late.is_alive()
        fcntl.flock(file, fcntl.LOCK_UN)
    late.join()
