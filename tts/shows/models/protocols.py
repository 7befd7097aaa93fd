"""What a show asks of models: a `Writer` writes, an `Eye` tells what it sees, a `Painter` paints.

`free` says that a model costs nothing, so that no budget bounds it. `name` stands in the credits and in the key of
every answer: models that answer differently have different names. To make one is cheap; it loads its weights when it
is first asked. A writer whose `small` is true cannot be trusted with more than a sentence: stages begin one in a last
message of the assistant's, and it ends that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from PIL.Image import Image

SYSTEM, USER, ASSISTANT = "system", "user", "assistant"


@dataclass(frozen=True)
class Message:
    """One turn of a talk with a writer."""

    role: str  # SYSTEM, USER or ASSISTANT
    content: str


@dataclass(frozen=True)
class Written:
    """An answer of a writer."""

    text: str
    finished: bool  # False: cut off by the limit of tokens
    tokens_in: int
    tokens_out: int


@runtime_checkable
class Writer(Protocol):
    name: str
    free: bool
    small: bool

    def write(
        self, messages: Sequence[Message], *, tokens: int, seed: int, schema: dict[str, Any] | None = None
    ) -> Written:
        """Answer in at most `tokens` tokens, with JSON that obeys `schema` if one is given.

        Another seed is another draw. Raises ValueError for a request that cannot be answered, and OSError for a model
        that cannot be reached.
        """


@runtime_checkable
class Eye(Protocol):
    name: str
    free: bool

    def caption(self, picture: Path) -> str:
        """What is to be seen in a picture, in a sentence or two. Raises ValueError for a file that is no picture."""


@runtime_checkable
class Painter(Protocol):
    name: str
    free: bool

    def paint(self, scene: str, size: tuple[int, int], *, seed: int) -> "Image":
        """A picture of `size` (width, height) pixels. `info["credits"]` holds the credits of parts that others made."""
