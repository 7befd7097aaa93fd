"""uvicorn, set up for this service: limits on headers, no log of paths, and an end that lets requests finish."""

import math
from types import FrameType

import uvicorn

from tts.server.app import make_app
from tts.server.keys import Keys
from tts.server.service import Service

HEADERS = 16 << 10  # bytes of all headers of a request


class Server(uvicorn.Server):
    """Says that the service is draining as soon as it is asked to end."""

    def __init__(self, config: uvicorn.Config, service: Service):
        super().__init__(config)
        self.service = service

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.service.draining = True
        super().handle_exit(sig, frame)


def make_server(service: Service, keys: Keys | None, *, makes: bool = True) -> Server:
    """The server of a service; `run` serves until SIGTERM or Ctrl-C. `makes` as `make_app` has it."""
    conf = service.conf
    config = uvicorn.Config(
        make_app(service, keys, makes=makes),
        host=conf["host"],
        port=conf["port"],
        http="h11",
        h11_max_incomplete_event_size=HEADERS,
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=math.ceil(conf["drain"]),
    )
    return Server(config, service)
