"""When each word of a take is heard, and which written word it says.

The codec spells the take's own codes. A forced alignment (`tts.align`) finds the sounds of each word that was to be
said, and the said words are matched with the written ones: "Dr." is heard as doctor, "1914" as nineteen fourteen.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate
from statistics import median
from typing import NamedTuple

from tts.ctc import aligned
from tts.narration.timeline import TimedWord
from tts.synthesis.listen import group, name
from tts.synthesis.speaking import Speaking, Take

NEAR = 0.2  # seconds; words that are no further apart meet in the middle
# Seconds that a word beside a pause begins before its first sound is spelled, and ends after its last one; measured on
# the energy of recordings of two readers.
BEFORE, AFTER = 0.03, 0.07

TOKEN = re.compile(r"[^\s—–]+")
OPENING, CLOSING = "\"'“‘«([{<*_¿¡-", "\"'”’»)]}>*_.,;:!?…-"
UNFOLDED = re.compile(r"[\W_]+|\{[^{}]*\}")


class SaidWord(NamedTuple):
    """A word as it is said, and when it is heard, in seconds from the start of a take."""

    text: str  # phonemes in braces where the text gives them so
    start: float
    stop: float


@dataclass(frozen=True)
class _Match:
    """Written words and the said words that they are heard as, as ranges of their numbers."""

    written: range
    said: range


def said_words(speech: Speaking, take: Take, words: str) -> list[SaidWord]:
    """The words of a normalised text in the take's wave.

    Where the codec cannot spell, or the take is too short for all sounds, they are spread evenly over the take.
    """
    count = speech.count(take.codes)
    spelling = speech.spell(take.codes) if count else None
    tokenizer = speech.tokenizer if spelling is None else speech.tokenizer.within(spelling.shape[-1])
    sounds = group(tokenizer.encode(words), tokenizer.silent_ids)
    names = name(words, sounds, tokenizer)
    rate = speech.audio.sample_rate
    seconds = len(take.wave) / rate
    found = aligned(spelling, [sound for word in sounds for sound in word]) if spelling is not None else []
    if not found:
        borders = _shares([len(word) for word in sounds], 0.0, seconds)
        return [SaidWord(*word) for word in zip(names, borders, borders[1:], strict=False)]
    step = count / len(spelling) / float(speech.code_rate) / take.speed  # seconds
    start = take.start / rate
    spans, first = [], 0
    for word in sounds:
        last = first + len(word)
        spans.append((found[first][0] * step - start, found[last - 1][1] * step - start))
        first = last
    return [SaidWord(text, *span) for text, span in zip(names, _touching(spans, seconds), strict=True)]


def _touching(spans: Sequence[tuple[float, float]], seconds: float) -> list[tuple[float, float]]:
    """Words from their sounds: a forced alignment finds only the middles of sounds for sure."""
    stops, starts = [0.0], []
    for start, stop in spans:
        near = start - stops[-1] <= NEAR and bool(starts)
        border = (start + stops[-1]) / 2
        stops[-1] = border if near else stops[-1] + AFTER
        starts.append(border if near else start - BEFORE)
        stops.append(stop)
    stops[-1] += AFTER
    return [
        (min(max(start, 0.0), seconds), min(max(stop, 0.0), seconds))
        for start, stop in zip(starts, stops[1:], strict=True)
    ]


def written_words(text: str, said: Sequence[SaidWord]) -> list[TimedWord]:
    """The words of a text as written, each with the time of what is said for it; those that nothing is said for go."""
    places = list(_places(text))
    out = []
    for match in _matches([_folded(text[first:last]) for first, last in places], [_folded(word.text) for word in said]):
        if not match.written or not match.said:
            continue
        own = [places[number] for number in match.written]
        letters = [max(1, len(_folded(text[first:last]))) for first, last in own]
        borders = _shares(letters, said[match.said[0]].start, said[match.said[-1]].stop)
        for (first, last), start, stop in zip(own, borders, borders[1:], strict=False):
            out.append(TimedWord(first=first, last=last, start=start, stop=stop))
    return out


def _places(text: str) -> Iterator[tuple[int, int]]:
    """From where to where each word of a text stands, without the marks around it."""
    for token in TOKEN.finditer(text):
        first = token.start() + len(token[0]) - len(token[0].lstrip(OPENING))
        last = token.start() + len(token[0].rstrip(CLOSING))
        if first < last:
            yield first, last


def _folded(word: str) -> str:
    """A word in small letters without its marks; phonemes are nobody's letters."""
    return UNFOLDED.sub("", word).casefold()


def _matches(written: Sequence[str], said: Sequence[str]) -> Iterator[_Match]:
    """Equal words, one by one, and the runs between them: also one by one where both have as many words."""
    for kind, a, b, c, d in SequenceMatcher(None, written, said, autojunk=False).get_opcodes():
        if kind == "equal" or b - a == d - c:
            yield from (_Match(range(a + k, a + k + 1), range(c + k, c + k + 1)) for k in range(b - a))
        else:
            yield _Match(range(a, b), range(c, d))


def _shares(sizes: Sequence[int], start: float, stop: float) -> list[float]:
    """The borders of parts of these sizes between two times."""
    total = sum(sizes)
    return [start + (stop - start) * done / total for done in accumulate(sizes, initial=0)] if total else []


def median_error(found: Sequence[SaidWord], known: Sequence[SaidWord]) -> float:
    """The median distance, in seconds, of where words start and stop from where they are known to.

    Words are matched by their letters in order. Raises ValueError if none match.
    """
    matches = _matches([_folded(word.text) for word in found], [_folded(word.text) for word in known])
    pairs = [
        (found[match.written[0]], known[match.said[0]])
        for match in matches
        if len(match.written) == len(match.said) == 1
    ]
    if not pairs:
        raise ValueError("no word of one list is in the other")
    return median(abs(a - b) for one, other in pairs for a, b in ((one.start, other.start), (one.stop, other.stop)))
