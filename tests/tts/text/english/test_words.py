"""What the rules write can be pronounced, so nothing is spelt in letters by accident."""

import importlib
import pkgutil
import re
import string

import pytest

import tts.text.english
from helpers import cases
from tts.text.characters import plain, tidy
from tts.text.english.acronyms import ACRONYM_WORDS, letters
from tts.text.english.numbers import cardinal, decade, fraction, ordinal, year
from tts.text.language import language

LEXICON = language("english").lexicon
WORD = re.compile(r"'?[A-Za-z]+(?:'[A-Za-z]+)*'?")


def unknown(text: str) -> set[str]:
    words = {word for word in WORD.findall(re.sub(r"\{[^{}]*\}", " ", text))}
    return {word for word in words if word not in LEXICON and word.strip("'") not in LEXICON}


def tables() -> dict[str, set[str]]:
    """The values of every public table of English that maps what is written to what is said."""
    found: dict[str, set[str]] = {}
    for module in pkgutil.iter_modules(tts.text.english.__path__):
        if module.name == "homographs":  # its tables are of words read, not said
            continue
        names = vars(importlib.import_module(f"tts.text.english.{module.name}"))
        for name, table in names.items():
            if name.isupper() and isinstance(table, dict):
                values = [value if isinstance(value, tuple) else (value,) for value in table.values()]
                said = {word for value in values for word in value if isinstance(word, str)}
                found[f"{module.name}.{name}"] = {word for word in said if re.fullmatch(r"[A-Za-z' -]+", word)}
    return found


TABLES = tables()


@pytest.mark.parametrize("name", TABLES)
def test_every_table_writes_known_words(name):
    assert not {word for said in TABLES[name] for word in unknown(said)}


def test_acronyms_that_are_words_are_known():
    assert not unknown(" ".join(ACRONYM_WORDS))


def test_the_tables_are_found():
    assert {"abbreviations.TITLES", "abbreviations.ENDINGS", "units.UNITS", "money.CURRENCIES"} <= set(TABLES)


@pytest.mark.parametrize("path", sorted(cases.ENGLISH.glob("*.txt")), ids=lambda path: path.stem)
def test_what_a_case_writes_is_known(path):
    found = {}
    for written, said in cases.read(path):
        own = {word.lower() for word in WORD.findall(plain(tidy(written)))}  # words of the author of the text
        found[written] = {w for w in unknown(said) if w.lower() not in own and w.lower().strip("'") not in own}
    assert not {written: words for written, words in found.items() if words}


def test_every_letter_has_a_name():
    names = [letters(letter) for letter in string.ascii_uppercase]
    assert names[0] == "ay"
    assert all(LEXICON.phones(name) for name in names)
    assert LEXICON.phones("ay") == ["EY1"]  # and not the article
    assert len({tuple(LEXICON.phones(name)) for name in names}) == 26


def test_every_number_is_known():
    values = [*range(0, 130), 200, 1000, 10**6, 10**9, 10**12]
    said = [f"{cardinal(str(value))} {ordinal(str(value))}" for value in values]
    said += [year(str(value)) + " " + decade(str(value // 10 * 10)) for value in range(1000, 2100)]
    said += [fraction(str(a), str(b)) for a in (1, 3) for b in range(2, 130)]
    assert not unknown(" ".join(said))
