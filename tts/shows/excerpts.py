"""A text in pieces, who and what is named in it, and the sentences of a piece that say most about it, word for word."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from tts.document import LEFT_OUT, Document
from tts.shows import checks
from tts.text.language import language

SHORT, LONG = 5, 32  # words of a sentence that is quoted
CAPITALS = re.compile(r"[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,})*")
GOING_ON = re.compile(r"[a-z,;’'”)] $")  # what stands before a word within a sentence
RARE = 2  # times that a name has to occur
TITLES = frozenset("chapter book part".split())


@dataclass(frozen=True)
class Excerpt:
    """Some paragraphs of one chapter."""

    heading: str
    text: str


def pieces_of(text: Document, chapters: Sequence[int] | None, words: int) -> list[Excerpt]:
    """The chapters (counted from 1 among those that are read; None: all) in pieces of about `words` words.

    Raises ValueError for a chapter that is not there.
    """
    read = [chapter for chapter in text.chapters if chapter.words]
    if wrong := [number for number in chapters or () if not 1 <= number <= len(read)]:
        raise ValueError(f"there is no chapter {wrong[0]}: the text has {len(read)}")
    found = []
    for number in chapters or range(1, len(read) + 1):
        chapter = read[number - 1]
        told = [_ended(part.text) for part in chapter.paragraphs if part.kind not in LEFT_OUT and part.text.strip()]
        counts = [len(one.split()) for one in told]
        own: list[list[str]] = [[] for _ in range(max(1, round(sum(counts) / words)))]
        said = 0
        for paragraph, count in zip(told, counts, strict=True):
            middle = (said + count / 2) / max(1, sum(counts))
            own[min(len(own) - 1, int(middle * len(own)))].append(paragraph)
            said += count
        found += [Excerpt(chapter.title, "\n\n".join(one)) for one in own if one]
    return found


def _ended(text: str) -> str:
    """An item of a list often has no stop."""
    return text if checks.ENDED.search(text) or text.endswith((":", "…")) else f"{text.rstrip(' ,;')}."


def names_in(text: str) -> list[str]:
    """What is named in a text, by capitals within sentences, the most frequent first."""
    found = CAPITALS.finditer(text)
    counts = Counter(one[0] for one in found if GOING_ON.search(text[max(0, one.start() - 2) : one.start()]))
    return [name for name, count in counts.most_common() if count >= RARE and name.lower() not in TITLES]


def telling(pieces: Sequence[str], number: int, count: int) -> list[str]:
    """The `count` sentences of piece `number` that say most about it, in order.

    A word weighs more the more often the piece has it and the fewer other pieces do. Of sentences that say the same one
    is taken.
    """
    bags = [Counter(word for word in checks.spelled(text) if len(word) > 3) for text in pieces]
    own = bags[number]
    weight = {word: own[word] * log(1 + len(bags) / sum(word in bag for bag in bags)) for word in own}
    told = checks.sentences(pieces[number])
    names = {word.lower() for name in names_in(" ".join(pieces)) for word in name.split()}
    score = {place: _score(sentence, weight, names) for place, sentence in enumerate(told)}
    taken: list[int] = []
    seen: set[str] = set()
    while len(taken) < count:
        left = {place: own * (1 - _overlap(told[place], seen)) for place, own in score.items() if place not in taken}
        if not any(left.values()):
            break
        best = max(left, key=lambda place: (left[place], -place))
        taken.append(best)
        seen |= set(checks.spelled(told[best]))
    return [told[place] for place in sorted(taken)]


def _score(sentence: str, weight: dict[str, float], names: set[str]) -> float:
    words = checks.spelled(sentence)
    fit = SHORT <= len(words) <= LONG and checks.ENDED.search(sentence) and sentence[0].isupper()
    if not fit or sentence.count("“") != sentence.count("”"):
        return 0.0
    known = sum(language().knows(word) for word in words) / len(words)
    said = sum(weight.get(word, 0.0) for word in set(words)) / len(words) ** 0.5
    return said * known * (1.3 if names & set(words) else 1.0)


def _overlap(sentence: str, seen: set[str]) -> float:
    words = {word for word in checks.spelled(sentence) if len(word) > 3}
    return len(words & seen) / max(1, len(words))
