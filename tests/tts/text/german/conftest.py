import pytest

from tts.text.german.lexicon import wiktionary
from tts.text.german.normaliser import RULES
from tts.text.language import Language, language


@pytest.fixture(scope="session")
def german() -> Language:
    """German, with all that is read or compiled when it is first needed, so that a clock sees the work alone."""
    wiktionary().phones("haus")
    assert all(rule.compiled for rule in RULES)
    return language("german")
