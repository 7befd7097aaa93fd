"""Two hosts talk about a text, piece by piece; now and then they remind whoever joins late of what it is about.

A strong writer gets the summary of a piece and the last turns, and writes the next ones. For a small one each turn is
begun by the show, which quotes the text, and the writer only ends what a host thinks about it.
"""

import re
from collections.abc import Iterator

from tts.shows import checks
from tts.shows.drafts import best, cost_of_ending, cost_of_text, ended, first_sentence, seeds
from tts.shows.models.protocols import ASSISTANT, SYSTEM, USER, Message
from tts.shows.stage import REQUIRED, ShowStage, Work, fill
from tts.shows.talk import HostTurn, Summary, read_summary, read_turns, written_turns

ENDING = 30  # tokens that end a sentence
PACE = 150  # words that are said in a minute, about
TOKENS = 1.8  # for each word, at most
LAST = 4  # turns that a writer is reminded of
REMINDER = 1  # sentences of a summary that a reminder tells
NUMBER = re.compile(r"[IVXLC]+|\d+")
FEWEST = 2  # turns about a piece


def run(work: Work) -> None:
    """Write dialogue.txt."""
    own, summary = work.settings, read_summary(work.read("summary.md"))
    if len(own["hosts"]) != 2 or len(set(own["hosts"])) != 2:
        raise ValueError(f"hosts is {own['hosts']!r}: give two names")
    write = _begun if work.writer.small else _asked
    turns: list[HostTurn] = _said(work, own["opening"], summary, 0, [])
    with work.progress(f"talk about {len(summary.sections)} pieces") as progress:
        for number in range(len(summary.sections)):
            if number and number % own["remind"] == 0:
                turns += _said(work, own["reminder"], summary, number, turns)
            turns += write(work, summary, number, turns)
            progress(number + 1, len(summary.sections))
    turns += _said(work, own["closing"], summary, len(summary.sections) - 1, turns)
    text = written_turns(turns)
    if left := checks.faults(" ".join(turn.said for turn in turns), banned=own["filter"]):
        raise ValueError(f"the talk is not fit to be heard ({left[0]}): try --redo dialogue, or another --writer")
    work.write("dialogue.txt", text)


def _slots(work: Work, summary: Summary, number: int) -> dict[str, str]:
    """What the lines of a show may name."""
    heading, text = summary.sections[number]
    told = checks.sentences(text)
    quotes = {f"quote{place}": _quoted(told[min(place, len(told)) - 1]) for place in (1, 2, 3)}
    before = checks.sentences(summary.sections[max(0, number - 1)][1])
    return {
        "a": work.settings["hosts"][0],
        "b": work.settings["hosts"][1],
        "title": summary.title,
        "author": summary.author or "somebody unknown",
        "heading": f"chapter {heading}" if NUMBER.fullmatch(heading) else heading or f"part {number + 1}",
        "reminder": " ".join(_quoted(one) for one in before[:REMINDER]),
        **quotes,
    }


def _quoted(sentence: str) -> str:
    """A sentence as somebody reads it out, without marks of quotation in it."""
    return sentence.strip('“”"‘’ ').replace("“", "").replace("”", "").replace('"', "")


def _said(work: Work, lines: list[str], summary: Summary, number: int, before: list[HostTurn]) -> list[HostTurn]:
    """Lines of the show, such as `a: Welcome to {title}.`; what stands after | is ended by a small writer."""
    slots, turns = _slots(work, summary, number), []
    for place, line in enumerate(lines):
        who, _, text = line.partition(":")
        opening, bar, spare = (one.strip() for one in fill(text, **slots).partition("|"))
        if bar and work.writer.small:
            opening = _ended(work, opening, spare, [*before, *turns], slots, 1000 * number + 10 * place)
        elif bar:
            opening = f"{opening} {spare}"
        turns.append(HostTurn(slots[who.strip()], opening))
    return turns


def _begun(work: Work, summary: Summary, number: int, before: list[HostTurn]) -> list[HostTurn]:
    """The turns about a piece by a small writer: one of the patterns of the show, in turn."""
    patterns = work.settings["turns"]
    return _said(work, patterns[number % len(patterns)], summary, number, before)


