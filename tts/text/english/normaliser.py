"""English as it is written to English as it is said: words and punctuation only. What is left out is reported.

Rules run in the order of `RULES`, then what no rule has read; `{HH AH0 L OW1}` stays as it is.
"""

import re
import unicodedata
from collections import Counter
from functools import lru_cache

from tts.text.characters import plain, tidy
from tts.text.english.abbreviations import ABBREVIATIONS, FORMS
from tts.text.english.acronyms import ACRONYMS, LETTER_NAMES
from tts.text.english.dates import DATES, SLASHED_DATE
from tts.text.english.electronic import ELECTRONIC
from tts.text.english.lexicon import PHONES
from tts.text.english.maths import MATHS
from tts.text.english.money import MONEY
from tts.text.english.numerals import HEADINGS, NUMERALS, ORDINAL_NUMERALS, UNICODE_NUMERAL, unicode_numeral
from tts.text.english.patterns import Rule
from tts.text.english.quantities import NUMBERS, QUANTITIES
from tts.text.english.serials import SERIALS
from tts.text.english.signs import SIGNS, SUPERSCRIPTS, VULGAR
from tts.text.english.times import TIMES
from tts.text.english.units import MEASURES
from tts.text.language import Normal

INLINE = re.compile(r"\{[A-Z0-2 ]{1,200}\}")
HIDDEN = "\ue000"  # a private code point that stands for inline phones while the rules run
NOT_ASCII = re.compile(r"[^\x00-\x7f]")
RULES: list[Rule] = [
    *(*FORMS, *ORDINAL_NUMERALS),
    *(*ELECTRONIC, *TIMES, *HEADINGS, *ABBREVIATIONS, *NUMERALS, *SERIALS, *DATES, *MONEY, *MEASURES),
    *LETTER_NAMES,
    *(*QUANTITIES, *MATHS, *NUMBERS, *ACRONYMS),
]
KEPT = ("—", "–")
NOTICED = 5  # kinds of left-out characters that a notice names


def normalise(text: str) -> Normal:
    """Any text as words and punctuation. What cannot be said is left out, and a notice names it."""
    inline: list[str] = []

    def hide(match: re.Match[str]) -> str:
        if all(phone.rstrip("012") in PHONES for phone in match[0][1:-1].split()):
            inline.append(match[0])
            return HIDDEN
        return match[0]

    text = INLINE.sub(hide, tidy(text).replace(HIDDEN, "\ufffd"))
    text = UNICODE_NUMERAL.sub(unicode_numeral, text)
    text = NOT_ASCII.sub(lambda match: _compatible(match[0]), text)
    text = re.sub(r"\s+", " ", text)
    notices = [
        f"{match[0]} was read with the month first"
        for match in SLASHED_DATE.finditer(text)
        if int(match["a"]) <= 12 and int(match["b"]) <= 12 and match["a"] != match["b"]
    ]
    for pattern, say in RULES:
        text = pattern.sub(say, text)
    text = re.sub(r"[)\]]+ ?$", "", text)  # at the end a bracket separates nothing
    left_out: Counter[str] = Counter()
    text = re.sub(rf"[^A-Za-z .,;:?!'\"{HIDDEN}-]", lambda match: _character(match[0], left_out), text)
    if left_out:
        notices.append(_notice(left_out))
    shown = iter(inline)
    return Normal(re.sub(HIDDEN, lambda match: next(shown), _spacing(text)), notices)


@lru_cache(maxsize=4096)
def _compatible(character: str) -> str:
    """A ligature, full-width letter or foreign digit as the letters or digit that it stands for."""
    if character in VULGAR:
        return f" {VULGAR[character]}"
    if character in SUPERSCRIPTS:
        return f"^{SUPERSCRIPTS[character]}"
    if character == "μ":
        return "µ"
    if unicodedata.category(character) == "Nd":
        return str(unicodedata.decimal(character))
    if unicodedata.category(character) == "Zs":
        return " "
    folded = plain(character)
    return folded if character not in SIGNS and folded.isascii() and folded.isalpha() else character


def _character(character: str, left_out: Counter[str]) -> str:
    if character in KEPT:
        return character
    if character in "()[]":
        return ", "
    if character in SIGNS:
        return f" {SIGNS[character]} "
    left_out[character] += 1
    return "" if unicodedata.combining(character) else " "


def _notice(left_out: Counter[str]) -> str:
    """What was left out: letters by their script, signs by their name."""
    kinds: Counter[str] = Counter()
    for character, count in left_out.items():
        name = unicodedata.name(character, f"U+{ord(character):04X}")
        shown = f"'{character}' " if character.isprintable() else ""
        kinds[f"{name.split()[0].title()} letters" if character.isalpha() else f"{shown}({name.lower()})"] += count
    named = [f"{kind} x {count}" if count > 1 else kind for kind, count in kinds.most_common(NOTICED)]
    more = f" and {len(kinds) - NOTICED} more kinds" if len(kinds) > NOTICED else ""
    return f"left out, no way to say it: {', '.join(named)}{more}"


def _spacing(text: str) -> str:
    """Single spaces, none before a stop, and one comma where brackets and commas met."""
    text = re.sub(r"\s+", " ", text)  # first, because the patterns below expect single spaces and so take linear time
    text = re.sub(r"--+|–(?= |$)|(?:^|(?<= ))[-–](?= |$)", "—", text)
    text = re.sub(r" ?—(?: ?—)* ?", " — ", text).replace("–", "-")
    text = re.sub(r" +(?=[,.;:?!])", "", text)
    text = re.sub(r",(?: ?,)+", ",", text)
    text = re.sub(r", ?(?=[.;:?!])|(?<=[.;:?!]),", "", text)
    return re.sub(r"^[,;: ]+", "", text).strip()
