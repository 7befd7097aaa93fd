"""Who may import whom, read from the code itself: every arrow between rooms is listed here, and there is no circle.

A room is a package or one of its subpackages. Modules that stand at the top of `tts` are the kernel, room `tts`.
"""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPTS = ("train", "infer")
PACKAGES = ("tts", "dvae", "gpt", "diffusion", "vocoder", "speaker", "data")

# Each room may import itself and what stands here; everything flows down to the kernel. Test files are free.
ARROWS = {
    "tts": set(),
    "tts.text": set(),
    "tts.text.english": {"tts.text"},
    "tts.text.english.learning": {"tts", "tts.text", "tts.text.english", "tts.text.learning"},
    "tts.text.german": {"tts.text"},
    "tts.text.german.learning": {"tts", "tts.text", "tts.text.german", "tts.text.learning"},
    "tts.text.learning": {"tts", "tts.text"},
    "tts.document": {"tts.text"},
    "tts.alignment": {"tts", "tts.text"},
    "tts.synthesis": {"tts", "tts.text"},
    "tts.voices": {"tts", "tts.text", "tts.synthesis", "tts.engine"},
    "tts.voices.tuning": {"tts", "tts.text", "tts.synthesis", "tts.voices", "tts.judges", "tts.training"},
    "tts.narration": {"tts", "tts.text", "tts.document", "tts.alignment", "tts.synthesis", "tts.voices", "tts.engine"},
    "tts.server": {
        "tts",
        "tts.text",
        "tts.document",
        "tts.alignment",
        "tts.synthesis",
        "tts.voices",
        "tts.engine",
        "tts.narration",
        "tts.shows",
        "tts.shows.models",
        "tts.transcription",
        "tts.translation",
    },
    "tts.transcription": {"tts", "tts.text", "tts.document", "tts.alignment", "tts.narration"},
    "tts.translation": {
        "tts",
        "tts.text",
        "tts.document",
        "tts.alignment",
        "tts.synthesis",
        "tts.voices",
        "tts.engine",
        "tts.transcription",
        "gpt",
    },
    "tts.shows": {"tts", "tts.text", "tts.document", "tts.narration", "tts.shows.models", "tts.shows.stages"},
    "tts.shows.models": {"tts", "tts.shows.painting"},
    "tts.shows.painting": set(),
    "tts.shows.book": {"tts", "tts.document", "tts.narration"},
    "tts.shows.stages": {
        "tts",
        "tts.document",
        "tts.voices",
        "tts.narration",
        "tts.shows",
        "tts.shows.models",
        "tts.shows.painting",
        "tts.shows.book",
    },
    "tts.judges": {"tts", "tts.text"},
    "tts.evaluate": {"tts", "tts.text", "tts.synthesis", "tts.voices", "tts.judges"},
    "tts.evaluate.commands": {
        "tts",
        "tts.text",
        "tts.synthesis",
        "tts.voices",
        "tts.judges",
        "tts.evaluate",
        "tts.translation",
        "data",
    },
    "tts.export": {"tts", "tts.synthesis", "dvae", "gpt", "diffusion", "vocoder"},
    "tts.engine": {"tts", "tts.text", "tts.synthesis", "tts.export"},
    "tts.bench": {"tts", "tts.synthesis", "tts.voices", "tts.engine", "tts.training", "tts.evaluate", "data.pack"},
    "tts.training": {"tts", "tts.text"},
    "tts.training.accounting": {"tts", "tts.training"},
    "dvae": {"tts", "tts.text", "tts.training"},
    "gpt": {"tts", "tts.text", "tts.training"},
    "diffusion": {"tts", "tts.text", "tts.training"},
    "vocoder": {"tts", "tts.training"},
    "speaker": {"tts", "tts.training"},
    "data": {"tts", "tts.text", "data.pack", "data.prepare"},
    "data.pack": {"tts", "tts.text", "tts.document", "tts.alignment", "data"},
    "data.prepare": {"tts", "tts.text", "tts.document", "tts.alignment", "tts.judges", "data", "data.pack"},
    "train": {"tts", "tts.training", "tts.training.accounting", "data"},
    "infer": {
        "tts",
        "tts.document",
        "tts.synthesis",
        "tts.voices",
        "tts.narration",
        "tts.server",
        "tts.engine",
        "tts.transcription",
        "tts.translation",
    },
}
# Lightning, Hydra and wandb train; what speaks does without them.
TRAINS = {"tts.training", "tts.training.accounting", "dvae", "gpt", "diffusion", "vocoder", "speaker", "data", "train"}


