"""A nano GPT that learns a few sentences by heart in seconds."""

from pathlib import Path

import torch

from gpt.languages import paced
from gpt.loss import cross_entropy
from gpt.sequence import TEXT, Said, pack_tasks, parse_task, utterance_streams
from tts.checkpoint import build, export, load
from tts.types import Codes


def learn(path: Path, tasks: dict[str, list[str]], sentences: list[dict[str, str]], *, steps: int) -> None:
    """Train the GPT in a file on tasks of texts alone; each sentence is a text by language."""
    loaded = load(path)
    net, tokenizer = loaded.net.requires_grad_(True).train(), build(loaded.extra["text"], loaded.audio)
    readers = {"en": tokenizer.reading("english"), "de": tokenizer.reading("german")}
    streams = {}
    for code, reader in readers.items():
        rows = [torch.tensor(reader.spell(sentence[code])) for sentence in sentences]
        text, length = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])
        none = Codes(text[:, :0], torch.zeros_like(length))
        streams |= utterance_streams(Said(text, length, none, paced(text, length)), net.vocabulary, code)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2, weight_decay=0.0)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 * (1 - step / steps)
        for name, segments in tasks.items():
            task = parse_task(name, segments, 1.0)
            packed = pack_tasks([task], torch.zeros(len(sentences), dtype=torch.long), streams)
            loss = cross_entropy(*net.guesses(packed, net(packed, None), TEXT))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    common = {"spec": loaded.spec, "audio": loaded.audio, "provenance": loaded.provenance, "extra": loaded.extra}
    export(path, net.eval(), **common)
