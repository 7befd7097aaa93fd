"""A server that speaks OpenAI's API on a free port of this machine, and misbehaves when it is told to.

Its answers follow from the request alone: words of a list, drawn by a hash of messages and seed.
"""

import base64
import hashlib
import io
import json
import random
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SUBJECTS = (
    "The duck|The old mill|A small cloud|The frog|Her mother|The river|A lantern|The quiet wood|The owl|The moon".split(
        "|"
    )
)
VERBS = "waited for|looked at|sang to|walked past|remembered|listened to|followed|smiled at|dreamed of|called".split(
    "|"
)
OBJECTS = (
    "the rain|a silver bell|the last tree|the morning|an open door|the warm bread|the hill|a friend|the stars".split(
        "|"
    )
)
ENDS = (
    "without a word|for a long time|until it was dark|as if nothing had happened|once more|very softly|at last".split(
        "|"
    )
)

HOSTS = re.compile(r"Each line begins with (\w+): or (\w+):")


class Server(ThreadingHTTPServer):
    """`faults` are sent instead of the next answers, in order; `requests` are those that came."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.faults: list[Any] = []
        self.requests: list[dict] = []
        self.headers: list[Message] = []
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request, client_address):
        pass  # a client that was killed


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.reply(200, picture(self.path), "image/png")

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.requests.append(body)
            self.server.headers.append(self.headers)
            fault = self.server.faults.pop(0) if self.server.faults else None
        if fault is not None:
            fault(self, body)
        elif self.path.endswith("/images/generations"):
            self.json({"created": 0, "data": [{"b64_json": base64.b64encode(picture(body["prompt"])).decode()}]})
        else:
            self.json(completion(written(body)))

    def reply(self, status: int, data: bytes, kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def json(self, value: Any, status: int = 200, **headers: str) -> None:
        self.reply(status, json.dumps(value).encode(), **headers)


def completion(text: Any, reason: str = "stop") -> dict:
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30}
    choices = [{"index": 0, "message": message, "finish_reason": reason}]
    return {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": choices, "usage": usage}


def written(body: dict) -> str:
    """A text or, if a schema is given, JSON that obeys it."""
    key = json.dumps([body["messages"], body.get("seed")], sort_keys=True)
    chance = random.Random(hashlib.sha256(key.encode()).digest())
    form = body.get("response_format")
    if form:
        return json.dumps(value_of(form["json_schema"]["schema"], chance))
    if hosts := HOSTS.search(str(body["messages"])):
        return "\n\n".join(f"{hosts[1 + turn % 2]}: {sentence(chance)}" for turn in range(4))
    return " ".join(sentence(chance) for _ in range(max(1, body["max_tokens"] // 32)))


def value_of(schema: dict, chance: random.Random) -> Any:
    if "enum" in schema:
        return chance.choice(schema["enum"])
    if schema["type"] == "object":
        return {key: value_of(own, chance) for key, own in schema["properties"].items()}
    if schema["type"] == "array":
        return [value_of(schema["items"], chance) for _ in range(schema.get("minItems", 2))]
    if "maxLength" not in schema:
        return " ".join(sentence(chance) for _ in range(3))
    return sentence(chance)[:-1][: schema["maxLength"]].strip()


def sentence(chance: random.Random) -> str:
    return " ".join(chance.choice(words) for words in (SUBJECTS, VERBS, OBJECTS, ENDS)) + "."


def picture(text: str) -> bytes:
    from PIL import Image

    colour = tuple(hashlib.sha256(text.encode()).digest()[:3])
    file = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(file, "PNG")
    return file.getvalue()


def status(code: int, message: str = "no", **headers: str):
    """An error, which asks to be tried again at once."""

    def send(handler: Handler, body: dict) -> None:
        handler.json({"error": {"message": message}}, code, **{"retry_after_ms": "1", **headers})

    return send


def raw(data: bytes, kind: str = "application/json", length: int | None = None):
    """Something else; with a `length` beyond that of the data it is cut off."""

    def send(handler: Handler, body: dict) -> None:
        if length is None:
            handler.reply(200, data, kind)
        else:
            handler.reply(200, data, kind, Content_Length=str(length))
            handler.close_connection = True

    return send


def text(value: Any, reason: str = "stop"):
    """This answer."""
    return lambda handler, body: handler.json(completion(value, reason))


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
