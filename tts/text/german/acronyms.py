"""Words in capitals: those that are said by their letters, and those that are words. And letters with numbers: A380."""

import re

from tts.text.german.numbers import cardinal, spelled
from tts.text.rules import Rule, words_of

# Said as words.
WORDS = words_of(
    "NATO UNO UNESCO UNICEF FIFA UEFA NASA ESA OPEC AIDS PISA TÜV BAFÖG ASEAN EFTA NAFTA SARS COVID LASER RADAR SIM "
    "PIN TAN PUMA BAMF ELSTER SCHUFA EDEKA HARIBO IKEA LIDL ALDI DAX MDAX DIN ISO BIP ZIP GIF RAM ROM FRONTEX "
    "INTERPOL EUROPOL ERASMUS MINT STASI GESTAPO SEPA ASTA KITA DESY GAU SOKO VIP"
)
SHOUTED = 5  # letters; a longer word in capitals that the language has is a word said aloud
VOWELS = "AEIOUÄÖÜY"
CAPITALS = "A-ZÄÖÜ"


def letters(word: str) -> str:
    """ARD: A R D."""
    return " ".join(word.upper() if word != "ß" else "ß")


def _known(word: str) -> bool:
    from tts.text.german.lexicon import wiktionary

    return word.lower() in wiktionary()


def _capitals(match: re.Match[str]) -> str:
    """ARD, NATO, ACHTUNG; before a hyphen, too: EU-weit, SPD-Chef."""
    word, plural = match["word"], match["plural"] or ""
    if word in WORDS:
        return match[0] if not plural else word + plural
    long = len(word) >= SHOUTED and sum(letter in VOWELS for letter in word) * 4 >= len(word)
    if not plural and (long or _among_capitals(match)) and _known(word):
        return word
    if long and len(word) > SHOUTED + 1:
        return word
    return letters(word) + (f" {letters(word[-1])}{plural}"[2:] if plural else "")


def _among_capitals(match: re.Match[str]) -> bool:
    """Whether the word stands in a row of words in capitals: DIE GROSSE REISE."""
    text = match.string
    around = re.findall(rf"[{CAPITALS}a-zäöüß]+", text[max(0, match.start() - 30) : match.end() + 30])
    words = [word for word in around if len(word) > 3 and word.isupper()]
    return (
        bool(words)
        and len(match["word"]) > 1
        and sum(word.isupper() for word in around[1:-1] or around) == len(around[1:-1] or around)
    )


def _with_number(match: re.Match[str]) -> str:
    """A380, G7, S3, B2B, H2O, CO2, MP3."""
    parts = re.findall(rf"[{CAPITALS}a-zäöü]+|[0-9]+", match[0])
    return " ".join(
        (cardinal(part) if len(part) < 4 and part[0] != "0" else spelled(part))
        if part[0].isdigit()
        else (part if part in WORDS or len(part) > 3 and not part.isupper() else letters(part))
        for part in parts
    )


ACRONYMS: list[Rule] = [
    Rule(
        rf"(?<![\w.])(?:[{CAPITALS}][a-z]?){{1,3}}-?[0-9]{{1,4}}(?:[{CAPITALS}][a-z]?[0-9]{{0,2}}){{0,3}}(?![\w,.]*[0-9a-zäöüß])",
        _with_number,
    ),
    Rule(rf"(?<![\w.])[0-9]{{1,3}}[{CAPITALS}]{{1,2}}(?!\w)", _with_number),
    Rule(rf"(?<![^\W_]['’])(?<!\w)(?P<word>[{CAPITALS}]{{2,20}})(?P<plural>s)?(?![\w'])", _capitals),
    # U.S.A., J. S. Bach: initials
    Rule(
        rf"(?<!\w)(?:[{CAPITALS}]\.\s?){{2,6}}(?![\w])",
        lambda match: (
            " ".join(re.findall(rf"[{CAPITALS}]", match[0])) + ("." if match.end() == len(match.string) else " ")
        ),
    ),
    Rule(rf"(?<![\w.])(?P<letter>[{CAPITALS}])\.(?=\s[{CAPITALS}][a-zäöüß])", lambda match: match["letter"]),
]
