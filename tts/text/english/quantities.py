"""Ranges, ratios, fractions, ordinals, and every number that no other rule has read."""

import re

from tts.text.english.numbers import cardinal, fraction, ordinal, two_digits, year
from tts.text.english.patterns import ALONE, NUMBER, Rule, number, rule


def _ratio(match: re.Match[str]) -> str:
    return f"{cardinal(match[1])} to {cardinal(match[2])}"


def _range(match: re.Match[str]) -> str:
    low, high, dash = match["low"], match["high"], match["dash"]
    is_year = re.fullmatch("1[0-9]{3}|20[0-9]{2}", low) is not None
    if is_year and re.fullmatch("1[0-9]{3}|20[0-9]{2}", high):
        return f"{year(low)} to {year(high)}"
    if is_year and re.fullmatch("[0-9]{2}", high):
        return f"{year(low)} to {two_digits(high)}"
    return f"{number(low)} {'minus' if dash == ' - ' else 'to'} {number(high)}"


def _fraction(match: re.Match[str]) -> str:
    whole = match["whole"]
    part = fraction(match["a"], match["b"])
    if whole and part.startswith("one "):
        part = "a " + part.removeprefix("one ")
    return f"{cardinal(whole)} and {part}" if whole else part


def _any_number(match: re.Match[str]) -> str:
    text = match["number"]
    words = year(text) if re.fullmatch("1[0-9]{3}|20[0-9]{2}", text) else number(text)
    return ("minus " if match["minus"] else "") + words


QUANTITIES: list[Rule] = [
    rule(rf"{ALONE}([0-9]{{1,4}}):([0-9]{{1,4}})(?![\w:])", _ratio),
    rule(
        rf"(?<![\w.,/-])(?P<low>{NUMBER})(?P<dash>\s?–\s?|-| - )(?P<high>{NUMBER})(?![\w/-]|,[0-9])",
        _range,
    ),
    rule(
        r"(?<![\w./,-])(?:(?P<whole>[0-9]{1,4})(?:\s|-))?(?P<a>[0-9]{1,3})/(?P<b>[0-9]{1,3})(?![\w/]|\.[0-9])",
        _fraction,
    ),
    rule(r"(?<![\w.,])([0-9]{1,3}(?:,[0-9]{3}){0,4}|[0-9]{4,15})(?:st|nd|rd|th)(?!\w)", lambda m: ordinal(m[1])),
    rule(rf"{ALONE}([0-9]{{1,6}})k(?!\w)", lambda match: f"{cardinal(match[1])} thousand"),
    rule(r"(?<!\w)#\s?(?=[0-9])", lambda match: "number "),
    rule(r"#(?=[A-Za-z])", lambda match: "hashtag "),
    rule(r"(?<=[0-9])x(?=\s+[a-z])", lambda match: " times"),
]


NUMBERS: list[Rule] = [
    rule(r"(?<=[A-Za-z][.,;:!?])(?=[0-9])", lambda match: " "),
    # B2B, COVID-19, R2D2, 3D: letters and digits side by side
    rule(r"(?<=[A-Za-z])-?(?=[0-9])|(?<=[0-9])(?=[A-Za-z])", lambda match: " "),
    rule(
        r"(?<![\w)])(?P<minus>-)?(?P<number>[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)*|[0-9]+(?:\.[0-9]+)*|\.[0-9]+)",
        _any_number,
    ),
    rule(r"(?P<minus>)(?P<number>[0-9]+)", _any_number),
]
