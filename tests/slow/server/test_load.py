"""First sound over HTTP, ten times as many clients as are taken on, minutes at the limit. -s shows the figures."""

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from statistics import mean, median
from urllib.parse import urlsplit

import pytest

from helpers import serving
from helpers.serving import send_book

pytestmark = pytest.mark.slow
SPOKEN = 50  # sentences whose first sound is awaited
WAITING = 4  # requests that are taken on
OVERLOAD, SOAK = 60.0, float(os.environ.get("SOAK", 180.0))  # seconds
FLAT = 0.03  # of the memory
BOUNDS = (f"waiting={WAITING}", f"waiting_per_user={WAITING}", "patience=5")
LONG = " ".join(f"It sang {number} times." for number in range(180))


def body(text: str) -> bytes:
    return json.dumps({"model": "tts-1", "voice": "someone", "input": text, "response_format": "pcm"}).encode()


@dataclass
class Answer:
    """What a client got."""

    status: int
    after: str | None  # Retry-After
    first: float  # seconds to the first byte of the answer
    data: bytes


def ask(address: str, text: str) -> Answer:
    """Over a connection of its own: one that is kept is closed when the machine is slow."""
    connection = HTTPConnection(urlsplit(address).netloc, timeout=300)
    began = time.monotonic()
    try:
        connection.request("POST", "/v1/audio/speech", body(text), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        start = answer.read(1)
        return Answer(answer.status, answer.getheader("Retry-After"), time.monotonic() - began, start + answer.read())
    finally:
        connection.close()


@dataclass
class Crowd:
    """Clients that ask again and again."""

    address: str
    answers: list[Answer] = field(default_factory=list)

    @contextmanager
    def asking(self, clients: int, text: str) -> Iterator[None]:
        """So many at once, until the block ends."""
        ended = threading.Event()

        def client() -> None:
            while not ended.is_set():
                self.answers.append(answer := ask(self.address, text))
                if answer.status != 200:
                    ended.wait(0.05)

        threads = [threading.Thread(target=client) for _ in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            ended.set()
            for thread in threads:
                thread.join()


def memory(process) -> int:
    """Bytes that a process holds, without the files that it maps."""
    fields = Path(f"/proc/{process.pid}/statm").read_text().split()
    return (int(fields[1]) - int(fields[2])) * 4096


def milliseconds(seconds: list[float]) -> str:
    return f"median {median(seconds) * 1e3:.0f} ms, p99 {sorted(seconds)[int(len(seconds) * 0.99)] * 1e3:.0f} ms"


def test_first_sound_alone_and_beside_a_long_text(home, tmp_path):
    """The engine and HTTP take turns, so that both see the same machine."""
    service = serving.make_service(home, tmp_path)
    voice = service.library.latents(service.library.find("local", "someone"))
    alone, over_http, beside = [], [], []

    def direct(text: str) -> float:
        began = time.monotonic()
        chunks = service.speech.stream(text, voice, settings=service.settings, seed=0)
        next(chunk for chunk in chunks if len(chunk.wave))
        chunks.close()
        return time.monotonic() - began

    with serving.running(service) as address:
        for number in range(-3, SPOKEN):
            text = f"The kettle sang {number + 3} times."
            took, answer = direct(text), ask(address, text)
            assert answer.status == 200 and answer.data
            if number >= 0:
                alone.append(took)
                over_http.append(answer.first)
        with Crowd(address).asking(1, LONG):
            for number in range(SPOKEN):
                beside.append(ask(address, f"The kettle sang {number} times.").first)
    more = median(sent - made for made, sent in zip(alone, over_http, strict=True))
    print(f"\nfirst sound: engine {milliseconds(alone)}; HTTP {milliseconds(over_http)}, {more * 1e3:.0f} ms more")
    print(f"beside a long text: {milliseconds(beside)}")


def test_under_overload_clients_are_served_or_told_when_to_come_again(home, tmp_path):
    with serving.own_process(home, tmp_path / "data", *BOUNDS) as (address, process):
        serving.add_voice(home, tmp_path / "data", "local")
        right = ask(address, "It sang.")
        crowd = Crowd(address)
        with crowd.asking(10 * WAITING, "It sang."):
            time.sleep(OVERLOAD / 4)
            before = memory(process)
            time.sleep(OVERLOAD * 3 / 4)
            after = memory(process)
        served = [answer for answer in crowd.answers if answer.status == 200]
        refused = [answer for answer in crowd.answers if answer.status != 200]
        print(f"\n{len(served)} served, {len(refused)} refused: {milliseconds([own.first for own in refused])}")
        print(f"memory {before / 2**20:.0f} MB, {(after - before) / before:+.1%}")
        assert {answer.status for answer in refused} == {429}
        assert all(answer.after and int(answer.after) >= 1 for answer in refused)
        assert {answer.data for answer in served} == {right.data} and right.status == 200
        assert after - before < FLAT * before
        assert ask(address, "It sang.").data == right.data


def test_at_the_limit_for_minutes_memory_stays_flat(home, tmp_path):
    """Short and long texts, clients that leave, and a book beside them."""
    data = tmp_path / "data"
    serving.add_voice(home, data, "local")
    with serving.own_process(home, data, *BOUNDS) as (address, process), serving.client(address) as client:
        host, port = urlsplit(address).netloc.split(":")
        send_book(client, LONG)
        short, long, samples = Crowd(address), Crowd(address), []
        end = time.monotonic() + SOAK
        with short.asking(WAITING - 1, "It sang."), long.asking(1, LONG):
            while time.monotonic() < end:
                with socket.create_connection((host, int(port)), 60) as line:
                    text = body(LONG)
                    head = "POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    line.sendall(f"{head}Content-Length: {len(text)}\r\n\r\n".encode() + text)
                    line.recv(1 << 10)  # and it leaves
                time.sleep(0.5)
                samples.append(memory(process))
        quarter = len(samples) // 4
        before, after = mean(samples[quarter : 2 * quarter]), mean(samples[-quarter:])
        print(f"\n{len(short.answers)} short and {len(long.answers)} long ones in {SOAK:.0f} s")
        print(f"memory {before / 2**20:.0f} MB, {(after - before) / before:+.1%} from the second quarter to the last")
        assert {answer.status for answer in (*short.answers, *long.answers)} <= {200, 429}
        assert any(answer.status == 200 for answer in long.answers)  # it is not starved
        assert abs(after - before) < FLAT * before


def test_who_leaves_or_does_not_read_frees_the_place(home, tmp_path):
    service = serving.make_service(home, tmp_path, f"waiting={WAITING}", f"waiting_per_user={WAITING}", "patience=2")
    with serving.running(service) as address:
        host, port = urlsplit(address).netloc.split(":")
        text = body("It sang. " * 400)
        head = "POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        lines = [socket.create_connection((host, int(port)), 120) for _ in range(WAITING)]
        for line in lines:
            line.sendall(f"{head}Content-Length: {len(text)}\r\n\r\n".encode() + text)
        while len(service.engine.turns) < WAITING:
            time.sleep(0.01)
        assert ask(address, "It sang.").status == 429
        for line in lines[: WAITING // 2]:
            line.recv(1 << 12)
            line.close()  # it leaves; the others read nothing
        while service.engine.turns:
            time.sleep(0.05)
        for line in lines:
            line.close()
        assert ask(address, "It sang.").status == 200
