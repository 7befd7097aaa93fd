"""Several drafts of a text, and measures of our own by which the best of them is taken."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from tts.shows import checks
from tts.text.language import language

GOOD = 0.5  # cost below which a draft is taken at once
SHORT, LONG = 3, 14  # words that end a begun sentence well
STOP = re.compile(r"[.!?]+[\"”’)]*(?=\s|$)")
CAPITAL = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+")
QUOTED = re.compile(r"[\"“][^\"“”]*(?:[\"”]|$)")
FIRST_PERSON = re.compile(r"\b(?:I|me|my|we|our|us|you|your)\b")
OFF_THEME = 1.0  # cost of an ending that has no word of what the story is about
NEGATED = frozenset("no not never nothing nobody none cannot".split())
ABOUT_ITSELF = frozenset("story stories tale chapter reader readers author book title narrator".split())
COMMON = frozenset(
    "a an and as at but by for from he her his i in is it of on or said she so that the they to was were with".split()
)


@dataclass(frozen=True)
class Draft:
    """A text with what is wrong with it, in points: 0 is best."""

    text: str
    cost: float


def best(candidates: Iterable[str], cost: Callable[[str], float], *, good: float = GOOD) -> Draft | None:
    """The best of several drafts. No more are asked for once one costs less than `good`; None if there are none."""
    found: Draft | None = None
    for text in candidates:
        draft = Draft(text, cost(text))
        if found is None or draft.cost < found.cost:
            found = draft
        if found.cost < good:
            break
    return found


def first_sentence(text: str) -> str:
    """The end of a sentence that was begun, up to its first stop, its quotation closed; empty if it does not stop."""
    found = STOP.search(text)
    line = text.split("\n", 1)[0] if "\n" in text.strip() else text
    return line[: found.end()].rstrip() if found and found.end() <= len(line) else ""


def closed(sentence: str) -> str:
    """A sentence whose quotation is closed at its end."""
    return sentence + '"' * (sentence.count('"') % 2)


def ended(begun: str, ending: str) -> str:
    """A begun sentence with its ending, which may begin with a comma."""
    return closed(f"{begun}{'' if ending[:1] in ',.!?' else ' '}{ending}")


def cost_of_ending(
    begun: str, ending: str, before: str, *, names: Collection[str], theme: str, avoid: Collection[str]
) -> float:
    """What is wrong with an ending of a begun sentence, after a story that stands so far: infinite if it is unfit.

    `names`: the words that may stand in capitals. `theme`: a text whose words had better occur. `avoid`: those that
    had better not.
    """
    words = checks.spelled(ending)
    sentence = f"{begun} {ending}"
    if not words or checks.faults(closed(sentence)) or checks.loops(f"{before} {sentence}"):
        return float("inf")
    outside = QUOTED.sub("", sentence)
    known = {word for name in names for word in checks.spelled(name)}
    cost = 0.5 * max(0, SHORT - len(words)) + 0.3 * max(0, len(words) - LONG)
    cost += 2.0 * sum(not language().knows(word) for word in words if word not in known)
    cost += 3.0 * sum(name.lower() not in known for name in CAPITAL.findall(f", {ending}"))
    cost += 3.0 * len(re.findall(r"[\d()\[\]:;*#_/]|\s[,.!?]", ending))
    cost += 3.0 * sum(word in avoid for word in words)
    cost += 3.0 * sum(word in ABOUT_ITSELF for word in words)
    cost += 2.0 * len(FIRST_PERSON.findall(outside))
    cost += 1.5 * sum(words.count(word) - 1 for word in set(words) - COMMON)
    cost += 1.0 * _said_before(checks.spelled(sentence), checks.spelled(before))
    cost += 0.5 * sum(word in NEGATED or word.endswith("n't") for word in words)
    shared = len((set(words) - COMMON) & set(checks.spelled(theme)))
    return max(0.0, cost + (-0.3 * shared if shared else OFF_THEME))


def _said_before(words: tuple[str, ...], before: tuple[str, ...]) -> int:
    """How many runs of three words were there already."""
    old = set(zip(before, before[1:], before[2:], strict=False))
    return sum(run in old for run in zip(words, words[1:], words[2:], strict=False))


def cost_of_text(text: str, before: str, *, words: int, avoid: Collection[str]) -> float:
    """What is wrong with a passage that goes on with a story, `words` being asked for."""
    said = checks.spelled(text)
    if not said:
        return float("inf")
    cost = 20.0 * len(checks.faults(text)) + 20.0 * len(checks.loops(f"{before}\n\n{text}"))
    cost += 10.0 * abs(len(said) - words) / words
    cost += 2.0 * sum(word in avoid for word in said)
    cost += 40.0 * _said_before(said, checks.spelled(before)) / len(said)
    return cost + 30.0 * sum(not language().knows(word) for word in said) / len(said)


def seeds(first: int, count: int) -> range:
    """The seeds of so many drafts."""
    return range(first, first + count)
