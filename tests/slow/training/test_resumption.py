"""Resumed runs equal undisturbed ones, as `helpers.resumption` asserts."""

import pytest

from helpers.resumption import kill_and_resume, train_and_resume

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("stage", ["dvae", "hubert", "gpt", "diffusion", "vocoder", "speaker"]),
]


def test_trains_saves_and_resumes_to_the_same_weights(stage, shards, codec, tmp_path):
    train_and_resume(stage, shards, codec, tmp_path)


def test_killed_in_mid_epoch_and_resumed_equals_undisturbed(stage, shards, codec, tmp_path):
    kill_and_resume(stage, shards, codec, tmp_path)
