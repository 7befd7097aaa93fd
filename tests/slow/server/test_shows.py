"""Shows over HTTP, made by processes of their own: followed, edited, gone on with, seen, and killed."""

import io
import json
import random
import shutil
import time
import urllib.request
from pathlib import Path

import numpy as np
import openai
import pytest
from PIL import Image

from helpers import answering, serving
from helpers.serving import fetched, followed, send_show, state
from tts.files import PARTIAL
from tts.server.jobs import CANCELLED, DONE, FAILED, MAKING, PAUSED
from tts.shows.models.open import missing_modules
from tts.shows.records import STATE

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(missing_modules()), reason="needs the group shows")]
KILLS = 12
CAST = {"Ann": "someone", "Ben": "someone"}
BOOK = "# The Lighthouse\n\n" + "\n\n".join(
    f"{name} the {trade} walked to the harbour on a {kind} morning. Nobody had seen the {trade} so early before. "
    f"When the boats came in, {name} counted them twice, for one sail was missing, and the wind rose from the west."
    for name, trade, kind in (("Marten", "keeper", "grey"), ("Ingrid", "fisher", "cold"), ("Tom", "baker", "bright"))
)


@pytest.fixture(scope="module")
def writer():
    with answering.serving() as server:
        yield server


@pytest.fixture(scope="module")
def overrides(writer) -> tuple[str, ...]:
    models = [f"{kind}=['{writer.address}#{kind}']" for kind in ("writers", "painters")]
    return ("voice=someone", "shows_at_once=2", *models)


@pytest.fixture(scope="module")
def users() -> tuple[str, ...]:
    return ("ann", "bob")


def photo() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()


def states(job: dict) -> dict[str, str]:
    return {stage["name"]: stage["state"] for stage in job["stages"]}


def opened(address: str) -> bytes:
    with urllib.request.urlopen(address) as answer:
        return answer.read()


def test_a_prompt_becomes_an_episode_whose_stages_are_followed(ann, bob, writer):
    job = send_show(ann, "bedtime", text="It is raining.", minutes=0.3)
    told = followed(ann, job)
    assert {event["type"] for event in told} == {"show.progress"} and told[-1]["state"] == DONE, told[-1]["message"]
    assert any(states(event).get("story") == "begun" for event in told)
    assert set(states(told[-1]).values()) == {"made"} and told[-1]["seconds"] > 1
    assert any(event["work"] == "speaking" and event["whole"] for event in told)
    files = told[-1]["files"]
    assert {"story.md", "cover.jpg", "episode.mp3", "feed.xml", "episode.narration/player.html"} <= set(files)
    for name in files:
        assert fetched(ann, f"/shows/{job['id']}/files/{name}") == opened(f"{told[-1]['address']}/{name}")
    assert told[-1]["address"] in opened(f"{told[-1]['address']}/feed.xml").decode()
    feed = opened(ann.get("/narrations/feed", cast_to=dict)["url"]).decode()
    assert f"{job['id']}/episode.mp3" in feed and "</psc:chapters>" in feed
    with pytest.raises(openai.NotFoundError):
        bob.get(f"/shows/{job['id']}", cast_to=dict)
    ann.delete(f"/shows/{job['id']}", cast_to=dict)
    assert job["id"] not in opened(ann.get("/narrations/feed", cast_to=dict)["url"]).decode()


def test_a_show_pauses_is_edited_and_follows_the_edit(ann, writer):
    job = send_show(ann, "bedtime", text="It is raining.", minutes=0.3, until="story")
    told = followed(ann, job)[-1]
    assert told["state"] == PAUSED and "episode.mp3" not in told["files"]
    path = f"/shows/{job['id']}"
    ann.put(f"{path}/texts/story.md", cast_to=dict, body={"text": "A goose slept by the river.\n"})
    writer.requests.clear()
    ann.post(f"{path}/resume", cast_to=dict)
    told = followed(ann, job)[-1]
    assert told["state"] == DONE, told["message"]
    assert states(told)["story"] == "edited" and states(told)["plan"] == "kept"
    assert "A goose slept" in str(writer.requests[0]) and "goose" in fetched(ann, f"{path}/files/story.md").decode()
    sound = fetched(ann, f"{path}/files/episode.mp3")
    ann.post(f"{path}/resume", cast_to=dict, body={"redo": ["story"]})
    told = followed(ann, job)[-1]
    assert states(told)["story"] == "made" and b"goose" not in fetched(ann, f"{path}/files/story.md")
    assert fetched(ann, f"{path}/files/episode.mp3") != sound
    ann.delete(path, cast_to=dict)


def test_a_book_becomes_a_talk_of_two_voices_of_the_user(ann):
    job = send_show(ann, "literai", file=("light.md", BOOK.encode()), minutes=0.4, cast=CAST)
    told = followed(ann, job)[-1]
    assert told["state"] == DONE, told["message"]
    assert {"summary.md", "dialogue.txt", "pictures.yaml", "player.html", "pictures/001.jpg"} <= set(told["files"])
    ann.delete(f"/shows/{job['id']}", cast_to=dict)


