"""Words that are said otherwise if they are nouns, which German shows by a capital: der Weg, aber weg."""

import re
from collections.abc import Mapping

from tts.text.german.fold import fold
from tts.text.german.lexicon import wiktionary
from tts.text.rules import words_of

CAPITAL = re.compile(r"\b[A-ZÄÖÜ][a-zäöüß]+\b")
INSIDE = re.compile(r"[^\W\d_][,;]?[ -]\Z")  # before a word that is not the first one of a sentence
# At the beginning of a sentence, where every word has a capital, these are more often no nouns.
NO_NOUNS = words_of(
    "abbiegen am benimm besingen blank bucht elegant estnisch flugs fort genesen hinweg ignorant kommende kommenden "
    "lache lateral literal rocken royal rundweg seine sonnabends souverän spielende spielenden spielendes spätabends "
    "stecken stiegen stereotyp sucht tschetschenisch umbaue umfragen umstiegen uniform urban urteile urteilen "
    "verdammte vergaben violett vorweg wart weg werd werde werden wiedergaben wiederholt zweiundvierzig übernahmen"
)


def choose(text: str) -> Mapping[int, str]:
    """Where such a noun begins: its phones."""
    found = {}
    for match in CAPITAL.finditer(text):
        readings = wiktionary().entries.get(word := fold(match[0]), ())
        inside = INSIDE.search(text, max(0, match.start() - 3), match.start())
        if len(readings) > 1 and (inside or word not in NO_NOUNS):
            found[match.start()] = readings[1]
    return found
