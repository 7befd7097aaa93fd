import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from helpers.nano import conf
from tts.checkpoint import build
from tts.text.english import homographs
from tts.text.english.homographs import BESIDE, Homographs, choose
from tts.text.english.learning.train_homographs import read_own
from tts.text.english.lexicon import PHONES, VOWELS
from tts.text.english.senses import senses
from tts.text.language import language
from tts.text.tokenizer import PhonemeTokenizer

HERE = Path(__file__).parent
OURS = HERE / "homographs.txt"  # sentences in the English of books; none of them was trained on


@pytest.fixture(scope="module")
def tokenizer(audio) -> PhonemeTokenizer:
    return build(conf("text/english"), audio)


def said(tokenizer: PhonemeTokenizer, text: str) -> str:
    return tokenizer.decode(tokenizer.encode(tokenizer.language.normalise(text).text))


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("She read the letter and wept.", "R EH D"),
        ("She read the letter yesterday.", "R EH D"),
        ("I will read it tomorrow.", "R IY D"),
        ("The bass player tuned up.", "B EY S"),
        ("A tear ran down her cheek.", "T IH R"),
        ("There was a tear in her eye.", "T IH R"),
        ("Close the door.", "K L OW Z"),
        ("Excuse me.", "IH K S K Y UW Z"),
        ("A lead pipe burst.", "L EH D"),
        ("Wind the kite string.", "W AY N D"),
        ("The wind rose.", "W IH N D"),
        ("He began to wind the clock.", "W AY N D"),
        ("Please record the song.", "R IH K AO R D"),
        ("They object to it.", "AH B JH EH K T"),
        ("He will desert us.", "D IH Z ER T"),
        ("separate rooms", "S EH P R AH T"),
        ("fresh produce", "P R OW D UW S"),
        ("He rode a moped.", "M OW P EH D"),
        ("He was content with life.", "K AH N T EH N T"),
        ("They house refugees.", "HH AW Z"),
        ("a learned man", "L ER N IH D"),
        ("Polish the silver.", "P AA L IH SH"),
        ("He spoke Polish.", "P OW L IH SH"),
        ("It was for the dogs' use.", "Y UW S"),
        ("He used to sing.", "Y UW S T"),
        ("He used a knife.", "Y UW Z D"),
        ("What does it matter?", "D AH Z"),
        ("It looked very nice and green.", "N AY S"),  # a name has a capital
        ("These delightful records should have been his.", "R EH K ER D Z"),
    ],
)
def test_the_pronunciation_that_is_meant_is_said(tokenizer, text, phones):
    assert f"{{{phones}}}" in said(tokenizer, text)


def test_sentences_of_books_are_read_rightly():
    examples = list(read_own(OURS, senses()))
    tagger = Homographs.read()
    right = [tagger.sense(e.place, senses()[e.word]).name == e.sense for e in examples]
    assert len(examples) > 400
    assert np.mean(right) >= 0.94
    past = [is_right for e, is_right in zip(examples, right, strict=True) if e.sense == "read_past"]
    assert np.mean(past) >= 0.8


def test_no_test_sentence_is_trained_on():
    def sentences(path: Path) -> set[str]:
        lines = path.read_text(encoding="utf-8").splitlines()
        return {sentence.strip() for line in lines for sentence in line.partition(": ")[2].split(" | ")}

    assert not sentences(OURS) & sentences(BESIDE / "homographs.examples.txt")


def test_the_table_holds_phones_with_stress_():
    for word, known in senses().items():
        assert word == word.lower()
        assert len({sense.name for sense in known}) == len(known)
        for phone in (phone for sense in known for phone in sense.phones.split()):
            assert phone.rstrip("012") in PHONES
            assert (phone[-1] in "012") == (phone.rstrip("012") in VOWELS), (word, phone)


def test_a_word_with_an_accent_is_another_word(tokenizer):
    assert said(tokenizer, "She sent her résumé.").endswith("{R EH Z AH M EY}.")
    assert said(tokenizer, "RÉSUMÉ").endswith("{R EH Z AH M EY}")
    assert said(tokenizer, "They resume the march.").startswith("{DH EY} {R IH Z UW M}")
    assert said(tokenizer, "{S IH1} the résumé's {S IH1} end, café.") == said(
        tokenizer, "{S IH1} the {R EH1 Z AH0 M EY2 Z} {S IH1} end, cafe."
    )


@pytest.mark.parametrize(
    "text", ['"Read it," he said; "read" it!', "'Live and let live.'", "—use it… use", "re-read, well-read"]
)
def test_choices_stand_where_their_words_begin(text):
    begins = {match.start() for match in re.finditer(r"\b(read|live|use)\b", text, re.IGNORECASE)}
    assert set(choose(text)) == begins


def test_quotes_around_a_homograph_do_not_hide_it(tokenizer):
    assert said(tokenizer, "I will 'read' it.") == said(tokenizer, "I will {R IY1 D} it.")


def test_possessives_are_those_of_the_noun(tokenizer):
    assert "{W IH N D Z}" in said(tokenizer, "the wind's song")
    assert "{R EH K ER D Z}" in said(tokenizer, "The record's sleeve is torn.")


def test_inline_phones_are_left_alone(tokenizer):
    assert choose("{L IY1 D} {AY1}") == {}
    assert said(tokenizer, "a {L IY1 D} pipe") == said(tokenizer, "a {L IY1 D} {P AY1 P}")


def test_a_users_own_word_goes_before(tokenizer):
    mine = tokenizer.with_words({"read": "R AA1 D", "moped": "M AA1 P"})
    assert "{R AA D}" in said(mine, "She read it.")
    assert "{M AA P S}" in said(mine, "the moped's end")
    assert "{L EH D}" in said(mine, "A lead pipe burst.")


def test_a_language_without_homographs_needs_no_tagger():
    from helpers.tiny_german import GERMAN

    assert GERMAN.choose("Der Weg ist weg.") == {}
    assert language("english").choose("A lead pipe.")


def test_choices_are_the_same_again():
    text = "I read that they live in a close house by the lead mine, where winds wound him. " * 20
    assert choose(text) == choose(text) == Homographs.read().choose(text)


@pytest.mark.parametrize(
    "piece", ["read ", "read", "'", "{", "}", "two ", "read'", "é", "read.", "s'", "A-", "\ue000 "]
)
def test_a_hostile_text_is_looked_at_once(piece, monkeypatch):
    """The work is counted, not timed: what is looked at around a homograph does not grow with the text."""
    seen = []
    monkeypatch.setattr(Homographs, "sense", lambda self, place, candidates: seen.append(place) or candidates[0])
    text = piece * (200_000 // len(piece))
    chosen = choose(text)
    assert len(seen) <= len(chosen) <= len(text) // 4
    assert all(len(place.left) + len(place.right) <= 2 * homographs.REACH for place in seen[:1000])


def test_the_weights_are_small_and_hold_no_code():
    path = BESIDE / "homographs.npz"
    assert path.stat().st_size <= 2 << 20
    with np.load(path, allow_pickle=False) as arrays:
        assert arrays["weights"].dtype == np.int8
        assert arrays["weights"].shape == (1 << homographs.BUCKET_BITS,)


def test_choosing_needs_no_torch():
    code = (
        "import sys; from tts.text.english import ENGLISH; ENGLISH.choose('I read.'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
