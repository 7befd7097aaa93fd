"""Fixtures of tests that talk to a service: a module of tests that wants another one overrides `overrides` or `users`.

The conftest.py beside such tests imports all of them.
"""

from pathlib import Path

import pytest

from helpers import narrating, serving
from tts.server.keys import LOCAL
from tts.server.service import Service


@pytest.fixture(scope="session")
def home(tmp_path_factory) -> Path:
    """Nano weights, and a voice for them."""
    return narrating.home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def overrides() -> tuple[str, ...]:
    """Settings of the service that differ from the shipped ones."""
    return ()


@pytest.fixture(scope="module")
def users() -> tuple[str, ...]:
    """Those who have a voice of the home."""
    return (LOCAL,)


@pytest.fixture(scope="module")
def service(home, overrides, users, tmp_path_factory) -> Service:
    return serving.make_service(home, tmp_path_factory.mktemp("data"), *overrides, users=users)


@pytest.fixture(scope="module")
def address(service):
    """Of the service, where everybody is one user."""
    with serving.running(service) as address:
        yield address


@pytest.fixture(scope="module")
def client(address):
    """OpenAI's own, without a key."""
    with serving.client(address) as client:
        yield client


@pytest.fixture(scope="module")
def two(service, tmp_path_factory):
    """The service with two users, who have keys."""
    with serving.for_two(service, tmp_path_factory.mktemp("keys")) as two:
        yield two


@pytest.fixture(scope="module")
def ann(two):
    """The client of one."""
    return two.ann


@pytest.fixture(scope="module")
def bob(two):
    """The client of the other."""
    return two.bob
