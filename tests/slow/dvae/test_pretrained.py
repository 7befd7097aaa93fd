"""Tokens from nets of the classes that others have trained, tiny and with random weights, saved as those are."""

import sys

import pytest
import soundfile
import torch
from torchaudio.functional import resample

from dvae.pretrained import main
from helpers.corpus import make_corpus
from tts.checkpoint import load
from tts.types import Codec

transformers = pytest.importorskip("transformers")
pytestmark = pytest.mark.slow

SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}


def hubert(folder):
    sizes = SIZES | {"conv_dim": (8,) * 7, "num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2}
    transformers.HubertModel(transformers.HubertConfig(**sizes)).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor().save_pretrained(folder)
    return folder


def w2v_bert(folder):
    transformers.Wav2Vec2BertModel(transformers.Wav2Vec2BertConfig(**SIZES)).save_pretrained(folder)
    transformers.SeamlessM4TFeatureExtractor().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    return make_corpus(tmp_path_factory.mktemp("recordings") / "corpus", clips=3)


@pytest.mark.parametrize("make", [hubert, w2v_bert])
def test_a_folder_becomes_a_file_of_tokens_that_needs_the_folder_no_more(make, recordings, tmp_path):
    folder, out = make(tmp_path / "net"), tmp_path / "tokens.safetensors"
    assert main([str(folder), str(recordings), "-o", str(out), "--layer", "2", "--size", "12"]) == 0
    folder.rename(tmp_path / "moved")
    net = load(out).net
    assert isinstance(net, Codec) and net.codebook_size == 12 and net.code_rate == 50 and net.grain == 8
    wav = torch.from_numpy(soundfile.read(next((recordings / "audio").iterdir()), dtype="float32")[0])
    waves, lengths = torch.stack([wav, wav]), torch.tensor([len(wav), 10000])
    codes = net.encode(waves, lengths)
    assert codes.length.tolist() == [-(-len(wav) // 480), 21]
    assert torch.equal(net.encode(waves[1:, :10000], lengths[1:]).ids[0], codes.ids[1, :21])
    assert len(set(codes.ids[0].tolist())) > 1
    assert net.decode(codes).length.tolist() == [int(length) * 15 // 8 for length in codes.length]


def test_the_features_are_those_that_transformers_gives(recordings, tmp_path):
    folder, out = hubert(tmp_path / "net"), tmp_path / "tokens.safetensors"
    assert main([str(folder), str(recordings), "-o", str(out), "--layer", "1", "--size", "4"]) == 0
    wave = torch.randn(24000) * 0.1
    ours = load(out).net.features.hear(wave[None], torch.tensor([24000]))[0][0]
    low = torch.nn.functional.pad(resample(wave, 24000, 16000), (0, 80))  # room for the last position's view
    given = transformers.AutoFeatureExtractor.from_pretrained(folder)(low.numpy(), sampling_rate=16000)
    net = transformers.AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        theirs = net(torch.tensor(given["input_values"][0])[None], output_hidden_states=True).hidden_states[1][0]
    assert torch.allclose(ours, theirs, atol=0.05)  # weights are exported in bfloat16


def test_bad_folders_are_one_line(recordings, tmp_path, capsys, monkeypatch):
    def said(folder, *more: str) -> str:
        assert main([str(folder), str(recordings), "-o", str(tmp_path / "out.safetensors"), *more]) == 1
        return capsys.readouterr().err

    assert "holds no config.json" in said(tmp_path / "none")
    folder = hubert(tmp_path / "net")
    assert "not among the 2 layers" in said(folder, "--layer", "9")
    (folder / "preprocessor_config.json").unlink()
    assert "no preprocessor_config.json" in said(folder)
    other = tmp_path / "other"
    transformers.BertModel(transformers.BertConfig(vocab_size=10, **SIZES)).save_pretrained(other)
    assert "'bert' gives no features here" in said(other)
    monkeypatch.setitem(sys.modules, "transformers", None)
    assert "uv run --group pretrained" in said(folder)
    assert not (tmp_path / "out.safetensors").exists()
