import itertools
import pickle
import random
import shutil
import tarfile
from collections import Counter

import pytest
import torch
from torch.utils.data._utils.pin_memory import pin_memory

from data.index import read_index
from data.library import open_folders
from data.order import epoch_size, plan_epoch
from data.reader import ShardReader
from helpers.corpus import make_corpus, make_shards, speech_data


@pytest.fixture(scope="module")
def shards(tmp_path_factory, audio):
    return make_shards(tmp_path_factory.mktemp("data") / "shards", audio)


def seen(batches, count=None):
    """What `count` batches hold, or those of one epoch."""
    batches = itertools.islice(batches, len(batches) if count is None else count)
    return [(batch.keys, batch.wav.sum().item(), batch.reference.sum().item()) for batch in batches]


def epoch(data):
    stream = data.train_dataloader()
    return list(itertools.islice(stream, len(stream)))


def drawn(epoch):
    return [[draw.clip for draw in epoch.batch(*ends)] for ends in itertools.pairwise([0, *epoch.ends])]


def test_plan_covers_every_clip_within_the_budget():
    seconds = [0.5 + (n * 37 % 100) / 10 for n in range(500)]
    epoch = plan_epoch(seconds, [1.0] * 500, seed=0, epoch=0, batch_seconds=60)
    batches = drawn(epoch)
    assert sorted(clip for batch in batches for clip in batch) == list(range(500))
    padded = [len(batch) * max(seconds[clip] for clip in batch) for batch in batches]
    assert max(padded) <= 60
    assert epoch.padding == pytest.approx(1 - sum(seconds) / sum(padded)) and epoch.padding < 0.08


def test_plan_obeys_weights():
    times, weights = Counter(), [1.0, 2.0, 0.0, 0.5]
    for epoch in range(200):
        one = plan_epoch([1.0] * 4, weights, seed=0, epoch=epoch, batch_seconds=3)
        assert len(one.clips) == epoch_size(weights, seed=0, epoch=epoch)
        times.update(one.clips.tolist())
    assert (times[0], times[1], times[2]) == (200, 400, 0)
    assert 70 < times[3] < 130


def test_the_same_seed_gives_the_same_batches_and_another_epoch_others(shards, audio):
    one, two = speech_data(shards, audio).train_dataloader(), speech_data(shards, audio).train_dataloader()
    first = seen(one)
    assert first == seen(two)
    assert first != seen(one)
    assert seen(one) != seen(speech_data(shards, audio, seed=2).train_dataloader())


def test_workers_change_nothing(shards, audio):
    assert seen(speech_data(shards, audio).train_dataloader()) == seen(
        speech_data(shards, audio, workers=1).train_dataloader()
    )


def on(monkeypatch, rank, world):
    monkeypatch.setattr("data.module.rank_and_world", lambda: (rank, world))


@pytest.mark.parametrize("stop", [1, 7, 30])
def test_the_next_fifty_batches_follow_from_one_number(shards, audio, stop):
    stream = speech_data(shards, audio, batch_seconds=3).train_dataloader()
    seen(stream, stop)
    state = stream.state_dict()
    assert list(state) == ["sample"]
    resumed = speech_data(shards, audio, batch_seconds=3).train_dataloader()
    resumed.load_state_dict(state)
    assert seen(resumed, 50) == seen(stream, 50)
    assert resumed.state_dict() == stream.state_dict()


@pytest.mark.parametrize("worlds", [(2, 1), (1, 2), (2, 3)])
def test_other_ranks_go_on_with_exactly_what_is_left(shards, audio, monkeypatch, worlds):
    def keys(state, world, steps):
        """What all ranks see, step by step, and where they then are."""
        ranks = []
        for rank in range(world):
            on(monkeypatch, rank, world)
            stream = speech_data(shards, audio, batch_seconds=3).train_dataloader()
            stream.load_state_dict(state)
            ranks.append([batch.keys for batch in itertools.islice(stream, steps)])
            after = stream.state_dict()
        return [key for step in zip(*ranks, strict=True) for batch in step for key in batch], after

    alone, after = keys({"sample": 0}, 1, 60)
    assert len(alone) == after["sample"]
    first, state = keys({"sample": 0}, worlds[0], 5)
    assert len(first) == state["sample"]
    second, _ = keys(state, worlds[1], 12)
    assert first + second == alone[: len(first) + len(second)]


