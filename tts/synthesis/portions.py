"""A text to the portions that are spoken one after the other: sentences, or parts of long ones."""

import re
from collections.abc import Iterator, MutableSet
from dataclasses import dataclass

from tts.text.language import Language
from tts.text.sentences import Sentence

MAX_WORD = 1000  # characters; longer words are garbage: even URLs are shorter
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


def check_text(text: str) -> None:
    """Refuse what is no text, with the reason."""
    longest = max(map(len, text.split()), default=0)
    if not longest:
        raise ValueError("the text is empty: give at least one word")
    if longest > MAX_WORD:
        raise ValueError(f"a word of {longest} characters is no text that can be read aloud: at most {MAX_WORD}")


def portions(text: str, max_chars: int, language: Language, told: MutableSet[str] | None = None) -> Iterator[Portion]:
    """Sentences with their words. A sentence that gets much longer in words, such as one of digits, is cut again.

    A notice comes once for a kind: two notices that differ in numbers only are of one kind. `told` holds the kinds that
    other texts have told before, and gets those of this one.
    """
    sentences = language.split(text, max_chars)
    told = set() if told is None else told
    for index, sentence in enumerate(sentences):
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
                total=len(sentences),
                written=sentence.text if first else "",
                words=closed(part.text),
                notices=tuple(notices) if first else (),
                pause=None if last and index == len(sentences) - 1 else pause,
            )


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
