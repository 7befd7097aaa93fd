"""Models behind an address, against a server on this machine that fails in every way that servers do."""

import base64
import threading

import pytest

from helpers.answering import raw, status, text
from tts.shows.calls import Budget, Calls, Spent
from tts.shows.models.http import HttpEye, HttpPainter, HttpWriter
from tts.shows.models.protocols import USER, Message

pytest.importorskip("openai")
HELLO = [Message(USER, "Hello?")]
SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}


@pytest.fixture
def writer(server):
    return HttpWriter(server.address, "m", timeout=5, retries=2)


def ask(writer, **changed):
    return writer.write(HELLO, **{"tokens": 40, "seed": 3} | changed)


def test_a_request_says_what_is_asked_for_and_the_answer_is_told_whole(server, writer):
    written = ask(writer)
    (request,) = server.requests
    assert request["messages"] == [{"role": "user", "content": "Hello?"}]
    assert (request["model"], request["max_tokens"], request["seed"]) == ("m", 40, 3)
    assert written.text.endswith(".") and written.finished and (written.tokens_in, written.tokens_out) == (20, 10)


def test_an_answer_that_reached_the_limit_is_not_finished(server, writer):
    server.faults = [text("Once upon a", "length")]
    assert not ask(writer).finished


@pytest.mark.parametrize(
    "fault",
    [status(429), status(500), status(503), status(408), raw(b'{"choices": [', length=500)],
    ids=["rate limit", "error", "overloaded", "timeout", "cut off"],
)
def test_a_request_that_fails_twice_is_repeated(server, writer, fault):
    server.faults = [fault, fault]
    assert ask(writer).text and len(server.requests) == 3


NONSENSE = {
    "a page": raw(b"<html>Welcome</html>", "text/html"),
    "broken": raw(b'{"choices": [{"mess'),
    "no choices": raw(b'{"choices": []}'),
    "another thing": raw(b"[1, 2]"),
    "no text": text(None),
    "blank": text("  \n"),
}


