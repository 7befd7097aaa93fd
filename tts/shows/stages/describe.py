"""A picture for each turn of a talk: with which words it begins, and what it shows."""

import json
import re

from tts.shows import checks
from tts.shows.drafts import seeds
from tts.shows.models.protocols import USER, Message
from tts.shows.stage import ShowStage, Work, fill
from tts.shows.talk import read_summary, read_turns

TOKENS = 150
QUOTED = re.compile(r"“([^“”]+)”")
LONGEST = 300  # characters of a scene
SCHEMA = {
    "type": "object",
    "properties": {"scene": {"type": "string", "maxLength": LONGEST}},
    "required": ["scene"],
    "additionalProperties": False,
}


def run(work: Work) -> None:
    """Write pictures.yaml. With a small writer the scene of a turn is what it quotes, or what was quoted before it."""
    own, summary = work.settings, read_summary(work.read("summary.md"))
    turns = read_turns(work.read("dialogue.txt"))
    if not turns:
        raise ValueError("dialogue.txt has no turns: each begins with a name and a colon")
    pictures, quoted = [], f"{summary.title}, a book"
    with work.progress(f"scenes of {len(turns)} turns") as progress:
        for number, turn in enumerate(turns):
            told = checks.sentences(turn.said)
            quoted = " ".join(QUOTED.findall(turn.said)) or quoted
            scene = quoted if work.writer.small else _asked(work, turn.said, summary, number)
            pictures.append({"at": told[0], "scene": fill(own["style"], scene=_short(scene))})
            progress(number + 1, len(turns))
    work.write_yaml("pictures.yaml", pictures)


def _asked(work: Work, said: str, summary, number: int) -> str:
    own = work.settings
    request = f"{own['ask']}\nThe book: {summary.title} by {summary.author}.\nWhat is said: {said}\nAnswer with JSON."
    for seed in seeds(work.seed + 50 * number, own["drafts"]):
        answer = work.writer.write([Message(USER, request)], tokens=TOKENS, seed=seed, schema=SCHEMA).text
        try:
            scene = str(json.loads(answer[answer.index("{") : answer.rindex("}") + 1])["scene"])
        except (ValueError, KeyError, TypeError):
            continue
        if scene.strip() and not checks.copies(scene) and not checks.filtered(scene, own["filter"]):
            return scene
    return said


def _short(scene: str) -> str:
    """At most so long, whole words."""
    scene = " ".join(scene.split())
    return scene if len(scene) <= LONGEST else scene[:LONGEST].rsplit(" ", 1)[0]


STAGE = ShowStage(
    run=run,
    reads=("summary.md", "dialogue.txt"),
    makes=("pictures.yaml",),
    models=("writer",),
    settings={
        "ask": "Describe in one sentence a picture that goes with this: who or what is there, the place, the light.",
        "style": "{scene}",
        "drafts": 3,
        "filter": [],
    },
)
