"""Text to wave through the four real nets at nano size."""

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from diffusion.sample import SAMPLERS
from helpers import nano
from tts import settings as defaults
from tts.synthesis.grid import first_window
from tts.synthesis.listen import group
from tts.synthesis.pipeline import TextToSpeech, pick_device
from tts.synthesis.portions import check_text, closed
from tts.synthesis.speaking import Settings, derive_seed
from tts.voices.clone import make

THREE = "A first thing. The second thing! Is this the third?"


@pytest.fixture(scope="module")
def speech(tmp_path_factory) -> TextToSpeech:
    return TextToSpeech.load(nano.weights(tmp_path_factory.mktemp("weights")), "cpu")


@pytest.fixture(scope="module")
def voice(speech, tmp_path_factory):
    clip = nano.hum(tmp_path_factory.mktemp("clips") / "hum.wav")
    return make([clip], speech)


@pytest.fixture(scope="module")
def quick() -> Settings:
    """The shipped settings, shortened."""
    settings = Settings.parse(defaults.compose([]))
    return replace(
        settings, steps=2, retries=0, sampling=replace(settings.sampling, max_codes_per_id=2.0, temperature=1.0)
    )


def waves(speech, text, voice, settings, seed=0) -> list[np.ndarray]:
    return [chunk.wave for chunk in speech.say(text, voice, settings=settings, seed=seed)]


def same(a, b) -> bool:
    return np.array_equal(a, b)


def test_every_sentence_sounds(speech, voice, quick):
    chunks = list(speech.say(THREE, voice, settings=quick, seed=0))
    assert [chunk.portion.index for chunk in chunks] == [0, 1, 2] and {chunk.portion.total for chunk in chunks} == {3}
    for chunk in chunks:
        assert len(chunk.wave) > 1000 and np.isfinite(chunk.wave).all() and np.abs(chunk.wave).max() > 0


def test_a_rendered_wave_is_as_long_as_its_codes(speech, voice, quick):
    said = speech.utter("as long as its codes", voice, settings=quick, seed=1).speech
    wave = speech.render(said.codes, said.latents, voice, settings=quick, seed=1)
    assert len(wave) == speech.audio.sample_rate * int(said.codes.length) / speech.codec.code_rate


def test_same_seed_same_bytes_other_seed_other_bytes(speech, voice, quick):
    first, again, other = (waves(speech, THREE, voice, quick, seed) for seed in (5, 5, 6))
    assert all(same(a, b) for a, b in zip(first, again, strict=True))
    assert not any(same(a, b) for a, b in zip(first, other, strict=True))


@pytest.fixture
def sharing(speech):
    """Make an engine in which so many sentences share steps, with the numbers of those that did in each step."""

    def share(sentences: int) -> tuple[TextToSpeech, list[int]]:
        own, sizes = copy(speech), []
        own.share_steps(sentences, sizes.append)
        return own, sizes

    return share


@pytest.mark.parametrize("agree", [None, False])
def test_sentences_of_a_text_share_steps_only_where_that_changes_no_byte(sharing, voice, quick, agree):
    (alone, _), (shared, sizes) = sharing(1), sharing(3)
    agreed = shared.rows_agree(3) if agree is None else agree
    shared.rows_agree = lambda sentences: agreed
    before, after = (waves(own, THREE, voice, quick) for own in (alone, shared))
    assert all(same(a, b) for a, b in zip(before, after, strict=True))
    assert (max(sizes) > 1) == agreed


def test_streams_share_steps_from_their_first_sound_on(sharing, voice, quick):
    own, sizes = sharing(2)
    long = replace(quick, sampling=replace(quick.sampling, max_codes_per_id=4.0))
    one, other = (
        own.stream(text, voice, settings=long, seed=0) for text in ("Hello there, my friend.", "And you, too?")
    )
    pieces = [next(one)]
    assert set(sizes) == {1}
    begun = [next(other)]
    assert set(sizes) == {1}  # what comes before a first sound is drawn alone
    pieces.append(next(one))
    assert 2 in sizes
    together = [pieces + list(one), begun + list(other)]
    if own.rows_agree(2):
        for text, chunks in zip(("Hello there, my friend.", "And you, too?"), together, strict=True):
            (alone, *none) = waves(own, text, voice, long)
            assert same(np.concatenate([chunk.wave for chunk in chunks]), alone) and not none


