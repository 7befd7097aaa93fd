"""How words are pronounced: from the lexicon, derived from it, and guessed."""

from pathlib import Path

import pytest

from helpers.growth import QUADRATIC, growth
from tts.text.german import g2p, numbers
from tts.text.german.derivation import derive
from tts.text.german.lexicon import NUMBER_ENDS, ORDINALS, wiktionary
from tts.text.german.phones import ADDED, NEAREST, PHONES, STRESSED, bare
from tts.text.german.unknown import guess
from tts.text.learning.train_g2p import edits

FOLDER = Path(g2p.__file__).parent
HELD_OUT = dict(
    line.split(" ", 1)
    for line in (Path(__file__).parent / "held_out.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
)


def said(word: str) -> str:
    """A word without stress."""
    found = wiktionary().phones(word) or guess(word)
    return " ".join(map(bare, found))


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("Haus", "HH AW S"),
        ("ich", "IH C"),
        ("ach", "A X"),
        ("Rad", "RH AA T"),
        ("Räder", "RH AEH D EX"),
        ("Stein", "SH T AY N"),
        ("Spiel", "SH P IY L"),
        ("Straße", "SH T RH AA S AX"),
        ("Chemie", "C EE M IY"),
        ("Chance", "SH AN S"),
        ("Computer", "K AO M P Y UW T EX"),
        ("Restaurant", "RH EH S T OO RH AN"),
        ("Hund", "HH UH N T"),
        ("Hunde", "HH UH N D AX"),
        ("Haustür", "HH AW S T UE EX"),
        ("Kindergarten", "K IH N D EX G A RH T AX N"),
        ("Donaudampfschifffahrt", "D OO N AW D A M P F SH IH F F AA EX T"),
        ("beachten", "B AX Q A X T AX N"),
        ("König", "K OE N IH C"),
        ("Könige", "K OE N IH G AX"),
        ("Quelle", "K V EH L AX"),
        ("Zeitung", "T S AY T UH NG"),
        ("Pferd", "P F EE EX T"),
        ("Nation", "N A T S Y OO N"),
        ("größte", "G RH OE S T AX"),
        ("Café", "K A F EE"),
    ],
)
def test_is_pronounced(german, word, phones):
    assert " ".join(map(bare, wiktionary().phones(german.fold(word)))) == phones


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("neunzehnhundertvierundachtzig", "N OY N T S EE N HH UH N D EX T F IY EX Q UH N T Q A X T S IH C"),
        ("einundzwanzigsten", "AY N Q UH N T T S V A N T S IH C S T AX N"),
        ("hunderterste", "HH UH N D EX T Q EE EX S T AX"),
    ],
)
def test_numbers_are_said_part_by_part(word, phones):
    assert said(word) == phones


def test_every_number_word_is_known():
    lexicon = wiktionary()
    words = {word for n in range(0, 3000, 7) for word in numbers.cardinal(str(n)).split()}
    words |= {numbers.ordinal(str(n), ending) for n in range(1, 400) for ending in ("e", "en", "er", "es")}
    words |= {numbers.year(str(n)) for n in range(1100, 2030)}
    assert not [word for word in words if word not in lexicon]


def test_a_compound_is_stressed_on_its_first_part():
    parts = {"schul": ["SH", "UW1", "L"], "bücher": ["B", "UE1", "C", "EX"]}
    found = derive("schulbücher", lambda word: [parts[word]] if word in parts else [])
    assert found == [["SH", "UW1", "L", "B", "UE2", "C", "EX"]]


def test_nonsense_is_not_taken_apart():
    assert not derive("xyzzqwertz", lambda word: [])
    assert "blorfquax" not in wiktionary()


@pytest.mark.parametrize("unit", ["a", "haus", "und", "ß", "vier", "qx"])
def test_any_word_takes_linear_time(german, unit):
    tokens = lambda text: [wiktionary().phones(word) or guess(word) for word in text.split()]  # noqa: E731
    guess("blorf")
    assert growth(tokens, (unit * 8_000)[:8_000]) < QUADRATIC
    assert growth(tokens, " ".join(unit * n for n in range(1, 60)) * 4) < QUADRATIC


def test_every_phone_of_the_data_is_one_that_is_declared():
    used = {bare(phone) for line in wiktionary().entries.lines for phone in line.split(" ")[1:]}
    assert used <= PHONES
    labels = {bare(phone) for label in g2p.reader().labels for phone in label.split()}
    assert labels <= PHONES
    parts = {bare(phone) for table in (NUMBER_ENDS, ORDINALS) for ends in table.values() for phone in ends.split()}
    assert parts <= PHONES


def test_what_german_adds_has_a_nearest_phone_of_english(spec):
    assert set(ADDED) == {phones for phones in NEAREST if " " not in phones}
    assert {near for phones in NEAREST.values() for near in phones.split()} <= set(spec["symbols"])
    assert PHONES - set(ADDED) <= set(spec["symbols"])


def test_only_stressed_vowels_have_digits():
    for line in wiktionary().entries.lines[::50]:
        assert all((phone[-1] in "012") == (bare(phone) in STRESSED) for phone in line.split(" ")[1:])


@pytest.fixture
def spec():
    from helpers.nano import conf

    return conf("text/english")


def test_held_out_words_are_read_rightly_as_often_as_claimed():
    assert len(HELD_OUT) == 200
    wrong = phones = 0
    for word, right in HELD_OUT.items():
        expected = tuple(map(bare, right.split()))
        wrong += edits(tuple(map(bare, g2p.reader().phones(word))), expected)
        phones += len(expected)
    assert wrong / phones <= 0.03


def test_the_data_is_small():
    assert (FOLDER / "wiktionary.txt.gz").stat().st_size <= 3_000_000
    assert (FOLDER / "g2p.npz").stat().st_size <= 3_000_000


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("neeeein", "N AY N"),
        ("hahahaha", "HH A HH A HH A HH A"),
        ("xkcd", "IH K S K AA T S EE D EE"),
        ("andrea's", "A N D RH EE A S"),
    ],
)
def test_unusual_spellings(word, phones):
    assert said(word) == phones
