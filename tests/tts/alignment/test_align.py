from pathlib import Path

import numpy as np
import pytest

from tts.alignment.align import TimedWords, align, align_cues
from tts.alignment.anchors import anchors, pace
from tts.alignment.ctc import Piece, place_words
from tts.alignment.spell import Speller, Spelling, Word

RATE = 46.875  # steps per second
VOCAB = 40


def text(count: int, seed: int) -> list[Word]:
    rng = np.random.default_rng(seed)
    return [Word(f"w{n}", tuple(rng.integers(1, VOCAB, rng.integers(2, 7)).tolist())) for n in range(count)]


def spell(words: list[Word], *, errors: float, seed: int) -> tuple[Spelling, list[float]]:
    """What is heard, as a codec might give them, with a share of wrong sounds, and when each word begins."""
    rng = np.random.default_rng(seed)
    rows, starts = [], []
    for word in words:
        rows += [0] * int(rng.integers(1, 6))
        starts.append(len(rows) / RATE)
        for id in word.ids:
            wrong = rng.random() < errors
            rows += [int(rng.integers(1, VOCAB)) if wrong else id, *[0] * int(rng.integers(1, 3))]
    rows += [0] * 5
    likely = np.full((len(rows), VOCAB), 0.002)
    likely[np.arange(len(rows)), rows] = 1 - 0.002 * (VOCAB - 1)
    return Spelling(np.log(likely).astype(np.float16), RATE), starts


def errors(found: list[Word], words: list[Word], starts: list[float]) -> np.ndarray:
    begin = {word.text: start for word, start in zip(words, starts, strict=True)}
    return np.array([abs(word.start - begin[word.text]) for word in found])


@pytest.mark.parametrize("wrong", [0.0, 0.3])
def test_every_word_of_a_long_text_is_found(wrong):
    words = text(1500, seed=1)
    spelling, starts = spell(words, errors=wrong, seed=2)
    found = align(words, spelling, 0.45)
    assert len(found) == len(words)
    off = errors(found, words, starts)
    assert np.median(off) <= 1 / RATE and np.percentile(off, 95) < 0.2


def test_a_chapter_is_found_in_its_book():
    book = text(3000, seed=3)
    spelling, starts = spell(book[1200:1700], errors=0.2, seed=4)
    found = align(book, spelling, 0.45)
    numbers = [int(word.text[1:]) for word in found]
    assert len(found) > 490 and 1199 <= numbers[0] and numbers[-1] <= 1700
    right = [word for word, number in zip(found, numbers, strict=True) if 1200 <= number < 1700]
    assert np.percentile(errors(right, book[1200:1700], starts), 95) < 0.2


@pytest.mark.parametrize("wrong", [0.2, 0.5])
def test_headings_that_nobody_reads_take_no_sound(wrong):
    words = text(60, seed=12)
    spelling, starts = spell(words[5:55], errors=wrong, seed=13)
    found = [int(word.text[1:]) for word in align(words, spelling, 0.45)]
    assert found[0] in (4, 5, 6) and found[-1] in (53, 54, 55) and len(found) >= 48


def test_speech_that_is_no_text_takes_no_words():
    words, other = text(600, seed=5), text(200, seed=6)
    spelling, _ = spell([*other, *words[:300], *other[:150], *words[300:]], errors=0.1, seed=7)
    found = align(words, spelling, 0.45)
    assert len(found) == 600
    gap = found[300].start - found[299].end
    assert gap > 0.8 * len(spell(other[:150], errors=0, seed=8)[0]) / RATE
    assert found[0].start > 0.8 * len(spell(other, errors=0, seed=8)[0]) / RATE


def test_a_badly_spelt_voice_is_followed_without_anchors():
    words = text(400, seed=9)
    spelling, starts = spell(words, errors=0.62, seed=10)
    heard = align(words, spelling, 0.45)
    assert len(heard) > 390 and np.median(errors(heard, words, starts)) <= 2 / RATE


def faint(spelling: Spelling) -> Spelling:
    """The same, heard less surely: blanks win much of what each sound had."""
    likely = np.exp(spelling.likely.astype(np.float32))
    likely[:, 1:] *= 0.5
    likely[:, 0] += 1 - likely.sum(1)
    best = likely[:, 1:].max(1) > 0.4
    likely[best, 0] *= 0.6  # each sound is still the likeliest where it is
    return Spelling(np.log(likely / likely.sum(1, keepdims=True)).astype(np.float16), RATE)


