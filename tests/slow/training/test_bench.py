"""The benchmark compares like with like: the trainer learns what the plain loop learns, to the last bit."""

import pytest

from helpers import corpus, nano
from helpers.runs import configure
from tts.training import bench


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["gpt", "diffusion"])
def test_trainer_and_plain_loop_learn_the_same(stage, audio, tmp_path, capsys):
    shards = corpus.make_shards(tmp_path / "computed", audio)
    codec = nano.weights(tmp_path / "weights") / "dvae.safetensors"
    overrides = [
        f"stage={stage}",
        f"model={stage}/nano",
        f"data.path={shards}",
        f"stage.codec={codec}",
        "dir=none",
        "run=none",
        "data.batch_seconds=8",
        "data.workers=0",
        "stage.schedule.steps=100",
        "trainer.precision=32-true",
        "warmup=1",
        "steps=3",
    ]
    race = bench.bench(configure(*overrides, name="bench"))
    assert race.difference == 0
    assert [len(spans) for spans in race.spans.values()] == [3, 3]
    assert race.flops > 0
    assert "trainer / plain loop" in capsys.readouterr().out
