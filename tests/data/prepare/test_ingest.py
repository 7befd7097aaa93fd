from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
import torch
import torchaudio

from data.prepare.ingest import IngestConfig, SourceRefused, ingest, loudness
from data.prepare.sources import Source
from tts.alignment.recording import Samples

STATUS = Path("/proc/self/status")
LIMITS = IngestConfig(max_hours=0.01, max_channels=2, max_gb=1.0, max_missing=0.05)  # 36 s
TONE = (0.1 * np.sin(2 * np.pi * 997 * np.arange(5 * 48000) / 48000)).astype(np.float32)


def take(path, tmp_path, limits=LIMITS):
    source = Source(path=str(path), name=path.name, corpus="c")
    return ingest(source, limits, 24000, tmp_path / "samples")


@pytest.mark.parametrize("format", ["WAV", "FLAC", "MP3", "OGG"])
def test_recordings_become_samples_of_one_rate(tmp_path, format):
    path = tmp_path / f"tone.{format.lower()}"
    soundfile.write(path, np.stack([TONE, TONE], 1), 48000, format=format)
    found = take(path, tmp_path)
    samples = Samples(tmp_path / "samples", 24000)
    assert len(samples) / 24000 == pytest.approx(5.0, abs=0.1) and found["channels"] == 2
    # A sine of 0 dBFS in one channel is -3.01 LUFS (ITU-R BS.1770-4); this one peaks at -20 dBFS.
    assert found["loudness"] == pytest.approx(-23.0, abs=0.4)
    assert not samples.read(-10, 20)[:10].any() and len(samples.read(-10, 20)) == 30


@pytest.mark.parametrize("rate", [16000, 24000, 48000])
def test_loudness_is_that_of_torchaudio(tmp_path, rate):
    rng = np.random.default_rng(0)
    # Loud, soft and silent by turns, for longer than is read at once.
    tone = np.sin(2 * np.pi * 3000 * np.arange(80 * rate) / rate)
    wave = (tone + rng.standard_normal(len(tone))) * np.repeat([0.05, 0.01, 0.0, 0.1], 20 * rate)
    wave = torch.from_numpy(wave).float()  # its filters stay below 1, where torchaudio's would be clamped
    (wave.numpy() * 32767).astype("<i2").tofile(tmp_path / "samples")
    expected = torchaudio.functional.loudness(wave[None], rate)
    assert loudness(Samples(tmp_path / "samples", rate)) == pytest.approx(float(expected), abs=0.01)


@pytest.mark.skipif(not STATUS.is_file(), reason="the system does not tell what a process holds")
def test_a_long_recording_takes_no_memory(tmp_path):
    def held() -> int:  # kB, files that are mapped into memory included
        return int(next(line for line in STATUS.read_text().splitlines() if line.startswith("VmRSS")).split()[1])

    with open(tmp_path / "samples", "wb") as file:
        file.truncate(200 * 2**20)
    samples, before = Samples(tmp_path / "samples", 24000), held()
    for start in range(0, len(samples), 2**20):
        samples.read(start, start + 2**20)
    assert held() - before < 50 * 2**10


@pytest.mark.parametrize("suffix", ["m4a", "m4b", "mp4"])
def test_mpeg_4_is_read(tmp_path, suffix):
    path = tmp_path / f"book.{suffix}"
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(TONE[None], format="fltp", layout="mono")
        frame.sample_rate = 48000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    assert take(path, tmp_path)["seconds"] == pytest.approx(5.0, abs=0.1)


def broken(folder):
    """Files that are no recording, and the reason that each is to be given."""
    soundfile.write(folder / "whole.wav", TONE, 48000)
    whole = (folder / "whole.wav").read_bytes()
    soundfile.write(folder / "whole.mp3", TONE, 48000, format="MP3")
    (folder / "empty.mp3").write_bytes(b"")
    (folder / "header.wav").write_bytes(whole[:44])
    (folder / "suffix.flac").write_bytes(whole)
    (folder / "text.ogg").write_text("nothing to hear" * 99)
    (folder / "truncated.mp3").write_bytes((folder / "whole.mp3").read_bytes()[:9000])
    (folder / "zero.wav").write_bytes(whole[:24] + bytes(4) + whole[28:])
    soundfile.write(folder / "nan.wav", np.where(np.arange(len(TONE)) == 77, np.nan, TONE), 48000, subtype="FLOAT")
    soundfile.write(folder / "eight.wav", np.stack([TONE] * 8, 1), 48000)
    soundfile.write(folder / "silent.wav", 0 * TONE, 48000)
    soundfile.write(folder / "long.flac", np.zeros(8000 * 40, np.int16), 8000)
    (folder / "list.mp3").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nwhole.wav\n#EXT-X-ENDLIST\n")


REASONS = {
    "empty.mp3": "an empty file",
    "header.wav": "no audio",
    "suffix.flac": "ends in .flac, but it is wav",
    "text.ogg": "cannot be decoded",
    "truncated.mp3": "truncated or damaged",
    "zero.wav": "cannot be decoded|sample rate of 0",
    "nan.wav": "not finite",
    "eight.wav": "8 channels",
    "silent.wav": "silence only",
    "long.flac": "hours long",
    "list.mp3": "cannot be decoded",
}


@pytest.mark.parametrize("name", REASONS)
def test_what_is_no_recording_is_refused_with_its_reason(tmp_path, name):
    broken(tmp_path)
    with pytest.raises(SourceRefused, match=REASONS[name]):
        take(tmp_path / name, tmp_path)
