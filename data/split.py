"""Who is held out: decided by what is said and who says it, never by chance and never by the order of files.

Every decision is a hash of the clip's own words or speaker, so a corpus may grow and no clip ever moves
from training to validation. Only the held-out lists and the texts of the whole set can set a clip aside.
"""

import hashlib
from collections import defaultdict
from dataclasses import dataclass

SPEAKERS_FOR_SPLIT = 20  # fewer, and holding out a whole speaker costs more training than it tells


@dataclass(frozen=True)
class Assignment:
    """train, val or test; or no split and a reason to set the clip aside."""

    split: str | None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class SplitItem:
    """What of a clip the split looks at."""

    id: str
    corpus: str
    speaker: str
    text_key: str
    heldout: bool


def text_key(text: str) -> str:
    """The letters and figures of a text as written, in lower case: two clips that share it say the same words.

    As written, not as normalised: a better normaliser must not move clips from one split to another.
    """
    return "".join(character for character in text.casefold() if character.isalnum())


def drawn(kind: str, value: str, share: float) -> bool:
    """True for a `share` of all values, always the same ones."""
    digest = hashlib.sha256(f"{kind}:{value}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def assign(clips: list[SplitItem], *, val_share: float, speaker_split: str) -> list[Assignment]:
    """One assignment per clip; nothing in val or test shares a text with train."""
    speakers = defaultdict(set)
    for clip in clips:
        speakers[clip.corpus].add(clip.speaker)
    by_speaker = {
        corpus: (speaker_split == "always" or (speaker_split == "auto" and len(names) >= SPEAKERS_FOR_SPLIT))
        # A corpus of few speakers may have all of them drawn: then there would be nothing to learn from.
        and not all(drawn("speaker", f"{corpus}/{name}", val_share) for name in names)
        for corpus, names in speakers.items()
    }
    test_texts = {clip.text_key: clip.id for clip in clips if clip.heldout and clip.text_key}

    def by_hash(clip: SplitItem) -> str:
        if by_speaker[clip.corpus] and drawn("speaker", f"{clip.corpus}/{clip.speaker}", val_share):
            return "speaker"
        if clip.text_key:
            return "val" if drawn("text", clip.text_key, val_share) else "train"
        # Without a transcript the recording itself is all there is to hold out.
        return "val" if not by_speaker[clip.corpus] and drawn("id", f"{clip.corpus}/{clip.id}", val_share) else "train"

    splits = ["test" if clip.heldout else by_hash(clip) for clip in clips]
    train_texts = {clip.text_key for clip, split in zip(clips, splits, strict=True) if split == "train"} - {""}

    def assigned(clip: SplitItem, split: str) -> Assignment:
        if split != "test" and clip.text_key in test_texts:
            return Assignment(None, f"same text as the held-out clip {test_texts[clip.text_key]}")
        if split == "speaker" and clip.text_key in train_texts:
            return Assignment(None, "its speaker is held out, but its text is in train")
        return Assignment("val" if split == "speaker" else split)

    return [assigned(clip, split) for clip, split in zip(clips, splits, strict=True)]
