"""Numbers that are read digit by digit: those of telephones."""

import re

from tts.text.english.numbers import spelled
from tts.text.english.patterns import ALONE, Rule, rule


def _phone(match: re.Match[str]) -> str:
    plus = "plus " if match[0].startswith("+") else ""
    return plus + ", ".join(spelled(group) for group in re.findall("[0-9]+", match[0]))


SERIALS: list[Rule] = [
    # +1 (555) 123-4567, 555-123-4567, 020 7946 0958, 555-1234
    rule(r"(?<![\w.,])\+[0-9]{1,3}(?:[ .-]?\(?[0-9]{2,5}\)?){2,5}(?![\w-])", _phone),
    rule(r"(?<![\w.,])(?:1[ -])?\(?[0-9]{3}\)?[ .-]?(?<=[ .)-])[0-9]{3}[.-][0-9]{4}(?![\w-])", _phone),
    rule(rf"{ALONE}0[0-9]{{2,4}} [0-9]{{3,4}} [0-9]{{3,6}}(?![\w-])", _phone),
    rule(r"(?<![\w.,$£€-])[0-9]{3}-[0-9]{4}(?![\w-])", _phone),
]
