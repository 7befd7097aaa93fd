import json
import random
import warnings

import pytest
from omegaconf import OmegaConf

from helpers.growth import QUADRATIC, growth
from tts.checkpoint import build
from tts.text.english.lexicon import cmudict
from tts.text.tokenizer import PADDING, PhonemeTokenizer, SentencePieceTokenizer, unpinned

SENTENCE = 'Hello, big world! "It\'s me" - the zorkian; who?'


@pytest.fixture(scope="module")
def spec() -> dict:
    return OmegaConf.to_container(OmegaConf.load("conf/text/english.yaml"))


@pytest.fixture(scope="module")
def tokenizer(spec, audio) -> PhonemeTokenizer:
    return build(spec, audio)


def test_unknown_words_are_phones_that_the_language_guesses(tokenizer):
    assert tokenizer.decode(tokenizer.encode("Hello, blick!")) == "{HH AH L OW}, {B L IH K}!"


def test_a_text_with_the_tag_of_another_language_is_read_in_it(spec, audio):
    both = build({**german_spec(), "language": "english", "lexicon": "cmudict"}, audio)
    german = both.reading("german")
    assert both.learned == german.learned == ("english", "german")
    assert both.encode("<de> Ich mag Hüte.") == german.encode("Ich mag Hüte.") != both.encode("Ich mag Hüte.")
    assert german.encode("<en> I like hats.") == both.encode("I like hats.")
    assert both.within(80).encode("<de> Hüte") == german.within(80).encode("Hüte")
    english = build(spec, audio)
    assert english.learned == english.reading("german").learned == ("english",)


def german_spec() -> dict:
    return OmegaConf.to_container(OmegaConf.load("conf/text/german.yaml"))


def test_padding_never_occurs(tokenizer):
    assert PADDING not in tokenizer.encode("_ " + SENTENCE + " _")
    assert max(tokenizer.encode(SENTENCE)) < tokenizer.vocab_size == len(tokenizer.symbols)


@pytest.mark.parametrize(
    "text", [SENTENCE, "well — no... yes", "-- a", "{HH AH L OW}{z o r}", "W-w-what", "O'Zork's", ""]
)
def test_decode_is_undone_by_encode(tokenizer, text):
    ids = tokenizer.encode(text)
    assert tokenizer.encode(tokenizer.decode(ids)) == ids
    assert tokenizer.decode([*ids, PADDING, PADDING]) == tokenizer.decode(ids)


def test_the_spec_is_plain_data_that_rebuilds_it(tokenizer, audio):
    again = build(json.loads(json.dumps(tokenizer.spec())), audio)
    assert again.spec() == tokenizer.spec()
    assert again.encode(SENTENCE) == tokenizer.encode(SENTENCE)
    assert again.silent_ids == tokenizer.silent_ids


def test_another_lexicon_than_in_training_is_said(tokenizer):
    with pytest.warns(UserWarning, match="pronounced differently"):
        PhonemeTokenizer(symbols=tokenizer.symbols, stress=False, lexicon="cmudict@0123456789abcdef")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        PhonemeTokenizer(symbols=tokenizer.symbols, stress=False, lexicon=tokenizer.spec()["lexicon"])


def test_silent_ids_leave_only_sounds(tokenizer):
    heard = [tokenizer.symbols[i] for i in tokenizer.encode("Hello, {z o}!") if i not in tokenizer.silent_ids]
    assert heard == ["HH", "AH", "L", "OW", "z", "o"]


def test_letters_show_known_words_as_often_as_asked(tokenizer):
    text = "the dog and the cat " * 200
    generator = random.Random(0)

    def share(letters: float) -> float:
        words = tokenizer.decode(tokenizer.encode(text, letters=letters, generator=generator)).split("} {")
        return sum(word.strip("{}").islower() for word in words) / len(words)

    assert share(0.0) == 0
    assert share(1.0) == 1
    assert share(0.3) == pytest.approx(0.3, abs=0.05)
    with pytest.raises(ValueError, match=r"random\.Random"):
        tokenizer.encode(text, letters=0.3)


def test_letters_are_the_same_for_the_same_seed(tokenizer):
    once, again = (tokenizer.encode(SENTENCE, letters=0.5, generator=random.Random(3)) for _ in range(2))
    assert once == again


def test_inline_phones_are_taken_as_they_stand(tokenizer):
    assert tokenizer.encode("{HH AH0 L OW1}") == tokenizer.encode("hello")
    with pytest.raises(ValueError, match=r"'QX' in \{HH QX\} is no phone"):
        tokenizer.encode("{HH QX}")


