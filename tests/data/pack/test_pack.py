import hashlib
import io
import json
import shutil
import tarfile

import numpy as np
import pytest
import soundfile
import webdataset

import data.pack.pack
import data.pack.recording
from data.index import read_index
from data.pack.recording import cut_silence, encode
from data.shards import verify_shards
from data.split import text_key
from helpers.corpus import make_corpus, make_shards, speech_data
from helpers.nano import conf
from tts.checkpoint import build
from tts.ogg import checksum


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_a_full_disk_leaves_no_shard_and_the_next_run_finishes(tmp_path, audio):
    resource = pytest.importorskip("resource")
    corpus = make_corpus(tmp_path / "tiny", clips=4)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OSError):
            make_shards(tmp_path / "out", audio, corpus)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]
    assert verify_shards(make_shards(tmp_path / "out", audio, corpus)) == []


def test_shards_are_named_by_their_content(tmp_path, audio):
    folder = make_shards(tmp_path / "shards", audio)
    for path in folder.glob("*.tar"):
        assert path.stem == "shard-" + hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    data = bytearray(path.read_bytes())
    data[700] ^= 1
    path.write_bytes(data)
    assert len(verify_shards(folder)) == 1 and path.name in verify_shards(folder)[0]


@pytest.mark.parametrize("format", ["flac", "opus"])
def test_equal_input_gives_equal_bytes(tmp_path, audio, format):
    corpus = make_corpus(tmp_path / "tiny", clips=4)
    once = make_shards(tmp_path / "once", audio, corpus, format=format)
    again = make_shards(tmp_path / "again", audio, corpus, format=format)
    assert contents(once) == contents(again)


def test_workers_change_nothing(tmp_path, audio):
    corpus = make_corpus(tmp_path / "tiny", clips=4)
    assert contents(make_shards(tmp_path / "one", audio, corpus)) == contents(
        make_shards(tmp_path / "two", audio, corpus, workers=1)
    )


def test_the_index_says_where_each_clip_lies(tmp_path, audio):
    folder = make_shards(tmp_path / "shards", audio)
    index = read_index(folder)
    assert len({clip.shard for clip in index.clips}) > 1
    for clip in index.clips:
        with tarfile.open(folder / clip.shard) as tar:
            member = tar.getmember(f"{clip.key}.flac")
            assert (member.offset_data, member.size) == (clip.offset, clip.size)
            description = json.load(tar.extractfile(f"{clip.key}.json"))
        assert description["spoken"] == clip.spoken and description["licence"].startswith("CC0")


def test_shards_are_plain_webdataset(tmp_path, audio):
    folder = make_shards(tmp_path / "shards", audio)
    urls = sorted(str(file) for file in folder.glob("*.tar"))
    samples = list(webdataset.WebDataset(urls, shardshuffle=False))
    assert len(samples) == len(read_index(folder).clips)
    wave, rate = soundfile.read(io.BytesIO(samples[0]["flac"]))
    assert rate == audio.sample_rate and wave.ndim == 1


def test_no_held_out_text_or_clip_in_train(tmp_path, audio):
    corpus = make_corpus(tmp_path / "tiny", clips=20)
    lines = (corpus / "metadata.csv").read_text().splitlines()
    heldout = lines[1].split("|")
    shutil.copy(corpus / "audio" / "s1-003.flac", corpus / "audio" / "twin.flac")
    lines.append(f"twin|speaker1|{heldout[2].upper()}|1.0")  # the words of a test clip in another voice
    (corpus / "metadata.csv").write_text("\n".join(lines))
    folder = make_shards(tmp_path / "shards", audio, corpus)
    clips = read_index(folder).clips
    keys = {split: {text_key(c.text) for c in clips if c.split == split} for split in ("train", "val", "test")}
    assert {clip.id for clip in clips if clip.split == "test"} == {"s0-000", "s0-001"}
    assert keys["train"] and keys["val"]
    assert not keys["train"] & (keys["val"] | keys["test"]) and not keys["val"] & keys["test"]
    assert "twin" in (folder / "rejected.jsonl").read_text()


def test_bad_clips_are_set_aside_with_a_reason(tmp_path, audio):
    corpus = make_corpus(tmp_path / "tiny")
    sound = corpus / "audio"
    (sound / "s0-002.flac").write_bytes(b"")
    (sound / "s0-003.flac").write_bytes((sound / "s0-004.flac").read_bytes()[:50])
    (sound / "s0-005.flac").write_text("this is no sound")
    soundfile.write(sound / "s0-006.flac", np.zeros(24000), 24000)
    soundfile.write(sound / "s0-007.flac", 0.1 * np.ones(100), 24000)
    (sound / "s0-008.flac").unlink()
    text = (corpus / "metadata.csv").read_text().splitlines()
    text[10] = "s0-009|speaker0|??? !!!|1.0"
    (corpus / "metadata.csv").write_text("\n".join(text))
    folder = make_shards(tmp_path / "shards", audio, corpus)
    rejected = {row["id"]: row["reason"] for row in map(json.loads, open(folder / "rejected.jsonl"))}
    assert sorted(rejected) == [f"s0-00{n}" for n in range(2, 10)][:1] + [f"s0-00{n}" for n in (3, 5, 6, 7, 8, 9)]
    assert "silence" in rejected["s0-006"]
    assert "no audio file" in rejected["s0-008"]
    assert json.loads((folder / "stats.json").read_text())["rejected"] == {"tiny": 7}


