"""Sentences with their translations, some of them spoken in one language or in both, as shards."""

from pathlib import Path

import numpy as np
import soundfile

from data.__main__ import main
from helpers.corpus import RATE, make_shards, speak
from tts.types import AudioConfig

NOUNS = {"bee": "Biene", "lamp": "Lampe", "moon": "Mond", "nest": "Nest", "stone": "Stein", "rain": "Regen"}
VERBS = {"sings": "singt", "sleeps": "schläft", "falls": "fällt", "waits": "wartet"}
SENTENCES = [(f"The {a} {b}.", f"{c} {d}.") for a, c in NOUNS.items() for b, d in VERBS.items()]
SPOKEN = {"en": slice(0, 12), "de": slice(6, 18)}  # of the sentences; six are spoken in both


def table(path: Path, rows) -> Path:
    path.write_text("\n".join(["en\tde", *("\t".join(row) for row in rows), ""]), encoding="utf-8")
    return path


def bilingual(folder: Path, audio: AudioConfig) -> list[Path]:
    """Shards of texts, of English and of German speech."""
    train, test = table(folder / "train.tsv", SENTENCES[:-4]), table(folder / "test.tsv", SENTENCES[-4:])
    texts = folder / "texts"
    assert main(["pairs", str(train), "--test", str(test), "-o", str(texts), "--val-share", "0.2"]) == 0
    shards = [texts]
    for number, (code, chosen) in enumerate(SPOKEN.items()):
        corpus = folder / f"{code}_corpus"
        (corpus / "audio").mkdir(parents=True)
        lines, rng = ["id|speaker|text|seconds"], np.random.default_rng(number)
        for place, pair in enumerate(SENTENCES[chosen]):
            text = pair[number]
            wave = speak(text.replace("ä", "a"), 120.0 + 60 * number, rng)
            soundfile.write(corpus / "audio" / f"{code}{place}.flac", wave, RATE)
            lines.append(f"{code}{place}|speaker_{code}|{text}|{len(wave) / RATE:.3f}")
        (corpus / "metadata.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
        shards.append(make_shards(folder / code, audio, corpus, val_share=0.2, language=code))
    return shards
