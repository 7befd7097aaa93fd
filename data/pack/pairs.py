"""`python -m data pairs`: sentences and their translations to shards of texts alone, for tasks that translate."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from data.pack.corpora import read_licence
from data.pack.pack import Rejected, check_target, finish, replacing_folder
from data.shards import open_shards
from data.split import SplitItem, assign, text_key
from tts.text.language import CODES, language
from tts.text.pairs import read_pairs
from tts.types import AudioConfig

LONGEST = 400  # characters of a text


@dataclass(frozen=True)
class PairedText:
    """A text in one language; those with one meaning are translations of each other."""

    meaning: str  # the key of the text in the first language
    code: str
    text: str
    heldout: bool

    @property
    def id(self) -> str:
        return hashlib.sha256(f"{self.code} {self.meaning} {self.text}".encode()).hexdigest()[:16]


def pack_pairs(
    train: list[Path], test: list[Path], out: Path, *, audio: AudioConfig, val_share: float, shard_mb: float
) -> dict:
    """Pack tables into `out` and return the statistics; each language is a corpus. Raises ValueError for no table.

    A text that the test tables have, and whatever means the same, is not in training.
    """
    check_target(out)
    rejected: list[Rejected] = []
    licence, name = read_licence((train or test)[0].parent), out.name
    sentences = list(_usable([*_sentences(test, heldout=True), *_sentences(train, heldout=False)], name, rejected))
    items = [_split_item(sentence, name) for sentence in sentences]
    assigned = assign(items, val_share=val_share, speaker_split="never")
    with replacing_folder(out) as folder:
        with open_shards(folder, int(shard_mb * 2**20)) as writer:
            for sentence, item, assignment in zip(sentences, items, assigned, strict=True):
                about = _description(sentence, item.corpus, assignment.split, licence)
                if assignment.split is None or not about["spoken"].strip():
                    reason = assignment.reason or "nothing to say"
                    rejected.append(Rejected(corpus=item.corpus, id=item.id, reason=reason))
                else:
                    writer.write(sentence.text.encode(), about, format="txt")
        corpora = {
            f"{name}_{code}": {"licence": licence, "synthetic": "", "language": CODES[code]}
            for code in sorted({sentence.code for sentence in sentences})
        }
        return finish(folder, writer, rejected, audio=audio, corpora=corpora)


def _sentences(tables: Iterable[Path], *, heldout: bool) -> Iterator[PairedText]:
    for path in tables:
        for texts in read_pairs(path):
            meaning = text_key(next(iter(texts.values()))[0])
            yield from (PairedText(meaning, code, text, heldout) for code, own in texts.items() for text in own)


def _usable(sentences: Iterable[PairedText], name: str, rejected: list[Rejected]) -> Iterator[PairedText]:
    """Each sentence once; those that say what is held out, or are too long, are set aside."""
    once = {(one.meaning, one.code, text_key(one.text)): one for one in reversed(list(sentences))}
    tested = {text_key(one.text) for one in once.values() if one.heldout}
    tested |= {one.meaning for one in once.values() if text_key(one.text) in tested}
    for one in reversed(once.values()):
        reason = f"longer than {LONGEST} characters" if len(one.text) > LONGEST else ""
        if not one.heldout and one.meaning in tested:
            reason = "it, or a translation of it, is held out"
        if reason:
            rejected.append(Rejected(corpus=f"{name}_{one.code}", id=one.id, reason=reason))
        else:
            yield one


def _split_item(sentence: PairedText, name: str) -> SplitItem:
    """All that means the same is split alike."""
    return SplitItem(
        id=sentence.id,
        corpus=f"{name}_{sentence.code}",
        speaker="",
        text_key=sentence.meaning,
        heldout=sentence.heldout,
    )


def _description(sentence: PairedText, corpus: str, split: str | None, licence: str) -> dict:
    """The JSON of a text."""
    spoken_in = language(CODES[sentence.code])
    return {
        "id": sentence.id,
        "speaker": "",
        "text": sentence.text,
        "spoken": spoken_in.normalise(sentence.text).text,
        "corpus": corpus,
        "seconds": 0.0,
        "split": split,
        "licence": licence,
        "language": spoken_in.name,
        "meaning": sentence.meaning,
    }
