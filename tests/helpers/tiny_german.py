"""A language of five words, to show that nothing but its own data is asked: umlauts stay, and Hr. ends no sentence."""

from tts.text.language import Language, Normal
from tts.text.lexicon import Lexicon
from tts.text.sentences import Abbreviations, Joints

WORDS = {"herr": "H E R", "müller": "M Y L AX", "kauft": "K AU F T", "fünf": "F Y N F", "hüte": "H Y T AX"}
SYMBOLS = ["_", " ", ".", *"abcdefghijklmnopqrstuvwxyzäöüß", "AU", "AX", *"EFHKLMNRTY"]
SPEC = {"name": "phonemes", "language": "german", "symbols": SYMBOLS, "stress": False, "lexicon": "tiny"}


def normalise(text: str) -> Normal:
    return Normal(text.replace("Hr.", "Herr").replace("5", "fünf"), ["read as German"])


GERMAN = Language(
    name="german",
    code="de",
    normalise=normalise,
    fold=str.lower,
    abbreviations=Abbreviations(
        inner=frozenset({"Hr"}),
        numbered=frozenset(),
        words=frozenset(),
        ending=frozenset({"usw"}),
        letters=frozenset(),
        labels=frozenset(),
        saying=frozenset({"sagte"}),
        exclaiming=frozenset(),
        openers=frozenset({"Er"}),
    ),
    joints=Joints(before=frozenset({"und"}), leaning=frozenset({"der"}), counting=frozenset({"fünf"})),
    note="Fußnote:",
    by="von",
    read_lexicon=lambda: Lexicon(
        name="tiny",
        fingerprint="0",
        entries={word: [phones] for word, phones in WORDS.items()},
        additions={},
        derive=lambda word, listed: listed(word.removesuffix("n")),
    ),
)
