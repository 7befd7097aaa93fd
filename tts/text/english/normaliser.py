"""English as it is written to English as it is said: words and punctuation only. What is left out is reported.

Rules run in the order of `RULES`, then what no rule has read; `{HH AH0 L OW1}` stays as it is.
"""

import re
import unicodedata
from functools import lru_cache

from tts.text.characters import plain, tidy
from tts.text.english.abbreviations import ABBREVIATIONS, FORMS
from tts.text.english.acronyms import ACRONYMS, LETTER_NAMES
from tts.text.english.addresses import ADDRESSES
from tts.text.english.captions import CAPTIONS
from tts.text.english.chemistry import CHEMISTRY
from tts.text.english.dates import DATES, date_notices
from tts.text.english.electronic import ELECTRONIC
from tts.text.english.emoji import PICTURES
from tts.text.english.games import GAMES
from tts.text.english.gates import FILE, Gates, Needs
from tts.text.english.latex import formulas
from tts.text.english.lexicon import PHONES
from tts.text.english.maths import EQUATIONS, MATHS
from tts.text.english.measures import MEASURES, SECONDS
from tts.text.english.models import MODELS
from tts.text.english.money import MONEY
from tts.text.english.music import MUSIC
from tts.text.english.numerals import HEADINGS, NUMERALS, ORDINAL_NUMERALS, UNICODE_NUMERAL, unicode_numeral
from tts.text.english.quantities import GROUPED, NUMBERS, QUANTITIES
from tts.text.english.senses import accented
from tts.text.english.serials import HYPHENED, SERIALS
from tts.text.english.signs import ALIKE, SIGN_RULES, SIGNS, SUPERSCRIPTS, VULGAR
from tts.text.english.telephones import TELEPHONES
from tts.text.english.times import TIMES
from tts.text.english.verses import VERSES
from tts.text.language import Normal
from tts.text.rules import Rule
from tts.text.said import notices as unsaid
from tts.text.said import spacing

# Inline phones, and words that would be others without their accents.
AS_IS = re.compile(rf"\{{[A-Z0-2 ]{{1,200}}\}}|(?i:\b(?:{'|'.join(accented())})\b)")
ACCENTS = {*"".join(accented()), *"".join(accented()).upper()}
ACCENT = re.compile(f"[{''.join(letter for letter in ACCENTS if not letter.isascii())}]")
HIDDEN = "\ue000"  # a private code point that stands for what is kept as it is while the rules run
NOT_ASCII = re.compile(r"[^\x00-\x7f]")
RULES: list[Rule] = [
    *(*FORMS, *ORDINAL_NUMERALS, *CAPTIONS),
    *(*SIGN_RULES, *GAMES, *PICTURES, *MUSIC, *CHEMISTRY, *ELECTRONIC, *EQUATIONS, *ADDRESSES, *SECONDS),
    *(*SERIALS, *TELEPHONES, *HYPHENED, *MODELS, *GROUPED, *VERSES, *MONEY, *TIMES, *DATES),
    *(*HEADINGS, *ABBREVIATIONS, *NUMERALS, *MEASURES, *LETTER_NAMES),
    *(*QUANTITIES, *MATHS, *NUMBERS, *ACRONYMS),
]
# Words and stops as they are said, one space apart, in which nothing is looked for but what the rules read.
PLAIN_WORD = r"[A-Za-z'\"]+(?:-[A-Za-z'\"]+)*(?:(?:[.?!]+|[,;:])['\"]*)?"
PLAIN = re.compile(f"{PLAIN_WORD}(?: {PLAIN_WORD})*")
UNSAID = re.compile(rf"[^A-Za-z .,;:?!'\"{HIDDEN}-]")
KEPT = ("—", "–")
DIGIT = re.compile("[0-9]")
SHORT = 400  # characters of a text whose reading is kept for the next time


def normalise(text: str) -> Normal:
    """Any text as words and punctuation. What cannot be said is left out, and a notice names it."""
    said, notices = _remembered(text) if len(text) <= SHORT else _normalised(text)
    return Normal(said, list(notices))


def _normalised(text: str) -> tuple[str, list[str]]:
    text = tidy(text)
    plain = PLAIN.fullmatch(text) is not None
    if plain:
        kept, notices = [], []
    else:
        text, kept = _prepared(text)
        notices = date_notices(text) if DIGIT.search(text) else []
    said = apply_rules(text)
    if plain and said == text:
        return text, []
    said = said.rstrip(" )]")  # at the end a bracket separates nothing
    left_out: dict[str, int] = {}
    said = UNSAID.sub(lambda match: _character(match[0], left_out), said)
    if left_out:
        notices += unsaid(left_out)
    said = spacing(said)
    if kept:
        shown = iter(kept)
        said = re.sub(HIDDEN, lambda match: next(shown), said)
    return said, notices


def _prepared(text: str) -> tuple[str, list[str]]:
    """A tidy text for the rules, and what is hidden from them."""
    kept: list[str] = []

    def hide(match: re.Match[str]) -> str:
        if match[0][0] != "{" or all(phone.rstrip("012") in PHONES for phone in match[0][1:-1].split()):
            kept.append(match[0])
            return HIDDEN
        return match[0]

    text = formulas(text).replace(HIDDEN, "\ufffd")
    if "{" in text or ACCENT.search(text):
        text = AS_IS.sub(hide, text)
    if not text.isascii():
        text = UNICODE_NUMERAL.sub(unicode_numeral, text)
        text = NOT_ASCII.sub(lambda match: _compatible(match[0]), text)
    return " ".join(text.split()), kept


_remembered = lru_cache(maxsize=4096)(_normalised)  # books, lists and tables repeat sentences


def apply_rules(text: str) -> str:
    """Every rule in its turn. Those that need what the text does not hold are passed over.

    The only white space in the text is single spaces.
    """
    ready = gates().open(text)
    while ready:
        place = (ready & -ready).bit_length() - 1
        before, text = text, RULES[place](text)
        if text != before:
            ready = gates().open(text)
        ready = ready >> place + 1 << place + 1
    return text


@lru_cache(maxsize=1)
def gates() -> Gates:
    """Those of the rules; what the rules need is read once per process."""
    return Gates(RULES, Needs.read(FILE))


@lru_cache(maxsize=4096)
def _compatible(character: str) -> str:
    """A ligature, full-width letter or foreign digit as the letters or digit that it stands for."""
    if character in VULGAR:
        return f" {VULGAR[character]}"
    if character in SUPERSCRIPTS:
        return f"^{SUPERSCRIPTS[character]}"
    if character in ALIKE:
        return ALIKE[character]
    if unicodedata.category(character) == "Nd":
        return str(unicodedata.decimal(character))
    if unicodedata.category(character) == "Zs":
        return " "
    folded = plain(character)
    drawn = unicodedata.category(character) in ("No", "Sk") or character in "™℠"  # these are no letters
    return folded if character not in SIGNS and folded.isascii() and folded.isprintable() and not drawn else character


def _character(character: str, left_out: dict[str, int]) -> str:
    if character in KEPT:
        return character
    if character in "()[]":
        return ", "
    if character in SIGNS:
        return f" {SIGNS[character]} "
    left_out[character] = left_out.get(character, 0) + 1
    return "" if unicodedata.combining(character) else " "
