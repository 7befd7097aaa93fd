"""Playing cards and moves of chess."""

import re

from tts.text.english.acronyms import LETTER_A
from tts.text.english.numbers import cardinal
from tts.text.rules import Rule

SUITS = {"♠": "spades", "♥": "hearts", "♦": "diamonds", "♣": "clubs", "♤": "spades", "♡": "hearts"} | {
    "♢": "diamonds",
    "♧": "clubs",
}
RANKS = {"A": "ace", "K": "king", "Q": "queen", "J": "jack", "T": "ten"}
PIECES = {"K": "king", "Q": "queen", "R": "rook", "B": "bishop", "N": "knight", "": ""}
ENDS = {"+": " check", "#": " mate", "": ""}


def _card(match: re.Match[str]) -> str:
    rank = match["rank"]
    return f"{RANKS.get(rank) or cardinal(rank)} of {SUITS[match['suit']]}"


def _square(text: str) -> str:
    return " ".join(LETTER_A if c == "a" else cardinal(c) if c.isdigit() else c for c in text)


def _move(match: re.Match[str]) -> str:
    """Nf3: knight F three; Bxe5+: bishop takes E five check; e8=Q."""
    words = [PIECES[match["piece"] or ""], _square(match["origin"] or ""), "takes" if match["takes"] else ""]
    words += [_square(match["target"]), PIECES[match["promoted"]] if match["promoted"] else ""]
    return " ".join(" ".join(words).split()) + ENDS[match["end"] or ""]


GAMES: list[Rule] = [
    Rule(r"\b(?:LVL|Lvl|lvl)\.?\s?(?=[0-9])", lambda match: "level "),
    Rule(rf"(?<!\w)(?P<rank>10|[2-9AKQJT])(?P<suit>[{''.join(SUITS)}])", _card),
    Rule(rf"[{''.join(SUITS)}](?<=[♠♦♣])", lambda match: f" {SUITS[match[0]]} "),
    Rule(
        r"(?<![\w'.,-])(?P<piece>[KQRBN])(?P<origin>[a-h]?[1-8]?)(?P<takes>x?)(?P<target>[a-h][1-8])(?P<promoted>)(?P<end>[+#]?)(?![\w])",
        _move,
    ),
    Rule(
        r"(?<![\w'.,-])(?P<piece>)(?P<origin>[a-h])(?P<takes>x)(?P<target>[a-h][1-8])(?:=(?P<promoted>[QRBN]))?(?P<end>[+#]?)(?![\w])",
        _move,
    ),
    Rule(
        r"(?<![\w'.,-])(?P<piece>)(?P<origin>)(?P<takes>)(?P<target>[a-h][18])=(?P<promoted>[QRBN])(?P<end>[+#]?)(?![\w])",
        _move,
    ),
    Rule(r"(?<![\w-])(?:O-O-O|0-0-0)(?![\w-])", lambda match: "castles queen side"),
    Rule(r"(?<![\w-])O-O(?![\w-])", lambda match: "castles king side"),
]
