"""The leaves of a book in another language, under the text that is read. A small writer cannot do that."""

from tts.shows import checks
from tts.shows.drafts import seeds
from tts.shows.models.protocols import SYSTEM, USER, Message
from tts.shows.stage import ShowStage, Work
from tts.shows.stages.scenes import HEADING, into_leaves

FILE = "translation.yaml"
TOKENS = 3.0  # for each word, at most
ROLE = "You translate children's books. You answer with the translation alone."


def run(work: Work) -> None:
    """Write translation.yaml: for each leaf, in order, its text in the language `to`; nothing if `to` is empty."""
    own = work.settings
    if not own["to"].strip():
        if FILE not in work.keep:
            work.path(FILE).unlink(missing_ok=True)
        return
    if work.writer.small:
        raise ValueError(f"the writer {work.writer.name} cannot translate into {own['to']}: give another by --writer")
    parts = HEADING.split(work.read(own["source"]))
    leaves = [" ".join(leaf) for part in parts for leaf in into_leaves(part, own["words"])]
    done = []
    with work.progress(f"{own['to']}: {len(leaves)} leaves") as progress:
        for number, leaf in enumerate(leaves):
            done.append(_translated(work, leaf, number))
            progress(number + 1, len(leaves))
    work.write_yaml(FILE, {"language": own["to"], "leaves": done})


def _translated(work: Work, text: str, number: int) -> str:
    messages = [Message(SYSTEM, ROLE), Message(USER, f"Translate into {work.settings['to']}:\n\n{text}")]
    tokens = round(TOKENS * len(text.split())) + 50
    for seed in seeds(work.seed + 50 * number, work.settings["drafts"]):
        answer = work.writer.write(messages, tokens=tokens, seed=seed)
        said = " ".join(answer.text.split())
        if answer.finished and said and said != text and not checks.copies(said):
            return said
    raise ValueError(f"leaf {number + 1} came back untranslated or cut off: try --redo translate, or another --writer")


STAGE = ShowStage(
    run=run,
    reads=("{source}",),
    makes=(f"{FILE}?",),
    models=("writer",),
    settings={"source": "story.md", "to": "", "words": 60, "drafts": 3},
)
