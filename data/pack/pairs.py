"""`python -m data pairs`: sentences and their translations to shards of texts alone, for tasks that translate."""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data.pack.corpora import read_licence
from data.pack.pack import Rejected, check_target, finish, replacing_folder
from data.shards import open_shards
from data.split import SplitItem, assign, text_key
from tts.text.language import CODES, code_of, language
from tts.types import AudioConfig

SEVERAL = "|"  # between the translations of one text
LONGEST = 400  # characters of a text


@dataclass(frozen=True)
class Sentence:
    """A text in one language; those with one meaning are translations of each other."""

    meaning: str
    code: str
    text: str
    heldout: bool


def read_pairs(path: Path, *, heldout: bool) -> Iterator[Sentence]:
    """A table (.tsv) whose columns are languages: en<TAB>de. A column may hold several translations, with | between."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        head = [name.split()[0] if name.split() else "" for name in next(rows, [])]
        codes = [code_of(name) for name in head]
        if len(codes) < 2 or None in codes or len(set(codes)) < len(codes):
            raise ValueError(
                f"{path}: its first line must name two languages and more of {', '.join(CODES)}, with tabs"
            )
        for number, row in enumerate(rows, 2):
            if len(row) != len(codes) or not all(cell.strip() for cell in row):
                raise ValueError(f"{path}, line {number}: a line has a text in each of {', '.join(codes)}, with tabs")
            for code, cell in zip(codes, row, strict=True):
                for text in cell.split(SEVERAL):
                    yield Sentence(text_key(row[0]), code, text.strip(), heldout)


def pack_pairs(
    train: list[Path], test: list[Path], out: Path, *, audio: AudioConfig, val_share: float, shard_mb: float
) -> dict:
    """Pack tables into `out` and return the statistics. Raises ValueError for a table that is none."""
    check_target(out)
    seen: dict[tuple[str, str, str], Sentence] = {}
    for paths, heldout in ((test, True), (train, False)):
        for path in paths:
            for sentence in read_pairs(path, heldout=heldout):
                seen.setdefault((sentence.meaning, sentence.code, text_key(sentence.text)), sentence)
    sentences = list(seen.values())
    held = {text_key(sentence.text) for sentence in sentences if sentence.heldout}
    held |= {one.meaning for one in sentences if not one.heldout and text_key(one.text) in held}
    licence, name = read_licence((train or test)[0].parent), out.name
    numbers = Counter()
    items, rejected = [], []
    for sentence in sentences:
        digest = hashlib.sha256(f"{sentence.code} {sentence.meaning} {sentence.text}".encode()).hexdigest()[:16]
        corpus, reason = f"{name}_{sentence.code}", ""
        if len(sentence.text) > LONGEST:
            reason = f"longer than {LONGEST} characters"
        elif not sentence.heldout and (sentence.meaning in held):
            reason = "a translation of it is held out"
        if reason:
            rejected.append(Rejected(corpus=corpus, id=digest, reason=reason))
            continue
        numbers[corpus] += 1
        items.append((sentence, _split_item(digest, corpus, sentence)))
    assigned = assign([item for _, item in items], val_share=val_share, speaker_split="never")
    with replacing_folder(out) as folder:
        with open_shards(folder, int(shard_mb * 2**20)) as writer:
            for (sentence, item), assignment in zip(items, assigned, strict=True):
                spoken_in = language(CODES[sentence.code])
                spoken = spoken_in.normalise(sentence.text).text
                if assignment.split is None or not spoken.strip():
                    reason = assignment.reason or "nothing to say"
                    rejected.append(Rejected(corpus=item.corpus, id=item.id, reason=reason))
                    continue
                description = {
                    "id": item.id,
                    "speaker": "",
                    "text": sentence.text,
                    "spoken": spoken,
                    "corpus": item.corpus,
                    "seconds": 0.0,
                    "split": assignment.split,
                    "licence": licence,
                    "language": spoken_in.name,
                    "meaning": sentence.meaning,
                }
                writer.write(sentence.text.encode(), description, format="txt")
        corpora = {
            f"{name}_{code}": {"licence": licence, "synthetic": "", "language": CODES[code]}
            for code in CODES
            if numbers[f"{name}_{code}"]
        }
        return finish(folder, writer, rejected, audio=audio, corpora=corpora)


def _split_item(id: str, corpus: str, sentence: Sentence) -> SplitItem:
    """All that means the same is split alike, by the text of the first language."""
    return SplitItem(id=id, corpus=corpus, speaker="", text_key=sentence.meaning, heldout=sentence.heldout)
