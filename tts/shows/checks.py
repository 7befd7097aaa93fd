"""What language models do wrong in a story, caught and mended: loops, copies, cut endings, a wrong length.

Everything counts words, so it needs no model. A text that passes is not good yet; one that fails is not fit to be read.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tts.text.language import language

LOOP, COPY, CUT, LENGTH, FILTER = "loop", "copy", "cut ending", "wrong length", "filtered"

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
ENDED = re.compile(r"[.!?][\"”’')\]*_]*$")
CLOSED = {'"': '"', "“": "”"}

LONGEST = 40  # words of a phrase that is looked for again right behind itself
TIMES = {1: 5, 2: 4, 3: 4, 4: 4}  # by words of a phrase: how often it may not follow itself; 3 for longer ones
FEW_WORDS = 5  # of a sentence that counts when it comes again
SAME = 5  # times that one sentence makes a loop, if it is much of the text
SAME_SHARE = 0.12  # of all words are in such sentences
# Words in which runs of three may not come again too often. Of 320 fables and tales with refrains the most repetitive
# 40 words have .20 of such runs, loops .35 and more.
WINDOW = 40
RUN = 3
AGAIN = 0.32

ADDRESS = re.compile(
    r"\b(?:https?|ftp)://\S|\bwww\.[\w-]|\b[\w-]{2,}\.(?:com|org|net|edu|gov|info|io|co\.uk|html?|php|pdf|jpe?g|png)\b"
    r"|[\w.+-]+@[\w-]+\.\w{2,}|</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>|\[[^\]\n]{1,200}\]\([^)\n]*\)|&(?:nbsp|amp|quot|lt|gt);",
    re.IGNORECASE,
)
NOTICE = re.compile(
    r"©|\(c\) ?\d{4}|\ball rights reserved\b|\bcopyright\b|\bISBN\b|\bread more\b|\bclick here\b|\bsubscribe\b"
    r"|\bposted (?:by|on|in)\b|\bshare this\b|\brelated (?:posts|articles|stories|links)\b|\bprivacy policy\b"
    r"|\bterms of (?:use|service)\b|\bcookies? policy\b|\bsource:|\breferences?:|\bretrieved (?:on|from)\b"
    r"|\bpage \d+ of \d+\b|\bchapter \d+ of \d+\b|\bas an ai\b|\blanguage model\b"
    r"|\bhere(?: is|'s|’s) (?:a|an|the|your) (?:short |bedtime |little )*(?:story|tale|version|draft)\b"
    r"|\bproject gutenberg\b|\bdownload(?:ed)? (?:from|as|the|now)\b|\bsign up\b|\blog ?in\b|\bhome\s*[|>»]",
    re.IGNORECASE,
)
PLACE = re.compile(
    r"\b\d{1,5} (?:[A-Z][\w.]+ ){1,3}(?:Street|St\.|Avenue|Ave\.?|Road|Rd\.?|Lane|Drive|Blvd\.?|Boulevard)\b"
    r"|\b[A-Z]{2} \d{5}(?:-\d{4})?\b|\b(?:\+?\d{1,2}[ .-])?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b"
)
LISTED = re.compile(r"^\s*(?:[-*•–·]|\d{1,3}[.)])\s+\S", re.MULTILINE)
MARKUP = re.compile(r"^\s*(?:#{1,6}\s|```|\|.*\|\s*$|(?:Title|Author|Genre|Moral of the story|Word count)\s*:)", re.M)
GOES_ON = re.compile(r"(?:\bto be continued|\bcontinued (?:on|in)\b[^.]*|\(continued\))\W*$", re.IGNORECASE)
UNENDED = frozenset("a an and because but if into nor or the their with".split())  # no sentence ends with


@dataclass(frozen=True)
class StoryFault:
    """What is wrong, and where."""

    kind: str  # LOOP, COPY, CUT, LENGTH or FILTER
    excerpt: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.excerpt}"


def faults(text: str, *, words: tuple[int, int] | None = None, banned: Iterable[str] = ()) -> list[StoryFault]:
    """Everything that is wrong with a story.

    `words`: the fewest and the most that it may have. `banned`: words and phrases that may not occur.
    """
    found = [StoryFault(LOOP, excerpt) for excerpt in loops(text)] + [
        StoryFault(COPY, excerpt) for excerpt in copies(text)
    ]
    if excerpt := cut_ending(text):
        found.append(StoryFault(CUT, excerpt))
    count = len(WORD.findall(text))
    if words and not words[0] <= count <= words[1]:
        found.append(StoryFault(LENGTH, f"{count} words where {words[0]} to {words[1]} were asked for"))
    return found + [StoryFault(FILTER, excerpt) for excerpt in filtered(text, banned)]


def sentences(text: str) -> list[str]:
    """The sentences of a text, as they will be read."""
    return [sentence.text for sentence in language().split(text, len(text) + 1)]


def spelled(text: str) -> tuple[str, ...]:
    """The words of a text in small letters, without what differs only in signs."""
    return tuple(WORD.findall(text.lower().replace("’", "'")))


def loops(text: str) -> list[str]:
    """Phrases that follow themselves, sentences that come again and again, and stretches that turn in circles."""
    words = spelled(text)
    if run := _in_a_row(words):
        return [run]
    counts = Counter(one for one in map(spelled, sentences(text)) if len(one) >= FEW_WORDS)
    for sentence, count in counts.most_common(1):
        if count >= SAME and count * len(sentence) > SAME_SHARE * len(words):
            return [f"{' '.join(sentence)} ({count} times)"]
    runs = [words[at : at + RUN] for at in range(len(words) - RUN + 1)]
    for start in range(0, max(1, len(runs) - WINDOW + 1), WINDOW // 8):
        window = runs[start : start + WINDOW]
        if len(window) >= WINDOW // 2 and 1 - len(set(window)) / len(window) > AGAIN:
            return [" ".join(words[start : start + 12])]
    return []


def _in_a_row(words: Sequence[str]) -> str:
    """A phrase that follows itself too often; empty if none does."""
    for size in range(1, min(LONGEST, len(words) // 2) + 1):
        same = 0  # words that equal the one `size` before
        for at in range(size, len(words)):
            same = same + 1 if words[at] == words[at - size] else 0
            if same >= size * (TIMES.get(size, 3) - 1):
                times = same // size + 1
                return f"{' '.join(words[at - size + 1 : at + 1])} ({times} times in a row)"
    return ""


def copies(text: str) -> list[str]:
    """Addresses, notices, lists and other marks of a page that a text was taken from."""
    found = [hit[0] for pattern in (ADDRESS, NOTICE, PLACE) if (hit := pattern.search(text))]
    listed = LISTED.findall(text)
    if len(listed) >= 2:
        found.append(f"a list: {listed[0].strip()} ...")
    if hit := MARKUP.search(text):
        found.append(hit[0].strip())
    return found


def cut_ending(text: str) -> str:
    """The end of a text that is broken off; empty if it is whole."""
    text = text.rstrip()
    last = text[-60:].split("\n")[-1]
    if not text or not ENDED.search(text) or GOES_ON.search(text):
        return last or "nothing"
    if spelled(text)[-1] in UNENDED:
        return last
    paragraph = text.rsplit("\n\n", 1)[-1]
    closed = text.endswith(tuple(CLOSED.values()))  # then a mark before it is missing, which is no cut
    return last if not closed and any(_is_open(paragraph, *marks) for marks in CLOSED.items()) else ""


def _is_open(paragraph: str, opening: str, closing: str) -> bool:
    """Whether a quotation that begins in a paragraph does not end there."""
    counts = paragraph.count(opening), paragraph.count(closing)
    return bool(counts[0] % 2) if opening == closing else counts[0] > counts[1]


def filtered(text: str, banned: Iterable[str]) -> list[str]:
    """Words and phrases of a list of the user's that occur, whatever the case and the signs between them."""
    said = f" {' '.join(spelled(text))} "
    return [phrase for phrase in banned if spelled(phrase) and f" {' '.join(spelled(phrase))} " in said]


