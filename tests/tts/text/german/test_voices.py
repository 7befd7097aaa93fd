"""German with weights of English and with weights of both languages."""

import json

import pytest

from helpers.nano import conf
from tts.checkpoint import build
from tts.text.german.phones import ADDED
from tts.text.tokenizer import PhonemeTokenizer


@pytest.fixture(scope="module")
def english(audio) -> PhonemeTokenizer:
    return build(conf("text/english"), audio)


@pytest.fixture(scope="module")
def both(audio) -> PhonemeTokenizer:
    return build(conf("text/german"), audio)


def test_the_symbols_of_english_keep_their_ids(english, both):
    assert both.symbols[: len(english.symbols)] == english.symbols
    assert both.symbols[len(english.symbols) :] == [*"äöüß", *ADDED]
    assert both.reading("english").encode("Hello, world!") == english.encode("Hello, world!")


def test_weights_of_both_say_german_phones(both):
    assert both.decode(both.encode("Schöne Grüße!")) == "{SH OE N AX} {G RH UE S AX}!"


def test_weights_of_english_say_the_nearest_phones(english):
    german = english.reading("german")
    assert german.decode(german.encode("Schöne Grüße!")) == "{SH ER N AH} {G R UW S AH}!"
    assert german.vocab_size == english.vocab_size
    assert german.encode("{UE1 B AX}") == english.encode("{UW1 B AH0}")
    assert {phones for phones in german.replaced if " " not in phones} == set(ADDED)
    assert german.decode(german.encode("Der Uhr hier")) == "{D EH R} {UH R} {HH IH R}"


def test_english_alone_refuses_phones_of_german(english):
    with pytest.raises(ValueError, match=r"'UE' in \{UE1 B\} is no phone of this voice"):
        english.encode("{UE1 B}")


def test_a_spec_of_german_rebuilds_it(both, audio):
    spec = json.loads(json.dumps(both.spec()))
    assert spec["language"] == "german"
    assert build(spec, audio).encode("Müller kam.") == both.encode("Müller kam.")


def test_nouns_are_told_from_other_words_by_their_capital(both):
    assert both.decode(both.encode("Der Weg ist weg.")) == "{D EE EX} {V EE K} {IH S T} {V EH K}."
