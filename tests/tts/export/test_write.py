"""An export is one only when all of it is there. tests/slow/export writes whole ones."""

import pytest

from helpers import nano
from tts.export.__main__ import main
from tts.export.about import ABOUT, family_in, read_about
from tts.export.write import Writing, write_export


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return nano.weights(tmp_path_factory.mktemp("weights"))


def test_an_export_that_stops_half_way_is_none_even_over_an_older_one(weights, tmp_path, monkeypatch):
    written = []

    def write(self, name):
        if len(written) == 3:
            raise KeyboardInterrupt
        written.append(name)
        return self.output / f"{name}.onnx"

    monkeypatch.setattr(Writing, "write", write)
    (tmp_path / ABOUT).write_text("{}")
    with pytest.raises(KeyboardInterrupt):
        list(write_export(weights, tmp_path, eight_bits=True, processes=1))
    assert not (tmp_path / ABOUT).exists() and written[0] in ("gpt_prefix", "gpt_listen")  # the longest first
    monkeypatch.setattr(Writing, "write", lambda self, name: self.output / f"{name}.onnx")
    *pieces, about = write_export(weights, tmp_path, eight_bits=True, processes=1)
    assert about == tmp_path / ABOUT and read_about(tmp_path)["weights"] == family_in(weights)
    assert {path.stem for path in pieces} == set(read_about(tmp_path)["pieces"])


def test_a_number_of_processes_that_is_none_is_refused(capsys):
    assert main(["--processes", "0"]) == 1
    assert "give 1 or more" in capsys.readouterr().err
