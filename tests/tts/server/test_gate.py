"""What every request passes: keys, origins, sizes, ids, logs, and errors that nobody foresaw."""

import html
import json
import logging
import random
import re
import select
import socket
import string
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import openai
import pytest

from helpers import serving
from tts.server import pages
from tts.server.keys import Keys

SECRET = "Only Ann knows this sentence."


@pytest.fixture(scope="module")
def overrides() -> tuple[str, ...]:
    return ("patience=1", "origins=[https://app.example]")


@pytest.fixture(scope="module")
def users() -> tuple[str, ...]:
    return ("ann",)


@pytest.fixture(scope="module")
def address(two):
    return two.address


@pytest.fixture(scope="module")
def ann(two):
    """The header that says who sends a request."""
    return {"Authorization": f"Bearer {two.keys['ann']}"}


def send(address, method, path, body=b"", **headers) -> tuple[int, dict, bytes]:
    """One request as it stands: status, headers, body."""
    connection = HTTPConnection(urlsplit(address).netloc, timeout=30)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def error_of(body: bytes) -> dict:
    """What is told in OpenAI's shape."""
    found = json.loads(body)
    assert set(found) == {"error"} and set(found["error"]) == {"message", "type", "param", "code"}
    assert isinstance(found["error"]["message"], str) and "Traceback" not in body.decode()
    return found["error"]


def test_keys_are_stored_as_hashes(two):
    text, known = two.file.read_text(), Keys.read(two.file)
    assert not any(key in text for key in two.keys.values())
    assert two.file.stat().st_mode & 0o077 == 0
    assert known.user(two.keys["bob"]) == "bob" and known.user("") is None


@pytest.mark.parametrize("text", ["", "ann", "ann 12", "../ann " + "0" * 64, "Ann " + "0" * 64])
def test_what_is_no_file_of_keys_is_refused(tmp_path, text):
    (tmp_path / "keys").write_text(text)
    with pytest.raises(ValueError, match="keys"):
        Keys.read(tmp_path / "keys")


def test_strangers_get_401(address, two):
    for key in ("wrong", two.keys["ann"][:-1], "x" * 1000):
        with serving.client(address, key) as client, pytest.raises(openai.AuthenticationError) as error:
            client.models.list()
        assert error.value.code == "invalid_api_key"
    status, headers, body = send(address, "GET", "/v1/models")
    assert status == 401 and headers["www-authenticate"] == "Bearer" and "No API key" in error_of(body)["message"]
    assert send(address, "GET", "/metrics")[0] == 401


def test_health_and_readiness_need_no_key(address, service):
    assert send(address, "GET", "/health")[0] == 200 and send(address, "GET", "/ready")[0] == 200
    service.draining = True
    assert send(address, "GET", "/ready")[0] == 503 and send(address, "GET", "/health")[0] == 200
    service.draining = False


def test_an_unknown_path_or_method_is_told_in_the_same_shape(address, ann):
    status, headers, body = send(address, "GET", "/v1/nothing", **ann)
    assert status == 404 and error_of(body)["type"] == "invalid_request_error" and headers["x-request-id"]
    status, headers, body = send(address, "PUT", "/v1/audio/speech", **ann)
    assert status == 405 and error_of(body)["code"] == "method_not_allowed" and headers["allow"] == "POST"


def test_a_giant_body_is_refused_before_it_is_read(address, ann):
    giant = {"Content-Type": "application/json", "Content-Length": str(10**12), **ann}
    status, _, body = send(address, "POST", "/v1/audio/speech", b"{", **giant)
    assert status == 413 and error_of(body)["code"] == "request_too_large"


def test_a_giant_body_of_unknown_length_is_refused_where_it_gets_too_large(address, ann):
    chunk = b"%x\r\n%s\r\n" % (1 << 14, b" " * (1 << 14))
    head = f"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nAuthorization: {ann['Authorization']}\r\n"
    head += "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(urlsplit(address).netloc.split(":"), 30) as line:
        line.sendall(head.encode())
        for _ in range(8):
            if select.select([line], [], [], 0.1)[0]:  # the answer is there; the connection will be closed
                break
            line.sendall(chunk)
        assert line.recv(64).startswith(b"HTTP/1.1 413")


def test_a_flood_of_headers_is_refused(address):
    with socket.create_connection(urlsplit(address).netloc.split(":"), 30) as line:
        line.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 10_000)
        assert line.recv(64).startswith(b"HTTP/1.1 4")


