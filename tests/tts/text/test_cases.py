"""Lines, marks and notes as they are read, from files by kind; and the page that shows all cases."""

import pytest

from helpers import cases
from tts.synthesis.portions import portions
from tts.text.language import language

LAYOUT = [pair for path in sorted(cases.LAYOUT.glob("*.txt")) for pair in cases.read(path)]


@pytest.mark.parametrize(("written", "said"), LAYOUT)
def test_is_read(written, said):
    found = portions(cases.unescaped(written), 400, language())
    assert "".join(f"{one.words} [{one.pause}] " if one.pause else one.words for one in found) == said


def test_the_page_of_readings_is_up_to_date():
    assert cases.PAGE.read_text(encoding="utf-8") == cases.page(), "run: uv run python tests/helpers/cases.py"
