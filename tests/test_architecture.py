"""The house rules, read from the code itself."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STAGES = {"dvae", "gpt", "diffusion", "vocoder"}
ROOMS = STAGES | {"tts", "data"}


def imports(path: Path) -> set[str]:
    """Every module a file imports, wherever in the file the import stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def rooms(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)} & ROOMS


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_packages_are_the_checkouts_own(room):
    assert Path(importlib.import_module(room).__file__).is_relative_to(ROOT)


@pytest.mark.parametrize("path", sorted((ROOT / "tts").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_kernel_imports_no_stage(path):
    assert not rooms(path) & (STAGES | {"data"})


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_a_stage_imports_only_itself_and_the_kernel(stage):
    for path in (ROOT / stage).rglob("*.py"):
        assert rooms(path) <= {stage, "tts"}, path


def test_only_evaluation_knows_the_pipeline_and_only_stages_know_lightning():
    for path in (ROOT / "tts").glob("*.py"):
        assert not any(name.startswith("tts.evaluate") for name in imports(path)), path
    lightning = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if any(name.split(".")[0] == "lightning" for name in imports(path))
    }
    own = "stage callbacks accounting/callback parallel distributed checkpoints guard bench".split()
    allowed = (
        {f"tts/training/{name}.py" for name in own} | {"data/module.py"} | {f"{stage}/stage.py" for stage in STAGES}
    )
    assert lightning <= allowed


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