def test_a_body_that_does_not_come_is_given_up(address, ann):
    late = {"Content-Type": "application/json", "Content-Length": "100", **ann}
    status, _, body = send(address, "POST", "/v1/audio/speech", b"{", **late)
    assert status == 408 and error_of(body)["code"] == "request_timeout"


PLACES = [
    "/v1/audio/speech",
    "/v1/audio/transcriptions",
    "/v1/audio/translations",
    "/v1/audio/voices",
    "/v1/audio/voices/mix",
]  # where a POST takes a place of the engine


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("bound, refused", [("most_per_user", 429), ("most", 503)])
def test_without_a_place_in_the_engine_nothing_is_read(address, service, ann, monkeypatch, path, bound, refused):
    """The body never comes, and the answer is there all the same."""
    monkeypatch.setattr(service.engine, bound, 0)
    late = {"Content-Type": "application/json", "Content-Length": "100", **ann}
    status, headers, body = send(address, "POST", path, b"", **late)
    assert status == refused and int(headers["retry-after"]) >= 1 and error_of(body)["message"]
    assert send(address, "GET", "/v1/audio/voices", **ann)[0] == 200
    counted = send(address, "GET", "/metrics", **ann)[2].decode()
    assert f'triforce_requests_total{{method="POST",route="{path}",status="{refused}"}}' in counted


def test_strangers_are_not_told_how_busy_the_engine_is(address, service, monkeypatch):
    monkeypatch.setattr(service.engine, "most", 0)
    assert send(address, "POST", PLACES[0], b"{}")[0] == 401


def test_pages_of_other_origins_may_not_call(address, ann):
    assert send(address, "GET", "/v1/models", Origin="https://evil.example", **ann)[0] == 403
    status, headers, _ = send(address, "GET", "/v1/models", Origin="https://app.example", **ann)
    assert status == 200 and headers["access-control-allow-origin"] == "https://app.example"
    assert send(address, "GET", "/v1/models", Origin=address, **ann)[0] == 200


def test_the_page_needs_no_key_and_fetches_nothing_of_other_hosts(address):
    status, headers, body = send(address, "GET", "/")
    text = body.decode()
    known = json.loads(html.unescape(re.search('data-settings="([^"]*)"', text)[1]))
    assert status == 200 and headers["content-type"].startswith("text/html") and known["chars"] == 4096
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    parts = re.findall(r'(?:src|href)="([^#"][^"]*)"', text)
    assert parts and all(part.startswith("/page/") for part in parts)
    for name in pages.FILES:
        status, _, body = send(address, "GET", f"/page/{name}")
        assert status == 200 and b"://" not in body.replace(b"http://www.w3.org/2000/svg", b"")


@pytest.mark.parametrize("name", ["nothing.js", "..%2fapp.py", "../app.py", "%2e%2e/app.py", "index.html%00"])
def test_no_other_file_is_part_of_the_page(address, name):
    status, _, body = send(address, "GET", f"/page/{name}")
    assert status == 404 and error_of(body)["code"] == "not_found"


def test_without_keys_only_localhost_is_answered(home, tmp_path):
    service = serving.make_service(home, tmp_path)
    with serving.running(service) as address:
        assert send(address, "GET", "/v1/models")[0] == 200
        status, headers, body = send(address, "GET", "/v1/models", Host="rebound.example")
        assert status == 403 and error_of(body)["type"] == "permission_error"
        assert "access-control-allow-origin" not in headers


def test_one_user_does_not_see_anothers_voice(two):
    with pytest.raises(openai.BadRequestError) as error:
        two.bob.audio.speech.create(model="tts-1", voice=serving.VOICE, input="It sang.")
    assert error.value.param == "voice" and "someone" not in str(error.value)


def logged(caplog, **wanted) -> dict:
    """The line of the service's log with these values. It may be written after the client has its answer."""
    until = time.monotonic() + 30
    while True:
        lines = [json.loads(record.message) for record in caplog.records if record.name == "tts.server"]
        found = [line for line in lines if wanted.items() <= line.items()]
        if found or time.monotonic() > until:
            (line,) = found
            return line
        time.sleep(0.01)


