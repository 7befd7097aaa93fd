"""Who and where a story is about: the writer chooses before it writes, and a person may choose otherwise."""

import json
import re

from tts.shows import checks
from tts.shows.drafts import seeds
from tts.shows.models.protocols import SYSTEM, USER, Message
from tts.shows.stage import INPUT, REQUIRED, ShowStage, Work

TOKENS = 300
LONGEST = 60  # characters of a choice
SENTENCE = re.compile(r"[A-Z].*[.!?]$", re.DOTALL)


def run(work: Work) -> None:
    """Write plan.yaml. A small writer takes from the lists, a strong one may invent."""
    own = work.settings
    slots = _given(work)
    given = slots["prompt"]
    if wrong := checks.filtered(given, own["filter"]):
        raise ValueError(f"the input holds {wrong[0]!r}, which the filter does not allow: give another")
    listed = {key: [str(one) for one in values] for key, values in own["choices"].items() if key not in slots}
    said = given if SENTENCE.match(given) else f"Let us think of {given.rstrip('.!? ')}."
    said = f"{said[:-1]}," if said.endswith(".") else said  # somebody says it
    if not listed:  # everything is settled
        work.write_yaml("plan.yaml", {**slots, "said": said})
        return
    kinds = {
        key: {"type": "string", "enum": values} if work.writer.small else {"type": "string", "maxLength": LONGEST}
        for key, values in listed.items()
    }
    schema = {"type": "object", "properties": kinds, "required": list(kinds), "additionalProperties": False}
    examples = "\n".join(f"{key}: for instance {', '.join(values[:4])}" for key, values in listed.items())
    request = f"{own['ask']}\nTheme: {given}\n{examples}\nAnswer with JSON."
    messages = [Message(SYSTEM, own["role"]), Message(USER, request)]
    for seed in seeds(work.seed, own["drafts"]):
        answer = work.writer.write(messages, tokens=TOKENS, seed=seed, schema=schema).text
        if chosen := _chosen(answer, listed, own["filter"]):
            work.write_yaml("plan.yaml", {**slots, "said": said, **chosen})
            return
    raise ValueError(f"the writer {work.writer.name} chose nothing usable in {own['drafts']} tries: {answer[:80]!r}")


def _given(work: Work) -> dict[str, str]:
    """The theme, `prompt`, and what else is settled if the source is a YAML of such slots."""
    source = work.settings["source"]
    if source == INPUT:
        return {"prompt": " ".join(work.read(work.input.name).split())}
    found = work.read_yaml(source)
    if not isinstance(found, dict) or not found.get("prompt"):
        raise ValueError(f"{source} must have a line prompt: ...")
    return {str(key): " ".join(str(value).split()) for key, value in found.items()}


def _chosen(text: str, listed: dict[str, list[str]], banned: list[str]) -> dict[str, str]:
    """What an answer chooses, a short line each; empty if it is not what was asked for."""
    try:
        found = json.loads(text[text.index("{") : text.rindex("}") + 1])
    except ValueError:
        return {}
    values = {key: " ".join(str(found.get(key, "")).split()) for key in listed} if isinstance(found, dict) else {}
    fit = values and all(0 < len(own) <= 2 * LONGEST and not checks.copies(own) for own in values.values())
    return values if fit and not checks.filtered(" . ".join(values.values()), banned) else {}


STAGE = ShowStage(
    run=run,
    reads=("{source}",),
    makes=("plan.yaml",),
    models=("writer",),
    settings={
        "source": INPUT,
        "role": REQUIRED,
        "ask": "Choose who a story is about.",
        "choices": REQUIRED,
        "drafts": 3,
        "filter": [],
    },
)