def test_a_stream_that_is_left_takes_part_in_no_further_step(sharing, voice, quick):
    own, sizes = sharing(2)
    one, other = (own.stream(text, voice, settings=quick, seed=0) for text in ("Hello there, friend.", "And you, too?"))
    assert next(one) and next(other)
    one.close()
    assert list(other) and set(sizes) == {1}


def test_editing_or_adding_a_sentence_leaves_the_others_alone(speech, voice, quick):
    before = waves(speech, THREE, voice, quick)
    edited = waves(speech, THREE.replace("second", "new"), voice, quick)
    assert same(before[0], edited[0]) and same(before[2], edited[2]) and not same(before[1], edited[1])
    added = waves(speech, "Something before. " + THREE, voice, quick)
    assert all(same(a, b) for a, b in zip(before, added[1:], strict=True))


def test_a_sentence_said_twice_is_two_takes(speech, voice, quick):
    first, second, _ = waves(speech, "Never mind. Never mind. Good.", voice, quick)
    assert not same(first, second)


def test_a_long_text_is_spoken_as_it_is_asked_for(speech, voice, quick):
    stream = speech.say("Again and again. " * 5000, voice, settings=quick, seed=0)
    assert isinstance(stream, Iterator)
    assert len(next(stream).wave) and next(stream).portion.total == 5000


def test_candidates_are_compared_by_listening(speech, voice, quick):
    """Of those with the fewest faults the one is kept that the GPT finds likeliest to say the text."""
    many, text = replace(quick, candidates=4), "listen to them"
    kept = speech.utter(text, voice, settings=many, seed=3)
    with torch.inference_mode():
        every = speech.draw(text, voice, settings=many, seed=3)
        score = speech.understood(every.codes, text)
        heard = speech.hear(every.codes, text, many)
    fewest = min(len(each.faults) for each in heard)
    best = max((i for i in range(4) if len(heard[i].faults) == fewest), key=lambda i: float(score[i]))
    assert kept.verdict == heard[best]
    assert torch.equal(kept.speech.codes.ids[0], every.codes.ids[best, : int(every.codes.length[best])])


def test_what_runs_on_or_stops_early_is_tried_again_and_told(speech, voice, quick):
    strict = replace(quick, min_codes_per_id=1.999, retries=2)  # between this and 2.0 almost nothing fits
    (chunk,) = speech.say("This never fits.", voice, settings=strict, seed=0)
    assert len(chunk.wave) and any("attempt 3 of 3" in notice for notice in chunk.notices)


def test_what_cannot_be_said_is_skipped_with_a_notice(speech, voice, quick):
    chunks = list(speech.say("Yes.\n\n* * *\n\nNo.", voice, settings=quick, seed=0))
    silent = [chunk for chunk in chunks if not len(chunk.wave)]
    assert len(chunks) - len(silent) == 2 and all(chunk.notices for chunk in silent)


@pytest.mark.parametrize("text", ["* * *", "…", "Привет, мир.", "你好世界", "\u202e\u0007", "☃☃"])
def test_a_text_that_no_voice_can_say_is_an_error(speech, voice, quick, text):
    with pytest.raises(ValueError, match="no voice can say|is empty"):
        list(speech.say(text, voice, settings=quick, seed=0))


@pytest.mark.parametrize(
    "text, reason", [("", "empty"), (" \n\t", "empty"), ("x" * 1_000_000, "1000000 characters")], ids="abc"
)
def test_what_is_no_text_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        check_text(text)