def test_what_is_set_aside_is_left_out_and_counted(shards, audio):
    data = speech_data(shards, audio, batch_seconds=3)
    stream = data.train_dataloader()
    length = len(stream)
    whole = [batch.keys for batch in itertools.islice(stream, length)]
    data.aside = frozenset(whole[2]) | {whole[0][0]}
    left = data.train_dataloader()
    expected = [keys for keys in ([key for key in batch if key not in data.aside] for batch in whole) if keys]
    assert [batch.keys for batch in itertools.islice(left, len(expected))] == expected
    assert left.state_dict() == stream.state_dict()
    data.aside = frozenset(clip.key for clip in read_index(shards).clips)
    with pytest.raises(ValueError, match="every training clip was set aside"):
        data.train_dataloader()


def test_validation_is_always_the_same(shards, audio):
    loader = speech_data(shards, audio).val_dataloader()
    next(iter(loader))
    assert seen(loader) == seen(loader) == seen(speech_data(shards, audio, seed=5).val_dataloader())


def test_every_rank_validates_on_what_one_alone_would(shards, audio, monkeypatch):
    alone = seen(speech_data(shards, audio).val_dataloader())
    world = len(alone) + 1
    for rank in range(world):
        on(monkeypatch, rank, world)
        assert seen(speech_data(shards, audio).val_dataloader()) == alone


def test_ranks_do_not_pass_over_a_batch_that_only_one_cannot_read(tmp_path, audio, monkeypatch):
    shards = make_shards(tmp_path / "shards", audio)
    loader = speech_data(shards, audio).val_dataloader()
    for path in shards.glob("*.tar"):
        path.unlink()
    assert not list(loader)
    on(monkeypatch, 0, 2)
    with pytest.raises(ValueError, match="a batch could not be read"):
        list(loader)


def test_the_reference_is_another_clip_that_says_something_else(shards, audio):
    data, rng = speech_data(shards, audio, crop_seconds=0.5), random.Random(0)
    for split in ("train", "val", "test"):
        dataset = data.loader(split).dataset
        for number in dataset.clips.numbers.tolist():
            clip = data.library[number]
            partners = {data.library[dataset.voices.partner(number, rng)].key for _ in range(200)}
            assert partners == {
                other.key
                for other in data.library
                if other.speaker == clip.speaker and other.text != clip.text and other.split in {"train", split}
            }


def test_clips_without_a_text_exclude_only_themselves(tmp_path, audio):
    corpus = make_corpus(tmp_path / "dumb", speakers=1, clips=4, heldout=0)
    lines = (corpus / "metadata.csv").read_text().splitlines()
    lines[1:4] = ["|".join([*line.split("|")[:2], "", "1.0"]) for line in lines[1:4]]
    (corpus / "metadata.csv").write_text("\n".join(lines))
    data = speech_data(make_shards(tmp_path / "shards", audio, corpus, val_share=0.0), audio)
    rng, dataset = random.Random(0), data.loader("train").dataset
    for number in range(4):
        assert {dataset.voices.partner(number, rng) for _ in range(100)} == {0, 1, 2, 3} - {number}


def test_the_only_clip_of_a_speaker_is_cut_in_two(tmp_path, audio):
    corpus = make_corpus(tmp_path / "alone", speakers=1, clips=1, heldout=0, words=12)
    shards = make_shards(tmp_path / "shards", audio, corpus, val_share=0.0)
    whole = read_index(shards).clips[0].seconds * audio.sample_rate
    for _ in range(4):
        (batch,) = itertools.islice(speech_data(shards, audio).train_dataloader(), 1)
        assert batch.wav_len + batch.reference_len == pytest.approx(whole, abs=2)
        ends = batch.wav[0, -100:], batch.reference[0, -100:]
        assert not torch.equal(*ends)
    with pytest.raises(ValueError, match="no usable clip"):
        speech_data(shards, audio, needs_text=True, tokenizer=Spelling()).train_dataloader()


class Spelling:
    """The smallest tokenizer: one id per character."""

    vocab_size = 256
    silent_ids = frozenset({0})

    def encode(self, text, *, letters=0.0, generator=None):
        return list(text.encode())

    def reading(self, language):
        return self


