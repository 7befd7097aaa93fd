"""Narrations over HTTP, made by processes of their own: followed, fetched, cancelled, resumed, ended and killed."""

import random
import signal
import time
from contextlib import contextmanager
from pathlib import Path

import openai
import pytest
import soundfile

from helpers import narrating, serving
from helpers.narrating import BOOK, contents, narrate
from helpers.serving import fetched, followed, send_book, state
from tts.server.jobs import CANCELLED, DONE, FAILED, MAKING, WAITING

pytestmark = pytest.mark.slow
KILLS = 20
# Nine chapters in which no sentence comes twice, so that each is a take of its own.
LONG = "\n\n".join(f"# Chapter {n}\n\n" + "\n\n".join(f"It sang {n} times {k}." for k in range(6)) for n in range(9))


@pytest.fixture(scope="module")
def users() -> tuple[str, ...]:
    return ("ann", "bob")


def test_a_book_is_followed_and_fetched_and_is_what_the_command_line_makes(ann, bob, home, tmp_path):
    job = send_book(ann, BOOK, "../../My Kettle.md")
    assert job["title"] == "My Kettle"
    told = followed(ann, job)
    assert {event["type"] for event in told} == {"narration.progress"} and told[-1]["state"] == DONE
    assert any(event["state"] == MAKING for event in told) and told[-1]["chapters"] == [1, 2]
    asked = narrating.order(home, tmp_path, BOOK)
    narrate(asked)
    right = contents(tmp_path)
    sound = fetched(ann, f"/narrations/{job['id']}/files/{told[-1]['files'][0]}")
    samples, rate = soundfile.read(tmp_path / "book.flac")
    (tmp_path / "got.flac").write_bytes(sound)
    got, _ = soundfile.read(tmp_path / "got.flac")
    assert got.shape == samples.shape and (got == samples).all() and rate == 24000
    for number, name in enumerate(name for name in sorted(right) if name != "book.flac"):
        assert fetched(ann, f"/narrations/{job['id']}/chapters/{number + 1}") == right[name]
    assert "manifest.json" in told[-1]["files"]
    for path in ("", "/events", "/chapters/1", f"/files/{told[-1]['files'][0]}"):
        with pytest.raises(openai.NotFoundError):
            bob.get(f"/narrations/{job['id']}{path}", cast_to=dict)
    assert bob.get("/narrations", cast_to=dict)["data"] == []
    for path in ("/files/order.json", "/files/..%2forder.json", "/files/takes", "/chapters/3"):
        with pytest.raises(openai.NotFoundError):
            ann.get(f"/narrations/{job['id']}{path}", cast_to=dict)
    assert ann.delete(f"/narrations/{job['id']}", cast_to=dict)["deleted"]
    assert ann.get("/narrations", cast_to=dict)["data"] == []


def test_one_that_is_cancelled_goes_on_when_it_is_resumed(ann, service):
    job = send_book(ann, LONG)
    while not state(ann, job)["chapters"]:
        time.sleep(0.05)
    early = fetched(ann, f"/narrations/{job['id']}/chapters/1")  # while the rest is made
    stopped = ann.post(f"/narrations/{job['id']}/cancel", cast_to=dict)
    assert stopped["state"] == CANCELLED and 0 < len(stopped["chapters"]) < 9
    folder = Path(service.conf["data"]) / "narrations" / job["id"]
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("takes/*/*.flac")}
    ann.post(f"/narrations/{job['id']}/resume", cast_to=dict)
    told = followed(ann, job)
    assert told[-1]["state"] == DONE and len(told[-1]["chapters"]) == 9
    assert {path: path.stat().st_mtime_ns for path in before} == before and before  # nothing is spoken twice
    assert fetched(ann, f"/narrations/{job['id']}/chapters/1") == early
    with pytest.raises(openai.NotFoundError):
        ann.get(f"/narrations/{job['id']}/chapters/10", cast_to=dict)
    ann.delete(f"/narrations/{job['id']}", cast_to=dict)
    assert not folder.exists()


