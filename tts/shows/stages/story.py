"""A story from its plan. The writer writes part after part, in several drafts.

A strong writer gets an outline of each part. A small one only ends sentences that the show begins for it. Either way
the best draft by `tts.shows.drafts` is taken, and nothing that `tts.shows.checks` finds at fault stays.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tts.shows import checks
from tts.shows.drafts import best, cost_of_ending, cost_of_text, ended, first_sentence, seeds
from tts.shows.models.protocols import ASSISTANT, SYSTEM, USER, Message
from tts.shows.stage import REQUIRED, ShowStage, Work, fill

PACE = 140  # words that are read in a minute, about
SLACK = (0.5, 1.8)  # times the words that are asked for
ENDING = 30  # tokens that end a sentence
TOKENS = 1.6  # for each word, at most
GO_ON = "Go on with this part. Give only the text."
MEMORY = 3  # sentences that a small writer is reminded of


@dataclass(frozen=True)
class StoryPlan:
    """What stays the same through a story."""

    slots: dict[str, str]  # that the prompts of the show name
    messages: list[Message]  # that every request begins with

    @property
    def theme(self) -> str:
        return " ".join(self.slots.values())


def run(work: Work) -> None:
    """Write story.md."""
    own = work.settings
    plan = _plan(work)
    told: list[str] = []
    parts = []
    for number, part in enumerate(own["parts"]):
        share = own["minutes"] * PACE / len(own["parts"])
        write = _ended if work.writer.small else _written
        with work.progress(f"part {number + 1} of {len(own['parts'])}") as progress:
            text = write(work, plan, part, "\n\n".join(told), round(share), number, progress)
        told.append(text)
        title = fill(part.get("title", ""), **plan.slots)
        parts.append(f"## {title}\n\n{text}" if title else text)
    story = "\n\n".join(told)
    if left := checks.faults(story, banned=own["filter"]):
        raise ValueError(f"the story is not fit to be read ({left[0]}): try --redo story, or another --writer")
    count, asked = len(checks.spelled(story)), own["minutes"] * PACE
    if not SLACK[0] * asked <= count <= SLACK[1] * asked:
        work.tell(f"the story has {count} words where about {asked:.0f} were asked for")
    work.write("story.md", "\n\n".join(parts) + "\n")


def _plan(work: Work) -> StoryPlan:
    slots, own = work.read_fields("plan.yaml"), work.settings
    return StoryPlan(slots, [Message(SYSTEM, own["role"]), Message(USER, fill(own["ask"], **slots))])


def _written(work: Work, plan: StoryPlan, part: dict, before: str, words: int, number: int, progress: Any) -> str:
    """A part by a strong writer."""
    own = work.settings
    last = number == len(own["parts"]) - 1
    outline = fill(part["tell"], **plan.slots)
    request = (
        f"Write part {number + 1} of {len(own['parts'])} of the story, in about {words} words. {outline} "
        f"{'End the story.' if last else 'Do not end the story yet.'} Give only the text, no title and no list."
    )
    if before:
        request = f"The story so far:\n\n{before}\n\n{request}"
    messages = [*plan.messages[:1], Message(USER, f"{plan.messages[1].content}\n\n{request}")]
    low, high = round(words * SLACK[0]), round(words * SLACK[1])

    def draft(talk: list[Message], seed: int) -> str:
        return checks.mend(work.writer.write(talk, tokens=round(high * TOKENS), seed=seed).text, banned=own["filter"])

    def candidates() -> Iterator[str]:
        for done, seed in enumerate(seeds(work.seed + 100 * (number + 1), own["drafts"])):
            text = draft(messages, seed)
            if text and len(checks.spelled(text)) < low:  # too short: it may go on once
                text += "\n\n" + draft([*messages, Message(ASSISTANT, text), Message(USER, GO_ON)], seed)
            yield text.strip() if last else checks.shortened(text, high)
            progress(done + 1, own["drafts"])

    avoid = frozenset(own["avoid"].split())
    found = best(candidates(), lambda text: cost_of_text(text, before, words=words, avoid=avoid), good=5.0)
    if found is None or checks.faults(found.text, words=(low, 10 * high), banned=own["filter"]):
        wrong = checks.faults(found.text, words=(low, 10 * high), banned=own["filter"]) if found else ["nothing"]
        raise ValueError(
            f"part {number + 1} of the story is not fit to be read ({wrong[0]}): try --redo story, or another --writer"
        )
    return found.text


def _ended(work: Work, plan: StoryPlan, part: dict, before: str, words: int, number: int, progress: Any) -> str:
    """A part by a small writer: each sentence is begun for it. The last one always stays."""
    told = checks.sentences(before)
    first, begun = len(told), part["begin"]
    for place, sentence in enumerate(begun):
        rest = len(begun) - place
        enough = len(checks.spelled(" ".join(told[first:]))) >= words
        if rest > 1 and enough:
            continue
        opening, bar, spare = (text.strip() for text in fill(sentence, **plan.slots).partition("|"))
        told.append(_end(work, plan, opening, spare, told, number * 1000 + place * 10) if bar else opening)
        progress(place + 1, len(begun))
    return " ".join(told[first:])


def _end(work: Work, plan: StoryPlan, opening: str, spare: str, told: list[str], offset: int) -> str:
    """One sentence: the best of several endings, or the spare one."""
    own = work.settings
    so_far = " ".join([*told[-MEMORY:], opening])
    messages = [*plan.messages, Message(ASSISTANT, so_far)]
    before, theme = " ".join(told), f"{plan.theme} {spare}"
    avoid, names = frozenset(own["avoid"].split()), [*plan.slots.values(), "Mother"]

    def candidates() -> Iterator[str]:
        for seed in seeds(work.seed + offset, own["drafts"]):
            yield first_sentence(work.writer.write(messages, tokens=ENDING, seed=seed).text).strip()

    def cost(ending: str) -> float:
        if not ending or checks.filtered(ending, own["filter"]):
            return float("inf")
        return cost_of_ending(opening, ending, before, names=names, theme=theme, avoid=avoid)

    found = best(candidates(), cost)
    ending = found.text if found and found.cost < own["usable"] else spare
    return ended(opening, ending)


STAGE = ShowStage(
    run=run,
    reads=("plan.yaml",),
    makes=("story.md",),
    models=("writer",),
    settings={
        "role": REQUIRED,
        "ask": REQUIRED,
        "parts": REQUIRED,
        "minutes": 3.0,
        "drafts": 3,
        "usable": 1.0,  # cost up to which an ending is better than the one that the show brings
        "avoid": "",
        "filter": [],
    },
)
