"""Words in capitals, and letters that are read by their names."""

import re

from tts.text.english.lexicon import cmudict
from tts.text.english.numbers import cardinal, roman
from tts.text.english.patterns import Rule, rule, words_of

LETTER_A = "ay"  # the name of the letter; "a" would be read as the article
# The lexicon has these words, but in capitals they are spelled out, unless the text around is in capitals too.
SPELLED = words_of("US UN EU UK AI ID PR TV MA LA")


def letters(word: str) -> str:
    """FBI: F B I."""
    return " ".join(LETTER_A if letter in "aA" else letter.upper() for letter in word if letter.isalpha())


def _acronym(match: re.Match[str]) -> str:
    word, ending = match["word"], match["ending"] or ""
    text = match.string
    near = text[max(0, match.start() - 60) : match.end() + 60].replace(word, "", 1)
    shouting = sum(c.isupper() for c in near) > sum(c.islower() for c in near)
    if set(word) <= set("IVX") and (word == "II" or len(word) > 2) and (value := roman(word)):
        return cardinal(value) + ending
    known = word in cmudict() and word not in SPELLED
    pronounceable = any(c in "AEIOUY" for c in word)
    if known or (shouting and (word in cmudict() or (pronounceable and len(word) > 3))):
        return match[0]
    return letters(word) + ("'s" if ending else "")


ACRONYMS: list[Rule] = [
    rule(r"(?<!\w)([A-Z]{1,3})&([A-Z]{1,3})(?!\w)", lambda match: f"{letters(match[1])} and {letters(match[2])}"),
    rule(r"(?<![\w'])(?P<word>[A-Z]{2,10})(?P<ending>'?s)?(?!\w)", _acronym),
]
