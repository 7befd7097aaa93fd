"""The small writer that ships, and llama.cpp's own server as an endpoint: one model, in this process and behind it."""

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest

from tts.shows.models import smollm
from tts.shows.models.http import HttpWriter
from tts.shows.models.protocols import ASSISTANT, SYSTEM, USER, Message

pytestmark = pytest.mark.slow
pytest.importorskip("xllamacpp")
pytest.importorskip("openai")

TALK = [Message(SYSTEM, "You tell bedtime stories."), Message(USER, "Tell a story about a duck in the rain.")]
SCHEMA = {
    "type": "object",
    "properties": {"animal": {"enum": ["duck", "frog"]}, "title": {"type": "string", "maxLength": 40}},
    "required": ["animal", "title"],
    "additionalProperties": False,
}
SERVE = """
import sys, time, xllamacpp
given = xllamacpp.CommonParams()
given.model.path, given.n_ctx, given.n_parallel = sys.argv[1], 1024, 1
given.cpuparams.n_threads = given.cpuparams_batch.n_threads = 1
given.warmup, given.verbosity = False, -1
server = xllamacpp.Server(given)
print(server.listening_address, flush=True)
time.sleep(3600)
"""


@pytest.fixture(scope="module")
def address():
    if find_spec(smollm.PACKAGE) is None:
        pytest.skip("the weights are not installed")
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, smollm.weights()], stdout=subprocess.PIPE, text=True
    ) as process:
        yield f"{process.stdout.readline().strip()}/v1"
        process.kill()


@pytest.fixture(scope="module")
def writer(address):
    return HttpWriter(address, "smollm", retries=0)


def test_the_server_writes_and_says_when_it_was_cut_off(writer):
    written = writer.write(TALK, tokens=12, seed=1)
    assert written.text.strip() and not written.finished and written.tokens_out == 12 and written.tokens_in > 20


def test_the_server_and_the_writer_that_ships_obey_a_schema(writer):
    for own in (writer, smollm.SmolLM()):
        found = json.loads(own.write(TALK, tokens=120, seed=2, schema=SCHEMA).text)
        assert found["animal"] in ("duck", "frog") and len(found["title"]) <= 40


def test_the_writer_that_ships_draws_the_same_for_the_same_seed_whatever_was_asked_before():
    own = smollm.SmolLM()
    talk = [*TALK, Message(ASSISTANT, "The duck looked up and")]
    first = own.write(talk, tokens=16, seed=5)
    assert own.write(talk, tokens=16, seed=6) != first
    own.write(TALK, tokens=16, seed=1)
    assert own.write(talk, tokens=16, seed=5) == first
    assert smollm.SmolLM().write(talk, tokens=16, seed=5) == first
    assert not first.text.startswith("The duck")


def test_what_is_too_long_for_the_server_is_told_in_one_line(writer):
    with pytest.raises(ValueError, match="refuses the request: .*context"):
        writer.write([Message(USER, "rain " * 3000)], tokens=10, seed=1)


def test_a_server_that_dies_is_told(address):
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, smollm.weights()], stdout=subprocess.PIPE, text=True
    ) as process:
        own = HttpWriter(f"{process.stdout.readline().strip()}/v1", "smollm", retries=0)
        assert own.write(TALK, tokens=4, seed=1).text
        process.kill()
        process.wait()
        with pytest.raises(OSError, match="cannot be reached"):
            own.write(TALK, tokens=4, seed=1)


def test_nobody_else_can_use_the_model_of_the_writer_that_ships():
    import urllib.error
    import urllib.request

    own = smollm.SmolLM()
    assert own.write(TALK, tokens=4, seed=1).text
    body = json.dumps({"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 2}).encode()
    address = f"{own._server.listening_address}/v1/chat/completions"
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(urllib.request.Request(address, body, {"Content-Type": "application/json"}), timeout=60)
