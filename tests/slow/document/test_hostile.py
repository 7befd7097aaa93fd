"""The hostile files in full size: ten megabytes of one word, elements 100,000 deep, 100,000 short lines."""

import pytest

from helpers.hostile import read_all

pytestmark = pytest.mark.slow


def test_hostile_files_in_full_size(tmp_path):
    assert read_all(tmp_path, 1.0) > 200
