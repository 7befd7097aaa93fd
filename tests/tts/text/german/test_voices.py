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
    assert both.symbols[len(english.symbols) :] == [*"äöüß", *ADDED, "<de>", "<up>"]
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


def test_a_german_text_begins_with_its_tag(english, both):
    tag = both.symbols.index("<de>")
    assert both.encode("Ja.")[0] == tag
    assert tag in both.silent_ids
    assert both.encode(" ") == []
    assert both.encode(both.decode(both.encode("Ja, gut."))) == both.encode("Ja, gut.")
    assert tag not in both.reading("english").encode("Yes.")
    assert english.reading("german").tag == []


def test_a_net_of_english_hears_the_nearest_phones(english, both):
    assert both.within(english.vocab_size).encode("Schöne Grüße!") == english.reading("german").encode("Schöne Grüße!")
    assert both.within(both.vocab_size) is both
    named = dict(zip(both.symbols, both.sounds(english.vocab_size), strict=True))
    assert {named[phone] for phone in ("<de>", "ä", "Q", " ", "_")} == {0}
    nearest = {"OE": "ER", "AN": "AA", "RH": "R", "S": "S"}
    assert {phone: english.symbols[named[phone]] for phone in nearest} == nearest


def test_a_net_begins_from_weights_of_fewer_phones(english, both):
    origins = dict(zip(both.symbols, both.origins(english.symbols), strict=True))
    assert origins["AA"] == origins["A"] == english.symbols.index("AA")
    assert [symbol for symbol, place in origins.items() if place is None] == [*"äöüß", "Q", "<de>", "<up>"]
