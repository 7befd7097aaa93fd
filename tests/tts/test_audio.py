"""Framing, levels and files: what goes in comes out, and hostile files end in one clear error."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import soundfile
import torch
import torchaudio
from torchaudio.functional import melscale_fbanks

from tts.audio import decode, mel_filters, probe, resample, set_level
from tts.judges.compiled import librosa
from tts.mel import LogMel, pad_to_hop


def test_rates_are_exact(audio):
    assert audio.frame_rate == Fraction(375, 4)
    assert audio.code_rate(4) == Fraction(375, 16)
    assert audio.frames(2560) == 10
    with pytest.raises(ValueError, match="pad_to_hop"):
        audio.frames(2561)
    with pytest.raises(ValueError, match="f_min < f_max"):
        replace(audio, f_max=13000.0)


def test_log_mel_equals_librosa(audio):
    wav = torch.randn(1, 24000) * 0.1
    ours = LogMel(audio)(wav)[0] * audio.std + audio.mean
    pad = (audio.n_fft - audio.hop) // 2
    padded = np.pad(pad_to_hop(wav, audio.hop)[0].numpy(), pad, mode="reflect")
    reference = librosa().feature.melspectrogram(
        y=padded, sr=audio.sample_rate, n_fft=audio.n_fft, hop_length=audio.hop, n_mels=audio.n_mels,
        fmin=audio.f_min, fmax=audio.f_max, power=1.0, center=False, htk=True, norm=None,
    )  # fmt: skip
    assert np.allclose(ours.numpy(), np.log(np.maximum(reference, audio.floor)), atol=1e-3)


def test_filters_are_those_of_torchaudio():
    expected = melscale_fbanks(513, 20.0, 12000.0, 100, 24000).numpy()  # which rounds to 32 bits on the way
    np.testing.assert_allclose(mel_filters(513, 100, 24000, 20.0, 12000.0), expected, rtol=0, atol=1e-5)


def test_mel_frames_tile_the_wave_and_sit_in_their_middle(audio):
    log_mel = LogMel(audio)
    assert log_mel(torch.zeros(2, 10 * audio.hop)).shape == (2, audio.n_mels, 10)
    click = torch.zeros(1, 40 * audio.hop)
    click[0, 20 * audio.hop + audio.hop // 2] = 1.0
    assert log_mel(click)[0].mean(0).argmax() == 20


def test_measure_silences_what_lies_beyond_a_clip(audio):
    wav = torch.randn(2, 20 * audio.hop)
    mel = LogMel(audio).measure(wav, torch.tensor([20 * audio.hop, 5 * audio.hop]))
    assert mel.length.tolist() == [20, 5]
    assert (mel.frames[1, :, 5:] == LogMel(audio).silence).all()


def test_log_mel_keeps_nothing_in_checkpoints(audio):
    assert not LogMel(audio).state_dict()


def test_level_is_that_of_active_speech(audio):
    tone = (np.sin(np.arange(24000) * 0.1) * 0.01).astype(np.float32)
    gapped = np.concatenate((tone, np.zeros(48000, np.float32), tone))
    levelled = set_level(gapped, audio)[:24000]
    assert 10 * np.log10(np.square(levelled).mean()) == pytest.approx(audio.level, abs=0.1)
    assert not set_level(np.zeros(100, np.float32), audio).any()
    spike = np.zeros(24000, np.float32)
    spike[100] = 1e-3
    assert np.abs(set_level(spike, audio)).max() <= 0.99


def test_av_reads_what_soundfile_cannot(tmp_path):
    import av

    path = tmp_path / "tone.m4a"
    wav = (np.sin(np.arange(48000) * 0.05) * 0.5).astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=24000, layout="mono")
        for start in range(0, 48000, 1024):
            block = wav[None, start : start + 1024]
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 24000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    read = decode(path, 24000)
    assert len(read) == pytest.approx(48000, abs=3000)
    assert np.sqrt(np.square(read).mean()) == pytest.approx(0.5 / 2**0.5, rel=0.1)


def test_channels_that_cancel_each_other_out_are_no_silence(tmp_path):
    tone = np.sin(np.arange(24000) * 0.05) * 0.5
    soundfile.write(tmp_path / "both.wav", np.stack((tone, tone), 1), 24000)
    soundfile.write(tmp_path / "opposite.wav", np.stack((0.9 * tone, -tone), 1), 24000)
    both, opposite = decode(tmp_path / "both.wav", 24000), decode(tmp_path / "opposite.wav", 24000)
    np.testing.assert_allclose(both, tone, atol=1e-4, rtol=0)
    np.testing.assert_allclose(opposite, -both, atol=1e-4, rtol=0)
    soundfile.write(tmp_path / "left.wav", np.stack((tone, 0 * tone), 1), 24000)
    np.testing.assert_allclose(decode(tmp_path / "left.wav", 24000), both / 2, atol=1e-4, rtol=0)


def hostile(folder):
    """Files that must each end in one ValueError, with a word of its message."""
    (folder / "empty.wav").write_bytes(b"")
    (folder / "text.mp3").write_text("this is no audio")
    (folder / "noise.flac").write_bytes(np.random.default_rng(0).bytes(5000))
    soundfile.write(folder / "none.wav", np.zeros(0), 24000)
    soundfile.write(folder / "nan.wav", np.full(1000, np.nan), 24000, subtype="FLOAT")
    soundfile.write(folder / "wide.wav", np.zeros((100, 12)), 24000)
    soundfile.write(folder / "long.flac", np.zeros(24000 * 30), 24000)
    (folder / "folder.wav").mkdir()
    return [
        ("empty.wav", "cannot read"), ("text.mp3", "cannot read"), ("noise.flac", "noise.flac"),
        ("none.wav", "no audio"), ("nan.wav", "not finite"), ("wide.wav", "12 channels"),
        ("long.flac", "30 s of audio"), ("folder.wav", "no such"), ("absent.wav", "no such"),
    ]  # fmt: skip


def test_hostile_audio_gets_one_clear_error(tmp_path):
    for name, message in hostile(tmp_path):
        with pytest.raises(ValueError, match=message):
            decode(tmp_path / name, 24000, max_seconds=10)
        if name != "nan.wav":
            with pytest.raises(ValueError, match=message):
                probe(tmp_path / name, max_seconds=10)


def test_junk_named_mp3_gets_the_true_reason_and_no_library_prints(tmp_path, capfd):
    path = tmp_path / "junk.mp3"
    path.write_bytes(np.random.default_rng(0).bytes(20_000))
    for read in (probe, lambda path: decode(path, 24000)):
        with pytest.raises(ValueError) as caught:
            read(path)
        assert str(caught.value) == (
            f"cannot read audio from {path}: Format not recognised; Invalid data found when processing input"
        )
    assert capfd.readouterr() == ("", "")


def test_resampling_keeps_a_tone():
    tone = np.sin(2 * np.pi * 440 * np.arange(48000) / 48000)
    expected = np.sin(2 * np.pi * 440 * np.arange(24000) / 24000)
    assert np.abs(resample(tone, 48000, 24000)[500:-500] - expected[500:-500]).max() < 1e-2


def test_odd_rates_cost_no_memory_and_keep_the_length():
    assert len(resample(np.zeros(191_999, np.float32), 191_999, 24000)) == pytest.approx(24000, abs=2)
    assert len(resample(np.zeros(44_100, np.float32), 44_100, 24000)) == 24000


@pytest.mark.parametrize("source, target", [(44_100, 24_000), (24_000, 16_000), (48_000, 24_000), (25_427, 24_000)])
@pytest.mark.parametrize("size", [3, 1000, 70_001])
def test_resampled_sound_is_that_of_torchaudio(source, target, size):
    wave = np.random.default_rng(0).standard_normal((2, size), np.float32)
    ratio = Fraction(source, target).limit_denominator(500)
    expected = torchaudio.functional.resample(torch.from_numpy(wave), ratio.numerator, ratio.denominator).numpy()
    np.testing.assert_allclose(resample(wave, source, target), expected, rtol=0, atol=1e-4)  # its filter is rounded
