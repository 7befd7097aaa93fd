"""Shards behind a web server that is slow, fails, or lies: the same samples as from the folder, or its name."""

import http.server
import re
import threading
import time

import pytest
import torch

from data import remote
from data.index import read_index
from helpers import corpus
from tts.types import AudioConfig


class Server(http.server.ThreadingHTTPServer):
    """Files of a folder, with ranges; `faults` says what goes wrong next, one for each request."""

    daemon_threads = True

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.faults: list = []
        self.always = None
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/shards"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        fault = self.server.faults.pop(0) if self.server.faults else self.server.always
        path = self.server.folder / self.path.removeprefix("/shards/").lstrip("/")
        if isinstance(fault, int) or not path.is_file():
            self.send_error(fault or 404)
            return
        if fault == "silent":
            time.sleep(1.0)
            return
        data = path.read_bytes()
        sent = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if sent and fault != "whole":
            data = data[int(sent[1]) : int(sent[2]) + 1]
        self.send_response(206 if sent and fault != "whole" else 200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if fault == "cut" else data)

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def shards(tmp_path_factory, audio):
    return corpus.make_shards(tmp_path_factory.mktemp("remote") / "shards", audio)


@pytest.fixture
def server(shards, tmp_path, monkeypatch):
    monkeypatch.setenv("TRIFORCE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(remote, "WAIT", 0.001)
    monkeypatch.setattr(remote, "PATIENCE", 0.5)
    for cached in (remote.local_folder, remote.origin):
        cached.cache_clear()
    server = Server(shards)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def batches(path: str, audio: AudioConfig, workers: int = 0) -> list:
    return list(corpus.speech_data(path, audio, workers=workers).val_dataloader())


def test_the_same_batches_as_from_the_folder_and_nothing_asked_twice(server, shards, audio):
    near, far = batches(str(shards), audio), batches(server.url, audio)
    assert near
    for a, b in zip(near, far, strict=True):
        assert a.keys == b.keys
        assert torch.equal(a.wav, b.wav)
        assert torch.equal(a.reference, b.reference)
    asked = len(server.asked)
    batches(server.url, audio, workers=1)
    assert len(server.asked) == asked
    (remote.cache_folder() / "clips").rename(remote.cache_folder() / "elsewhere")
    for a, b in zip(near, batches(server.url, audio, workers=2), strict=True):
        assert torch.equal(a.wav, b.wav)
    assert remote.manifest(server.url) == {server.url: remote.manifest(str(shards))[str(shards)]}


def test_failures_that_pass_cost_only_time(server, shards, audio):
    server.faults = [503, 500, "silent", "cut", None, 429, "cut", "whole"]
    for a, b in zip(batches(str(shards), audio), batches(server.url, audio), strict=True):
        assert torch.equal(a.wav, b.wav)
    assert not server.faults


def test_a_failure_that_stays_names_the_shard(server, shards, audio, caplog):
    with pytest.raises(ValueError, match="does not exist"):
        remote.local_folder(server.url.replace("shards", "elsewhere"))
    with pytest.raises(ValueError, match="elsewhere"):
        remote.local_folder("elsewhere://there")
    remote.local_folder(server.url)
    server.always = 503
    shards = read_index(remote.local_folder(server.url)).shards
    name, size = shards[0].name, shards[0].bytes
    with pytest.raises(ValueError, match=rf"{name} could not be read in {remote.TRIES} tries .*503"):
        remote.read_range(f"{server.url}/{name}", 0, size)
    batches(server.url, audio)
    assert any(f"{server.url}/{shard.name} could not be read" in caplog.text for shard in shards)


def test_the_cache_stays_within_its_bound_and_keeps_what_is_used(server, tmp_path, monkeypatch):
    monkeypatch.setenv("TRIFORCE_CACHE_GB", str(64e3 / 1e9))
    remote.local_folder(server.url)
    shard = max(read_index(remote.local_folder(server.url)).shards, key=lambda shard: shard.bytes)
    url, piece, size = f"{server.url}/{shard.name}", 1000, shard.bytes

    def held() -> int:
        return sum(path.stat().st_size for path in (tmp_path / "cache/clips").glob("*/*"))

    for start in range(0, min(size - piece, 100 * piece), piece):
        remote.read_range(url, start, start + piece)
        remote.read_range(url, 0, piece)
        assert held() <= 64e3 * (1 + 1 / remote.CHECKS) + piece
    assert held() > 32e3
    asked = len(server.asked)
    remote.read_range(url, 0, piece)
    assert len(server.asked) == asked