@pytest.mark.parametrize(("book", "wrong"), [(400, 0.6), (4000, 0.4)])
def test_a_badly_spelt_voice_is_found_in_the_middle_of_its_book(book, wrong):
    words = text(book, seed=20)
    own = words[book // 2 : book // 2 + 120]
    spelling, starts = spell(own, errors=wrong, seed=21)
    found = align(words, spelling, 0.25)
    numbers = {word.text for word in own}
    right = [word for word in found if word.text in numbers]
    assert len(right) >= 110 and len(found) - len(right) <= 5
    assert np.median(errors(right, own, starts)) <= 2 / RATE


def test_agreement_tells_the_right_text_however_badly_the_voice_is_heard():
    words, other = text(60, seed=22), text(60, seed=23)
    clear, _ = spell(words, errors=0.2, seed=24)
    for spelling in (clear, faint(clear)):
        assert spelling.agreement(align(words, spelling, 0.45)) > 0.7
        assert spelling.agreement(align(other, spelling, 0.45)) < 0.4
    assert faint(clear).best.probabilities.mean() < 0.7 < clear.best.probabilities.mean()


def test_chance_makes_no_anchors():
    rng = np.random.default_rng(11)
    assert len(anchors(rng.integers(1, VOCAB, 20_000), rng.integers(1, VOCAB, 20_000))) < 30


def test_a_phrase_of_another_place_is_no_anchor():
    rng = np.random.default_rng(25)
    said, heard = rng.integers(1, VOCAB, (2, 1000))
    for there, here in ((100, 100), (180, 180), (260, 260), (340, 600), (820, 820), (900, 900)):
        heard[here : here + 12] = said[there : there + 12]
    found = anchors(said, heard)
    assert {(265, 265), (825, 825)} <= set(found) and (345, 605) not in found


@pytest.mark.parametrize("missed", [0.0, 0.35])
def test_the_pace_of_a_voice_is_found(missed):
    rng = np.random.default_rng(26)
    said = rng.integers(1, VOCAB, 4000)
    heard = np.where(rng.random(4000) < 0.3, rng.integers(1, VOCAB, 4000), said)[rng.random(4000) >= missed]
    assert pace(anchors(said, heard)) == pytest.approx(1 / (1 - missed), abs=0.1)


@pytest.mark.parametrize(("said", "count"), [(30, 0), (0, 30), (0, 0)])
def test_nothing_is_found_where_nothing_is(said, count):
    spelling, _ = spell(text(30, seed=1), errors=0.2, seed=2)
    assert align(text(count, seed=3), Spelling(spelling.likely[: 10 * said], RATE), 0.45) == []


def test_a_word_that_does_not_fit_is_not_placed():
    words = text(50, seed=12)
    spelling, _ = spell(words[:5], errors=0, seed=13)
    assert place_words(words, Piece(0, 50, 0, len(spelling), loose=False), spelling) == []


@pytest.mark.parametrize("wrong", [0.3, 0.6])
def test_cues_lead_to_their_words(wrong):
    words = text(40, seed=14)
    spelling, starts = spell(words, errors=wrong, seed=15)
    cues = [TimedWords(starts[n] + 0.2, starts[n + 9] + 0.5, words[n : n + 10]) for n in range(0, 40, 10)]
    found = align_cues(cues, spelling, 0.5)
    assert np.median(errors(found, words, starts)) <= 2 / RATE and len(found) == 40


def test_speech_that_no_cue_tells_takes_no_words():
    words, other = text(40, seed=16), text(60, seed=17)
    spelling, starts = spell([*words[:20], *other, *words[20:]], errors=0.2, seed=18)
    begin = [*starts[:20], *starts[80:]]
    cues = [TimedWords(begin[n] + 0.2, begin[n + 9] + 0.5, words[n : n + 10]) for n in range(0, 40, 10)]
    found = align_cues(cues, spelling, 0.5)
    assert len(found) == 40 and np.percentile(errors(found, words, begin), 95) <= 4 / RATE


@pytest.mark.filterwarnings("ignore:this tokenizer was made with")
def test_words_stay_as_written():
    speller = Speller(Path("tts/weights/dvae.safetensors"))
    written = "In 1984, Dr. Smith — aged 42 — paid $5.50 at St. John's, didn't he?"
    words = speller.words(written)
    assert " ".join(word.text for word in words) == written
    lengths = {word.text: len(word.ids) for word in words}
    assert lengths["1984,"] > 10 and lengths["In"] == 2 and lengths["42 —"] == 7