def mend(text: str, *, banned: Iterable[str] = ()) -> str:
    """The same text without the sentences that are at fault; what is left ends with a whole sentence.

    Repetitions go but for the first, sentences with marks of a page go, and so does what was broken off.
    """
    listed = len(LISTED.findall(text)) >= 2
    lines = [line for line in text.split("\n") if not MARKUP.match(line) and not (listed and LISTED.match(line))]
    parts, seen = [], set()
    for paragraph in re.split(r"\n\s*\n", "\n".join(lines)):
        kept = []
        for sentence in sentences(paragraph):
            words = spelled(sentence)
            if _is_sound(sentence, banned) and (len(words) < FEW_WORDS or words not in seen):
                seen.add(words)
                kept.append(sentence)
        parts.append(kept)
    return _closed(_without_circles(parts))


def shortened(text: str, words: int) -> str:
    """Whole sentences from the beginning of a text, of at most `words` words; the first one in any case."""
    parts: list[list[str]] = []
    said = 0
    for paragraph in re.split(r"\n\s*\n", text):
        parts.append([])
        for sentence in sentences(paragraph):
            said += len(spelled(sentence))
            if said > words and any(parts):
                return _joined(parts)
            parts[-1].append(sentence)
    return _joined(parts)


def _is_sound(sentence: str, banned: Iterable[str]) -> bool:
    broken = not ENDED.search(sentence) or _in_a_row(spelled(sentence))
    return not (broken or copies(sentence) or filtered(sentence, banned))


def _joined(parts: Sequence[Sequence[str]]) -> str:
    return "\n\n".join(" ".join(own) for own in parts if own)


def _without_circles(parts: list[list[str]]) -> list[list[str]]:
    """Drop sentences, the most repetitive first, until nothing turns in circles."""
    while loops(_joined(parts)):
        runs = Counter(run for own in parts for sentence in own for run in _runs(sentence))
        places = [(row, column) for row, own in enumerate(parts) for column in range(len(own))]
        cost = {(row, column): sum(runs[run] - 1 for run in _runs(parts[row][column])) for row, column in places}
        row, column = max(places, key=lambda place: (cost[place], place))
        del parts[row][column]
    return parts


def _runs(sentence: str) -> list[tuple[str, ...]]:
    words = spelled(sentence)
    return [words[at : at + RUN] for at in range(max(1, len(words) - RUN + 1))]


def _closed(parts: list[list[str]]) -> str:
    """Drop the end as long as it is broken off. A quotation mark that stays open at the end is closed."""
    while text := _joined(parts):
        if not cut_ending(text):
            return text
        paragraph = text.rsplit("\n\n", 1)[-1]
        for opening, closing in CLOSED.items():
            if _is_open(paragraph, opening, closing) and not cut_ending(text + closing):
                return text + closing
        last = max(row for row, own in enumerate(parts) if own)
        del parts[last][-1]
    return ""
