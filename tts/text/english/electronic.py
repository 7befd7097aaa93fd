"""Addresses of the internet: e-mail, web."""

import re

from tts.text.english.patterns import Rule, rule

ADDRESS_SIGNS = {
    **{".": "dot", "/": "slash", "-": "dash", "_": "underscore", "@": "at", ":": "colon", "?": "question mark"},
    **{"=": "equals", "&": "and", "#": "hash", "+": "plus", "~": "tilde", "%": "percent"},
}
DOMAINS = "com|org|net|edu|gov|io|ai|info|co\\.uk|ac\\.uk|org\\.uk|eu"


def _address(match: re.Match[str]) -> str:
    text = match["address"]
    body = text.rstrip(".,;:!?'\")/")
    body, tail = body.split("://", 1)[-1], text[len(body) :].replace("/", "")
    body = re.sub(r"(?i)^www(?=\.)", "W W W", body)
    spoken = "".join(f" {ADDRESS_SIGNS[c]} " if c in ADDRESS_SIGNS else c for c in body)
    return " ".join(spoken.split()) + tail


ELECTRONIC: list[Rule] = [
    rule(r"(?<![\w.+-])(?P<address>[\w.+-]{1,64}@[A-Za-z0-9.-]{1,255}\.[A-Za-z]{2,24})(?!\w)", _address),
    rule(r"(?<!\w)(?P<address>(?:https?://|ftp://|www\.)[^\s<>\"{}]{1,2000})", _address),
    rule(
        rf"(?<![\w.-])(?P<address>(?:[A-Za-z0-9-]{{1,63}}\.){{1,6}}(?:{DOMAINS})(?![\w-])(?:/[^\s<>\"{{}}]{{0,500}})?)",
        _address,
    ),
]
