"""An evaluation as one HTML file that needs nothing else: the table, the pictures, and every wave to be heard."""

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
from tts.evaluate.figures import Figure
from tts.evaluate.measures import Row
from tts.evaluate.report import COLUMNS
from tts.files import replacing

OPUS = 48_000  # Hz, as Opus counts
BITS = 24_000  # bit/s: transparent enough for speech of 24 kHz, and a thousand sentences are 15 MB
STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: 1rem 0; font-size: 13px; }
td, th { border-bottom: 1px solid #ddd; padding: .25rem .6rem; text-align: left; vertical-align: middle; }
audio { height: 28px; width: 240px; } img { max-width: 100%; } .fault { color: #b00; } small, .dim { color: #777; }
summary { cursor: pointer; padding: .2rem 0; } pre { white-space: pre-wrap; font-size: 12px; }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd; } td, th { border-color: #444; } }
"""


def write(
    path: Path,
    body: Mapping[str, Any],
    rows: Sequence[Row],
    sounds: Mapping[tuple[str, str, int], bytes],
    pictures: Iterable[Path],
) -> None:
    """The page; `sounds` are the rows as Ogg files by (subject, clip, seed). Its name appears when all is written."""
    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.write(f"<!doctype html><html lang=en><meta charset=utf-8><title>{_title(body)}</title>")
        file.write(f'<meta name=viewport content="width=device-width"><style>{STYLE}</style><h1>{_title(body)}</h1>')
        file.write(_figures(body["figures"]["subjects"], body["about"]["subjects"]))
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


def _figures(subjects: Mapping[str, Mapping[str, Any]], says: Mapping[str, str]) -> str:
    columns = {title: name for title, name in COLUMNS.items() if any(name in own for own in subjects.values())}
    head = "".join(f"<th>{escape(title)}" for title in columns)
    lines = []
    for name, own in subjects.items():
        cells = "".join(f"<td>{_cell(own.get(column))}" for column in columns.values())
        lines.append(f'<tr><td title="{escape(says[name])}">{escape(name)}{cells}')
    return f"<table><tr><th>subject{head}{''.join(lines)}</table>"


def _cell(figure: Figure | None) -> str:
    return f"{figure.value:.3f} <small>{figure.low:.3f} to {figure.high:.3f}</small>" if figure else "&ndash;"


def _clip(rows: Sequence[Row], sounds: Mapping[tuple[str, str, int], bytes]) -> str:
    first = rows[0]
    lines = [f"<details><summary>{escape(first.text)} <span class=dim>{escape(first.clip)}</span></summary><table>"]
    for row in rows:
        sound = base64.b64encode(sounds[row.subject, row.clip, row.seed]).decode("ascii")
        notes = [row.heard or "", f"DNSMOS {row.mos:.2f}" if row.mos is not None else ""]
        notes += [f"similarity {row.similarity:.2f}" if row.similarity is not None else ""]
        said = " &middot; ".join(escape(note) for note in notes if note)
        fault = f" <b class=fault>{escape(row.fault)}</b>" if row.fault else ""
        lines.append(
            f"<tr><td>{escape(row.subject)} <small>{row.seed}</small>"
            f'<td><audio controls preload=none src="data:audio/ogg;base64,{sound}"></audio><td>{said}{fault}'
        )
    return "".join([*lines, "</table></details>\n"])


def opus(wave: Float[Tensor, " N"], sample_rate: int) -> bytes:
    """A wave as an Ogg Opus file (RFC 7845), mono."""
    samples = resample(wave.float(), sample_rate, OPUS).clamp(-1, 1).numpy()
    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=OPUS, layout="mono")
        stream.bit_rate = BITS
        frame = av.AudioFrame.from_ndarray((samples[None] * 32767).astype(np.int16), format="s16", layout="mono")
        frame.sample_rate = OPUS
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return file.getvalue()
