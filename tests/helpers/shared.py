"""Corpora and books that stand beside the checkout on some machines. Tests of them are skipped where they are not."""

from pathlib import Path

SHARED = next(
    (above / "shared" for above in Path(__file__).parents if (above / "shared" / "corpora").is_dir()), Path("shared")
)
KERSTIN = [SHARED / "corpora" / name / "metadata.csv" for name in ("kerstin_de", "heldout_kerstin_de")]
PAIRS = SHARED / "text" / "tatoeba_en_de" / "test.tsv"
BOOKS = sorted((SHARED / "books").glob("*.epub"))


def texts(metadata: Path) -> list[str]:
    """The texts of a corpus."""
    return [line.split("|")[2] for line in metadata.read_text("utf-8").splitlines()[1:]]