@pytest.mark.parametrize("fault", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_asked_again_twice_and_then_told_in_one_line(server, writer, fault):
    server.faults = [fault, fault]
    assert ask(writer).text and len(server.requests) == 3
    server.faults = [fault] * 3
    with pytest.raises(OSError, match="m at http.* answered with nonsense 3 times .*: run again to go on"):
        ask(writer)


def test_json_that_is_not_as_asked_is_asked_again_with_another_seed_and_all_of_it_counts(server, writer):
    server.faults = [text("Here you are!"), text('{"name": 1}')]
    written = ask(writer, schema=SCHEMA)
    assert '"title"' in written.text and (written.tokens_in, written.tokens_out) == (60, 30)
    assert [request["seed"] for request in server.requests] == [3, 4, 5]


def test_a_server_that_knows_no_schemas_is_told_the_schema_in_words(server, writer):
    server.faults = [status(400, "response_format"), text('{"title": "Rain"}')]
    assert ask(writer, schema=SCHEMA).text == '{"title": "Rain"}'
    assert "response_format" not in server.requests[1] and '"title"' in server.requests[1]["messages"][0]["content"]


FINAL = {
    "key": ([status(401)], ValueError, "asks for a key: set SHOWS_API_KEY"),
    "model": ([status(404, "model not found")], ValueError, "is not there .*model not found"),
    "refused": ([status(400, "too long")], ValueError, "refuses the request: .*too long"),
    "limit": ([status(429, "quota")] * 3, OSError, "allows no more requests for now .*run again to go on"),
    "broken": ([status(500)] * 3, OSError, "fails .*run again to go on"),
}


@pytest.mark.parametrize("faults, kind, line", FINAL.values(), ids=FINAL)
def test_what_fails_for_good_is_one_line_that_says_what_to_do(server, writer, faults, kind, line):
    server.faults = faults
    with pytest.raises(kind, match=line) as raised:
        ask(writer)
    assert "\n" not in str(raised.value)


def test_a_server_that_is_too_slow_or_gone_is_told(server):
    waiting = threading.Event()
    server.faults = [lambda handler, body: waiting.wait(10)]
    with pytest.raises(OSError, match="gave no answer within 0.1 s, 1 times: run again to go on"):
        ask(HttpWriter(server.address, "m", timeout=0.1, retries=0))
    waiting.set()
    with pytest.raises(OSError, match="cannot be reached .*see that it runs"):
        ask(HttpWriter("http://127.0.0.1:9/v1", "m", retries=0))


def test_openais_key_goes_to_openai_alone(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "of-openai")
    monkeypatch.delenv("SHOWS_API_KEY", raising=False)
    ask(HttpWriter(server.address, "m"))
    monkeypatch.setenv("SHOWS_API_KEY", "given")
    ask(HttpWriter(server.address, "m"))
    assert [headers["Authorization"] for headers in server.headers] == ["Bearer none", "Bearer given"]
    assert HttpWriter("https://api.openai.com/v1", "m").client.api_key == "given"


def test_kept_answers_are_not_asked_for_again_and_the_budget_stops_before_a_request(server, tmp_path):
    ask(Calls(tmp_path, Budget(tokens=100, images=0)).writer(HttpWriter(server.address, "m")))
    calls = Calls(tmp_path, Budget(tokens=100, images=0))
    kept = calls.writer(HttpWriter(server.address, "m"))
    assert ask(kept).text and len(server.requests) == 1 and (calls.kept, calls.paid.tokens) == (1, 30)
    with pytest.raises(Spent, match="budget of 100 tokens .*30 are spent .*--tokens"):
        ask(kept, tokens=90)
    ask(kept, seed=4)
    assert len(server.requests) == 2 and calls.paid.tokens == 60


def test_an_eye_is_shown_the_picture(server, tmp_path):
    from PIL import Image

    Image.new("RGBA", (3000, 2000), (200, 10, 10, 255)).save(tmp_path / "red.png")
    server.faults = [text("A red\nwall.")]
    assert HttpEye(server.address, "m").caption(tmp_path / "red.png") == "A red wall."
    url = server.requests[0]["messages"][0]["content"][1]["image_url"]["url"]
    data = base64.b64decode(url.removeprefix("data:image/jpeg;base64,"))
    (tmp_path / "seen.jpg").write_bytes(data)
    with Image.open(tmp_path / "seen.jpg") as seen:
        assert seen.size == (1024, 683) and seen.getpixel((5, 5))[0] > 190
    (tmp_path / "no.jpg").write_bytes(b"no picture")
    with pytest.raises(ValueError, match="no.jpg is no picture that can be read"):
        HttpEye(server.address, "m").caption(tmp_path / "no.jpg")


def test_a_painter_gives_the_size_that_is_asked_for_whatever_the_server_can(server):
    painter = HttpPainter(server.address, "m")
    assert painter.paint("A hill.", (320, 200), seed=0).size == (320, 200)
    assert (server.requests[0]["size"], server.requests[0]["prompt"]) == ("320x200", "A hill.")
    by_address = raw(b'{"data": [{"url": "%s/a.png"}]}' % server.address.encode())
    server.faults = [status(400), status(400), by_address]
    assert painter.paint("A hill.", (320, 200), seed=0).size == (320, 200)
    assert server.requests[-1]["size"] == "1024x1024"
    server.faults = [raw(b'{"data": [{"b64_json": "bm8="}]}')] * 3
    with pytest.raises(OSError, match="nonsense 3 times .*no picture"):
        painter.paint("A hill.", (320, 200), seed=0)


def test_a_picture_is_kept_with_its_credits(server, tmp_path):
    calls = Calls(tmp_path, Budget(tokens=0, images=1))
    first = calls.painter(HttpPainter(server.address, "m")).paint("A hill.", (32, 20), seed=0)
    again = calls.painter(HttpPainter(server.address, "m")).paint("A hill.", (32, 20), seed=0)
    assert list(first.getdata()) == list(again.getdata()) and len(server.requests) == 1
    with pytest.raises(Spent, match="budget of 1 images"):
        calls.painter(HttpPainter(server.address, "m")).paint("A lake.", (32, 20), seed=0)