def test_digits_that_grow_into_many_words_are_cut_again(speech, voice, quick):
    short = replace(quick, max_chars=40, sampling=replace(quick.sampling, max_codes_per_id=0.5))
    chunks = list(speech.say("7,654,321 " * 3 + "dollars.", voice, settings=short, seed=0))
    assert len(chunks) > 3 and all(len(chunk.wave) for chunk in chunks)
    assert {(chunk.portion.index, chunk.portion.total) for chunk in chunks} == {(0, 1)}
    assert "".join(chunk.portion.written for chunk in chunks).count("7,654,321") == 3


@pytest.mark.parametrize(
    "words, said", [("Hello", "Hello."), ("Hello!", "Hello!"), (" {HH AH0} ", "{HH AH0}."), ("", ""), ('"No"', '"No"')]
)
def test_a_sentence_ends_in_a_mark(words, said):
    assert closed(words) == said


def test_pauses_are_as_long_as_the_settings_say(speech, voice, quick):
    text = "One here. Two there.\n\nThree."
    pauses = quick.pauses | {"sentence": 0.5, "paragraph": 1.25}
    spoken = list(speech.say(text, voice, settings=replace(quick, pauses=pauses, pause=2.0), seed=0))
    silences = [(len(chunk.wave) - len(chunk.take.wave)) / speech.audio.sample_rate for chunk in spoken]
    assert silences == [1.0, 2.5, 0.0]


def test_every_sampler_speaks_and_each_in_its_own_way(speech, voice, quick):
    assert defaults.compose([])["choices"]["sampler"] == list(SAMPLERS)
    said = [waves(speech, "One.", voice, replace(quick, sampler=sampler))[0] for sampler in SAMPLERS]
    assert not any(same(a, b) for a, b in pairwise(said))


def test_seeds_are_stable_across_machines_and_take_any_text():
    assert derive_seed(0, "hello") == 0x7B62E1B266B741A0
    assert 0 <= derive_seed(2**63, "\ud800 lone") < 2**63


def test_nets_of_two_families_do_not_mix(tmp_path):
    folder = nano.weights(tmp_path)
    other = nano.conf("audio/24khz") | {"level": -20.0}
    spec = nano.conf("model/vocoder/nano")
    audio = nano.AudioConfig(**other)
    nano.export(
        folder / "vocoder.safetensors", nano.build(spec, audio), spec=spec, audio=audio, provenance={}, extra={}
    )
    with pytest.raises(ValueError, match="another mel"):
        TextToSpeech.load(folder, "cpu")


def test_a_device_that_is_not_here_is_an_error():
    with pytest.raises(ValueError, match="cannot be used"):
        pick_device("cuda:99")
    with pytest.raises(ValueError, match="cannot be used"):
        pick_device("toaster")


