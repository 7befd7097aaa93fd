"""Operators and relations between numbers, and the sharps of music."""

from tts.text.english.patterns import Rule, rule

MATHS: list[Rule] = [
    rule(r"(?<=[0-9])\s?[x×]\s?(?=[0-9])", lambda match: " by " if "x" in match[0] else " times "),
    rule(r"(?<=\w)\^(?=[0-9-])", lambda match: " to the power of "),
    rule(r"(?<=[0-9])\s?\*\s?(?=[0-9])", lambda match: " times "),
    rule(r"(?<=[0-9])\s?<\s?(?=[0-9])", lambda match: " is less than "),
    rule(r"(?<=[0-9])\s?>\s?(?=[0-9])", lambda match: " is greater than "),
    rule(r"~(?=[0-9$£€])", lambda match: "about "),
    rule(r"(?<=\b[A-Z])#", lambda match: " sharp"),
]
