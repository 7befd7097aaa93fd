"""What tests of shows share."""

import pytest

from helpers.answering import serving


@pytest.fixture
def server():
    """A server that answers as models do, or as the test says."""
    with serving() as running:
        yield running
