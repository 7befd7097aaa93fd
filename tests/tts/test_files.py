"""Files that are written whole or not at all."""

import errno
import os
import stat

import pytest

from tts.files import fingerprint, replacing, whole


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError), whole(path) as file:
        file.write(b"new")
        raise RuntimeError
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["a"]
    with whole(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new" and os.listdir(tmp_path) == ["a"]


def test_a_symbolic_link_stays_and_its_file_is_replaced(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real/file")
    for content in (b"one", b"two"):  # first the link dangles
        with whole(tmp_path / "link") as file:
            file.write(content)
        assert (tmp_path / "link").is_symlink() and (tmp_path / "real" / "file").read_bytes() == content
    assert os.listdir(tmp_path / "real") == ["file"]


def test_only_files_are_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(ValueError, match="no regular file"), replacing(path):
            pass


def test_writers_that_share_a_name_do_not_meet(tmp_path):
    with replacing(tmp_path / "a", shared=True) as one, replacing(tmp_path / "a", shared=True) as other:
        assert one != other
        one.write_bytes(b"one")
        other.write_bytes(b"other")
    assert (tmp_path / "a").read_bytes() == b"one"  # the last to finish
    assert os.listdir(tmp_path) == ["a"]


def test_the_longest_name_can_be_written(tmp_path):
    name = "é" * 127 + "x"
    with whole(tmp_path / name) as file:
        file.write(b"x")
    assert os.listdir(tmp_path) == [name]


def test_a_folder_that_cannot_be_flushed_does_not_undo_a_write(tmp_path, monkeypatch):
    flush = os.fsync

    def fsync(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):  # as some network file systems answer
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        flush(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    with whole(tmp_path / "a") as file:
        file.write(b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


def test_an_error_names_the_file_that_was_asked_for(tmp_path):
    with pytest.raises(OSError, match="a'$") as caught, replacing(tmp_path / "a") as temporary:
        open(temporary)  # never written
    assert caught.value.filename == str(tmp_path / "a")


def test_a_fingerprint_is_of_the_content(tmp_path):
    for name, content in (("a", b"x" * 3_000_000), ("b", b"x" * 3_000_000), ("c", b"y")):
        (tmp_path / name).write_bytes(content)
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b") != fingerprint(tmp_path / "c")