def test_the_users_words_come_first(tokenizer):
    mine = tokenizer.with_words({"Zorkian": "Z AO1 R K IY0 AH0 N"})
    assert mine.decode(mine.encode("zorkian's")) == "{Z AO R K IY AH N Z}"
    assert tokenizer.with_words({"blick": "B L AY K"}).encode("blick") != tokenizer.encode("blick")
    with pytest.raises(ValueError, match="no phone"):
        tokenizer.with_words({"zork": "Z OO"})


def test_stress_is_kept_where_the_symbols_have_it(spec):
    vowels = {"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"}
    symbols = [s + digit for s in spec["symbols"] for digit in ("012" if s in vowels else ("",))]
    stressed = PhonemeTokenizer(symbols=symbols, stress=True, lexicon="cmudict")
    assert stressed.decode(stressed.encode("hello")) == "{HH AH0 L OW1}"


def test_hyphens_join_words_and_dashes_pause(tokenizer):
    assert tokenizer.decode(tokenizer.encode("well-known")) == tokenizer.decode(tokenizer.encode("well known"))
    assert tokenizer.decode(tokenizer.encode("well—no")) == "{W EH L} - {N OW}"


def test_every_word_of_the_lexicon_has_only_known_phones(tokenizer):
    phones = {phone.rstrip("012") for entry in tokenizer.lexicon.entries.values() for phone in entry[0].split()}
    assert phones <= set(tokenizer.ids)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("W-w-what?", "{W} {W} {W AH T}?"),
        ("Th-this", "{DH} {DH IH S}"),
        ("a-and", "{AH} {AH N D}"),
        ("D-Day, t-tests", "{D IY D EY}, {T IY T EH S T S}"),
        ("T-shirt, so-so", "{T IY} {SH ER T}, {S OW} {S OW}"),
    ],
)
def test_stutters_repeat_the_first_sound(tokenizer, written, said):
    assert tokenizer.decode(tokenizer.encode(written)) == said


@pytest.mark.parametrize("unit", ["a-", "ab-", "a", "xyz", "a'", "é", "shh-s"])
def test_any_text_takes_linear_time(tokenizer, unit):
    tokenizer.encode("blick")  # reads lexicon and model before the clock starts
    assert growth(tokenizer.encode, unit * (30_000 // len(unit))) < QUADRATIC


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("HELLO", "HH AH0 L OW1"),
        ("zebra's", "Z IY1 B R AH0 Z"),
        ("zorkian's", None),
        ("teacher'll", "T IY1 CH ER0 AH0 L"),
        ("sandwich's", "S AE1 N D W IH0 CH IH0 Z"),
        ("live", "L IH1 V"),
    ],
)
def test_endings_follow_from_the_word(word, phones):
    found = cmudict().phones(word)
    assert (found and " ".join(found)) == phones


def test_an_unknown_lexicon_is_an_error_that_names_the_known(spec):
    with pytest.raises(ValueError, match=r"no lexicon '\.\./secret' in english; it has cmudict"):
        PhonemeTokenizer(symbols=spec["symbols"], stress=False, lexicon="../secret")


def test_repeated_symbols_are_an_error():
    with pytest.raises(ValueError, match="symbols repeat"):
        PhonemeTokenizer(symbols=["_", " ", "a", "a"], stress=False, lexicon="cmudict")


def test_sentencepiece_behind_the_same_protocol(tmp_path, audio):
    sentencepiece = pytest.importorskip("sentencepiece")
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("the quick brown fox jumps over the lazy dog, again.\n" * 50)
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(tmp_path / "m"), vocab_size=45, hard_vocab_limit=False, minloglevel=2
    )
    tokenizer = build({"name": "sentencepiece", "model": str(tmp_path / "m.model")}, audio)
    ids = tokenizer.encode("the lazy fox")
    assert PADDING not in ids
    assert max(ids) < tokenizer.vocab_size
    assert tokenizer.decode([*ids, PADDING]) == "the lazy fox"
    again = build(json.loads(json.dumps(tokenizer.spec())), audio)
    assert again.encode("the lazy fox") == ids
    comma = tokenizer.processor.piece_to_id(",") + 1
    assert comma in tokenizer.silent_ids
    with pytest.raises(ValueError, match="not phones"):
        tokenizer.encode("{HH AH0}")


def test_a_missing_or_damaged_sentencepiece_model_is_said(tmp_path):
    pytest.importorskip("sentencepiece")
    with pytest.raises(ValueError, match="no SentencePiece model at"):
        SentencePieceTokenizer(model=str(tmp_path / "none.model"))
    with pytest.raises(ValueError, match="no SentencePiece model"):
        SentencePieceTokenizer(model="base64:AAAA")


def test_an_unpinned_spec_takes_the_lexicon_that_is_here(tokenizer, audio):
    spec = {**tokenizer.spec(), "lexicon": "cmudict@0123456789abcdef"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert build(unpinned(spec), audio).spec() == tokenizer.spec()
