"""EnCodec behind our protocol, with random weights: lengths, interleaving and refusals."""

from fractions import Fraction

import pytest
import torch

from dvae.encodec import EncodecCodec
from tts.types import Codes


@pytest.fixture(scope="module")
def codec(audio) -> EncodecCodec:
    return EncodecCodec(audio=audio, bandwidth=1.5, weights=None).eval()


def test_codebooks_take_turns_with_ids_of_their_own(codec):
    assert codec.codebook_size == 2048
    assert codec.code_rate == Fraction(150)
    codes = codec.encode(torch.randn(1, 3200) * 0.1, torch.tensor([3200]))
    assert codes.length.tolist() == [20]
    assert (codes.ids[0, 0::2] < 1024).all()
    assert (codes.ids[0, 1::2] >= 1024).all()


def test_a_padded_batch_gives_the_codes_of_single_clips(codec):
    wav, wav_len = torch.randn(2, 6400) * 0.1, torch.tensor([6400, 3000])
    together = codec.encode(wav, wav_len)
    assert together.length.tolist() == [40, 20]
    alone = codec.encode(wav[1:, :3000], wav_len[1:])
    assert torch.equal(together.ids[1, :20], alone.ids[0])


def test_decoding_equals_the_models_own_decoding(codec):
    wav = torch.randn(1, 6400) * 0.1
    codes = codec.encode(wav, torch.tensor([6400]))
    own = codec.model(wav[:, None])[:, 0]
    assert torch.allclose(codec.to_wave(codes), own, atol=1e-5)
    mel = codec.decode(codes)
    assert mel.frames.shape == (1, 100, 25)
    assert mel.length.tolist() == [25]


def test_less_than_a_frame_is_an_error(codec):
    with pytest.raises(ValueError, match="less than one frame"):
        codec.decode(Codes(torch.zeros(1, 1, dtype=torch.long), torch.tensor([1])))


def test_weights_load_from_a_local_path_and_pickled_code_is_refused(codec, audio, tmp_path):
    torch.save(codec.model.state_dict(), tmp_path / "good.th")
    again = EncodecCodec(audio=audio, bandwidth=1.5, weights=str(tmp_path / "good.th")).eval()
    wav, wav_len = torch.randn(1, 3200) * 0.1, torch.tensor([3200])
    assert torch.equal(again.encode(wav, wav_len).ids, codec.encode(wav, wav_len).ids)
    torch.save({"model": Fraction(1, 2)}, tmp_path / "bad.th")
    with pytest.raises(ValueError, match="no plain state dict"):
        EncodecCodec(audio=audio, bandwidth=1.5, weights=str(tmp_path / "bad.th"))
    with pytest.raises(ValueError, match="no EnCodec weights"):
        EncodecCodec(audio=audio, bandwidth=1.5, weights=str(tmp_path / "none.th"))
