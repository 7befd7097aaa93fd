"""What is asked of a narration, and what the service remembers of it; tests/slow/server makes some."""

from pathlib import Path

import openai
import pytest

from helpers import narrating, serving
from helpers.narrating import BOOK
from helpers.serving import send_book
from tts.server.jobs import MAKING, WAITING, JobStore


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return narrating.home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def service(home, tmp_path_factory):
    return serving.make_service(home, tmp_path_factory.mktemp("data"), "jobs_per_user=4", users=("ann", "bob"))


@pytest.fixture(scope="module")
def two(service, tmp_path_factory):
    with serving.for_two(service, tmp_path_factory.mktemp("keys")) as two:
        yield two


@pytest.fixture(scope="module")
def ann(two):
    return two.ann


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