def test_one_that_fails_says_why_and_the_next_one_is_made(ann):
    bad = send_book(ann, b"PK\x03\x04 no book", "bad.epub")
    good = send_book(ann, "It sang.", "good.txt")
    told = followed(ann, bad)[-1]
    assert told["state"] == FAILED and told["message"] and "/" not in told["message"]
    assert followed(ann, good)[-1]["state"] == DONE
    assert ann.post(f"/narrations/{bad['id']}/resume", cast_to=dict)["state"] == WAITING
    assert followed(ann, bad)[-1]["state"] == FAILED
    for job in (bad, good):
        ann.delete(f"/narrations/{job['id']}", cast_to=dict)


@contextmanager
def own_process(home: Path, data: Path):
    """A service as users start it; gives its client and its process."""
    with serving.own_process(home, data) as (address, process), serving.client(address) as client:
        yield client, process


def killed_and_gone_on(home: Path, data: Path, kills: int, chance: random.Random) -> dict:
    """Narrate LONG, kill -9 so many times, and give the job. A take that is there stays as it is."""
    job, kept = None, {}
    for _ in range(kills):
        with own_process(home, data) as (client, process):
            known = client.get("/narrations", cast_to=dict)["data"]
            job = known[0] if known else send_book(client, LONG)
            time.sleep(chance.uniform(0.0, 3.0))
            process.kill()
        now = {path: path.stat().st_mtime_ns for path in data.rglob("takes/*/*.flac")}
        assert kept.items() <= now.items()
        kept = now
    return job


def test_killed_at_random_moments_nothing_is_lost_and_nothing_is_done_twice(home, tmp_path):
    """kill -9 of the service while it narrates, then to the end: the same bytes as without."""
    data, undisturbed = tmp_path / "data", tmp_path / "undisturbed"
    for folder in (data, undisturbed):
        serving.add_voice(home, folder, "local")
    job = killed_and_gone_on(home, data, KILLS, random.Random(17))
    kept = {path: path.stat().st_mtime_ns for path in data.rglob("takes/*/*.flac")}
    with own_process(home, data) as (client, process):
        told = followed(client, job)[-1]
        assert told["state"] == DONE and told["chapters"] == list(range(1, 10))
        sound = fetched(client, f"/narrations/{job['id']}/files/{told['files'][0]}")
        assert len(client.get("/narrations", cast_to=dict)["data"]) == 1
    assert kept.items() <= {path: path.stat().st_mtime_ns for path in data.rglob("takes/*/*.flac")}.items()
    with own_process(home, undisturbed) as (client, process):
        other = send_book(client, LONG)
        told = followed(client, other)[-1]
        assert fetched(client, f"/narrations/{other['id']}/files/{told['files'][0]}") == sound


def test_sigterm_lets_a_request_end_and_puts_the_narration_back(home, tmp_path):
    data = tmp_path / "data"
    serving.add_voice(home, data, "local")
    with own_process(home, data) as (client, process):
        job = send_book(client, LONG)
        while state(client, job)["state"] != MAKING:
            time.sleep(0.05)
        asked = {"model": "tts-1", "voice": "someone", "response_format": "pcm", "input": "It sang. " * 20}
        with client.audio.speech.with_streaming_response.create(**asked) as answer:
            pieces = answer.iter_bytes()
            first = next(pieces)
            process.send_signal(signal.SIGTERM)
            late = first + b"".join(pieces)
        assert process.wait(60) == -signal.SIGTERM  # what uvicorn ends with when all is done
    with own_process(home, data) as (client, process):
        assert client.audio.speech.create(**asked).read() == late
        assert state(client, job)["state"] in (WAITING, MAKING, DONE)
        assert followed(client, job)[-1]["state"] == DONE