def modules(root: Path) -> dict[str, Path]:
    """Every module of the packages and scripts under `root`, by its dotted name."""
    paths = [path for package in PACKAGES for path in sorted((root / package).rglob("*.py"))]
    paths += [root / f"{script}.py" for script in SCRIPTS if (root / f"{script}.py").is_file()]
    return {".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in the file the import stands, and each name it takes from one."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{path}: relative import"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {node.module} | names
    return found


def graph(root: Path) -> dict[str, set[str]]:
    """Which module imports which. `from package import module` is an arrow to the module, not to the package."""
    known = modules(root)
    arrows = {}
    for name, path in known.items():
        found = imports(path) & known.keys() - {name}
        arrows[name] = {one for one in found if not any(other.startswith(f"{one}.") for other in found)}
    return arrows


def room(module: str, known: dict[str, Path]) -> str:
    """The package in which a module stands."""
    return module if known[module].name == "__init__.py" or "." not in module else module.rpartition(".")[0]


def undeclared(root: Path, allowed: dict[str, set[str]]) -> list[str]:
    """Arrows between rooms that are not listed, and rooms that are not."""
    known = modules(root)
    found = [f"{name}: room {room(name, known)} is not listed" for name in known if room(name, known) not in allowed]
    for name, targets in graph(root).items():
        here = room(name, known)
        for target in sorted(targets):
            there = room(target, known)
            if there != here and there not in allowed.get(here, set()):
                found.append(f"{name} imports {target}: no arrow from {here} to {there}")
    return found


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Modules that import each other, directly or through others (Tarjan 1972)."""
    index, low, stack, found = {}, {}, [], []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in sorted(arrows[name]):
            if other not in index:
                visit(other)
            if other in stack:
                low[name] = min(low[name], low[other])
        if low[name] == index[name]:
            component = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(component) > 1:
                found.append(sorted(component))

    for name in arrows:
        if name not in index:
            visit(name)
    return found


def test_every_arrow_between_rooms_is_listed():
    assert undeclared(ROOT, ARROWS) == []


def test_no_module_imports_itself_through_others():
    assert circles(graph(ROOT)) == []


def test_every_listed_arrow_is_used():
    known = modules(ROOT)
    used = {(room(a, known), room(b, known)) for a, targets in graph(ROOT).items() for b in targets}
    listed = {(here, there) for here, targets in ARROWS.items() for there in targets}
    assert listed - used == set()


@pytest.fixture
def tree(tmp_path):
    """A made-up tree with two rooms and a subroom; the lower ones know nothing of those above."""
    files = {
        "tts/__init__.py": "",
        "tts/types.py": "import math\n",
        "tts/audio.py": "from tts import types\n",
        "tts/synthesis/__init__.py": "",
        "tts/synthesis/deep/__init__.py": "",
        "tts/synthesis/deep/pipeline.py": "def speak():\n    from tts.audio import decode\n",
        "gpt/__init__.py": "",
        "gpt/model.py": "import tts.types\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


MADE_UP = {"tts": set(), "tts.synthesis": set(), "tts.synthesis.deep": {"tts"}, "gpt": {"tts"}}


def test_a_sound_tree_passes(tree):
    assert undeclared(tree, MADE_UP) == [] and circles(graph(tree)) == []


@pytest.mark.parametrize(
    "path, text, fault",
    [
        ("tts/types.py", "import gpt.model\n", "no arrow from tts to gpt"),
        ("tts/types.py", "def late():\n    from gpt import model\n", "no arrow from tts to gpt"),
        ("tts/synthesis/deep/pipeline.py", "from gpt.model import GPT\n", "no arrow from tts.synthesis.deep to gpt"),
        ("tts/shows/page.py", "", "room tts.shows is not listed"),
    ],
)
def test_an_arrow_or_a_room_that_is_not_listed_fails(tree, path, text, fault):
    (tree / path).parent.mkdir(exist_ok=True)
    (tree / path).write_text(text)
    assert any(fault in line for line in undeclared(tree, MADE_UP))


@pytest.mark.parametrize("text", ["from tts.audio import decode\n", "if TYPE_CHECKING:\n    import tts.audio\n"])
def test_a_circle_fails(tree, text):
    (tree / "tts/types.py").write_text(text)
    assert circles(graph(tree)) == [["tts.audio", "tts.types"]]


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_are_the_checkouts_own(package):
    assert Path(importlib.import_module(package).__file__).is_relative_to(ROOT)


def test_only_training_knows_lightning():
    known = modules(ROOT)
    knowing = {
        room(name, known) for name, path in known.items() if any(i.split(".")[0] == "lightning" for i in imports(path))
    }
    assert knowing <= TRAINS


def test_nets_and_narration_import_without_lightning_hydra_wandb():
    script = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"lightning", "hydra", "wandb", "matplotlib"}:
            raise ImportError("blocked: " + name)
sys.meta_path.insert(0, Block())
import dvae.model, gpt.model, diffusion.model, vocoder.model, tts.synthesis.pipeline, tts.voices, tts.checkpoint
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
