"""The English cases of NeMo-text-processing, a peer's own test suite (`nemo/README.md` says where they come from).

Compared without case, punctuation, spaces, accents, "and", and the spelling of the letter A as "ay". The inputs of
`nemo/exceptions.txt` are read otherwise here on purpose, each for the reason that stands beside it.
"""

import re
from pathlib import Path

from tts.text.characters import plain
from tts.text.language import language

FOLDER = Path(__file__).parent / "nemo"
ENGLISH = language("english")


def lines(path: Path) -> list[list[str]]:
    return [line.split("~") for line in path.read_text(encoding="utf-8").splitlines() if "~" in line]


CASES = [(written, said) for path in sorted(FOLDER.glob("test_cases_*.txt")) for written, *said in lines(path)]
EXCEPTIONS = {written: reason for written, reason in lines(FOLDER / "exceptions.txt")}


def fold(text: str) -> str:
    words = re.findall(r"[^\W_]+", re.sub("['’]", "", plain(text).lower()))
    return "".join("a" if word == "ay" else word for word in words if word != "and")


def agrees(written: str, said: list[str]) -> bool:
    heard = " ".join(ENGLISH.normalise(portion.text).text for portion in ENGLISH.split(written, 400))
    return fold(heard) in map(fold, said)


def test_is_read_as_a_peer_reads_it():
    common = [case for case in CASES if case[0] not in EXCEPTIONS]
    others = [written for written, said in common if not agrees(written, said)]
    assert len(others) <= 0.05 * len(common), others


def test_the_exceptions_are_few_and_differ_for_a_reason():
    assert len(EXCEPTIONS) <= 40
    assert all(EXCEPTIONS.values())
    assert EXCEPTIONS.keys() <= {written for written, _ in CASES}
    assert not [written for written, said in CASES if written in EXCEPTIONS and agrees(written, said)]
