"""The store of takes: what is read is what was written, or it is refused."""

import numpy as np
import pytest
import soundfile

from tts.narration.takes import BrokenTake, StoredTake, TakeStore, digest
from tts.narration.times import SaidWord

KEY, OTHER = digest("a take"), digest("another take")
KNOWN = {"seed": 4, "attempts": 2, "faults": ["skips 'kettle'"], "words": [SaidWord("{K EH T L}", 0.1, 0.25)]}


@pytest.fixture
def store(tmp_path) -> TakeStore:
    return TakeStore(tmp_path / "takes", 24000)


def wave(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, 4800).astype(np.float32)


def test_a_take_is_read_as_it_was_written(store):
    take = store.put(wave(), key=KEY, loss=1.23456, **KNOWN)
    assert take == store.find(KEY) == StoredTake(**vars(take))
    assert (take.samples, take.loss, take.words) == (4800, 1.235, KNOWN["words"])
    assert np.abs(store.read(KEY) - wave()).max() <= 2**-16 + 1e-7
    again = TakeStore(store.folder.with_name("again"), 24000)
    again.put(store.read(KEY), key=KEY, loss=1.23456, **KNOWN)
    assert again.path(KEY).read_bytes() == store.path(KEY).read_bytes()


def test_what_is_missing_is_missing(store):
    assert store.find(KEY) is None
    with pytest.raises(BrokenTake):
        store.read(KEY)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_a_take_that_was_cut_off_is_broken(store, share):
    store.put(wave(), key=KEY, loss=0.0, **KNOWN)
    data = store.path(KEY).read_bytes()
    store.path(KEY).write_bytes(data[: round(share * len(data))])
    with pytest.raises(BrokenTake, match=str(store.path(KEY))):
        store.read(KEY)


def test_another_file_under_its_name_is_no_take(store):
    store.put(wave(), key=OTHER, loss=0.0, **KNOWN)
    store.path(KEY).parent.mkdir(parents=True, exist_ok=True)
    store.path(KEY).write_bytes(store.path(OTHER).read_bytes())
    with pytest.raises(BrokenTake, match="another file"):
        store.find(KEY)
    soundfile.write(store.path(KEY), wave(), 24000)
    with pytest.raises(BrokenTake, match="not written here"):
        store.find(KEY)


def test_changed_samples_are_noticed(store):
    take = store.put(wave(), key=KEY, loss=0.0, **KNOWN)
    with soundfile.SoundFile(store.path(KEY)) as file:
        comment = file.comment
    with soundfile.SoundFile(store.path(KEY), "w", 24000, 1, "PCM_16", format="FLAC") as file:
        file.comment = comment
        file.write(wave(1))
    assert store.find(KEY) == take
    with pytest.raises(BrokenTake, match="damaged"):
        store.read(KEY)
