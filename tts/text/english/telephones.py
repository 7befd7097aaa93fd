"""Numbers of telephones."""

import re

from tts.text.english.numbers import cardinal, spelled
from tts.text.rules import Rule


def groups(text: str) -> str:
    """555-1234: every group of digits one by one, with a short stop between groups."""
    return ", ".join(spelled(group) for group in re.findall("[0-9]+", text))


def short(digits: str) -> str:
    """A number of one or two digits as a whole, a longer one digit by digit."""
    return cardinal(digits) if len(digits) < 3 else spelled(digits)


def _phone(match: re.Match[str]) -> str:
    plus = "plus " if match[0].startswith("+") else ""
    parts = re.findall("[0-9]+", match["number"])
    area = 1 if parts[0] == "1" else 0  # after the country's code
    said = [
        f"{cardinal(part[0])} hundred" if at == area and part in ("800", "900") else spelled(part)
        for at, part in enumerate(parts)
    ]
    extension = match["extension"]
    return plus + ", ".join(said) + (f", extension {short(extension)}" if extension else "")


def _free_call(match: re.Match[str]) -> str:
    """1-800-FLOWERS."""
    area = match["area"]
    return f"one, {'eight hundred' if area == '800' else spelled(area)}, "


def _domestic(match: re.Match[str]) -> str:
    """020 7946 0958; fewer than nine digits may be something else."""
    return groups(match[0]) if sum(c.isdigit() for c in match[0]) >= 9 else match[0]


# Short words whose full stop ends no sentence before a number.
CALLED = ("tel", "Tel", "ext", "Ext", "exp", "Exp", "ver", "Ver")
EXTENSION = r"(?:,?\s?(?:x|[Ee]xt\.?|[Ee]xtension)\s?(?P<extension>[0-9]{1,6}))?(?![\w-])"
AREA = r"(?:1[ .-])?\(?[0-9]{3}\)?[ .-]?(?<=[ .)-])"
DIALLED = "[Cc]all(?:ed|ing)?|[Dd]ial(?:ed|ing)?|[Rr]ing|[Pp]hone[ds]?"
TELEPHONES: list[Rule] = [
    # +1 (555) 123-4567, 555-123-4567, 020 7946 0958, 555-1234
    Rule(rf"(?<![\w.,])(?P<number>\+[0-9]{{1,3}}(?:[ .-]?\(?[0-9]{{1,6}}\)?){{2,5}}){EXTENSION}", _phone),
    Rule(rf"(?<![\w.,])(?P<number>{AREA}[0-9]{{3}}[ .-][0-9]{{4}}(?:-[0-9]{{1,5}})?){EXTENSION}", _phone),
    Rule(r"(?<![\w.,-])1-(?P<area>8[0-9]{2}|900)-(?=[0-9-]{0,3}[A-Z])", _free_call),
    Rule(
        r"(?<![\w.,-])1-(?P<area>8[0-9]{2}|900)(?=[ -](?:numbers?|lines?|calls?|hotlines?)\b)",
        lambda match: _free_call(match).rstrip(", ").replace(",", ""),
    ),
    Rule(r"(?<![\w.,-])(?P<number>[0-9]{3})-(?=[A-Z]{4}(?!\w))", lambda match: spelled(match["number"]) + ", "),
    Rule(r"(?<![\w.,])\(?0[0-9]{2,4}\)?[ -][0-9]{3,8}(?:[ -][0-9]{3,6})?(?![\w-])", _domestic),
    Rule(rf"(?<![\w.,$£€-])(?P<number>[0-9]{{3}}-[0-9]{{4}}){EXTENSION}", _phone),
    Rule(
        r"(?<!\w)(?P<word>[Tt])el\.?:?\s?(?=[0-9(+]|(?:plus|zero|one|two|three|four|five|six|seven|eight|nine)\b)",
        lambda match: f"{match['word']}elephone ",
    ),
    Rule(
        r"(?<!\w)(?P<word>[Ee])xt\.?:?\s?(?P<number>[0-9]{1,6})(?!\w)",
        lambda match: f"{match['word']}xtension {short(match['number'])}",
    ),
    # call 911, dial 9-1-1
    Rule(
        rf"(?P<before>\b(?:{DIALLED})\s)(?P<number>[0-9]-?[0-9]-?[0-9])(?![\w-]|[.,][0-9]|\s[a-z]{{1,20}}s\b)",
        lambda match: match["before"] + spelled(match["number"]),
    ),
]
