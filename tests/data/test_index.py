import json
import mmap
import pickle
import random
import sys
from dataclasses import fields

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from data.index import Entry, IndexBuilder, Shard, read_index, safe_name, write_index
from data.library import open_folders
from helpers.corpus import make_shards


@pytest.fixture(scope="module")
def shards(tmp_path_factory, audio):
    return make_shards(tmp_path_factory.mktemp("index") / "shards", audio)


def write_made_up(folder, audio, *, shards, clips):
    """An index of clips that are nowhere, `clips` in all, dealt to the shards in turn."""
    builder, rng = IndexBuilder(), random.Random(0)
    for number in range(clips):
        about = {
            "id": f"{number:012d}-{number:08d}",
            "corpus": "made-up",
            "speaker": f"speaker{number % 50}",
            "text": " ".join(rng.choice(["stone", "harbour", "evening", "in"]) for _ in range(20)),
            "seconds": round(rng.uniform(2, 12), 4),
            "split": "val" if number % 50 == 0 else "train",
        }
        about["spoken"] = about["text"]
        where = {"shard": number % shards, "offset": 512 + 10_000 * (number // shards), "size": 9_000}
        builder.add(about, format="flac", times=[0.05 * place for place in range(100)], **where)
    tars = [Shard(f"shard-{number:016x}.tar", 10**9, "", 0) for number in range(shards)]
    return write_index(
        folder, audio=audio, corpora={"made-up": {"licence": ""}}, shards=tars, clips=builder, alignment=None
    )


def first_format(folder, target):
    """The folder's index as older versions wrote it."""
    index = read_index(folder)
    content = json.loads((folder / "index.json").read_text())
    content |= {"format": "triforce-shards-1", "clips": []}
    del content["columns"], content["alignment"]
    for clip in index:
        content["clips"].append(
            {f.name: getattr(clip, f.name) for f in fields(Entry) if f.name not in ("folder", "times")}
        )
    target.mkdir(exist_ok=True)
    (target / "index.json").write_text(json.dumps(content))
    return content


def test_an_index_of_the_first_format_says_the_same(tmp_path, shards):
    first_format(shards, tmp_path)
    old, new = read_index(tmp_path), read_index(shards)
    assert old.corpora == new.corpora and old.shards == new.shards and len(old) == len(new) > 0
    for name in ("shard", "offset", "size", "seconds", "text_key", "split"):
        assert np.array_equal(old.columns[name], new.columns[name])
    assert [clip.spoken for clip in old] == [clip.spoken for clip in new]


def test_a_clip_takes_few_bytes_beside_its_texts_and_times(tmp_path, audio):
    index = write_made_up(tmp_path, audio, shards=20, clips=2000)
    beside = sum(index.columns[name].nbytes for name in ("texts", "ticks"))
    file = next(tmp_path.glob("clips-*.safetensors"))
    assert (file.stat().st_size - beside) / len(index) < 75


def test_columns_are_mapped_and_no_clip_is_an_object_until_it_is_asked_for(tmp_path, audio):
    write_made_up(tmp_path, audio, shards=20, clips=2000)
    index = read_index(tmp_path)
    for column in index.columns.values():
        while isinstance(column, np.ndarray):
            column = column.base
        assert isinstance(column, mmap.mmap)
    assert len(pickle.dumps(index)) < 1000  # a process that is spawned maps the file itself
    assert pickle.loads(pickle.dumps(index))[7] == index[7]
    assert index[7].times[:3] == (0.0, 0.05, 0.1)


def test_opening_takes_one_pass_however_many_shards_there_are(tmp_path, audio):
    clips, shards = 500, 400
    write_made_up(tmp_path, audio, shards=shards, clips=clips)
    steps = 0

    def count(frame, event, argument):
        nonlocal steps
        steps += event == "line"
        return count

    sys.settrace(count)
    try:
        library = open_folders([tmp_path], audio)
    finally:
        sys.settrace(None)
    assert len(library.notices) == shards and not len(library.usable)  # its tars are nowhere
    assert steps < 100 * (clips + shards)


@pytest.mark.parametrize(
    "change",
    [
        {"shard": "../../secret.tar"},
        {"shard": "/etc/passwd"},
        {"shard": "pipe:touch exploded"},
        {"key": "../../escape"},
        {"offset": -1},
        {"offset": 0},
        {"size": "10"},
        {"size": 2**40},
        {"split": "all"},
        {"extra": 1},
    ],
)
def test_a_hostile_index_of_the_first_format_is_refused(tmp_path, shards, change):
    content = first_format(shards, tmp_path)
    content["clips"][0] |= change
    (tmp_path / "index.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match="no index of this version"):
        read_index(tmp_path)


def spoil(path, change):
    columns = {name: column.copy() for name, column in load_file(path).items()}
    change(columns)
    save_file(columns, path)


@pytest.mark.parametrize(
    "change",
    [
        lambda columns: columns["shard"].fill(10**6),
        lambda columns: columns["speaker"].fill(10**6),
        lambda columns: columns["offset"].fill(0),
        lambda columns: columns["offset"].fill(2**64 - 1),
        lambda columns: columns["size"].fill(0),
        lambda columns: columns["split"].fill(3),
        lambda columns: columns["text_ends"].fill(2**40),
        lambda columns: columns["tick_ends"].put(0, 2**40),
        lambda columns: columns.update(size=columns["size"][1:]),
        lambda columns: columns.update(size=columns["size"].astype(np.uint64)),
        lambda columns: columns.pop("texts"),
    ],
)
def test_hostile_columns_are_refused(tmp_path, audio, change):
    write_made_up(tmp_path, audio, shards=2, clips=6)
    head = json.loads((tmp_path / "index.json").read_text())
    spoil(tmp_path / head["columns"]["name"], change)
    head["columns"]["bytes"] = (tmp_path / head["columns"]["name"]).stat().st_size
    (tmp_path / "index.json").write_text(json.dumps(head))
    with pytest.raises(ValueError, match="no index of this version"):
        read_index(tmp_path)


@pytest.mark.parametrize("name", ["../clips-0123456789abcdef.safetensors", "/etc/passwd", "clips.pickle", 3])
def test_a_column_file_elsewhere_is_refused(tmp_path, audio, name):
    write_made_up(tmp_path, audio, shards=2, clips=6)
    head = json.loads((tmp_path / "index.json").read_text())
    head["columns"]["name"] = name
    (tmp_path / "index.json").write_text(json.dumps(head))
    with pytest.raises(ValueError, match="no index of this version"):
        read_index(tmp_path)


def test_a_column_file_that_is_cut_short_or_no_safetensors_is_refused(tmp_path, audio):
    write_made_up(tmp_path, audio, shards=2, clips=6)
    path = next(tmp_path.glob("clips-*"))
    whole = path.read_bytes()
    for content in (whole[:-1], b"\xff" * len(whole), bytes(8) + whole[8:]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="no index of this version"):
            read_index(tmp_path)


def test_two_names_never_become_one():
    names = ["../../up", "a b'c\"d", "dots.in.name", "ünïcode", "x" * 300, "-", "a/b", "a_b"]
    assert len({safe_name(name) for name in names}) == len(names)
    assert all(len(name) < 80 and set(name).isdisjoint("./\\ '\"") for name in map(safe_name, names))
