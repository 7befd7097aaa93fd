import io
import struct
import time
import zlib
from contextlib import contextmanager

import av
import numpy as np
import pytest
import soundfile

from tts.audio import decode
from tts.encoding import FileChapter, open_wave, rate_of
from tts.formats import OUTPUTS

RATE = 24_000
TONE = np.sin(np.arange(RATE, dtype=np.float32) * np.float32(0.05)) * np.float32(0.5)
CHAPTERS = [FileChapter("One", 0.0, 0.4), FileChapter("Zwei; drei = 3", 0.4, 1.0)]


def png(side: int = 8) -> bytes:
    """A grey square."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * side) * side)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@contextmanager
def opened(path):
    with av.open(str(path)) as container:
        yield container


@pytest.mark.parametrize("suffix", OUTPUTS)
def test_written_waves_read_back(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    with open_wave(path, RATE) as file:
        file.write(TONE[:10000])
        file.write(TONE[10000:])
    read = decode(path, RATE)
    assert len(read) == pytest.approx(RATE, abs=1100)
    assert np.abs(read[2000:20000] - TONE[2000:20000]).max() < (0.1 if OUTPUTS[suffix].lossy else 1e-4)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", OUTPUTS)
def test_equal_waves_are_equal_files(tmp_path, suffix):
    written = []
    for cut in (5000, 11111):
        with open_wave(tmp_path / f"a{suffix}", RATE, chapters=CHAPTERS, cover=png(), tags={"title": "T"}) as file:
            file.write(TONE[:cut])
            file.write(TONE[cut:])
        written.append((tmp_path / f"a{suffix}").read_bytes())
        if not cut % 1000:
            time.sleep(1.1)  # a date or a random serial would differ now
    assert written[0] == written[1]


@pytest.mark.parametrize("suffix", [suffix for suffix in OUTPUTS if suffix != ".wav"])
def test_chapters_cover_and_tags_read_back(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    tags = {"title": "Ein Büchlein", "artist": "A. Uthor", "comment": "Synthetic", "language": "en-GB", "date": "1895"}
    with open_wave(path, RATE, tags=tags, chapters=CHAPTERS, cover=png()) as file:
        file.write(TONE)
    with opened(path) as container:
        found = container.metadata | container.streams.audio[0].metadata
        assert {key: found.get(key) for key in tags if key != "language"} == {
            key: value for key, value in tags.items() if key != "language"
        }
        assert found["language"] == ("eng" if suffix in (".m4a", ".m4b") else "en-GB")
        chapters = [(one["metadata"]["title"], one["start"] * float(one["time_base"])) for one in container.chapters()]
        assert chapters == [("One", 0.0), ("Zwei; drei = 3", pytest.approx(0.4, abs=1e-3))]
        (picture,) = container.streams.video
        assert picture.disposition & av.stream.Disposition.attached_pic
        packet = next(packet for packet in container.demux(picture) if packet.size)
        assert bytes(packet) == png()


def test_a_wav_has_its_tags(tmp_path):
    with open_wave(tmp_path / "a.wav", RATE, tags={"title": "T", "comment": "Synthetic"}, cover=png()) as file:
        file.write(TONE)
    with opened(tmp_path / "a.wav") as container:
        assert container.metadata["comment"] == "Synthetic" and container.metadata["title"] == "T"


@pytest.mark.parametrize("cover", [b"#EXTM3U\nhttp://example.org/a.png", png()[:20], b"\xff\xd8\xff broken", b"GIF89a"])
def test_a_cover_that_is_no_picture_is_left_out(tmp_path, cover):
    for suffix in (".m4b", ".ogg"):
        with open_wave(tmp_path / f"a{suffix}", RATE, cover=cover) as file:
            file.write(TONE)
        with opened(tmp_path / f"a{suffix}") as container:
            assert not container.streams.video


def test_tags_hold_whatever_a_book_says(tmp_path):
    with open_wave(tmp_path / "a.mp3", RATE, tags={"title": "a\0b \ud800 c", "album": ""}) as file:
        file.write(TONE)
    with opened(tmp_path / "a.mp3") as container:
        assert container.metadata["title"] == "a b ? c" and "album" not in container.metadata


@pytest.mark.parametrize("suffix", OUTPUTS)
def test_stereo_at_another_rate(tmp_path, suffix):
    stereo = np.stack((TONE, np.float32(0.5) * TONE))
    with open_wave(tmp_path / f"a{suffix}", RATE, channels=2, file_rate=44_100) as file:
        file.write(stereo)
    with opened(tmp_path / f"a{suffix}") as container:
        stream = container.streams.audio[0]
        assert stream.rate == (48_000 if suffix == ".opus" else 44_100) and stream.channels == 2
    read = decode(tmp_path / f"a{suffix}", RATE)
    assert np.abs(read[2000:20000] - stereo.mean(0)[2000:20000]).max() < 0.1


def test_a_codec_gets_a_rate_that_it_has():
    assert rate_of("libopus", 22_050) == 24_000 and rate_of("libopus", 44_100) == 48_000
    assert rate_of("libmp3lame", 96_000) == 48_000 and rate_of("pcm_s16le", 12_345) == 12_345


@pytest.mark.parametrize("suffix", OUTPUTS)
def test_nothing_written_is_still_a_file(tmp_path, suffix):
    with open_wave(tmp_path / f"a{suffix}", RATE):
        pass
    assert (tmp_path / f"a{suffix}").is_file()


@pytest.mark.parametrize("suffix", OUTPUTS)
def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError), open_wave(path, RATE) as file:
        file.write(np.zeros(100))
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", OUTPUTS)
def test_a_full_disk_names_the_file(tmp_path, suffix):
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large") as caught:
            with open_wave(tmp_path / f"a{suffix}", RATE) as file:
                for _ in range(10):
                    file.write(np.random.default_rng(0).standard_normal(RATE).astype(np.float32) * 0.1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert caught.value.filename == str(tmp_path / f"a{suffix}")
    assert not list(tmp_path.iterdir())


def test_minutes_are_written_at_once(tmp_path):
    with open_wave(tmp_path / "a.ogg", 8000) as file:
        file.write(np.zeros(8000 * 60 * 6))
    assert soundfile.info(tmp_path / "a.ogg").frames == 8000 * 60 * 6


def test_what_cannot_be_written_is_named(tmp_path):
    with pytest.raises(ValueError, match="cannot write .xyz: use .wav"), open_wave(tmp_path / "a.xyz", RATE):
        pass
    with pytest.raises(ValueError, match="no such folder"), open_wave(tmp_path / "none" / "a.wav", RATE):
        pass


def test_samples_beyond_full_scale_are_clipped(tmp_path):
    with open_wave(tmp_path / "a.wav", RATE) as file:
        file.write(np.array([3.0, -3.0, 0.0], np.float32))
    read, _ = soundfile.read(io.BytesIO((tmp_path / "a.wav").read_bytes()))
    np.testing.assert_allclose(read, [1.0, -1.0, 0.0], atol=1e-4)
