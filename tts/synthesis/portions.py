"""A text to the portions that are spoken one after the other: sentences, or parts of long ones."""

import re
from collections.abc import Iterable, Iterator, MutableSet
from dataclasses import dataclass

from tts.text.language import Language
from tts.text.sentences import Sentence

MAX_WORD = 1000  # characters; longer words are garbage: even URLs are shorter
# Where a sentence may begin: after a mark or an empty line, once two of its words are there.
BORDER = re.compile(r"(?:(?<=[^\w\s,])\s+|\s*\n\s*\n\s*)(?=\S+\s+\S+\s)")
TRIED = 3  # borders, from the last one back
EXPANSION = 1.25  # times max_chars; a sentence that is longer in words is cut again


@dataclass(frozen=True)
class Portion:
    """What is said at once: a sentence, or a part of one."""

    index: int  # of the sentence
    total: int  # sentences in the text
    written: str  # the sentence as in the text; empty for all parts but the first
    words: str  # as it is said
    notices: tuple[str, ...]
    pause: str | None  # after it, as in `tts.text.sentences`; None at the end of the text
    ends: bool  # the sentence


def check_text(text: str) -> None:
    """Refuse what is no text, with the reason."""
    if not text.strip():
        raise ValueError("the text is empty: give at least one word")
    check_words(text)


def check_words(text: str) -> None:
    """Refuse a text with a word that is none."""
    longest = max(map(len, text.split()), default=0)
    if longest > MAX_WORD:
        raise ValueError(f"a word of {longest} characters is no text that can be read aloud: at most {MAX_WORD}")


def portions(
    text: str | Iterable[str], max_chars: int, language: Language, told: MutableSet[str] | None = None
) -> Iterator[Portion]:
    """Sentences with their words. A sentence that gets much longer in words, such as one of digits, is cut again.

    A text that comes in pieces gives each sentence when it is complete, and counts those that it has given so far. A
    notice comes once for a kind: two notices that differ in numbers only are of one kind. `told` holds the kinds that
    other texts have told before, and gets those of this one.
    """
    told = set() if told is None else told
    total = 0
    for sentences, ended in (
        [(language.split(text, max_chars), True)] if isinstance(text, str) else completed(text, max_chars, language)
    ):
        first, total = total, total + len(sentences)
        for index, sentence in enumerate(sentences, first):
            last = ended and index == total - 1
            yield from _parts(sentence, index, total, last, max_chars, language, told)


def _parts(
    sentence: Sentence,
    index: int,
    total: int,
    ends: bool,  # it is the last of the text
    max_chars: int,
    language: Language,
    told: MutableSet[str],
) -> Iterator[Portion]:
    """The portions of one sentence."""
    normal = language.normalise(sentence.text)
    notices = []
    for notice in (*sentence.notices, *normal.notices):
        kind = re.sub(r" x [0-9]+$|[0-9]+", "", notice)
        if kind not in told:
            told.add(kind)
            notices.append(notice)
    far = len(normal.text) > EXPANSION * max_chars
    parts = language.split(normal.text, max_chars) if far else [Sentence(normal.text, sentence.pause)]
    for number, part in enumerate(parts):
        first, last = number == 0, number == len(parts) - 1
        pause = sentence.pause if last else part.pause
        yield Portion(
            index=index,
            total=total,
            written=sentence.text if first else "",
            words=language.tag * any(map(str.isalnum, part.text)) + closed(part.text),
            notices=tuple(notices) if first else (),
            pause=None if last and ends else pause,
            ends=last,
        )


def completed(pieces: Iterable[str], max_chars: int, language: Language) -> Iterator[tuple[list[Sentence], bool]]:
    """The sentences of a text that comes in pieces, as they are completed, and whether they are the last ones."""
    coming = ComingText(max_chars, language)
    for piece in pieces:
        if sentences := coming.add(piece):
            yield sentences, False
    check_words(coming.rest)
    yield language.split(coming.rest, max_chars), True


class ComingText:
    """A text that comes in pieces, which may break inside words.

    A sentence is complete when the next one has begun, unless something would be read otherwise by that: then it waits,
    as the items of a list and marks of Markdown around several sentences do.
    """

    def __init__(self, max_chars: int, language: Language):
        self.max_chars, self.language = max_chars, language
        self.rest = ""  # what belongs to no complete sentence yet

    def add(self, piece: str) -> list[Sentence]:
        """The sentences that a further piece completes. Raises ValueError for a word that is none."""
        self.rest += piece
        if not any(map(str.isspace, piece)):
            return []
        every = self._split(self.rest)
        for cut in [match.end() for match in BORDER.finditer(self.rest)][: -TRIED - 1 : -1]:
            before, after = self._split(self.rest[:cut]), self._split(self.rest[cut:])
            if [one.text for one in before + after] == [one.text for one in every]:
                check_words(self.rest[:cut])
                self.rest = self.rest[cut:]
                return every[: len(before)]
        return []

    def _split(self, text: str) -> list[Sentence]:
        return self.language.split(text, self.max_chars)


def closed(words: str) -> str:
    """With a full stop if no mark ends it: the nets learned from whole sentences, and stop best after one."""
    words = words.strip()
    return f"{words}." if words[-1:].isalnum() or words[-1:] in ("}", "'") else words


def nothing_to_say(written: str) -> str:
    """The notice of a sentence without a word."""
    return f"nothing to say in: {shortened(written)}"


def shortened(text: str) -> str:
    """At most 60 characters of a text, on one line."""
    words = " ".join(text.split())
    return words if len(words) <= 60 else f"{words[:57]}..."
