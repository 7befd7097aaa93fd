"""What is known of the stages of a show: from what each was made, and what it made, each file by its SHA-256.

It stands in FOLDER/.show/stages.json, which is written before and after every stage, so that a run that is killed at
any moment is continued.
"""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

from tts.files import whole

STATE = ".show"  # the folder in that of a show which holds what no person edits


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is known of one stage, or of the input."""

    key: str = ""  # a hash of everything that its result follows from
    take: int = 0  # how often it was made anew on demand
    made: dict[str, str] = field(default_factory=dict)  # the hash of each file as it was made
    keep: list[str] | None = None  # the stage has only begun, and leaves these files as they are; None: it is done
    redo: bool = False  # it is to be made anew

    @property
    def begun(self) -> bool:
        return self.keep is not None


class Records:
    """The records of a show's folder, by the names of its stages."""

    def __init__(self, folder: Path):
        self.path = folder / STATE / "stages.json"
        self._known = self._read()

    def read(self) -> None:
        """Take over what another process has written."""
        self._known = self._read()

    def get(self, name: str) -> Record:
        return self._known.get(name) or Record()

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def put(self, name: str, record: Record) -> None:
        """Keep a record; it is on the disk when this returns."""
        self._known[name] = record
        plain = {name: asdict(own) for name, own in self._known.items()}
        with whole(self.path) as file:
            file.write(json.dumps(plain, indent=1, sort_keys=True).encode())

    def redo(self, names: Collection[str]) -> None:
        """Say that stages are to be made anew. Said twice before they are begun, they are made anew once."""
        for name in names:
            self.put(name, replace(self.get(name), redo=True))

    def _read(self) -> dict[str, Record]:
        known = {one.name for one in fields(Record)}
        try:
            found = json.loads(self.path.read_text("utf-8"))
            return {
                name: Record(**{key: value for key, value in own.items() if key in known})
                for name, own in found.items()
            }
        except (FileNotFoundError, ValueError, AttributeError):
            return {}
