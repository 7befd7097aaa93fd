"""What a style sheet hides: classes, ids and elements with `display: none`.

Only selectors of one element count, such as `.x`, `p.x` or `#x`. Rules inside of others, as for print, hide nothing.
"""

import re

LONGEST = 2**20  # characters of a sheet that are looked at
COMMENT = re.compile(r"/\*(?:.*?\*/|.*)", re.DOTALL)
BRACE = re.compile(r"[{}]")
DISPLAY = re.compile(r"(?i)(?:^|;)\s*display\s*:\s*(\w+)")
ALL = frozenset({"html", "body"})  # are shown by a script later, if they are hidden at first
SELECTOR = re.compile(r"([\w-]*)([.#][\w-]+)?")

Hidden = set[tuple[str, str]]  # name of an element, or empty; .class or #id, or empty


def hidden_by(sheet: str) -> Hidden:
    """What a sheet hides and shows nowhere again."""
    hidden: Hidden = set()
    shown: set[str] = set()
    depth, start, selectors = 0, 0, ""
    sheet = COMMENT.sub(" ", sheet[:LONGEST])
    for brace in BRACE.finditer(sheet):
        text, start = sheet[start : brace.start()], brace.end()
        if brace[0] == "{":
            depth, selectors = depth + 1, text.rpartition(";")[2]
            continue
        told = DISPLAY.findall(text)
        for selector in selectors.split(",") if told else ():
            found = SELECTOR.fullmatch(selector.strip())
            if told[-1].lower() != "none":
                shown |= set(re.findall(r"[.#]?[\w-]+", selector))
            elif depth == 1 and found and found[0] and found[0].lower() not in ALL:
                hidden.add((found[1].lower(), found[2] or ""))
        depth, selectors = max(0, depth - 1), ""
    return {(tag, part) for tag, part in hidden if (part or tag) not in shown}


def hides(hidden: Hidden, tag: str, given: dict[str, str]) -> bool:
    """Whether an element with these attributes is among them."""
    if not hidden:
        return False
    parts = ["", *(f".{name}" for name in given.get("class", "").split()), f"#{given.get('id', '')}"]
    return any((name, part) in hidden for name in ("", tag) for part in parts)
