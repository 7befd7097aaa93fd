"""What normalisers of all languages do last: the spaces of what is said, and notices of what is not."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping

NOTICED = 5  # kinds of left-out characters that are named, of one sentence
DASH = re.compile(r"--+|–(?= |$)|(?:^|(?<= ))[-–](?= |$)")
DASHES = re.compile(r" ?—(?: ?—)* ?")
BEFORE_STOP = re.compile(r" +(?=[,.;:?!])")
COMMAS = re.compile(r",(?: ?,)+")
COMMA_AT_STOP = re.compile(r"[,;:](?:(?<=,) ?(?=[.;:?!])|(?<=[.;:?!],)|(?<=[;:]) ?(?=[.?!]))")


def spacing(text: str) -> str:
    """Single spaces, none before a stop, and one comma where brackets and commas met."""
    text = " ".join(text.split())  # first, because the patterns below expect single spaces and so take linear time
    if "-" in text or "–" in text or "—" in text:
        text = DASHES.sub(" — ", DASH.sub("—", text)).replace("–", "-")
    text = BEFORE_STOP.sub("", text)
    if "," in text or ":" in text or ";" in text:
        text = COMMA_AT_STOP.sub("", COMMAS.sub(",", text))
    return text.lstrip(",;: ").rstrip()


def notices(left_out: Mapping[str, int]) -> list[str]:
    """What was left out, by character and how often; one notice for a kind: letters by script, signs by name."""
    kinds: Counter[str] = Counter()
    for character, count in left_out.items():
        name = unicodedata.name(character, f"U+{ord(character):04X}")
        shown = f"'{character}' " if character.isprintable() else ""
        kinds[f"{name.split()[0].title()} letters" if character.isalpha() else f"{shown}({name.lower()})"] += count
    named = [f"{kind} x {count}" if count > 1 else kind for kind, count in kinds.most_common(NOTICED)]
    more = [f"{len(kinds) - NOTICED} more kinds of characters"] if len(kinds) > NOTICED else []
    return [f"left out, no way to say it: {kind}" for kind in (*named, *more)]
