import pytest

from tts.text.english.lexicon import cmudict
from tts.text.english.normaliser import RULES, gates


@pytest.fixture(scope="session")
def loaded():
    """Whatever is read or compiled when it is first needed has been, so that a clock sees the work alone."""
    cmudict()
    assert gates().first and gates().second and all(rule.compiled for rule in RULES)
