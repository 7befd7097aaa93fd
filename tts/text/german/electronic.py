"""Addresses of mail and of the web, names of files, hashtags."""

import re

from tts.text.german.acronyms import letters
from tts.text.german.numbers import cardinal, spelled
from tts.text.rules import Rule, words_of

SIGNS = {
    **{
        ".": "Punkt",
        "@": "ät",
        "-": "minus",
        "_": "Unterstrich",
        "/": "Schrägstrich",
        ":": "Doppelpunkt",
        "#": "Raute",
    },
    **{"?": "Fragezeichen", "=": "gleich", "&": "und", "+": "plus", "%": "Prozent", "~": "Tilde"},
}
SAID = words_of("com net org info web mail app shop blog online berlin bayern wien hamburg gov")  # others are spelled
SCHEME = r"(?:https?|ftp)://"
DOMAIN = r"(?:[A-Za-z0-9äöüÄÖÜ_-]{1,63}\.){1,8}"
ENDS = "de|at|ch|com|net|org|info|eu|io|gov|edu|tv|fr|it|uk|us|app|shop|online|berlin|wien|biz|me"
FILES = "pdf|txt|docx?|xlsx?|jpe?g|png|mp3|mp4|zip|html?|exe|csv|epub"


def _word(word: str) -> str:
    if word.isdigit():
        return cardinal(word) if len(word) < 3 and word[0] != "0" else spelled(word)
    if word.lower() == "www":
        return letters("WWW")
    sounding = re.search("[aeiouyäöü]", word.lower()) is not None
    return word if word.lower() in SAID or (len(word) > 3 and sounding) else _short(word)


def _short(word: str) -> str:
    from tts.text.german.lexicon import wiktionary

    return word if len(word) > 2 and word.lower() in wiktionary() else letters(word)


def said(address: str) -> str:
    """max@web.de: max ät web Punkt D E."""
    parts = re.findall(r"[^\W\d_]+|[0-9]+|\S", address)
    return " ".join(SIGNS.get(part, "") if not part.isalnum() else _word(part) for part in parts)


def _address(match: re.Match[str]) -> str:
    address = match[0]
    rest = address[len(address.rstrip(".,;:!?")) :]
    address = address.rstrip(".,;:!?")
    scheme = re.match(SCHEME, address)
    return said(address[scheme.end() :] if scheme else address).rstrip() + rest


ELECTRONIC: list[Rule] = [
    Rule(rf"(?<![\w.@-])(?:mailto:)?[\w.+-]{{1,64}}@{DOMAIN}[A-Za-z]{{2,10}}(?![\w@])", _address),
    Rule(rf"(?<![\w.@])(?:{SCHEME}|www\.)[^\s\"<>)]{{1,500}}", _address),
    Rule(rf"(?<![\w.@/-]){DOMAIN}(?:{ENDS})(?:/[^\s\"<>)]{{0,300}})?(?![\w@-])", _address),
    Rule(rf"(?<![\w.@/-])[\w-]{{1,60}}\.(?:{FILES})(?!\w)", _address),
    Rule(r"(?<!\w)#(?=[^\W\d_])", lambda match: "Hashtag "),
    Rule(r"(?<!\w)#(?=[0-9])", lambda match: "Nummer "),
    Rule(r"(?<!\w)@(?=\w)", lambda match: "ät "),
]
