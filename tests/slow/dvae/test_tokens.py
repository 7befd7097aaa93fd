"""The whole way as a user goes it, on nano nets: tokens, tokens of tokens, and a GPT that speaks the second ones."""

import pytest

import train
from helpers.runs import nano_run
from tts.checkpoint import load

pytestmark = pytest.mark.slow


def test_second_tokens_learn_from_first_ones_and_a_gpt_from_those(shards, codec, tmp_path):
    train.train(nano_run("hubert", shards, codec, tmp_path / "first"))
    first = tmp_path / "first/net.safetensors"
    train.train(nano_run("hubert", shards, codec, tmp_path / "second", f"stage.targets={first}"))
    second = tmp_path / "second/net.safetensors"
    trainer = train.train(nano_run("gpt", shards, second, tmp_path / "gpt", "model.code_levels=[100]"))
    assert trainer.global_step == 4 and load(tmp_path / "gpt/net.safetensors").net.codebook_size == 100
