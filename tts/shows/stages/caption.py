"""A photo to words: what the eye sees in it, and what the user says of it."""

from tts.shows.models.glance import Glance
from tts.shows.painting.figures import is_alive
from tts.shows.painting.lexicon import find_icons
from tts.shows.stage import ShowStage, Work

FILE = "description.yaml"
AGES = range(1, 100)


def run(work: Work) -> None:
    """Write description.yaml: what is to be seen, and what the prompts of the next stages are filled with."""
    own = work.settings
    if own["age"] not in AGES:
        raise ValueError(f"age is {own['age']}: give the years of those who listen, 1 to 99")
    if own["genre"] not in own["genres"]:
        raise ValueError(f"no genre {own['genre']!r}: the show has {', '.join(own['genres'])}")
    about = " ".join(own["about"].split())
    seen = work.eye.caption(work.input)
    if not about and work.eye.name == Glance.name:
        work.tell(Glance.hint)
    prompt = about or seen
    if about and work.eye.name != Glance.name:
        prompt = f"{about.rstrip('.!?')}. {seen}"
    slots = {"prompt": prompt, "about": about, "seen": seen, "genre": own["genre"], "age": str(own["age"])}
    work.write_yaml(FILE, slots | _hero_and_thing(prompt) | own["genres"][own["genre"]])


def _hero_and_thing(text: str) -> dict[str, str]:
    """Who is first told of, and which thing; nothing of what is not told."""
    found: dict[str, str] = {}
    for mention in find_icons(text):
        kind = "hero" if is_alive(mention.icon) else "thing"
        if mention.count == 1:
            found.setdefault(kind, mention.word)
    return found


STAGE = ShowStage(
    run=run,
    reads=("input",),
    makes=(FILE,),
    models=("eye",),
    settings={"about": "", "genre": "adventure", "genres": {"adventure": {}}, "age": 5},
)
