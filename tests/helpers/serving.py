"""A service with nano nets on a free port of this machine, as it runs for users: uvicorn, in a thread."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers import narrating
from tts import settings
from tts.server.__main__ import load
from tts.server.http import make_server
from tts.server.keys import LOCAL, Keys
from tts.server.service import Service

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
        path = data / "voices" / user / f"{VOICE}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((home / "someone.safetensors").read_bytes())
    return load(conf, infer)


@contextmanager
def running(service: Service, keys: Keys | None = None) -> Iterator[str]:
    """Serve; gives the address."""
    server = make_server(service, keys)
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
