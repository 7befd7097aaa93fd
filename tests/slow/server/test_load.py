"""Ten times as many clients as the service takes on, and clients that leave or do not read."""

import json
import socket
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from helpers import narrating, serving

pytestmark = pytest.mark.slow
WAITING = 4
CLIENTS = 10 * WAITING
SECONDS = 60.0
ROOMY = 64 << 20  # bytes that the process may grow by
HEADERS = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    home = narrating.home(tmp_path_factory.mktemp("home"))
    bounds = (f"waiting={WAITING}", f"waiting_per_user={WAITING}", "patience=2")
    return serving.make_service(home, tmp_path_factory.mktemp("data"), *bounds)


@pytest.fixture(scope="module")
def address(service):
    with serving.running(service) as address:
        yield address


def body(text: str) -> bytes:
    return json.dumps({"model": "tts-1", "voice": "someone", "input": text, "response_format": "pcm"}).encode()


def ask(connection: HTTPConnection, text: str) -> tuple[int, str | None, bytes]:
    connection.request("POST", "/v1/audio/speech", body(text), HEADERS)
    answer = connection.getresponse()
    return answer.status, answer.getheader("Retry-After"), answer.read()


def resident() -> int:
    """Bytes of memory that this process, which serves and asks, has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def idle(service) -> bool:
    """Whether the engine gets rid of all turns."""
    end = time.monotonic() + 120
    while service.engine.turns and time.monotonic() < end:
        time.sleep(0.05)
    return not service.engine.turns


def test_under_overload_clients_are_served_or_told_when_to_come_again(address, service):
    host = urlsplit(address).netloc
    _, _, right = ask(HTTPConnection(host, timeout=120), "It sang.")
    found, refused, grown = [], [], []
    end = time.monotonic() + SECONDS

    def client() -> None:
        connection = HTTPConnection(host, timeout=300)
        while time.monotonic() < end:
            began = time.monotonic()
            status, after, data = ask(connection, "It sang.")
            found.append((status, after, data if status == 200 else b""))
            if status != 200:
                refused.append(time.monotonic() - began)
                time.sleep(0.05)

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    time.sleep(SECONDS / 4)
    grown.append(resident())
    for thread in threads:
        thread.join()
    grown.append(resident())
    served = [data for status, _, data in found if status == 200]
    print(f"{len(served)} served, {len(refused)} refused, p99 {sorted(refused)[int(len(refused) * 0.99)] * 1e3:.0f} ms")
    print(f"memory: {(grown[1] - grown[0]) / 2**20:+.1f} MB in the last three quarters")
    assert {status for status, _, _ in found} == {200, 429}
    assert all(after and int(after) >= 1 for status, after, _ in found if status != 200)
    assert set(served) == {right}
    assert grown[1] - grown[0] < ROOMY and idle(service)


def test_who_leaves_or_does_not_read_frees_the_place(address, service):
    host, port = urlsplit(address).netloc.split(":")
    text = body("It sang. " * 400)
    head = "POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(text)}\r\n\r\n"
    lines = [socket.create_connection((host, int(port)), 120) for _ in range(WAITING)]
    for line in lines:
        line.sendall(head.encode() + text)
    assert ask(HTTPConnection(host, int(port), timeout=120), "It sang.")[0] == 429
    for line in lines[: WAITING // 2]:
        line.recv(1 << 12)
        line.close()  # it leaves; the others read nothing
    assert idle(service)
    for line in lines:
        line.close()
    assert ask(HTTPConnection(host, int(port), timeout=120), "It sang.")[0] == 200