class Brief:
    """The GPT, stopped in time, as one that has learned nothing never stops."""

    def __init__(self, acoustic):
        self.acoustic = acoustic

    def begin(self, text, *rest, **options):
        begun = self.acoustic.begin(text, *rest, **options)
        begun.limit = begun.limit.clamp(max=3 * text.shape[1] // 2)
        return begun

    def __getattr__(self, name):
        return getattr(self.acoustic, name)


class FakeCodec:
    """The codec, which hears these words in whatever it is given, one text after the other."""

    STEPS = 16

    def __init__(self, codec, tokenizer, texts):
        self.codec = codec
        self.heard = iter([group(tokenizer.encode(text), tokenizer.silent_ids) for text in texts])

    def spell(self, codes):
        sounds = [label for word in next(self.heard) for sound in word for label in (sound, 0)]
        steps = codes.ids.shape[1] * self.STEPS
        best = torch.tensor(sounds + [0] * (steps - len(sounds)))
        return (10 * F.one_hot(best, 80).float()).log_softmax(-1)[None]

    def decode(self, codes):
        self.kept = codes.ids  # of the attempt that is sounded
        return self.codec.decode(codes)

    def __getattr__(self, name):
        return getattr(self.codec, name)


@pytest.fixture
def hearing(speech, voice, quick):
    """Speak a text and hear these instead: the chunk, and the codes that were kept. Nothing heard: nobody listens."""

    def say(text: str, *heard: str, retries: int = 2):
        own = copy(speech)
        own.acoustic = Brief(speech.acoustic)
        own.codec = FakeCodec(speech.codec, speech.tokenizer, heard)
        (chunk,) = own.say(text, voice, settings=replace(quick, listen=bool(heard), retries=retries), seed=0)
        return chunk, own.codec.kept

    return say


def test_what_is_heard_to_be_whole_is_kept_as_it_is(hearing):
    chunk, kept = hearing("Hello there again.", "Hello there again.")
    assert (chunk.take.attempts, chunk.take.fault, chunk.take.rejected, chunk.notices) == (1, None, [], [])
    unheard, unheard_kept = hearing("Hello there again.")
    assert same(kept, unheard_kept) and same(chunk.wave, unheard.wave)


def test_a_sentence_is_spoken_again_until_it_is_whole_and_that_is_told(hearing):
    chunk, second = hearing("Hello there again.", "Hello again.", "Hello there again.")
    assert (chunk.take.attempts, chunk.take.fault, chunk.take.rejected) == (2, None, ["skips 'there'"])
    assert chunk.notices == ["whole only at attempt 2 of 3 (skips 'there'): Hello there again."]
    _, first = hearing("Hello there again.", "Hello again.", retries=0)
    assert not same(first, second)


def test_of_faulty_attempts_the_best_is_kept(hearing):
    text, worse, bad = "Hello there again, my good friend.", "Hello again, my friend.", "Hello there again, my good"
    chunk, kept = hearing(text, worse, bad, worse)
    assert (chunk.take.attempts, chunk.take.fault) == (3, "stopped early before 'friend'")
    assert chunk.take.rejected == ["skips 'there'; skips 'good'"] * 2
    assert "stopped early before 'friend', at best, by attempt 3 of 3" in chunk.notices[0]
    _, second = hearing(text, worse, text)
    assert same(kept, second)


def test_without_retries_a_fault_is_told_all_the_same(hearing):
    chunk, _ = hearing("Hello there again.", "Hello there again. Hello there again.", retries=0)
    assert chunk.take.attempts == 1 and chunk.take.fault == "repeats 'Hello there again'"
    assert chunk.take.fault in chunk.notices[0]


def test_a_codec_that_cannot_spell_accuses_nobody(speech, voice, quick):
    own = copy(speech)
    own.acoustic, own.codec = Brief(speech.acoustic), copy(speech.codec)
    own.codec.spell = lambda codes: None
    (chunk,) = own.say("Hello there.", voice, settings=quick, seed=0)
    assert quick.listen and not chunk.notices and chunk.take.fault is None


def streamed(speech, text, voice, settings, seed=0):
    return list(speech.stream(text, voice, settings=settings, seed=seed))


@pytest.mark.parametrize("speed", [pytest.param(0.8, marks=pytest.mark.slow), 1.0, 1.7])
def test_streamed_speech_is_the_same_bytes_as_whole_speech(speech, voice, quick, speed):
    settings = replace(quick, speed=speed, sampling=replace(quick.sampling, max_codes_per_id=6.0))
    chunks = streamed(speech, THREE, voice, settings)
    assert len(chunks) > 3 and np.array_equal(
        np.concatenate([c.wave for c in chunks]), joined(speech, THREE, voice, settings)
    )
    for whole in speech.say(THREE, voice, settings=settings, seed=0):
        own = [chunk for chunk in chunks if chunk.portion == whole.portion]
        assert [chunk.take is None for chunk in own] == [True] * (len(own) - 1) + [False]
        assert np.array_equal(own[-1].take.wave, whole.take.wave) and own[-1].take.start == whole.take.start
        assert torch.equal(own[-1].take.codes.ids, whole.take.codes.ids)


def joined(speech, text, voice, settings, seed=0):
    return np.concatenate(waves(speech, text, voice, settings, seed))


def test_the_first_sound_comes_before_the_sentence_is_spoken(speech, voice, quick):
    """Counted without the thread that speaks ahead: the first wave needs the codes of one window and no more."""
    with torch.inference_mode():
        said = speech.draw("a sentence of some length to speak", voice, settings=quick, seed=1)
    taken = []
    codes = (taken.append(k) or (said.codes.ids[:, k], said.latents[:, k]) for k in range(said.codes.ids.shape[1]))
    pieces = speech.sound(codes, voice, settings=quick, seed=1)
    assert len(next(pieces)) and len(taken) == first_window(speech.codec.grain) < said.codes.ids.shape[1]


def test_several_candidates_are_streamed_as_whole_sentences(speech, voice, quick):
    many = replace(quick, candidates=2)
    chunks = streamed(speech, THREE, voice, many)
    assert len(chunks) == 3
    assert np.array_equal(np.concatenate([chunk.wave for chunk in chunks]), joined(speech, THREE, voice, many))


def test_a_text_in_pieces_is_the_same_speech(speech, voice, quick):
    pieces = [THREE[start : start + 4] for start in range(0, len(THREE), 4)]
    whole = joined(speech, THREE, voice, quick)
    for spoken in (speech.stream, speech.say):
        chunks = list(spoken(iter(pieces), voice, settings=quick, seed=0))
        assert np.array_equal(np.concatenate([chunk.wave for chunk in chunks]), whole)


def test_a_sentence_is_spoken_before_the_text_ends(speech, voice, quick):
    def writing():
        yield "One thing is said. And then "
        spoken.append(len(chunks))
        yield "there is more."

    chunks, spoken = [], []
    for chunk in speech.stream(writing(), voice, settings=quick, seed=0):
        chunks.append(chunk)
    assert spoken[0] and [chunk.portion.words for chunk in chunks][-1] == "And then there is more."


@pytest.mark.parametrize("pieces", [[], [""], [" ", "\n"], ["*", " * *"]])
def test_pieces_without_a_word_are_an_error(speech, voice, quick, pieces):
    with pytest.raises(ValueError, match="no voice can say|is empty"):
        streamed(speech, iter(pieces), voice, quick)


@pytest.fixture
def hearing_along(speech, voice, quick):
    """Stream a text and hear these instead, in each beginning and at last in the whole: the last chunk."""

    def say(text: str, *heard: str):
        own = copy(speech)
        own.acoustic, own.codec = Brief(speech.acoustic), FakeCodec(speech.codec, speech.tokenizer, heard)
        chunks = streamed(own, text, voice, replace(quick, listen=True, retries=2))
        assert all(not chunk.notices and chunk.take is None for chunk in chunks[:-1])
        return chunks[-1]

    return say


LONG = "Hello there again, my good old friend."


def test_a_beginning_that_is_right_is_followed_to_its_end(hearing_along):
    last = hearing_along(LONG, "Hello there", LONG)
    assert (last.take.attempts, last.take.fault, last.notices) == (1, None, [])


def test_a_beginning_that_is_wrong_is_begun_again(hearing_along):
    last = hearing_along(LONG, "Hello again", "Hello there", LONG)
    assert (last.take.attempts, last.take.fault, last.take.rejected) == (2, None, ["skips 'there'"])
    assert last.notices == [f"whole only at attempt 2 of 3 (skips 'there'): {LONG}"]


def test_a_fault_that_is_heard_later_is_told(hearing_along):
    last = hearing_along(LONG, "Hello there", "Hello there again, my good")
    assert last.take.attempts == 1 and last.take.fault == "stopped early before 'old friend'"
    assert last.notices == [f"stopped early before 'old friend', heard too late, by attempt 1 of 3: {LONG}"]