def test_text_comes_with_whole_clips_only(shards, audio):
    spoken = {clip.key: clip.spoken for clip in read_index(shards).clips}
    for batch in epoch(speech_data(shards, audio, tokenizer=Spelling(), needs_text=True)):
        for key, ids, length in zip(batch.keys, batch.text, batch.text_len, strict=True):
            assert bytes(ids[:length].tolist()).decode() == spoken[key]
    for batch in epoch(speech_data(shards, audio, tokenizer=Spelling(), crop_seconds=0.5)):
        assert batch.text_len.tolist() == [0] * len(batch.keys)
        assert batch.wav.shape[1] == audio.sample_rate // 2


def test_no_reference_is_read_where_none_is_wanted(shards, audio):
    batch = next(iter(speech_data(shards, audio, reference_seconds=None).train_dataloader()))
    assert batch.reference.shape == (len(batch.keys), 0)


def test_a_prompt_is_a_whole_clip_of_the_speaker_with_its_text(shards, audio):
    clips = {clip.spoken: clip for clip in read_index(shards).clips}
    with_prompts = speech_data(shards, audio, tokenizer=Spelling(), needs_text=True, prompt_seconds=1.2)
    prompted = 0
    for batch in epoch(with_prompts):
        said = batch.prompt
        for item, length in enumerate([] if said is None else said.text_len.tolist()):
            if not length:
                assert said.wav_len[item] == 0
                continue
            clip = clips[bytes(said.text[item, :length].tolist()).decode()]
            assert (clip.speaker, clip.seconds <= 1.2) == (batch.speakers[item], True)
            assert abs(int(said.wav_len[item]) - clip.seconds * audio.sample_rate) <= 1
            assert clip.key != batch.keys[item]
            prompted += 1
    assert prompted
    assert next(iter(speech_data(shards, audio).train_dataloader())).prompt is None


def test_a_second_folder_cannot_teach_what_the_first_holds_out(tmp_path, audio, shards):
    held = {clip.text for clip in read_index(shards).clips if clip.split != "train"}
    other = make_corpus(tmp_path / "other", heldout=0)
    lines = (other / "metadata.csv").read_text().splitlines()
    lines[1] = f"s0-000|speaker0|{sorted(held)[0]}|1.0"
    (other / "metadata.csv").write_text("\n".join(lines))
    second = make_shards(tmp_path / "second", audio, other, val_share=0.0)
    data = speech_data([str(shards), str(second)], audio)
    trained = {clip.text for clip in data.loader("train").dataset.clips}
    assert not trained & held
    with pytest.raises(ValueError, match="in both"):
        speech_data([str(shards), str(shards)], audio)


def test_weights_and_rates_must_fit_the_shards(shards, audio):
    with pytest.raises(ValueError, match="data.weights names 'katleen'"):
        speech_data(shards, audio, weights={"katleen": 2.0})
    with pytest.raises(ValueError, match="no usable clip"):
        speech_data(shards, audio, weights={"shards-corpus": 0}).train_dataloader()
    from dataclasses import replace

    with pytest.raises(ValueError, match="pack it again"):
        speech_data(shards, replace(audio, level=-20.0))
    with pytest.raises(ValueError, match="data pack"):
        speech_data(shards / "nowhere", audio)


