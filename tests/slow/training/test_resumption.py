"""Resumed runs equal undisturbed ones, as `helpers.resumption` asserts."""

import pytest

from helpers.resumption import kill_and_resume, train_and_resume

pytestmark = pytest.mark.slow
STAGES = ["dvae", "gpt", "diffusion", "vocoder", "speaker"]


@pytest.mark.parametrize("stage", STAGES[1:])  # the usual run does this for the first one
def test_trains_saves_and_resumes_to_the_same_weights(stage, shards, codec, tmp_path):
    train_and_resume(stage, shards, codec, tmp_path)


@pytest.mark.parametrize("stage", STAGES)
def test_killed_in_mid_epoch_and_resumed_equals_undisturbed(stage, shards, codec, tmp_path):
    kill_and_resume(stage, shards, codec, tmp_path)
