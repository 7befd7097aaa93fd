"""An evaluation as one HTML file that needs no other: the table, the pictures, and every wave to listen to."""

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

import av
import numpy as np
from jaxtyping import Float
from torch import Tensor

from tts.audio import resample
from tts.evaluate.estimates import Estimate
from tts.evaluate.measures import MEASURES, Row
from tts.evaluate.report import shown_columns
from tts.files import replacing

OPUS = 48_000  # Hz, as Opus counts
BITS = 24_000  # bit/s: good enough for speech of 24 kHz; a thousand sentences have 15 MB
STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: 1rem 0; font-size: 13px; }
td, th { border-bottom: 1px solid #ddd; padding: .25rem .6rem; text-align: left; vertical-align: middle; }
audio { height: 28px; width: 240px; } img { max-width: 100%; } .fault { color: #b00; } small, .dim { color: #777; }
summary { cursor: pointer; padding: .2rem 0; } pre { white-space: pre-wrap; font-size: 12px; }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd; } td, th { border-color: #444; } }
"""


def write_page(
    path: Path,
    body: Mapping[str, Any],
    rows: Sequence[Row],
    sounds: Mapping[tuple[str, str, int], bytes],
    pictures: Iterable[Path],
) -> None:
    """`sounds` are the rows as Ogg files by (subject, clip, seed). The file appears when it is whole."""
    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.write(f"<!doctype html><html lang=en><meta charset=utf-8><title>{_title(body)}</title>")
        file.write(f'<meta name=viewport content="width=device-width"><style>{STYLE}</style><h1>{_title(body)}</h1>')
        file.write(_estimates(body["figures"]["subjects"], body["about"]["subjects"]))
        for picture in pictures:
            data = base64.b64encode(picture.read_bytes()).decode("ascii")
            file.write(f'<p><img alt="{escape(picture.stem)}" src="data:image/png;base64,{data}">')
        file.write("<h2>Every sentence</h2>")
        ordered = sorted(rows, key=lambda row: row.clip)  # stable: subjects stay in order
        for _, own in groupby(ordered, key=lambda row: row.clip):
            file.write(_clip(list(own), sounds))
        file.write("<h2>Made with</h2><pre>")
        pinned = {key: value for key, value in body.items() if key not in ("figures", "about")}
        file.write("\n".join(escape(f"{key}: {value}") for key, value in pinned.items()))
        file.write("</pre></html>\n")


def _title(body: Mapping[str, Any]) -> str:
    about = body["about"]
    return escape(f"{about['suite']['name']}: {about['clips']} texts, {about['seeds']} seeds, {body['date']}")


def _estimates(subjects: Mapping[str, Mapping[str, Any]], says: Mapping[str, str]) -> str:
    columns = shown_columns(subjects)
    head = "".join(f"<th>{escape(title)}" for title in columns)
    lines = []
    for name, own in subjects.items():
        cells = "".join(f"<td>{_cell(own.get(column))}" for column in columns.values())
        lines.append(f'<tr><td title="{escape(says[name])}">{escape(name)}{cells}')
    return f"<table><tr><th>subject{head}{''.join(lines)}</table>"


def _cell(found: Estimate | None) -> str:
    return f"{found.value:.3f} <small>{found.low:.3f} to {found.high:.3f}</small>" if found else "&ndash;"


def _clip(rows: Sequence[Row], sounds: Mapping[tuple[str, str, int], bytes]) -> str:
    first = rows[0]
    lines = [f"<details><summary>{escape(first.text)} <span class=dim>{escape(first.clip)}</span></summary><table>"]
    for row in rows:
        sound = base64.b64encode(sounds[row.subject, row.clip, row.seed]).decode("ascii")
        said = " &middot; ".join(escape(note) for note in (row.opinion("heard").get("text"), *_notes(row)) if note)
        fault = f" <b class=fault>{escape(row.fault)}</b>" if row.fault else ""
        lines.append(
            f"<tr><td>{escape(row.subject)} <small>{row.seed}</small>"
            f'<td><audio controls preload=none src="data:audio/ogg;base64,{sound}"></audio><td>{said}{fault}'
        )
    return "".join([*lines, "</table></details>\n"])


def _notes(row: Row) -> list[str]:
    """What the judges measured in one wave."""
    notes = []
    for own in MEASURES.values():
        top, bottom = own.counts(row)
        if own.judge and own.measure.column and top is not None and bottom:
            notes.append(f"{own.measure.column} {top / bottom:.2f}")
    return notes


def encode_opus(wave: Float[Tensor, " N"], sample_rate: int) -> bytes:
    """A wave as an Ogg Opus file (RFC 7845), mono."""
    samples = resample(wave.float().numpy(), sample_rate, OPUS).clip(-1, 1)
    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=OPUS, layout="mono")
        stream.bit_rate = BITS
        frame = av.AudioFrame.from_ndarray((samples[None] * 32767).astype(np.int16), format="s16", layout="mono")
        frame.sample_rate = OPUS
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return file.getvalue()
