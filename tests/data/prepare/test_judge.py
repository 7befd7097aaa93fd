import numpy as np
import torch

from data.prepare.judge import JudgeConfig, bandwidth, cluster_speakers, music_share, rejection, score_clip
from tts import settings
from tts.alignment.recording import Samples
from tts.alignment.spell import Word

RATE = 24000
TIME = torch.arange(4 * RATE) / RATE


def test_bandwidth_sees_a_low_pass():
    noise = torch.randn(4 * RATE)
    spectrum = torch.fft.rfft(noise)
    spectrum[round(len(spectrum) / 3) :] = 0
    low = torch.fft.irfft(spectrum) * torch.hann_window(len(noise))  # no clicks at its ends
    assert 3700 < bandwidth(low, RATE) < 4300 and bandwidth(noise, RATE) > 11500


def test_notes_between_words_are_music_and_noise_is_not():
    words = [(0.0, 1.5), (2.5, 4.0)]
    noise = 0.01 * torch.randn(4 * RATE)
    chord = 0.01 * sum(torch.sin(2 * torch.pi * f * TIME) for f in (440.0, 554.4, 659.3))
    hum = 0.05 * torch.sin(2 * torch.pi * 50 * TIME)
    assert music_share(noise, RATE, words, active=0.01) < 0.2
    assert music_share(noise + hum, RATE, words, active=0.01) < 0.2
    assert music_share(0.1 * noise + chord, RATE, words, active=0.01) > 0.8
    assert music_share(0.01 * chord, RATE, words, active=0.01) == 0.0


def test_speech_beside_words_is_told_from_speech_of_words(tmp_path):
    (np.random.default_rng(0).standard_normal(4 * RATE) * 3000).astype("<i2").tofile(tmp_path / "samples")
    samples = Samples(tmp_path / "samples", RATE)
    words = [Word("one", start=0.5, end=1.0, confidence=0.9), Word("two", start=1.0, end=1.5, confidence=0.1)]
    scores = score_clip(samples, (0.0, 4.0), words, [(0.4, 3.8)])
    assert 1.9 < scores["untranscribed"] < 2.1 and scores["rate"] == 1.5


def test_speakers_are_counted_by_first_appearance():
    rng = np.random.default_rng(0)
    one, two = rng.standard_normal((2, 64))
    voices = np.stack([v + 0.1 * rng.standard_normal(64) for v in (one, two, one, one, two)])
    assert cluster_speakers(voices, 0.75) == [0, 1, 0, 0, 1]
    assert cluster_speakers(voices[:1], 0.75) == [0]


def test_a_rejection_names_the_threshold_that_was_missed():
    config = JudgeConfig(**settings.compose([], "prepare")["judge"])
    good = {
        "agreement": 0.8,
        "word_agreement": 0.5,
        "untranscribed": 0.0,
        "rate": 14.0,
        "snr": 40.0,
        "bandwidth": 8000.0,
    }
    good |= {"clipping": 0.0, "music": 0.0, "one_speaker": 0.9}

    def told(seconds: float = 5.0, **scores: float) -> str:
        return rejection(good | scores, seconds, config, 2.0, 20.0)

    assert told() == "" and told(seconds=1.0).startswith("1.0 s long")
    assert told(snr=3.0) == "noisy (snr 3)" and told(rate=40.0).startswith("too many characters per second")
    assert rejection({}, 5.0, config, 2.0, 20.0) == "no words in it"
