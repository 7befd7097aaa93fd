"""Words that are said otherwise if they are nouns, which German shows by a capital: der Weg, aber weg."""

import re
from collections.abc import Mapping

from tts.text.german.fold import fold
from tts.text.german.lexicon import wiktionary

CAPITAL = re.compile(r"(?:(?<=[^\W\d_][ -])|(?<=[,;] ))[A-ZÄÖÜ][a-zäöüß]+(?!\w)")  # not the first word of a sentence


def choose(text: str) -> Mapping[int, str]:
    """Where such a noun begins: its phones."""
    found = {}
    for match in CAPITAL.finditer(text):
        readings = wiktionary().entries.get(fold(match[0]), ())
        if len(readings) > 1:
            found[match.start()] = readings[1]
    return found
