"""Words that the lexicon lacks: what the model reads, and what is known without it."""

from pathlib import Path

import numpy as np
import pytest

from tts.text import g2p as model
from tts.text.english import g2p
from tts.text.english.lexicon import OWN, PHONES, cmudict
from tts.text.english.normaliser import normalise
from tts.text.english.unknown import guess
from tts.text.learning.train_g2p import bare, edits

HELD_OUT = {
    line.split(" ")[0]: [bare(phones.split()) for phones in line.partition(" ")[2].split("|")]
    for line in (Path(__file__).parent / "held_out.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
}


def test_held_out_words_are_read_rightly_as_often_as_claimed():
    assert len(HELD_OUT) == 200
    found = {word: bare(g2p.reader().phones(word)) for word in HELD_OUT}
    best = [min((edits(found[word], phones), len(phones)) for phones in right) for word, right in HELD_OUT.items()]
    # 73 % of words and 94 % of phones, less two standard errors of 200 words
    assert sum(wrong == 0 for wrong, _ in best) / len(best) >= 0.67
    assert sum(wrong for wrong, _ in best) / sum(size for _, size in best) <= 0.075


def test_the_model_is_small():
    assert g2p.WEIGHTS.stat().st_size <= 3_000_000


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("nooooo", "N OW1"),
        ("sooo", "S OW1"),
        ("goooood", "G UH1 D"),
        ("waaaay", "W EY1"),
        ("aaaah", "AA1"),
        ("shhhh", "SH"),
        ("mmm", "M"),
        ("hmmmm", "HH M"),
        ("brrrr", "B ER1"),
        ("zzzzz", "Z"),
        ("hahaha", "HH AA1 HH AA1 HH AA1"),
        ("xkcd", "EH1 K S K EY1 S IY1 D IY1"),
        ("blicks's", "B L IH1 K S IH0 Z"),
    ],
)
def test_is_said(word, phones):
    assert " ".join(cmudict().phones(word) or guess(word)) == phones


@pytest.mark.parametrize(("word", "phones"), [("th'", "DH AH0"), ("talkin'", "T AO1 K IH0 N"), ("psst", "P S T")])
def test_clipped_words_and_sounds_are_in_the_lexicon(word, phones):
    assert " ".join(cmudict().phones(word)) == phones


def test_lexicon_and_model_say_phones_only():
    added = {phone for entries in cmudict().entries.values() for entry in entries for phone in entry.split()}
    assert {phone.rstrip("012") for phone in added} == PHONES
    assert set(bare(" ".join(g2p.reader().labels).split())) <= PHONES


def test_the_same_word_is_always_said_alike():
    words = list(HELD_OUT)[:20]
    once = [g2p.reader().phones(word) for word in words]
    guess("abcdefghij" * 30)
    assert [model.Reader(g2p.WEIGHTS, g2p.ALPHABET).phones(word) for word in words] == once


@pytest.mark.parametrize(
    "word", ["", "'", "'''", "я", "😀", "éé", "a" * 10_000, "ab" * 5_000, "x" * 10_000, "a'" * 5_000]
)
def test_any_word_is_said_in_phones_of_which_no_letter_has_many(word):
    phones = guess(word)
    assert set(bare(phones)) <= PHONES
    assert len(phones) <= 4 * len(word)


def test_the_search_finds_the_likeliest_labels():
    """With one letter there is nothing to search: the best label by net and n-gram wins."""
    reader = g2p.reader()
    letters = np.array([g2p.ALPHABET.index("x")])
    encoded = reader._encode(letters)[:, 0]
    scores = reader._decode(letters[0], encoded, np.zeros((1, model.HISTORY), np.int64))[:, 0]
    labels = reader.said[letters[0]]
    graphones = reader.graphones[letters[0], labels, None]
    best = labels[(scores + model.SHARE * reader.ngram.score(graphones)).argmax()]
    assert reader.phones("x") == reader.labels[best].split()


@pytest.mark.parametrize("word", ["cat", "through", "thornfield", "shh", "naïve"])
def test_easy_words_need_no_wider_search(word, monkeypatch):
    found = g2p.reader().phones(word)
    monkeypatch.setattr(model, "BEAM", 50)
    monkeypatch.setattr(model, "MARGIN", 50.0)
    assert g2p.reader().phones(word) == found


@pytest.mark.parametrize(
    ("name", "phones"),
    [
        ("siobhan", "SH AH0 V AO1 N"),  # CMUdict: as it is written
        ("camus", "K AA0 M UW1"),
        ("hermione", "HH ER0 M AY1 AH0 N IY0"),
        ("niamh's", "N IY1 V Z"),  # not in CMUdict
        ("sean", "SH AO1 N"),
        ("quixote", "K IY0 HH OW1 T IY0"),
    ],
)
def test_names_are_said_as_readers_of_english_say_them(name, phones):
    assert " ".join(cmudict().phones(name)) == phones


def test_our_own_entries_are_phones_each_once():
    folder = Path(g2p.__file__).parent
    lines = [line for name in OWN for line in (folder / name).read_text("utf-8").splitlines() if line[0] != "#"]
    words = [line.partition(" ")[0] for line in lines]
    assert [word for word in words if words.count(word) > 1] == []
    for line in lines:
        assert set(bare(line.split(" ")[1:])) <= PHONES, line


@pytest.mark.parametrize(
    ("written", "said", "phones"),
    [
        ("No-o-o-o!", "Noooo!", "N OW1"),
        ("Ple-e-ease", "Pleeease", "P L IY1 Z"),
        ("Sh-h-h.", "Shhh.", "SH"),
        ("Hm-m", "Hmmm", "HH M"),
        ("We-e-ell", "Weeell", "W EH1 L"),
    ],
)
def test_a_word_that_hyphens_lengthen_is_one_word(written, said, phones):
    assert normalise(written).text == said
    assert " ".join(guess(said.strip("!.").lower())) == phones


@pytest.mark.parametrize("text", ["co-op", "to re-elect", "I-I can't", "W-w-what", "an X-ray", "A-a-and"])
def test_other_hyphens_stay(text):
    assert normalise(text).text == text


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("labourers", "L EY1 B ER0 ER0 Z"),
        ("vapour", "V EY1 P ER0"),
        ("manoeuvring", "M AH0 N UW1 V ER0 IH0 NG"),
        ("manoeuvre", "M AH0 N UW1 V ER0"),
        ("palaeontology", "P EY2 L IY0 AH0 N T AA1 L AH0 JH IY0"),
        ("quarrelling", "K W AA1 R AH0 L IH0 NG"),
        ("pitilessly", "P IH1 T IY0 L AH0 S L IY0"),
        ("filthily", "F IH1 L TH AH0 L IY0"),
        ("vapourlike", "V EY1 P ER0 L AY2 K"),
        ("prettiness", "P R IH1 T IY0 N AH0 S"),  # from pretty, not from Pretti
        ("satirically", "S AH0 T IH1 R AH0 K L IY0"),
        ("cheerlessness", "CH IH1 R L AH0 S N AH0 S"),
    ],
)
def test_british_spellings_and_endings_are_said_as_the_words_that_are_known(word, phones):
    assert cmudict().phones(word) is None
    assert " ".join(guess(word)) == phones
