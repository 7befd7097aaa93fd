"""What an episode says of itself: title, description, and the bed of sound that fits it."""

import json
import re
from typing import Any

from tts.narration.beds import BEDS
from tts.shows import checks
from tts.shows.drafts import seeds
from tts.shows.models.protocols import USER, Message
from tts.shows.stage import REQUIRED, ShowStage, Work, fill
from tts.shows.talk import read_summary

TOKENS = 250
LONGEST_TITLE = 80  # characters
READ = 6000  # characters of the text that are read to describe it
HEADING = re.compile(r"^#{1,6} .*$", re.MULTILINE)
# Words that call for a bed. What calls for none gets brown noise, a waterfall behind a wall.
SOUNDS = {
    "rain": "rain rainy raining rained raindrops drops drizzle puddle puddles wet umbrella shower storm thunder",
    "wind": "wind windy winds breeze gust sail sails kite hill mountain snow snowy snowing winter leaves autumn sea",
    "fire": "fire fireplace fireside hearth stove campfire embers candle flames chimney kiln",
}


def run(work: Work) -> None:
    """Write about.yaml."""
    own = work.settings
    text = HEADING.sub("", work.read(own["source"])).strip()
    told = _small(work, text) if work.writer.small else _asked(work, text)
    work.write_yaml("about.yaml", {**told, "bed": bed_of(text)})


def bed_of(text: str) -> str:
    """The bed whose words a text has most of; brown noise if it has none."""
    words = checks.spelled(text)
    counts = {name: sum(word in known.split() for word in words) for name, known in SOUNDS.items()}
    name = max(counts, key=counts.get)
    return name if counts[name] else next(one for one in BEDS if one not in SOUNDS)


def _small(work: Work, text: str) -> dict[str, str]:
    """A small writer is spared: the show brings a title and, if it likes, a description, else the text begins it."""
    own, slots = work.settings, {}
    if work.path("plan.yaml").is_file():
        slots |= work.read_fields("plan.yaml")
    if work.path("summary.md").is_file():
        summary = read_summary(work.read("summary.md"))
        slots |= {"title": summary.title, "author": summary.author or "somebody unknown"}
    first = checks.sentences(text)[:2]
    title = fill(own["small_title"], **slots) if own["small_title"] else first[0][:LONGEST_TITLE]
    described = fill(own["small_description"], **slots) if own["small_description"] else " ".join(first)
    return {"title": title, "description": described}


def _asked(work: Work, text: str) -> dict[str, str]:
    kinds: dict[str, Any] = {
        "title": {"type": "string", "maxLength": LONGEST_TITLE},
        "description": {"type": "string"},
    }
    schema = {"type": "object", "properties": kinds, "required": list(kinds), "additionalProperties": False}
    request = f"{text[:READ]}\n\n{work.settings['ask']} Answer with JSON: title, description."
    for seed in seeds(work.seed, work.settings["drafts"]):
        answer = work.writer.write([Message(USER, request)], tokens=TOKENS, seed=seed, schema=schema).text
        try:
            found = json.loads(answer[answer.index("{") : answer.rindex("}") + 1])
            told = {key: " ".join(found[key].split()) for key in kinds}
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        wrong = checks.copies(" ".join(told.values())) or checks.filtered(
            " ".join(told.values()), work.settings["filter"]
        )
        if not wrong and 0 < len(told["title"]) <= LONGEST_TITLE and told["description"]:
            return told
    raise ValueError(f"the writer {work.writer.name} gave no title in {work.settings['drafts']} tries: {answer[:80]!r}")


STAGE = ShowStage(
    run=run,
    reads=("{source}", "plan.yaml?", "summary.md?"),
    makes=("about.yaml",),
    models=("writer",),
    settings={
        "source": "story.md",
        "ask": REQUIRED,
        "small_title": "",
        "small_description": "",
        "drafts": 3,
        "filter": [],
    },
)
