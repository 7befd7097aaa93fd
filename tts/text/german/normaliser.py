"""German as it is written to German as it is said: words and punctuation only. What is left out is reported."""

import re
import unicodedata
from functools import lru_cache

from tts.text.characters import plain, tidy
from tts.text.german.abbreviations import ABBREVIATIONS, ALL, DAYS_SHORT, MONTHS_SHORT, NAMES, WITHOUT_STOP
from tts.text.german.acronyms import ACRONYMS
from tts.text.german.dates import DATES
from tts.text.german.electronic import ELECTRONIC
from tts.text.german.measures import MEASURES
from tts.text.german.money import MONEY, MULTIPLES_ALONE
from tts.text.german.numerals import NUMERALS
from tts.text.german.phones import PHONES, bare
from tts.text.german.quantities import NUMBERS, QUANTITIES, VULGAR
from tts.text.german.signs import POWERS, SIGN_RULES, character
from tts.text.german.telephones import TELEPHONES
from tts.text.german.times import TIMES
from tts.text.language import Normal
from tts.text.rules import Rule, any_of
from tts.text.said import notices, spacing

RULES: list[Rule] = [
    *(*ELECTRONIC, *TELEPHONES, *SIGN_RULES, *MONEY, *NAMES, *DATES, *TIMES, *MEASURES, *MULTIPLES_ALONE),
    *(*POWERS, *NUMERALS, *QUANTITIES, *ABBREVIATIONS, *ACRONYMS, *NUMBERS),
]
# A text of these has nothing that a rule reads: words in small letters, or with one capital, and their stops.
WORD = r"\"?[A-ZÄÖÜ]?[a-zäöüß]+(?:-[A-ZÄÖÜ]?[a-zäöüß]+)*[,;:]?\"?"
PLAIN = re.compile(rf"{WORD}(?: {WORD})*[.!?]?\"?")
# Except for these: abbreviations, and single letters.
SHORT = re.compile(
    rf"\b(?:{any_of({*WITHOUT_STOP, *DAYS_SHORT})})\b|(?:str\.|{any_of({*ALL, *MONTHS_SHORT})})"
    r"|(?<![^\W_])[A-ZÄÖÜa-zäöü](?![\w'])"
)
INLINE = re.compile(r"\{[A-Z0-2 ]{1,200}\}")
HIDDEN = "\ue000"  # a private code point that stands for what is kept as it is while the rules run
UNSAID = re.compile(rf"[^A-Za-zÄÖÜäöüßẞ .,;:?!'\"{HIDDEN}-]")
KEPT = "—–"
UMLAUTS = "ÄÖÜäöüßẞ"
SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"
SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u2009\u202f", "\u202f"))  # between the digits of a number
GROUPED = re.compile(r"(?<=[0-9])\u202f(?=[0-9]{3})")
NOT_ASCII = re.compile(r"[^\x00-\x7f]")
ALIKE = {"№": "Nr.", "℃": "°C", "℉": "°F", "‑": "-", "º": "°", "″": '"', "′": "'", "’": "'"}
KEPT_SIGNS = frozenset("²³½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐€£¥§°µμ×÷±–—−≈≤≥≠‰→∞√π©®™Ω₿₽·") | set(VULGAR)
REMEMBERED = 400  # characters of a text whose reading is kept for the next time


def normalise(text: str) -> Normal:
    """Any text as words and punctuation. What cannot be said is left out, and a notice names it."""
    said, told = _remembered(text) if len(text) <= REMEMBERED else _normalised(text)
    return Normal(said, list(told))


def _normalised(text: str) -> tuple[str, list[str]]:
    text = tidy(text)
    if PLAIN.fullmatch(text) and not SHORT.search(text):
        return text, []
    text, kept = _prepared(text)
    for rule in RULES:
        text = rule(text)
    left_out: dict[str, int] = {}
    said = UNSAID.sub(lambda match: _character(match[0], left_out), text.rstrip(" )]"))
    said = spacing(said)
    if kept:
        shown = iter(kept)
        said = re.sub(HIDDEN, lambda match: next(shown), said)
    return said, notices(left_out)


_remembered = lru_cache(maxsize=4096)(_normalised)


def _prepared(text: str) -> tuple[str, list[str]]:
    """A tidy text for the rules, and inline phones, which are hidden from them."""
    kept: list[str] = []

    def hide(match: re.Match[str]) -> str:
        if all(bare(phone) in PHONES for phone in match[0][1:-1].split()):
            kept.append(match[0])
            return HIDDEN
        return match[0]

    text = text.replace(HIDDEN, "\ufffd")
    if "{" in text:
        text = INLINE.sub(hide, text)
    if not text.isascii():
        text = GROUPED.sub(".", text.translate(SPACES))
        text = NOT_ASCII.sub(lambda match: _compatible(match[0]), text)
    return " ".join(text.split()), kept


@lru_cache(maxsize=4096)
def _compatible(character: str) -> str:
    """A ligature, full-width letter, letter with an accent or foreign digit as what it stands for."""
    if character in UMLAUTS or character in KEPT_SIGNS:
        return character
    if character in ALIKE:
        return ALIKE[character]
    category = unicodedata.category(character)
    if category == "Nd" or character in SUBSCRIPTS:
        return str(unicodedata.digit(character))
    if category == "Zs":
        return " "
    folded = plain(character)
    return folded if folded.isascii() and folded.isprintable() and category not in ("No", "Sk") else character


def _character(sign: str, left_out: dict[str, int]) -> str:
    if sign in KEPT:
        return sign
    if sign in "()[]":
        return ", "
    if (said := character(sign)) is not None:
        return f" {said} "
    left_out[sign] = left_out.get(sign, 0) + 1
    return "" if unicodedata.combining(sign) else " "
