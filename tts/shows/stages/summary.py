"""A book in short, piece by piece. What was told before goes along, so that people and places stay as they are.

A small writer would invent. Its summary is made of the sentences of the text that say most, word for word.
"""

import json
import re
from typing import Any

from tts import document
from tts.shows import checks
from tts.shows.drafts import seeds
from tts.shows.excerpts import Excerpt, names_in, pieces_of, telling
from tts.shows.models.protocols import SYSTEM, USER, Message
from tts.shows.stage import REQUIRED, ShowStage, Work

TOKENS = 600
KNOWN = 12  # people and places that are told to the writer and to readers
FIELDS = ("summary", "people", "places")
NOTED = re.compile(r"^- (.+)$", re.MULTILINE)


def run(work: Work) -> None:
    """Write summary.md: people and places, then a section for each piece."""
    from tts.narration.script import chapter_numbers

    own, text = work.settings, document.read(work.input)
    pieces = pieces_of(text, sorted(chapter_numbers(str(own["chapters"]))) if own["chapters"] else None, own["piece"])
    if not pieces:
        raise ValueError(f"{work.input.name} holds nothing to summarise")
    told: list[str] = []
    people: dict[str, str] = {}
    places: dict[str, str] = {}
    with work.progress(f"{len(pieces)} pieces") as progress:
        for number, piece in enumerate(pieces):
            if work.writer.small:
                told.append(" ".join(telling([one.text for one in pieces], number, own["sentences"])))
            else:
                told.append(_asked(work, piece, number, told, people, places))
            progress(number + 1, len(pieces))
    if work.writer.small:
        people = dict.fromkeys(names_in("\n".join(piece.text for piece in pieces))[:KNOWN], "")
    named = text.title or next((one.title for one in text.chapters if one.title), work.input.stem)
    lines = [f"# {named}", *([f"By {text.author}."] if text.author else [])]
    for heading, found in (("Names" if work.writer.small else "People", people), ("Places", places)):
        if found:
            lines += [f"## {heading}", "\n".join(f"- {name}{note and f': {note}'}" for name, note in found.items())]
    for number, (piece, summary) in enumerate(zip(pieces, told, strict=True), 1):
        lines += [f"## {number}. {piece.heading}".rstrip(), summary]
    work.write("summary.md", "\n\n".join(lines) + "\n")


def _asked(work: Work, piece: Excerpt, number: int, told: list[str], people: dict, places: dict) -> str:
    """A piece in the words of a strong writer; adds to who and what is known."""
    own = work.settings
    notes: dict[str, Any] = {"type": "array", "items": {"type": "string", "maxLength": 160}, "maxItems": KNOWN}
    schema = {
        "type": "object",
        "properties": {"summary": {"type": "string"}, "people": notes, "places": notes},
        "required": list(FIELDS),
        "additionalProperties": False,
    }
    known = "; ".join(f"{name}: {note}" for name, note in {**people, **places}.items())
    before = f"What came before: {told[-1]}\n\n" if told else ""
    request = (
        f"{before}Known so far: {known or 'nobody'}.\n\nThe text:\n\n{piece.text}\n\n{own['ask']} About {own['words']} "
        "words. Answer with JSON: summary; people and places that are new or of whom we learn something new, each as "
        '"name: note".'
    )
    messages = [Message(SYSTEM, own["role"]), Message(USER, request)]
    wrong = "no JSON"
    for seed in seeds(work.seed + 100 * number, own["drafts"]):
        answer = work.writer.write(messages, tokens=TOKENS, seed=seed, schema=schema)
        try:
            found = json.loads(answer.text[answer.text.index("{") : answer.text.rindex("}") + 1])
            summary, new = checks.mend(str(found["summary"])), [_notes(found.get(key)) for key in FIELDS[1:]]
        except (ValueError, KeyError, TypeError):  # a model that knows no JSON, such as a summariser, gives a text
            summary, new = checks.mend(answer.text), [{}, {}]
        faults = checks.faults(summary, words=(own["words"] // 4, own["words"] * 3), banned=own["filter"])
        if not faults:
            people.update(new[0])
            places.update(new[1])
            return " ".join(summary.split())
        wrong = str(faults[0])
    raise ValueError(f"piece {number + 1} could not be summarised ({wrong}): try --redo summary, or another --writer")


def _notes(found: Any) -> dict[str, str]:
    pairs = (str(one).partition(":") for one in found) if isinstance(found, list) else ()
    return {" ".join(name.split()): " ".join(note.split()) for name, _, note in pairs if name.strip()}


STAGE = ShowStage(
    run=run,
    reads=("input",),
    makes=("summary.md",),
    models=("writer",),
    settings={
        "role": REQUIRED,
        "ask": "Summarise this text.",
        "chapters": None,
        "piece": 700,
        "words": 120,
        "sentences": 3,
        "drafts": 3,
        "filter": [],
    },
)
