"""What tests of shows share."""

import functools
import ssl

import pytest

from helpers.answering import serving
from tts import files


@pytest.fixture(autouse=True, scope="module")
def quick():
    """No test here cuts the power, so nothing waits for the disk; and certificates, which none needs, are read once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_flush", lambda path: None)
        patch.setattr(ssl, "create_default_context", functools.cache(ssl.create_default_context))
        yield


@pytest.fixture
def server():
    """A server that answers as models do, or as the test says."""
    with serving() as running:
        yield running
