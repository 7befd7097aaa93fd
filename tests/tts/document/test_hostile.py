"""Hostile files are read cleanly or refused in one line, within 1 GB of memory; nothing is written or fetched."""

from helpers.hostile import read_all


def test_hostile_files(tmp_path):
    assert read_all(tmp_path, 0.02) > 200
