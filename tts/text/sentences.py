"""A text as it is written to sentences. Long ones are cut; each passage has the pause that a reader leaves after it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tts.text.layout import SCENE, Known, passages
from tts.text.markup import plain

# What ends inside a passage of text; `tts.text.layout` names what ends after one.
SENTENCE, CLAUSE, CUT = "sentence", "clause", "cut"

CLOSERS = "\"'”’»“‘«)]}"  # German closes with “ and «, which open in English
OPENING = "\"'“‘«„‚»([{*_-–—"
EASTERN = "。！？"  # Chinese and Japanese stops need no space after them
# A stop and the quotes and brackets that close after it, or a stop that no space follows: The end.The start
# Its first character comes before the look-behinds, because a search for a few characters alone is fast.
STOP = re.compile(
    rf"[.!?…{EASTERN}](?:(?<=[.!?…])[.!?…]{{0,19}}[{re.escape(CLOSERS)}]{{0,8}}(?=\s|$)"
    rf"|(?<=[a-z][a-z][.!?])(?=[A-Z][a-z])|(?<=[{EASTERN}]))"
)
# Where a clause ends: stronger marks, then commas. A dash before a digit is that of a range; 5, 1920 is a date.
CLAUSES = (
    re.compile(r"[;:][\"'”’)]{0,4}\s|\s?—\s?|\s?–(?!\s?[0-9])\s?|\s-\s(?![0-9])|--+"),
    re.compile(r",[\"'”’)]{0,4}\s(?:(?<=[^0-9],\s)|(?<=[\"'”’)]\s)|(?![0-9]))"),
)
ADDRESS = re.compile(r"\w|[.@/-]\w")  # of Booking.Com.au, after Com
INLINE = re.compile(r"\{[^{}]{0,200}(?:\}|\Z)")  # phones; the end of a window may cut them in two
UNSPACED = re.compile(r"\S+")
BESIDE_WORD = re.compile(r"^\W+|\W+$")
BEYOND = 30  # characters after the longest portion that are read to find out where to cut
ENUMERATION = re.compile(r"[\"'(]?(?:[0-9]{1,3}|[IVXL]{1,6}|[A-Za-z])")  # 1. Apples; IV. The Ghost
BEFORE_LAST_WORD = re.compile(r"(?s:.*)(?:[\s(\[\"“‘]|(?<!\w)'|'(?!\w))")
AFTER_RANGE = re.compile("^.*[0-9][-–—/]")  # of 31-Jan.
NEXT_WORD = re.compile(rf"\s*[{re.escape(OPENING)}]*([^\W_]+(?:-[0-9])?)?")  # and the hyphen of AB-12
INITIAL = re.compile(r"\s*[A-Z](?:\.(?=\s|$)|(?=[,;:)]|\s*$))")  # or a letter that names: Fig. A
INITIAL_BEFORE = re.compile(r"(?<!\w)[A-Z]\.\s?$")
NAME = re.compile(r"[A-Z][a-z]{1,30}")
FACTOR = re.compile(r"[0-9]{1,4}|[a-z]|.{1,40}\)")  # before the mark of a factorial
OPERATOR = re.compile(r"\s?[=+−×÷*/<>≤≥≈-]\s|\s?[=/*]|\sis\s")  # after it
SAYS = re.compile(r"\s([A-Z][a-z]{0,30}) ([a-z]{2,12})\b")  # "Stop!" Mary said.
NUMERAL = re.compile(r"[IVXLC]{1,8}")


def never(before: str, word: str, following: str) -> bool:
    """Of a language whose lists say it all."""
    return False


class Sentence(NamedTuple):
    """A sentence or a part of one, spoken at once."""

    text: str
    pause: str  # after it: SENTENCE, CLAUSE, CUT, or what `tts.text.layout` says
    notices: tuple[str, ...] = ()  # of what the text before it and after it lost, on the first sentence


@dataclass(frozen=True, kw_only=True)
class Abbreviations:
    """What a language says about full stops that may not end a sentence. Words are given without the stop."""

    inner: frozenset[str]  # the sentence always goes on: Mr., e.g.
    numbered: frozenset[str]  # it goes on if a number follows, Roman or not: No. 5, Jan. 5, Vol. II
    words: frozenset[str]  # of `numbered`, those that are also words and may end a sentence: he said no.
    ending: frozenset[str]  # it ends if an opener follows: etc., Inc.
    letters: frozenset[str]  # single letters that are words; any other may be an initial
    labels: frozenset[str]  # words, in small letters, after which a single letter is a name and no initial: plan B
    saying: frozenset[str]  # verbs that tell who spoke: said, asked
    exclaiming: frozenset[str]  # names that end in an exclamation mark
    openers: frozenset[str]  # words that begin a sentence more often than they follow an abbreviation
    # whether the sentence goes on, by the text before a word, the word, and the one after its stop: am 3. Mai
    goes_on: Callable[[str, str, str], bool] = never


@dataclass(frozen=True, kw_only=True)
class Joints:
    """What a language says about where a long sentence may be cut if no mark divides it. Words in small letters."""

    before: frozenset[str]  # words that begin a clause: and, because, which
    leaning: frozenset[str]  # words that belong to the next one: the, of
    counting: frozenset[str]  # words of numbers, which stay together: twelve, point, million


def split_sentences(
    text: str, max_chars: int, abbreviations: Abbreviations, joints: Joints, known: Known
) -> list[Sentence]:
    """Sentences of at most `max_chars` characters, in order. Marks of Markdown, HTML and notes are left out.

    `known` says whether the language has a word: it helps to join words that were divided at the end of a line.
    """
    if max_chars < 1:
        raise ValueError(f"max_chars is {max_chars}; a portion needs at least one character")
    out: list[Sentence] = []
    text, notices = plain(text)
    for passage in passages(text, known):
        sentences = _sentences(passage.text, abbreviations)
        for number, sentence in enumerate(sentences, 1):
            ends = SENTENCE if number < len(sentences) else passage.ends
            if len(sentence) <= max_chars:
                out.append(Sentence(sentence, ends))
            else:
                out += _portions(sentence, ends, max_chars, joints)
        if out and not sentences and passage.ends == SCENE:
            out[-1] = Sentence(out[-1].text, SCENE)
    if out:
        out[0] = Sentence(out[0].text, out[0].pause, tuple(notices))
    return out


def _sentences(paragraph: str, abbreviations: Abbreviations) -> list[str]:
    out: list[str] = []
    start = 0
    for match in STOP.finditer(paragraph):
        if _ends(paragraph, start, match, abbreviations):
            out.append(paragraph[start : match.end()].strip())
            start = match.end()
    if rest := paragraph[start:].strip():
        out.append(rest)
    return out


def _ends(text: str, start: int, match: re.Match[str], abbreviations: Abbreviations) -> bool:
    """Whether the sentence from `start` ends at this stop."""
    stop, begin, end = match[0], match.start(), match.end()
    if stop in EASTERN or end == len(text):
        return True
    following = NEXT_WORD.match(text, end, end + 60)[1] or ""
    if not text[end].isspace():  # The end.The start; not Booking.Com
        address = ADDRESS.match(text, end + len(following), end + len(following) + 2)
        return (following in abbreviations.openers or stop != ".") and not address
    small = following[:1].islower()
    if stop != "." and (stop.startswith(("..", "…")) or stop.strip(CLOSERS) != "."):
        if stop == "!" and _goes_on(text, start, match, small, abbreviations):
            return False
        # The sentence goes on if a small letter follows: Wait... what? "Who is it?" she asked.
        quoted = stop[-1] in CLOSERS
        if quoted and (said := SAYS.match(text, end)) and said[2] in abbreviations.saying:
            return said[1] != "I" and said[1] in abbreviations.openers
        return not (small and (quoted or stop.startswith(("..", "…"))))
    if small:
        return False
    if begin - start < 12 and ENUMERATION.fullmatch(text[start:begin].lstrip()):
        return False
    before = text[max(start, begin - 40) : begin]
    word = _last_word(before)
    if len(stop) > 1 or not word:  # a quote or bracket closes after the stop
        return True
    initial = INITIAL.match(text, end) is not None
    if abbreviations.goes_on(before[: -len(word)], word, following):
        return False
    last = word if word.isalpha() else AFTER_RANGE.sub("", word)
    return _word_may_end(before[: -len(word)], last, "" if initial else following, initial, abbreviations)


def _last_word(text: str) -> str:
    """The word that ends a text, without a quote or bracket that opens before it; none if a space or quote ends it."""
    before = BEFORE_LAST_WORD.match(text)
    return text[before.end() :] if before else text


def _goes_on(text: str, start: int, match: re.Match[str], small: bool, abbreviations: Abbreviations) -> bool:
    """Whether an exclamation mark belongs to a name or to a factorial: Yahoo! is; n! = 120."""
    word = _last_word(text[max(start, match.start() - 40) : match.start()])
    if FACTOR.fullmatch(word) and OPERATOR.match(text, match.end()):
        return True
    return small and word in abbreviations.exclaiming


def _word_may_end(before: str, word: str, following: str, initial: bool, abbreviations: Abbreviations) -> bool:
    """Whether a sentence may end after `word` and a full stop.

    `following` does not begin with a small letter; it is empty if an `initial` follows.
    """
    opens = following in abbreviations.openers
    word = word.rpartition("-")[2] or word  # ex-Gov. Brown, M-Mr. Fox
    if word in abbreviations.inner:
        return False
    if word in abbreviations.numbered:
        also_word = word in abbreviations.words
        numeral = NUMERAL.fullmatch(following) and not (also_word and len(following) == 1)
        letter = initial and not also_word
        number = any(map(str.isdigit, following))
        return not number and not numeral and not letter and (opens or also_word)
    if len(word) == 1 and word.isalpha():  # an initial, or "plan B.", or a word
        if word in abbreviations.letters:
            named = before.split()[-1:]  # Louis I. Kahn, but Part I. Words
            if named and NAME.fullmatch(named[0]) and named[0].lower() not in abbreviations.labels:
                return not initial and (opens or not NAME.fullmatch(following))
            return not initial and not INITIAL_BEFORE.search(before)
        labelled = before.split()[-1:]
        return opens or (bool(labelled) and labelled[0].lower() in abbreviations.labels and not initial)
    if "." in word or word in abbreviations.ending:  # U.S., p.m., Inc.
        return opens
    return True


def _portions(sentence: str, ends: str, max_chars: int, joints: Joints) -> list[Sentence]:
    """A sentence that is too long, cut: at a clause if possible, else between words, else anywhere."""
    out: list[Sentence] = []
    start = 0
    while (left := len(sentence) - start) > max_chars:
        cut, pause = _cut(sentence[start : start + max_chars + BEYOND], left, max_chars, joints)
        out.append(Sentence(sentence[start : start + cut].strip(), pause))
        start += cut
        start += len(sentence[start : start + 1]) - len(sentence[start : start + 1].lstrip())
    return [portion for portion in [*out, Sentence(sentence[start:].strip(), ends)] if portion.text]


def _cut(window: str, left: int, max_chars: int, joints: Joints) -> tuple[int, str]:
    """Where to cut a window that begins with a portion and shows the word after it, and the pause there.

    `left` is the length of the rest of the sentence, window included. No portion should become very short.
    """
    inline = [match.span() for match in INLINE.finditer(window) if match.start() > 0]

    def allowed(place: int) -> bool:
        return not any(start < place < end for start, end in inline)

    earliest, latest = max_chars // 3, min(max_chars, max(left - max_chars // 4, max_chars // 2))
    for clause in CLAUSES:
        ends = [match.end() for match in clause.finditer(window)]
        if ends := [end for end in ends if earliest < end <= latest and allowed(end)]:
            return ends[-1], CLAUSE
    even = -(-left // -(-left // max_chars))  # the length of each if all portions were equally long
    places = [(rank, place) for rank, place in _spaces(window, joints) if place <= max_chars and allowed(place)]
    if within := [(rank, place) for rank, place in places if earliest < place <= latest]:
        places = within
    if places:
        return min(places, key=lambda found: (found[0], abs(found[1] - even)))[1], CUT
    return max(1, min([max_chars, *(start for start, end in inline if start < max_chars < end)])), CUT


def _is_number(word: str, joints: Joints) -> bool:
    if word.isalpha():
        return word.lower() in joints.counting
    return word.lower().split("-")[0] in joints.counting or any(map(str.isdigit, word))


def _spaces(window: str, joints: Joints) -> Iterator[tuple[int, int]]:
    """The spaces of a window, each with a rank: 0 before a clause, 1 between words, 2 after the, 3 inside a number."""
    tokens = list(UNSPACED.finditer(window))
    words = [token[0] if token[0].isalnum() else BESIDE_WORD.sub("", token[0]) for token in tokens]
    counts = [_is_number(word, joints) for word in words]
    for i in range(1, len(tokens)):
        before, after = words[i - 1], words[i]
        name = before[:1].isupper() and (after[:1].isupper() or tokens[i - 1][0].endswith("."))
        mark = not before or not after  # as a dash between years
        if name or mark or counts[i - 1] or (counts[i] and before[:1].isupper()):
            rank = 3
        elif before.lower() in joints.leaning or before.lower() in joints.before:
            rank = 2
        else:
            rank = 0 if after.lower() in joints.before else 1
        yield rank, tokens[i - 1].end()