def test_excluded_and_repeated_ids_are_set_aside(tmp_path, audio):
    corpus = make_corpus(tmp_path / "tiny")
    with open(corpus / "metadata.csv", "a") as file:
        file.write("s1-000|speaker1|Once more.|1.0\n")
    folder = make_shards(tmp_path / "shards", audio, corpus, exclude=frozenset({"s0-005"}))
    assert "s0-005" not in {clip.id for clip in read_index(folder).clips}
    reasons = [json.loads(line)["reason"] for line in open(folder / "rejected.jsonl")]
    assert reasons == ["excluded by --exclude", "the id occurs twice"]


def test_hostile_ids_become_plain_names(tmp_path, audio):
    corpus = make_corpus(tmp_path / "it's. a corpus", clips=4)
    source = corpus / "audio" / "s1-000.flac"
    lines = (corpus / "metadata.csv").read_text().splitlines()
    for name in ("a b'c\"d", "dots.in.name", "ünïcode"):
        shutil.copy(source, corpus / "audio" / f"{name}.flac")
        lines.append(f"{name}|speaker1|Words of {len(lines)} {name}.|1.0")
    (corpus / "metadata.csv").write_text("\n".join(lines), encoding="utf-8")
    folder = make_shards(tmp_path / "shards", audio, corpus)
    index = read_index(folder)
    assert {"a b'c\"d", "dots.in.name", "ünïcode"} <= {clip.id for clip in index.clips}
    for clip in index.clips:
        with tarfile.open(folder / clip.shard) as tar:
            assert tar.getmember(f"{clip.key}.flac").offset_data == clip.offset


def test_an_interrupted_pack_leaves_the_old_one_and_nothing_else(tmp_path, audio, monkeypatch):
    corpus = make_corpus(tmp_path / "tiny", clips=4)
    folder = make_shards(tmp_path / "shards", audio, corpus)
    before = contents(folder)
    calls = iter(range(3))

    def interrupted(*arguments, **keywords):
        if next(calls) == 2:
            raise KeyboardInterrupt
        return data.pack.recording.encode_recording(*arguments, **keywords)

    with monkeypatch.context() as patch:
        patch.setattr(data.pack.pack, "encode_recording", interrupted)
        with pytest.raises(KeyboardInterrupt):
            make_shards(folder, audio, corpus)
    assert contents(folder) == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["shards", "tiny"]
    make_shards(folder, audio, corpus, format="opus")
    assert contents(folder) != before


def test_a_folder_with_other_files_is_never_replaced(tmp_path, audio):
    corpus = make_corpus(tmp_path / "tiny", clips=4)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("years of work")
    with pytest.raises(ValueError, match="holds other files"):
        make_shards(tmp_path / "home", audio, corpus)
    shards = make_shards(tmp_path / "shards", audio, corpus)
    (shards / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="holds other files"):
        make_shards(shards, audio, corpus)


def test_trim_keeps_the_margin_and_the_speech(audio):
    rate = audio.sample_rate
    room = np.random.default_rng(0).normal(0, 1e-3, 3 * rate).astype(np.float32)  # a noisy room, 40 dB below the voice
    room[rate : 2 * rate] += 0.1 * np.sin(np.arange(rate) * 0.1)
    room[rate // 4] = 0.9  # a click
    trimmed = cut_silence(room, rate)
    assert abs(len(trimmed) / rate - 1.3) < 0.05
    assert cut_silence(room[:100], rate).shape == (100,)


def test_opus_pages_keep_valid_checksums(audio):
    stream = encode(np.random.default_rng(0).normal(0, 0.1, 24000).astype(np.float32), 24000, "opus")
    assert soundfile.info(io.BytesIO(stream)).frames == 24000
    size = 27 + stream[26] + sum(stream[27 : 27 + stream[26]])
    page = stream[:22] + bytes(4) + stream[26:size]
    assert checksum(page) == int.from_bytes(stream[22:26], "little")


def test_weights_will_name_the_licence_of_their_data_and_the_system_that_spoke_them(tmp_path, audio):
    recorded, spoken = make_corpus(tmp_path / "recorded"), make_corpus(tmp_path / "kokoro")
    (spoken / "README.md").write_text("# Made\nLicence: Apache-2.0\nSynthetic: kokoro, voices jm_kumo.\n")
    data = speech_data(make_shards(tmp_path / "shards", audio, recorded, spoken), audio)
    data.setup("fit")
    about = data.provenance()
    assert (about["recorded"]["synthetic"], about["kokoro"]["synthetic"]) == ("", "kokoro, voices jm_kumo.")
    assert about["kokoro"]["licence"] == "Apache-2.0"
    assert about["kokoro"]["hours"] > 0


def test_a_corpus_is_read_in_its_own_language(tmp_path, audio):
    corpus = make_corpus(tmp_path / "de", clips=4, heldout=0)
    head, *lines = (corpus / "metadata.csv").read_text().splitlines()
    ids = [line.rpartition("|")[0].rpartition("|")[0] for line in lines]
    told = [f"{id}|{number} Birnen liegen auf dem Tisch.|1.0" for number, id in enumerate(ids, 2)]
    (corpus / "metadata.csv").write_text("\n".join([head, *told]), encoding="utf-8")
    shards = make_shards(tmp_path / "shards", audio, corpus, val_share=0.0)
    index = read_index(shards)
    assert index.corpora["de"]["language"] == "german"
    assert index[0].spoken == "zwei Birnen liegen auf dem Tisch."
    tokenizer = build(conf("text/german") | {"language": "english", "lexicon": "cmudict"}, audio)
    batch = next(iter(speech_data(shards, audio, tokenizer=tokenizer, needs_text=True).train_dataloader()))
    spoken = next(clip.spoken for clip in index if clip.key == batch.keys[0])
    assert batch.text[0, : batch.text_len[0]].tolist() == tokenizer.reading("german").encode(spoken)
    assert tokenizer.symbols[batch.text[0, 0]] == "<de>"