def _ended(work: Work, opening: str, spare: str, before: list[HostTurn], slots: dict[str, str], offset: int) -> str:
    own = work.settings
    said = " ".join(turn.said for turn in before)
    context = " ".join(turn.said for turn in before[-1:])
    messages = [Message(SYSTEM, own["role"]), Message(USER, fill(own["ask"], **slots))]
    messages.append(Message(ASSISTANT, f"{context} {opening}".strip()))

    def candidates() -> Iterator[str]:
        for seed in seeds(work.seed + offset, own["drafts"]):
            yield first_sentence(work.writer.write(messages, tokens=ENDING, seed=seed).text).strip()

    def cost(ending: str) -> float:
        if not ending or checks.filtered(ending, own["filter"]) or re.search(r"[\"“”]", ending):
            return float("inf")
        asked = {"names": list(slots.values()), "theme": f"{context} {spare}", "avoid": own["avoid"].split()}
        return cost_of_ending(f'"{opening}', ending, said, **asked)

    found = best(candidates(), cost)
    ending = found.text if found and found.cost < own["usable"] else spare
    return ended(opening, ending)


def _asked(work: Work, summary: Summary, number: int, before: list[HostTurn]) -> list[HostTurn]:
    """The turns about a piece by a strong writer."""
    own, slots = work.settings, _slots(work, summary, number)
    heading, text = summary.sections[number]
    words = round(own["minutes"] * PACE / len(summary.sections))
    last = written_turns(before[-LAST:])
    request = (
        f"{fill(own['ask'], **slots)}\n\nPeople and places: {', '.join(summary.names) or 'see below'}.\n\n"
        f"The part they talk about now ({heading or number + 1}): {text}\n\nThe talk so far ends like this:\n\n{last}\n"
        f"Go on with about {words} words about this part only. Each line begins with {slots['a']}: or {slots['b']}: "
        "and they take turns. Give only these lines."
    )
    messages = [Message(SYSTEM, own["role"]), Message(USER, request)]

    def candidates() -> Iterator[str]:
        for seed in seeds(work.seed + 100 * (number + 1), own["drafts"]):
            answer = work.writer.write(messages, tokens=round(2 * words * TOKENS), seed=seed)
            yield written_turns(_usable(read_turns(answer.text), own["hosts"], own["filter"]))

    said = " ".join(turn.said for turn in before)

    def cost(answer: str) -> float:
        turns = read_turns(answer)
        if len(turns) < FEWEST or len({turn.name for turn in turns}) < 2:
            return float("inf")
        spoken = " ".join(turn.said for turn in turns)
        return cost_of_text(spoken, said, words=words, avoid=own["avoid"].split())

    found = best(candidates(), cost, good=5.0)
    if found is None or found.cost == float("inf"):
        raise ValueError(f"the talk about part {number + 1} is no dialogue of {' and '.join(own['hosts'])}: try --redo")
    return read_turns(found.text)


def _usable(turns: list[HostTurn], hosts: list[str], banned: list[str]) -> list[HostTurn]:
    """The turns of the hosts, mended; what others say goes, and so does a turn of which nothing is left."""
    by_case = {host.lower(): host for host in hosts}
    mended = [(by_case.get(turn.name.lower()), checks.mend(turn.said, banned=banned)) for turn in turns]
    return [HostTurn(name, " ".join(said.split())) for name, said in mended if name and said]


STAGE = ShowStage(
    run=run,
    reads=("summary.md",),
    makes=("dialogue.txt",),
    models=("writer",),
    settings={
        "role": REQUIRED,
        "ask": REQUIRED,
        "hosts": ["Ann", "Ben"],
        "opening": REQUIRED,
        "turns": REQUIRED,
        "reminder": REQUIRED,
        "closing": REQUIRED,
        "remind": 2,
        "minutes": 4.0,
        "drafts": 3,
        "usable": 1.0,  # cost up to which an ending is better than the one that the show brings
        "avoid": "",
        "filter": [],
    },
)
