"""A text as it is written to sentences. Long ones are cut; each piece has the pause that a reader leaves after it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tts.text.layout import SCENE, Known, pieces
from tts.text.markup import plain

# What ends inside a piece of text; `tts.text.layout` names what ends after one.
SENTENCE, CLAUSE, CUT = "sentence", "clause", "cut"

CLOSERS = "\"'”’»)]}"
OPENING = "\"'“‘«([{*_-–—"
# A stop and the quotes and brackets that close after it. Chinese and Japanese stops need no space after them.
STOP = re.compile(rf"(?P<stop>[.!?…]{{1,20}}[{re.escape(CLOSERS)}]{{0,8}})(?=\s|$)|[。！？]")
CLAUSES = (re.compile(r"[;:][\"'”’)]{0,4}\s|\s?[—–]\s?|--+"), re.compile(r",[\"'”’)]{0,4}\s"))
ENUMERATION = re.compile(r"[\"'(]?(?:[0-9]{1,3}|[IVXL]{1,6}|[A-Za-z])")  # 1. Apples; IV. The Ghost
LAST_WORD = re.compile(r"[^\s(\[\"'“‘]{1,40}$")
NEXT_WORD = re.compile(rf"\s*[{re.escape(OPENING)}]*([^\W_]+)?")


@dataclass(frozen=True)
class Sentence:
    """A sentence or a part of one, spoken at once."""

    text: str
    pause: str  # after it: SENTENCE, CLAUSE, CUT, or what `tts.text.layout` says
    notices: tuple[str, ...] = ()  # of what the text before it and after it lost, on the first sentence


@dataclass(frozen=True, kw_only=True)
class Abbreviations:
    """What a language says about full stops that may not end a sentence. Words are given without the stop."""

    inner: frozenset[str]  # the sentence always goes on: Mr., e.g.
    numbered: frozenset[str]  # it goes on if a number follows: No. 5, Jan. 5
    words: frozenset[str]  # of `numbered`, those that are also words and may end a sentence: he said no.
    ending: frozenset[str]  # it ends if an opener follows: etc., Inc.
    letters: frozenset[str]  # single letters that are words; any other may be an initial
    openers: frozenset[str]  # words that begin a sentence more often than they follow an abbreviation


def split_sentences(text: str, max_chars: int, abbreviations: Abbreviations, known: Known) -> list[Sentence]:
    """Sentences of at most `max_chars` characters, in order. Marks of Markdown, HTML and notes are left out.

    `known` says whether the language has a word: it helps to join words that were divided at the end of a line.
    """
    if max_chars < 1:
        raise ValueError(f"max_chars is {max_chars}; a portion needs at least one character")
    out: list[Sentence] = []
    text, notices = plain(text)
    for piece in pieces(text, known):
        before = len(out)
        for sentence in _sentences(piece.text, abbreviations):
            out += _portions(sentence, max_chars)
        if len(out) > before:
            out[-1] = Sentence(out[-1].text, piece.ends)
        elif out and piece.ends == SCENE:
            out[-1] = Sentence(out[-1].text, SCENE)
    if out:
        out[0] = Sentence(out[0].text, out[0].pause, tuple(notices))
    return out


def _sentences(paragraph: str, abbreviations: Abbreviations) -> Iterator[str]:
    start = 0
    for match in STOP.finditer(paragraph):
        if _ends(paragraph, start, match, abbreviations):
            yield paragraph[start : match.end()].strip()
            start = match.end()
    if rest := paragraph[start:].strip():
        yield rest


def _ends(text: str, start: int, match: re.Match[str], abbreviations: Abbreviations) -> bool:
    """Whether the sentence from `start` ends at this stop."""
    stop = match["stop"]
    if stop is None:
        return True
    following = NEXT_WORD.match(text[match.end() : match.end() + 60])[1] or ""
    if match.end() == len(text):
        return True
    small = following[:1].islower()
    if stop.startswith(("..", "…")) or stop.strip(CLOSERS) != ".":
        # The sentence goes on if a small letter follows: Wait... what? "Who is it?" she asked.
        quoted = stop[-1] in CLOSERS
        return not (small and (quoted or stop.startswith(("..", "…"))))
    if small:
        return False
    if match.start() - start < 12 and ENUMERATION.fullmatch(text[start : match.start()].lstrip()):
        return False
    found = LAST_WORD.search(text[max(start, match.start() - 40) : match.start()])
    if len(stop) > 1 or not found:  # a quote or bracket closes after the stop
        return True
    return _word_may_end(found[0], following, abbreviations)


def _word_may_end(word: str, following: str, abbreviations: Abbreviations) -> bool:
    """Whether a sentence may end after `word` and a full stop. `following` does not begin with a small letter."""
    opens = following in abbreviations.openers
    if word in abbreviations.inner:
        return False
    if word in abbreviations.numbered:
        return not following[:1].isdigit() and (opens or word in abbreviations.words)
    if len(word) == 1 and word.isalpha() and word not in abbreviations.letters:  # an initial, or "plan B."
        return opens
    if "." in word or word in abbreviations.ending:  # U.S., p.m., etc.
        return opens
    return True


def _portions(sentence: str, max_chars: int) -> list[Sentence]:
    """A sentence as it is, or cut if it is too long: at a clause if possible, else at a space, else anywhere."""
    out: list[Sentence] = []
    start = 0
    while (left := len(sentence) - start) > max_chars:
        cut, pause = _cut(sentence[start : start + max_chars + 1], left, max_chars)
        out.append(Sentence(sentence[start : start + cut].strip(), pause))
        start += cut
        start += len(sentence[start : start + 1]) - len(sentence[start : start + 1].lstrip())
    return [portion for portion in [*out, Sentence(sentence[start:].strip(), SENTENCE)] if portion.text]


def _cut(window: str, left: int, max_chars: int) -> tuple[int, str]:
    """Where to cut a window that is one character longer than a portion may be, and the pause there.

    `left` is the length of the rest of the sentence, window included. No portion should become very short.
    """
    inside = _inline_start(window)
    latest = min(max_chars, max(left - max_chars // 4, max_chars // 2))
    for clause in CLAUSES:
        ends = [match.end() for match in clause.finditer(window[:inside]) if max_chars // 3 < match.end() <= latest]
        if ends:
            return ends[-1], CLAUSE
    even = -(-left // -(-left // max_chars))  # the length of each if all portions were equally long
    for limit in (min(inside, even + max_chars // 10), inside):
        if (space := window.rfind(" ", 1, limit)) > 0:
            return space, CUT
    return max(1, min(inside, max_chars)), CUT


def _inline_start(window: str) -> int:
    """Where inline phones begin if the end of the window cuts them in two; else the length of the window."""
    opened = window.rfind("{")
    return opened if opened > 0 and "}" not in window[opened:] else len(window)
