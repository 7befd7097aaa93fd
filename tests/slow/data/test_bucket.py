"""Shards in an S3 bucket train a net as those of a folder do."""

import pytest
import torch

import train
from data import remote
from helpers import corpus
from helpers.runs import bare_run, traced


@pytest.fixture(scope="module")
def shards(tmp_path_factory, audio):
    return corpus.make_shards(tmp_path_factory.mktemp("bucket") / "shards", audio)


def batches(path, audio, workers=0):
    return list(corpus.speech_data(path, audio, workers=workers).val_dataloader())


@pytest.fixture
def bucket(shards, tmp_path, monkeypatch) -> str:
    """The shards behind a server that speaks S3: `uv run --group bucket pytest -m slow tests/slow/data`."""
    s3fs, moto = pytest.importorskip("s3fs"), pytest.importorskip("moto.server")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    about = {"AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    for name, value in {**about, "TRIFORCE_CACHE": str(tmp_path / "cache")}.items():
        monkeypatch.setenv(name, value)
    for cached in (remote.local_folder, remote.origin):
        cached.cache_clear()
    s3fs.S3FileSystem.clear_instance_cache()
    store = s3fs.S3FileSystem()
    store.mkdir("bucket")
    for path in shards.iterdir():
        store.put(str(path), f"bucket/shards/{path.name}")
    yield "s3://bucket/shards"
    server.stop()


@pytest.mark.slow
def test_a_bucket_is_trained_from_as_the_folder_is(bucket, shards, audio, tmp_path):
    near = batches(str(shards), audio)
    for workers in (0, 1):
        for a, b in zip(near, batches(bucket, audio, workers=workers), strict=True):
            assert torch.equal(a.wav, b.wav)
        (remote.cache_folder() / "clips").rename(remote.cache_folder() / f"{workers}")
    for name, path in {"near": str(shards), "far": bucket}.items():
        run = bare_run("dvae", path, "", tmp_path / name, "data.workers=1", trace=tmp_path / f"{name}.trace")
        assert train.train(run).global_step == 4
    assert traced(tmp_path / "far.trace") == traced(tmp_path / "near.trace")
    with pytest.raises(ValueError, match="s3://bucket/elsewhere/index.json does not exist"):
        remote.local_folder("s3://bucket/elsewhere")