def test_a_truncated_shard_is_named_and_its_clips_skipped(tmp_path, audio, caplog):
    shards = make_shards(tmp_path / "shards", audio)
    clips = read_index(shards).clips
    name = clips[0].shard
    content = (shards / name).read_bytes()
    (shards / name).write_bytes(content[: len(content) // 2])
    data = speech_data(shards, audio)
    assert name in caplog.text and "truncated" in caplog.text
    assert 0 < len(data.library.usable) < len(clips)
    loader = data.train_dataloader()
    assert sum(len(keys) for keys, _, _ in seen(loader)) == len(loader.dataset.clips)
    (shards / name).unlink()
    library = open_folders([shards], audio)
    assert name not in {library[number].shard for number in library.usable}


@pytest.mark.parametrize(
    "member",
    [
        {"name": "/etc/passwd"},
        {"name": "../../escape.flac"},
        {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
        {"type": tarfile.LNKTYPE, "linkname": "../escape.flac"},
    ],
)
def test_damaged_and_foreign_members_are_skipped_and_counted(tmp_path, audio, shards, caplog, member):
    copy = shutil.copytree(shards, tmp_path / "shards")
    index = read_index(copy)
    one, two = [clip for clip in index.clips if clip.split == "train"][:2]
    with open(copy / one.shard, "r+b") as file:
        file.seek(one.offset)
        file.write(b"\x00" * 64)
    foreign = tarfile.TarInfo(f"{two.key}.{two.format}")
    foreign.size = two.size
    for name, value in member.items():
        setattr(foreign, name, value)
    with open(copy / two.shard, "r+b") as file:
        file.seek(two.offset - tarfile.BLOCKSIZE)
        file.write(foreign.tobuf())
    loader = speech_data(copy, audio, reference_seconds=None).train_dataloader()
    keys = {key for batch, _, _ in seen(loader) for key in batch}
    assert loader.skipped == 2 and keys == {c.key for c in index.clips if c.split == "train"} - {one.key, two.key}
    assert one.shard in caplog.text and two.key in caplog.text


def test_nothing_in_a_shard_is_ever_unpickled(tmp_path, audio):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "exploded"), "w"))

    shards = make_shards(tmp_path / "shards", audio)
    clip = open_folders([shards], audio)[0]
    payload = pickle.dumps(Bomb())
    with open(shards / clip.shard, "r+b") as file:
        file.seek(clip.offset)
        file.write(payload)
    with pytest.raises(ValueError, match=clip.shard):
        ShardReader(audio.sample_rate).read(clip, 0, 100)
    assert not (tmp_path / "exploded").exists()


def test_shards_that_can_no_longer_be_read_end_the_run(tmp_path, audio):
    shards = make_shards(tmp_path / "shards", audio)
    stream = speech_data(shards, audio, batch_seconds=2).train_dataloader()
    for path in shards.glob("*.tar"):
        path.unlink()
    with pytest.raises(ValueError, match="batches in a row could not be read"):
        next(iter(stream))


def test_a_worker_keeps_a_bounded_number_of_files_open(shards, audio, monkeypatch):
    monkeypatch.setattr("data.reader.MAX_OPEN", 1)
    reader, library = ShardReader(audio.sample_rate), open_folders([shards], audio)
    assert len(read_index(shards).shards) > 1
    for clip in library:
        assert len(reader.read(clip, 0, 100)) == 100
        assert len(reader.files) == 1


def test_each_clip_starts_where_it_starts(shards, audio):
    """A stage that wants a clip at several phases moves it itself."""
    data = speech_data(shards, audio)
    clips = {clip.key: clip for clip in data.library}
    for batch in epoch(data):
        for key, wav, length in zip(batch.keys, batch.wav, batch.wav_len, strict=True):
            whole = data.loader("train").dataset.reader.read(clips[key], 0, 10**9)
            assert torch.equal(wav[:length], whole)


def test_a_batch_is_pinned_with_every_tensor_in_it(shards, audio, monkeypatch):
    batch = next(iter(speech_data(shards, audio, tokenizer=Spelling()).train_dataloader()))
    batch.times = torch.zeros(len(batch.keys), batch.text.shape[1] + 2)
    pinned = {}

    def pin(tensor, device=None):
        pinned[id(tensor)] = copy = tensor.clone()
        return copy

    monkeypatch.setattr(torch.Tensor, "pin_memory", pin)  # needs a GPU
    found, problems = pin_memory((batch, ["gone"]))
    tensors = {name: value for name, value in vars(batch).items() if isinstance(value, torch.Tensor)}
    assert len(tensors) == 7 and problems == ["gone"]
    for name, tensor in tensors.items():
        assert getattr(found, name) is pinned[id(tensor)]
    assert found.keys == batch.keys and found.speakers == batch.speakers


def test_validation_may_be_limited_to_speakers_that_training_never_hears(tmp_path, audio):
    """By default a speaker's text may be held out while other clips of the speaker train."""
    source = make_corpus(tmp_path / "many", speakers=8, clips=6, heldout=0)
    shards = make_shards(tmp_path / "shards", audio, source, val_share=0.3, speaker_split="always")

    def speakers(split: str, **changes) -> set[str]:
        loader = speech_data(shards, audio, **changes).loader(split)
        return {name for batch in itertools.islice(loader, len(loader)) for name in batch.speakers}

    assert speakers("val") & speakers("train")
    new = speakers("val", new_speakers=True)
    assert new == speakers("val") - speakers("train") and new
    assert speakers("train", new_speakers=True) == speakers("train")
