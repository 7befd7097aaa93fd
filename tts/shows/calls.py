"""Answers of models, kept: each is on the disk before anybody uses it, so that no call is paid for twice.

FOLDER/ab/KEY.json holds one answer, or what is known of the picture KEY.png beside it. The key is a hash of the model's
name and the request with its seed. A run that is killed loses at most the answer that is under way.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tts.files import fingerprint, whole
from tts.shows.models.protocols import Eye, Message, Painter, Writer, Written

if TYPE_CHECKING:
    from PIL.Image import Image

EDITION = 1  # raised when the same request would be answered otherwise


class Spent(ValueError):
    """The budget does not allow another call."""


@dataclass
class Spending:
    """What answers took."""

    calls: int = 0
    tokens: int = 0  # read and written
    images: int = 0  # painted and looked at

    def add(self, tokens: int, images: int) -> None:
        self.calls, self.tokens, self.images = self.calls + 1, self.tokens + tokens, self.images + images


@dataclass(frozen=True)
class Budget:
    """What models that cost something may take in one show, all runs together."""

    tokens: int
    images: int


class Calls:
    """The store of a show's answers."""

    def __init__(self, folder: Path, budget: Budget):
        self.folder, self.budget = folder, budget
        self.by_model: dict[str, Spending] = {}  # of all runs
        self.paid = Spending()  # of all runs, by models that cost something
        self.kept = 0  # answers that were there in this run
        self.asked = 0  # and those that were not
        for path in sorted(folder.glob("*/*.json")):
            if answer := _read(path):
                self._count(answer)

    def writer(self, writer: Writer) -> Writer:
        """The same writer, whose answers are kept."""
        return _KeptWriter(self, writer)

    def eye(self, eye: Eye) -> Eye:
        """The same eye, whose answers are kept."""
        return _KeptEye(self, eye)

    def painter(self, painter: Painter) -> Painter:
        """The same painter, whose pictures are kept."""
        return _KeptPainter(self, painter)

    def path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"

    def answer(
        self,
        model: Writer | Eye | Painter,
        request: dict,
        ask: Callable[[Path], dict],
        *,
        tokens: int = 0,
        images: int = 0,
    ) -> dict:
        """The answer to a request, from the store or by `ask`, which gets the path of the picture beside the answer.

        `tokens` and `images` are what the call takes at most. Raises Spent if the budget does not allow that.
        """
        key = digest(model.name, request)
        path = self.path(key)
        if found := _read(path):
            self.kept += 1
            return found
        free = getattr(model, "free", False)
        if not free:
            self._check(tokens, images)
        answer = {"model": model.name, "free": free, "tokens": 0, "images": 0, **ask(path.with_suffix(".png"))}
        with whole(path) as file:
            file.write(json.dumps(answer, indent=1, ensure_ascii=False).encode("utf-8", "replace"))
        self.asked += 1
        self._count(answer)
        return answer

    def _check(self, tokens: int, images: int) -> None:
        for name, more in (("tokens", tokens), ("images", images)):
            spent, allowed = getattr(self.paid, name), getattr(self.budget, name)
            if more and spent + more > allowed:
                raise Spent(
                    f"the budget of {allowed:,} {name} does not allow another call: {spent:,} are spent and this one "
                    f"may take {more:,}; give a higher --{name} to go on"
                )

    def _count(self, answer: dict) -> None:
        tokens, images = answer.get("tokens", 0), answer.get("images", 0)
        self.by_model.setdefault(answer["model"], Spending()).add(tokens, images)
        if not answer.get("free"):
            self.paid.add(tokens, images)


@dataclass(frozen=True)
class _Kept:
    calls: Calls
    model: Any

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def free(self) -> bool:
        return self.model.free


class _KeptWriter(_Kept):
    @property
    def small(self) -> bool:
        return self.model.small

    def write(
        self, messages: Sequence[Message], *, tokens: int, seed: int, schema: dict[str, Any] | None = None
    ) -> Written:
        talk = [asdict(message) for message in messages]
        request = {"kind": "write", "messages": talk, "limit": tokens, "seed": seed, "schema": schema}

        def ask(_: Path) -> dict:
            written = self.model.write(messages, tokens=tokens, seed=seed, schema=schema)
            return {"request": request, "tokens": written.tokens_in + written.tokens_out, "written": asdict(written)}

        reading = sum(len(message.content) for message in messages) // 3  # tokens, rather too many than too few
        return Written(**self.calls.answer(self.model, request, ask, tokens=tokens + reading)["written"])


class _KeptEye(_Kept):
    def caption(self, picture: Path) -> str:
        request = {"kind": "caption", "picture": fingerprint(picture)}

        def ask(_: Path) -> dict:
            return {"request": request, "images": 1, "caption": self.model.caption(picture)}

        return self.calls.answer(self.model, request, ask, images=1)["caption"]


class _KeptPainter(_Kept):
    def paint(self, scene: str, size: tuple[int, int], *, seed: int) -> "Image":
        from PIL import Image

        request = {"kind": "paint", "scene": scene, "size": list(size), "seed": seed}

        def ask(path: Path) -> dict:
            image = self.model.paint(scene, size, seed=seed)
            with whole(path) as file:
                image.save(file, "PNG")
            return {"request": request, "images": 1, "credits": image.info.get("credits", ""), "picture": path.name}

        answer = self.calls.answer(self.model, request, ask, images=1)
        with Image.open(self.calls.path(digest(self.name, request)).with_suffix(".png")) as image:
            image.load()
        image.info["credits"] = answer["credits"]
        return image


def digest(*parts: object) -> str:
    """A hash of plain data and of EDITION, hexadecimal."""
    text = json.dumps([EDITION, *parts], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _read(path: Path) -> dict | None:
    """A stored answer; None if it is missing, no answer, or its picture is missing."""
    try:
        answer = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(answer, dict) or not isinstance(answer.get("model"), str):
        return None
    return answer if "picture" not in answer or path.with_suffix(".png").is_file() else None
