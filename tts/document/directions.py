"""Stage directions inside of what is said."""

import re

ENTER, LEAVE = "\ue000", "\ue001"  # where a direction begins and ends
SENTENCE_END = re.compile(r"(?<!\bMr)(?<!\bMrs)(?<!\bDr)(?<!\bSt)(?<!\bMiss)[.!?…][\"'”’)\]]*\s+")


def directions(said: str) -> list[tuple[str, bool]]:
    """What is said and the directions in it, each told apart. A direction inside a sentence comes after its end."""
    if ENTER not in said and LEAVE not in said:
        return [(said, False)]
    found: list[tuple[str, bool]] = []
    spoken, waiting = "", []
    for number, piece in enumerate(re.split(f"[{ENTER}{LEAVE}]", said)):
        if number % 2:
            if piece.strip():
                waiting.append(piece)
            continue
        open_sentence = spoken.strip() and not SENTENCE_END.search(f"{spoken.rstrip()[-8:]} ")
        if waiting and not open_sentence:
            found += [(spoken, False)] * bool(spoken.strip()) + [(one, True) for one in waiting]
            spoken, waiting = "", []
        if waiting and piece.strip():
            end = SENTENCE_END.search(piece)
            cut = end.end() if end else len(piece)
            found += [(f"{spoken.rstrip()} {piece[:cut].lstrip()}", False), *((one, True) for one in waiting)]
            spoken, waiting = piece[cut:], []
        else:
            spoken += piece
    found += [(spoken, False)] * bool(spoken.strip()) + [(one, True) for one in waiting]
    return found


def unwrapped(direction: str) -> str:
    """A direction without the brackets around it."""
    pairs = {"(": ")", "[": "]"}
    closed = direction[:1] in pairs and direction.rstrip(".").endswith(pairs[direction[0]])
    return direction.rstrip(".")[1:-1].strip() if closed and len(direction) > 2 else direction
