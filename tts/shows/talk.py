"""The files of a talk: summary.md in sections, and dialogue.txt, a line `NAME: text` for each turn."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

SECTION = re.compile(r"(?m)^## +(?P<number>\d+)\. *(?P<heading>.*)$")
TITLE = re.compile(r"(?m)^# +(.+)$")
AUTHOR = re.compile(r"(?m)^By (.+?)\.?$")
LISTED = re.compile(r"(?m)^- +([^:\n]+?)(?::.*)?$")
TURN = re.compile(r"^\W{0,3}(?P<name>[A-Z][\w'’ -]{0,30}?)\W{0,2}:\W{0,2}\s+(?P<said>\S.*)$")


@dataclass(frozen=True)
class Summary:
    """What summary.md says."""

    title: str
    author: str
    names: tuple[str, ...]
    sections: tuple[tuple[str, str], ...]  # heading and text


@dataclass(frozen=True)
class HostTurn:
    """What somebody says at once."""

    name: str
    said: str


def read_summary(text: str) -> Summary:
    """The parts of summary.md, as a person may have edited it. Raises ValueError if it has no section."""
    found = list(SECTION.finditer(text))
    if not found:
        raise ValueError("summary.md has no section: each begins with a line such as ## 1. The arrival")
    stops = [*(one.start() for one in found[1:]), len(text)]
    sections = tuple(
        (one["heading"].strip(), " ".join(text[one.end() : stop].split()))
        for one, stop in zip(found, stops, strict=True)
    )
    head = text[: found[0].start()]
    title, author = TITLE.search(head), AUTHOR.search(head)
    return Summary(
        title=title[1].strip() if title else "this book",
        author=author[1].strip() if author else "",
        names=tuple(LISTED.findall(head)),
        sections=tuple(one for one in sections if one[1]),
    )


def read_turns(text: str) -> list[HostTurn]:
    """The turns of dialogue.txt; a line without a name goes on with the turn before."""
    turns: list[HostTurn] = []
    for line in text.splitlines():
        if found := TURN.match(line.strip()):
            turns.append(HostTurn(found["name"].strip(), found["said"].strip()))
        elif line.strip() and not line.startswith("#") and turns:
            turns[-1] = HostTurn(turns[-1].name, f"{turns[-1].said} {line.strip()}")
    return turns


def written_turns(turns: Sequence[HostTurn]) -> str:
    """Turns as dialogue.txt has them."""
    return "\n\n".join(f"{turn.name}: {turn.said}" for turn in turns) + "\n"