def test_a_photo_becomes_a_book_whose_code_leads_to_it(ann):
    job = send_show(ann, "picturebook", file=("cat.png", photo()), about="A cat.", genre="calm", age=7, minutes=0.5)
    told = followed(ann, job)[-1]
    assert told["state"] == DONE, told["message"]
    assert fetched(ann, f"/shows/{job['id']}/files/book.pdf").startswith(b"%PDF")
    page = opened(f"{told['address']}/book.html").decode()
    assert "A cat." in fetched(ann, f"/shows/{job['id']}/files/description.yaml").decode() and "<audio" in page
    ann.delete(f"/shows/{job['id']}", cast_to=dict)


def test_a_writer_that_fails_is_told_in_a_line_and_the_show_goes_on_later(ann, writer):
    writer.faults = [answering.status(401)]
    job = send_show(ann, "bedtime", text="It is raining.", minutes=0.3, until="plan")
    told = followed(ann, job)[-1]
    assert told["state"] == FAILED and "asks for a key" in told["message"] and "/tmp" not in told["message"]
    ann.post(f"/shows/{job['id']}/resume", cast_to=dict, body={"until": "plan"})
    assert followed(ann, job)[-1]["state"] == PAUSED
    ann.delete(f"/shows/{job['id']}", cast_to=dict)


def test_two_users_are_served_in_turns_and_one_who_stops_goes_on(ann, bob):
    jobs = [send_show(ann, "bedtime", text=f"It is raining {n} times.", minutes=0.3) for n in range(3)]
    other = send_show(bob, "bedtime", text="It is raining.", minutes=0.3)
    while state(bob, other)["state"] != MAKING:  # though ann was there first, with more
        assert state(ann, jobs[2])["state"] != DONE
        time.sleep(0.05)
    stopped = ann.post(f"/shows/{jobs[2]['id']}/cancel", cast_to=dict)
    assert stopped["state"] == CANCELLED
    ann.post(f"/shows/{jobs[2]['id']}/resume", cast_to=dict, body={})
    assert followed(bob, other)[-1]["state"] == DONE
    assert {followed(ann, job)[-1]["state"] for job in jobs} == {DONE}
    for client, job in ((bob, other), *((ann, job) for job in jobs)):
        client.delete(f"/shows/{job['id']}", cast_to=dict)


def result(folder: Path) -> dict[str, bytes]:
    """What a show has made, but where it is seen, and what a killed process leaves for a later run to remove."""
    here = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    passing = ("lock", "feed.xml", "order.json", PARTIAL)
    return {name: path.read_bytes() for name, path in here.items() if STATE not in name and not name.endswith(passing)}


def stored(data: Path) -> set[str]:
    """The requests whose answers are on the disk."""
    found = set()
    for path in data.glob(f"shows/*/project/{STATE}/calls/*/*.json"):
        request = json.loads(path.read_text())["request"]
        found.add(json.dumps(request.get("messages") or request.get("scene"), sort_keys=True) + str(request["seed"]))
    return found


def asked(body: dict) -> str:
    """The same of what came to the server of the models."""
    return json.dumps(body.get("messages") or body.get("prompt"), sort_keys=True) + str(body.get("seed", 0))


def test_killed_at_random_moments_nothing_is_lost_and_nothing_is_done_twice(home, writer, overrides, tmp_path):
    """kill -9 of the service while it makes a show, then to the end: the same files, no answer is asked for twice."""
    chance, folders = random.Random(18), {}
    for name in ("intact", "killed"):  # of equal length, as some files say where they lie
        data = tmp_path / name
        serving.add_voice(home, data, "local")
        writer.requests.clear()
        kills = KILLS if name == "killed" else 0
        for left in range(kills, -1, -1):
            had, before = stored(data), len(writer.requests)
            with serving.own_process(home, data, *overrides) as (address, process), serving.client(address) as client:
                known = client.get("/shows", cast_to=dict)["data"]
                job = known[0] if known else send_show(client, "bedtime", text="It is raining.", minutes=0.3, seed=5)
                if left:
                    time.sleep(chance.uniform(0.0, 6.0))
                    process.kill()
                else:
                    told = followed(client, job)[-1]
                    assert told["state"] == DONE, told["message"]
                    assert len(client.get("/shows", cast_to=dict)["data"]) == 1
            assert not had & {asked(body) for body in writer.requests[before:]}
        folders[name] = data / "shows" / job["id"] / "project"
        if name == "intact":
            calls = len(writer.requests)
    assert calls <= len(writer.requests) <= calls + KILLS
    there = {name: {path: data.replace(str(folder.parent).encode(), b"") for path, data in result(folder).items()}
             for name, folder in folders.items()}  # fmt: skip
    assert there["killed"].keys() == there["intact"].keys()
    assert [name for name, data in there["killed"].items() if data != there["intact"][name]] == []
    shutil.rmtree(tmp_path / "killed")
