"""What is asked of a narration, and what the service remembers of it; tests/slow/server makes some."""

import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import openai
import pytest

from helpers import timelines
from helpers.narrating import BOOK
from helpers.serving import send_book
from tts.narration import manifest
from tts.server.jobs import DONE, MAKING, WAITING, JobStore


@pytest.fixture(scope="module")
def overrides() -> tuple[str, ...]:
    return ("jobs_per_user=4",)


@pytest.fixture(scope="module")
def users() -> tuple[str, ...]:
    return ("ann", "bob")


@pytest.mark.parametrize(
    "name, options, param",
    [
        ("book.exe", {}, "book"),
        ("book", {}, "book"),
        ("book.md", {"voice": "nobody"}, "voice"),
        ("book.md", {"voice": "/etc/passwd"}, "voice"),
        ("book.md", {"cast": {"Jack": "../voices"}}, "cast"),
        ("book.md", {"cast": {"Jack=x": "someone"}}, "cast"),
        ("book.md", {"quotes": "/etc/passwd"}, "quotes"),
        ("book.md", {"bed": "/etc/passwd"}, "bed"),
        ("book.md", {"chapters": "three"}, "chapters"),
        ("book.md", {"format": "../m4b"}, "format"),
        ("book.md", {"outputs": ["../x"]}, "outputs"),
        ("book.md", {"speed": 9}, "speed"),
        ("book.md", {"lexicon": "/etc/passwd"}, "lexicon"),
    ],
)
def test_what_cannot_be_narrated_is_refused(ann, service, name, options, param):
    with pytest.raises(openai.BadRequestError) as error:
        send_book(ann, BOOK, name, **options)
    assert error.value.param == param
    assert ann.get("/narrations", cast_to=dict)["data"] == []
    assert not list((Path(service.conf["data"]) / "narrations").glob("*"))


def test_the_store_remembers_and_lets_users_take_turns(tmp_path):
    store = JobStore(tmp_path / "jobs.sqlite")
    jobs = [store.add(user, f"{number}") for number, user in enumerate(("ann", "ann", "ann", "bob"))]
    for job in jobs:
        store.save(job)
    assert [store.begin().title for _ in range(2)] == ["0", "3"]
    store.close()

    again = JobStore(tmp_path / "jobs.sqlite")
    assert [job.state for job in again.of("ann")] == [WAITING, WAITING, MAKING]
    assert again.find("bob", jobs[0].id) is None and again.find("ann", jobs[0].id).title == "0"
    again.recover({jobs[3].id})
    assert [job.state for job in again.of("ann")] == [WAITING] * 3 and again.of("bob")[0].state == MAKING
    assert [again.begin().title for _ in range(3)] == ["0", "1", "2"] and again.begin() is None
    again.remove(jobs[0])
    assert len(again.of("ann")) == 2
    again.close()


def outlined(client, text: str, name: str) -> dict:
    headers = {"Content-Type": "multipart/form-data"}
    return client.post(
        "/narrations/outline", cast_to=dict, files={"book": (name, text.encode())}, options={"headers": headers}
    )


def test_an_outline_says_what_is_in_a_book_and_who_speaks_and_keeps_nothing(ann, service):
    before = sorted((Path(service.conf["data"]) / "narrations").glob("*"))
    found = outlined(ann, BOOK, "book.md")
    assert [chapter["title"] for chapter in found["chapters"]] == ["The Kettle", "The End"]
    assert list(found["roles"]) == ["narrator"] and found["chapters"][1]["words"] == 5
    with pytest.raises(openai.BadRequestError) as error:
        outlined(ann, "PK\x03\x04 no book", "bad.epub")
    assert error.value.param == "book" and "/" not in error.value.body["message"]
    assert sorted((Path(service.conf["data"]) / "narrations").glob("*")) == before


def done(service, user: str, title: str, name: str) -> str:
    """A narration that is finished, with a recording of another one's timeline; gives its id."""
    store = JobStore(Path(service.conf["data"]) / "jobs.sqlite")
    job = store.add(user, title)
    job.state, job.files = DONE, [name, "manifest.json"]
    project = Path(service.conf["data"]) / "narrations" / job.id / "project"
    project.mkdir(parents=True)
    (project / name).write_bytes(bytes(1000))
    (project / "secret.txt").touch()
    manifest.write(replace(timelines.of(timelines.book()), title=title), project / "manifest.json")
    store.save(job)
    store.close()
    return job.id


def test_finished_narrations_are_episodes_of_a_feed_that_only_its_address_opens(ann, two, service):
    title = "Salt & <b>Light</b>"
    job = done(service, "ann", title, "Salt & Light.m4b")
    done(service, "bob", "Of Bob", "Bob.m4b")
    address = ann.get("/narrations/feed", cast_to=dict)["url"]
    assert address != two.bob.get("/narrations/feed", cast_to=dict)["url"]
    with urllib.request.urlopen(address) as answer:  # without a key
        assert answer.headers["content-type"].startswith("application/rss+xml")
        channel = ElementTree.fromstring(answer.read()).find("channel")
    (item,) = channel.findall("item")
    assert item.findtext("title") == title
    sound = item.find("enclosure").attrib
    assert sound["length"] == "1000" and sound["type"] == "audio/x-m4b"
    with urllib.request.urlopen(urllib.request.Request(sound["url"], headers={"Range": "bytes=0-9"})) as answer:
        assert answer.status == 206 and answer.read() == bytes(10)
    with urllib.request.urlopen(urllib.request.Request(sound["url"], method="HEAD")) as answer:
        assert answer.headers["content-length"] == "1000"
    base = address.removesuffix("/feed.xml")
    for wrong in (
        f"{base[:-1]}x/feed.xml", base.replace("/ann-", "/bob-") + "/feed.xml", f"{base}/{job}/secret.txt",
        f"{base}/{job}/..%2forder.json", f"{base}/narration_0/Bob.m4b", f"{base}/{job}/manifest.json",
    ):  # fmt: skip
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(wrong)
        assert error.value.code == 404
