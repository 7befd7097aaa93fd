"""Judges that are installed judge."""

import pytest
import torch

from tts.judges.panel import Evidence, Panel
from tts.judges.sphinx import Sphinx
from tts.judges.table import make_judges

pytestmark = pytest.mark.slow


def test_the_installed_judges_hear_silence_as_such(tmp_path):
    for package in ("pocketsphinx", "speechmos", "onnxruntime"):
        pytest.importorskip(package)
    judges = make_judges(["heard", "aligned", "mos"], recogniser=Sphinx(), embedding="resemblyzer")
    evidence = [Evidence(torch.zeros(10), "hello"), Evidence(0.01 * torch.randn(16000), "the whole of the story")]
    with Panel(judges, cache=tmp_path, workers=1) as panel:
        nothing, hiss = panel.ask(evidence, 16000, "test")
    assert nothing["heard"] == ""
    assert nothing["mos"]["overall"] == 1.0
    assert not nothing["aligned"]["whole"]
    assert isinstance(hiss["heard"], str)
    assert 0.5 < hiss["mos"]["overall"] < 2.5
