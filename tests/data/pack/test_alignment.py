import json
import random

import pytest
import torch

from data.index import TICK, read_index
from data.reader import spread_letters
from helpers.corpus import make_corpus, make_shards, speech_data
from tts import align
from tts.checkpoint import build, load
from tts.files import fingerprint
from tts.settings import ROOT
from tts.text.tokenizer import unpinned

CODEC = ROOT / "tts" / "weights" / "dvae.safetensors"
SILENT = {0, 1, 2}
A, B, C, D, X, Y, Z = range(10, 17)  # phones, then letters


@pytest.fixture(scope="module")
def codec():
    return load(CODEC)


@pytest.fixture(scope="module")
def tokenizer(codec, audio):
    return build(unpinned(codec.extra["text"]), audio)


@pytest.fixture(scope="module")
def shards(tmp_path_factory, audio):
    folder = tmp_path_factory.mktemp("aligned")
    corpus = make_corpus(folder / "corpus", clips=4)
    lines = (corpus / "metadata.csv").read_text().splitlines()
    lines[-1] = "|".join([*lines[-1].split("|")[:2], "", "1.0"])  # without a transcript
    (corpus / "metadata.csv").write_text("\n".join(lines))
    return make_shards(folder / "shards", audio, corpus, codec=CODEC, val_share=0.0)


def read(data):
    stream = data.train_dataloader()
    return [next(iter(stream)) for _ in range(len(stream))]


def test_times_from_shards_are_those_that_a_training_step_finds(shards, audio, codec, tokenizer):
    rows = 0
    for batch in read(speech_data(shards, audio, tokenizer=tokenizer, needs_text=True)):
        codes = codec.net.encode(batch.wav, batch.wav_len)
        found = align.spoken(codec.net.spell(codes), codes, batch.text, batch.text_len, tokenizer)
        found = found / float(codec.net.code_rate)
        assert batch.times.shape == found.shape
        # All but a few: beside other clips, or on another processor, a code that lies on a border may be the next one.
        assert ((batch.times - found).abs() <= TICK / 2 + 1e-4).float().mean() > 0.9
        assert (found.diff() >= 0).all() and found.max() > 0.5
        rows += len(batch.keys)
    assert rows > 2


def test_the_index_names_the_codec(shards):
    assert read_index(shards).alignment["codec"] == fingerprint(CODEC)


def test_a_clip_without_a_text_has_no_times(shards, audio, tokenizer):
    batches = read(speech_data(shards, audio, tokenizer=tokenizer))
    known = [
        (length > 0, bool(row.isfinite().all()), bool(row.isnan().all()))
        for batch in batches
        if batch.times is not None
        for length, row in zip(batch.text_len.tolist(), batch.times, strict=True)
    ]
    assert all(finite == told and nan != told for told, finite, nan in known) and any(told for told, _, _ in known)


def test_times_are_left_out_where_they_are_of_another_tokenizers_ids(shards, audio, tokenizer, tmp_path, caplog):
    other = build(tokenizer.spec() | {"symbols": [*tokenizer.symbols[:-2], *tokenizer.symbols[:-3:-1]]}, audio)
    for data in (
        speech_data(shards, audio, tokenizer=other),
        speech_data(make_shards(tmp_path / "plain", audio), audio, tokenizer=tokenizer),  # packed without a codec
        speech_data(shards, audio, tokenizer=tokenizer, crop_seconds=0.5),
    ):
        assert all(batch.times is None for batch in read(data))
    assert caplog.text.count("aligned with another tokenizer") == 1


def test_times_stay_where_a_tokenizer_has_symbols_more(shards, audio, tokenizer):
    other = build(tokenizer.spec() | {"symbols": [*tokenizer.symbols, "ß"]}, audio)
    for batch, more in zip(
        read(speech_data(shards, audio, tokenizer=tokenizer)),
        read(speech_data(shards, audio, tokenizer=other)),
        strict=True,
    ):
        torch.testing.assert_close(more.times, batch.times, rtol=0, atol=0, equal_nan=True)


def test_the_letters_of_a_word_share_its_time(shards, audio, tokenizer):
    data = speech_data(shards, audio, tokenizer=tokenizer, needs_text=True, letters=1.0)
    clips = {clip.key: clip for clip in data.library}
    for batch in read(data):
        for key, length, text, times in zip(batch.keys, batch.text_len, batch.text, batch.times, strict=True):
            plain = tokenizer.encode(clips[key].spoken)
            own = times[: length + 2]
            assert text[:length].tolist() != plain and (own.diff() >= 0).all()
            # Words stay where they were: the pauses between them are heard at the same times.
            spaces = tokenizer.ids[" "]
            before = [time for time, id in zip(clips[key].times[1:], plain, strict=False) if id == spaces]
            assert own[1:-1][text[:length] == spaces].tolist() == pytest.approx(before, abs=1e-4)


@pytest.mark.parametrize(
    ("plain", "shown", "expected"),
    [
        ([A, B], [A, B], [0, 1, 2, 3]),
        ([A, B, 1, C], [X, Y, Z, 1, C], [0, 0.5 + 1 / 3, 1.5, 2.5 - 1 / 3, 3, 4, 5]),  # from half-way to half-way
        ([A, 1, B, 2], [A, 1, X, Y, 2], [0, 1, 2, 2.75, 3.25, 4, 5]),
        ([A, B], [X], [0, 1.5, 3]),
        ([A, 1, B], [X, 1, Y], [0, 1, 2, 3, 4]),
        ([A, 1, B], [X, Y], []),  # a word is gone
        ([A, 1, B], [1, B], []),
    ],
)
def test_letters_are_spread_over_their_word(plain, shown, expected):
    assert spread_letters(list(range(len(plain) + 2)), plain, shown, SILENT) == pytest.approx(expected)
    assert spread_letters(list(range(len(plain) + 3)), plain, shown, SILENT) == []  # the lexicon was another


def test_any_mix_of_letters_keeps_the_order(tokenizer):
    text, rng = "Don't ask “the seven old sailors”, they won't say; it's—well—too late.", random.Random(0)
    plain = tokenizer.encode(text)
    times = [0.1 * place for place in range(len(plain) + 2)]
    for _ in range(200):
        shown = tokenizer.encode(text, letters=0.5, generator=rng)
        told = spread_letters(times, plain, shown, tokenizer.silent_ids)
        assert len(told) == len(shown) + 2 and told[0] == times[0] and told[-1] == times[-1]
        assert told == sorted(told)


def test_a_codec_that_cannot_say_when_is_refused(tmp_path, audio):
    with pytest.raises(ValueError, match="has no CTC head"):
        make_shards(tmp_path / "shards", audio, codec=ROOT / "tts" / "weights" / "vocoder.safetensors")
    assert not (tmp_path / "shards").exists()


def test_the_shards_themselves_are_the_same_with_and_without_times(shards, audio, tmp_path):
    corpus = shards.with_name("corpus")
    plain = make_shards(tmp_path / "plain", audio, corpus, val_share=0.0)
    assert {path.name for path in plain.glob("*.tar")} == {path.name for path in shards.glob("*.tar")}
    assert json.loads((plain / "index.json").read_text())["alignment"] is None
