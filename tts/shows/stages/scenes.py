"""A story as leaves of a book: a few sentences each, with what is to be painted beside them."""

import json
import re
from typing import Any

from tts.shows import checks
from tts.shows.drafts import seeds
from tts.shows.models.protocols import USER, Message
from tts.shows.stage import ShowStage, Work

HEADING = re.compile(r"^#{1,6} .*$", re.MULTILINE)
TOKENS = 120  # of a scene
LONGEST = 400  # characters of a scene


def run(work: Work) -> None:
    """Write pictures.yaml: for each leaf the sentence with which it begins, and its scene."""
    own = work.settings
    leaves = [leaf for part in HEADING.split(work.read(own["source"])) for leaf in into_leaves(part, own["words"])]
    if not leaves:
        raise ValueError(f"{own['source']} has no sentences")
    plan = work.read_yaml("plan.yaml") if work.path("plan.yaml").is_file() else {}
    pictures = []
    with work.progress(f"scenes of {len(leaves)} leaves") as progress:
        for number, leaf in enumerate(leaves):
            text = " ".join(leaf)
            scene = _named(text, plan) if work.writer.small else _asked(work, text, plan, number)
            pictures.append({"at": leaf[0], "scene": scene})
            progress(number + 1, len(leaves))
    work.write_yaml("pictures.yaml", pictures)


def into_leaves(text: str, words: int) -> list[list[str]]:
    """The sentences of a text in groups of about equal length, none much longer than `words` words."""
    told = checks.sentences(text)
    counts = [len(checks.spelled(one)) for one in told]
    number = max(1, round(sum(counts) / words))
    leaves: list[list[str]] = [[] for _ in range(number)]
    said = 0
    for sentence, count in zip(told, counts, strict=True):
        middle = (said + count / 2) / max(1, sum(counts))
        leaves[min(number - 1, int(middle * number))].append(sentence)
        said += count
    return [leaf for leaf in leaves if leaf]


def _named(text: str, plan: dict[str, str]) -> str:
    """The text with the hero's name told as what the hero is, which a painter of single words needs."""
    hero, name = plan.get("hero") or plan.get("animal"), plan.get("name")
    return re.sub(rf"\b{re.escape(name)}\b", f"the {hero} {name}", text, count=1) if hero and name else text


def _asked(work: Work, text: str, plan: dict[str, str], number: int) -> str:
    """What a strong writer would have painted."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"scene": {"type": "string", "maxLength": LONGEST}},
        "required": ["scene"],
        "additionalProperties": False,
    }
    cast = "; ".join(f"{key}: {value}" for key, value in plan.items() if key not in ("prompt", "said"))
    request = f"{work.settings['ask']}\nAbout the story: {cast}\nThe text: {text}\nAnswer with JSON: scene."
    for seed in seeds(work.seed + 50 * number, work.settings["drafts"]):
        answer = work.writer.write([Message(USER, request)], tokens=TOKENS, seed=seed, schema=schema).text
        try:
            scene = " ".join(json.loads(answer[answer.index("{") : answer.rindex("}") + 1])["scene"].split())
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        if scene and not checks.copies(scene) and not checks.filtered(scene, work.settings["filter"]):
            return scene[:LONGEST]
    return _named(text, plan)


STAGE = ShowStage(
    run=run,
    reads=("{source}", "plan.yaml?"),
    makes=("pictures.yaml",),
    models=("writer",),
    settings={
        "source": "story.md",
        "words": 60,
        "ask": "Describe in one sentence the picture beside this text of a children's book: who is there, what each "
        "looks like, the place, the time of day and the weather. Tell nothing that cannot be painted.",
        "drafts": 3,
        "filter": [],
    },
)
