"""A place to narrate in: nano weights, a voice, books, and what counts the takes that are spoken."""

import os
import signal
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from helpers import nano
from tts import settings, voices
from tts.executors import LocalExecutor
from tts.narration.narrate import Narrated, make
from tts.narration.plan import Order
from tts.narration.project import Project
from tts.synthesis.pipeline import TextToSpeech

FAST = [
    "device=cpu",
    "steps=1",
    "retries=0",
    "guidance=1",
    "sampling.guidance=1",
    "sampling.max_codes_per_id=1",
    "min_codes_per_id=0",
]
BOOK = """\
# The Kettle

Dr. Smith bought it in 1914. "Never mind," he said.

Never mind. Never mind.

***

It sang.

# The End

That was all.

Nobody cried.
"""
TAKES = 9  # that BOOK wants; what is said alike in two paragraphs is one take


def home(folder: Path) -> Path:
    """Nano weights, and a voice `someone.safetensors` for them."""
    nano.weights(folder / "weights")
    voice(folder, "someone", seed=1)
    return folder


def voice(home: Path, name: str, *, seed: int, language: str = "en") -> Path:
    """A voice of chance."""
    speech = TextToSpeech.load(home / "weights", "cpu")
    torch.manual_seed(seed)
    latents = speech.speaker((torch.randn(24000) * 0.1).numpy())
    rest = dict.fromkeys(("gender", "description", "source", "licence", "made"), "")
    path = home / f"{name}.safetensors"
    voices.save(path, latents, voices.About(name=name, fingerprint=speech.fingerprint, language=language, **rest))
    return path


def order(home: Path, folder: Path, text: str = BOOK, *overrides: str, **changed) -> Order:
    """To narrate a Markdown text into book.flac of a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    book = folder / "book.md"
    book.write_text(text, "utf-8")
    conf = settings.compose([*FAST, *overrides])
    conf |= {"weights": str(home / "weights"), "voice": str(home / "someone.safetensors")}
    asked = Order(book=str(book), output=str(folder / "book.flac"), conf=conf, mark=False)
    return replace(asked, **{"cast": (f"narrator={conf['voice']}",)} | changed)


@contextmanager
def no_bar(work: str):
    yield lambda done, whole: None


def narrate(order: Order, *, executor=None, project=None, tell=lambda notice: None, progress=no_bar) -> Narrated:
    """Make it, in the project beside its output if no other is given."""
    executor = executor or LocalExecutor(0)
    return make(order, project or Project.beside(Path(order.output)), executor, tell, progress)


def killed_after(jobs: int):
    """A progress bar that kills the process with -9 when so many jobs are done."""

    @contextmanager
    def progress(work: str):
        told_of = []

        def told(done: float, whole: float) -> None:
            told_of.append(done)
            if len(told_of) == jobs:
                os.kill(os.getpid(), signal.SIGKILL)

        yield told

    return progress


def in_child(work) -> int:
    """Run `work` in a fork; gives its exit code, or minus the signal that ended it."""
    pid = os.fork()
    if not pid:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def chapters(folder: Path) -> dict[str, bytes]:
    """The chapters of a narration, by name; what a killed run left unfinished is hidden, and goes after a day."""
    return {path.name: path.read_bytes() for path in sorted((folder / "book.narration" / "chapters").glob("[!.]*"))}


def contents(folder: Path) -> dict[str, bytes]:
    """The chapters and the recording."""
    return chapters(folder) | {"book.flac": (folder / "book.flac").read_bytes()}
