"""A service with nano nets on a free port of this machine, as it runs for users: uvicorn, in a thread."""

import json
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import openai
from openai import HttpxBinaryResponseContent

from helpers import narrating
from tts import settings
from tts.server.__main__ import load
from tts.server.http import make_server
from tts.server.keys import LOCAL, Keys, add
from tts.server.service import Service
from tts.settings import ROOT

VOICE = "voice_0123456789abcdef"  # of every user, called "someone"
OVERRIDES = ["host=127.0.0.1", "port=0", "mark=false", "aliases.alloy=someone", "patience=5", "drain=5"]


def make_service(home: Path, data: Path, *overrides: str, users: tuple[str, ...] = (LOCAL,)) -> Service:
    """The nets of a home that `narrating.home` made; `overrides` are of conf/serve.yaml and conf/infer.yaml."""
    known = settings.compose([], "serve")
    given = [*OVERRIDES, *narrating.FAST, *overrides]
    own = [item for item in given if item.partition("=")[0].partition(".")[0] in known]
    conf = settings.compose(own, "serve") | {"data": str(data)}
    infer = settings.compose([item for item in given if item not in own]) | {"weights": str(home / "weights")}
    for user in users:
        add_voice(home, data, user)
    return load(conf, infer)


def add_voice(home: Path, data: Path, user: str, name: str = "someone", id: str = VOICE) -> None:
    """Give a user a voice of the home."""
    path = data / "voices" / user / f"{id}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((home / f"{name}.safetensors").read_bytes())


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextmanager
def running(service: Service, keys: Keys | None = None, *, makes: bool = True) -> Iterator[str]:
    """Serve; gives the address. `makes` says whether jobs are made."""
    server = make_server(service, keys, makes=makes)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        service.draining = server.should_exit = True
        thread.join()


@contextmanager
def own_process(home: Path, data: Path, *overrides: str) -> Iterator[tuple[str, subprocess.Popen]]:
    """A service as users start it; gives its address and its process, which is ended with SIGTERM.

    Its log is DATA.log.
    """
    given = [*OVERRIDES, *narrating.FAST, f"data={data}", *overrides]
    command = [sys.executable, "-m", "tts.server", "run", "--weights", str(home / "weights"), "--", *given]
    log = data.with_suffix(".log")
    with open(log, "w") as file:
        process = subprocess.Popen(command, cwd=ROOT, stderr=file)
    try:
        while "running on" not in (told := log.read_text()):
            assert process.poll() is None, told
            time.sleep(0.05)
        yield next(word for word in told.split() if word.startswith("http://")), process
    finally:
        process.terminate()
        process.wait(120)


@dataclass(frozen=True)
class ForTwo:
    """A service with two users."""

    address: str
    file: Path  # of the keys
    keys: dict[str, str]  # by user
    ann: openai.OpenAI
    bob: openai.OpenAI


@contextmanager
def for_two(service: Service, folder: Path, *, makes: bool = True) -> Iterator[ForTwo]:
    """Serve two users, whose keys are made in a folder."""
    file = folder / "keys.txt"
    keys = {user: add(file, user) for user in ("ann", "bob")}
    with running(service, Keys.read(file), makes=makes) as address:
        ann, bob = (client(address, key) for key in keys.values())
        with ann, bob:
            yield ForTwo(address, file, keys, ann, bob)


def client(address: str, key: str = "unused") -> openai.OpenAI:
    """OpenAI's own, which tries nothing twice."""
    return openai.OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0)


def send_book(client: openai.OpenAI, text: str | bytes, name: str = "book.md", **options: object) -> dict:
    """Ask for a narration."""
    data = text.encode() if isinstance(text, str) else text
    body = {"options": json.dumps({"voice": "someone", "format": "flac"} | options)}
    headers = {"Content-Type": "multipart/form-data"}
    asked = {"body": body, "files": {"book": (name, data)}, "options": {"headers": headers}}
    return client.post("/narrations", cast_to=dict, **asked)


def send_show(
    client: openai.OpenAI, show: str, text: str | None = None, file: tuple[str, bytes] | None = None, **options: object
) -> dict:
    """Ask for a show, from a text or from a file with its name."""
    body = {"show": show, "options": json.dumps(options)} | ({} if text is None else {"text": text})
    headers = {"Content-Type": "multipart/form-data"}
    files = {"file": file} if file else {"none": ("", b"")}  # without a file the client would send JSON
    return client.post("/shows", cast_to=dict, body=body, files=files, options={"headers": headers})


def state(client: openai.OpenAI, job: dict) -> dict:
    """How far a job is."""
    return client.get(f"/{job['object']}s/{job['id']}", cast_to=dict)


def followed(client: openai.OpenAI, job: dict) -> list[dict]:
    """What the events of a job say, to its end."""
    address = f"{str(client.base_url).rstrip('/')}/{job['object']}s/{job['id']}/events"
    asked = urllib.request.Request(address, headers={"Authorization": f"Bearer {client.api_key}"})
    with urllib.request.urlopen(asked, timeout=600) as answer:
        return [json.loads(line.removeprefix(b"data: ")) for line in answer if line.startswith(b"data: ")]


def fetched(client: openai.OpenAI, path: str) -> bytes:
    """A file of a narration."""
    return client.get(path, cast_to=HttpxBinaryResponseContent).read()