def test_what_nobody_foresaw_is_500_with_an_id_and_the_log_has_the_place_but_no_text(two, service, caplog):
    """The nets are taken away, so speaking fails with an error that has the text in its message."""

    class Broken:
        def __getattr__(self, name):
            raise RuntimeError(SECRET)

    whole, service.speech.vocoder = service.speech.vocoder, Broken()
    caplog.set_level(logging.INFO, "tts.server")
    try:
        with pytest.raises(openai.InternalServerError) as error:
            two.ann.audio.speech.create(model="tts-1", voice="someone", input=SECRET)
    finally:
        service.speech.vocoder = whole
    assert error.value.status_code == 500 and SECRET not in str(error.value)
    fault = logged(caplog, event="fault", id=error.value.request_id)
    assert fault["type"] == "RuntimeError"
    assert any("pipeline.py" in place for place in fault["where"]) and SECRET not in caplog.text
    assert b'triforce_faults_total{type="RuntimeError"} 1.0' in service.metrics.text()
    data = two.ann.audio.speech.create(model="tts-1", voice="someone", input="It sang.", response_format="pcm").read()
    assert len(data) > 1000  # the engine goes on


def test_requests_are_logged_and_counted_without_their_text(two, service, caplog):
    caplog.set_level(logging.INFO, "tts.server")
    answer = two.ann.audio.speech.create(model="tts-1", voice="someone", input=SECRET)
    answer.read()
    line = logged(caplog, event="request", id=answer.response.headers["x-request-id"])
    assert line["route"] == "/v1/audio/speech" and line["status"] == 200 and line["user"] == "ann" and line["sent"]
    assert SECRET not in caplog.text
    told = service.metrics.text().decode()
    assert 'triforce_requests_total{method="POST",route="/v1/audio/speech",status="200"}' in told
    for name in ("first_audio_seconds_count", "real_time_factor_count", "sound_seconds_total", "turns"):
        assert f"triforce_{name} " in told
    assert SECRET not in told


def malformed(chance: random.Random) -> tuple[str, str, bytes, dict[str, str]]:
    """A request that is wrong in some way: method, path, body, headers."""
    right = {"model": "tts-1", "voice": "someone", "input": "It sang."}
    odd = [None, True, -1, 10**400, 1e308, [], {}, [[]], "", "\0", "\ud800", "x" * 5000, "../../etc/passwd", {"id": 1}]
    json_type = {"Content-Type": "application/json"}

    def field():
        name = chance.choice(["model", "voice", "input", "speed", "response_format", "stream_format"])
        value = chance.choice(odd)
        if name == "input" and isinstance(value, str) and value.strip("\0\ud800"):
            value = chance.choice(["", 7, "...", "x" * 5000])
        if name == "speed" and value is True:
            value = "fast"
        return right | {name: value if name != "stream_format" or value else 1}

    def text() -> bytes:
        whole = json.dumps(right)
        place = chance.randrange(1, len(whole) - 1)
        return chance.choice(
            [
                whole[:place].encode(),
                chance.randbytes(40),
                b"\xff" + whole.encode(),
                b"[" * 100_000,
                b"9" * 5000,
                b'{"speed": NaN, "input": 1}',
                b"null",
                b"",
                b'"' + whole.encode(),
                b"model=tts-1&input=x",
            ]
        )

    def path() -> str:
        letters = "".join(chance.choices(string.ascii_letters + "/._~", k=12))
        return chance.choice(
            ["/v1/models/..%2f..%2fetc%2fpasswd", f"/v1/{letters}", "/v1/audio/", "/%00", "//", "/v1/audio/speech/../x"]
        )

    kind = chance.randrange(6)
    if kind == 0:
        return "POST", "/v1/audio/speech", json.dumps(field()).encode(), json_type
    if kind == 1:
        return "POST", "/v1/audio/speech", text(), json_type
    if kind == 2:
        name = "".join(chance.choices(string.printable, k=8))
        return "POST", "/v1/audio/speech", json.dumps(right | {name + "?": 1}).encode(), json_type
    if kind == 3:
        missing = {key: value for key, value in right.items() if key != chance.choice(list(right))}
        whole = missing if len(missing) < len(right) else {}
        return "POST", "/v1/audio/speech", json.dumps(whole).encode(), json_type
    if kind == 4:
        types = [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "multipart/form-data; boundary=x",
        ]
        return "POST", "/v1/audio/speech", json.dumps(right).encode(), {"Content-Type": chance.choice(types)}
    return chance.choice(["GET", "POST", "DELETE", "PATCH", "BREW"]), path(), b"", {}


def test_300_malformed_requests_are_told_in_openais_shape(address, ann, caplog):
    caplog.set_level(logging.INFO, "tts.server")
    chance = random.Random(17)
    for _ in range(300):
        method, path, body, headers = malformed(chance)
        status, _, told = send(address, method, path, body, **headers, **ann)
        assert 400 <= status < 500, (status, method, path, body[:200], told)
        error_of(told)
    assert not [record for record in caplog.records if "fault" in record.message]
    assert not caplog.text.count("Traceback")
