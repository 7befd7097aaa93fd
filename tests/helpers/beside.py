"""What lies beside recordings, as others write it: books, feeds, transcripts."""

import json
import zipfile
from pathlib import Path

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    '<rootfiles><rootfile full-path="o/p.opf"/></rootfiles></container>'
)
PACKAGE = '<package xmlns="http://www.idpf.org/2007/opf"><manifest>{items}</manifest><spine>{refs}</spine></package>'
FEED = (
    '<rss xmlns:podcast="https://podcastindex.org/namespace/1.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">'
    "<channel><title>Talks</title><podcast:license>cc-by-4.0</podcast:license>{items}</channel></rss>"
)
ITEM = '<item><title>{title}</title><itunes:author>{speaker}</itunes:author><enclosure url="{url}"/></item>'


def epub(path: Path, pages: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", CONTAINER)
        items = "".join(f'<item id="i{n}" href="{name}"/>' for n, name in enumerate(pages))
        refs = "".join(f'<itemref idref="i{n}"/>' for n in range(len(pages)))
        archive.writestr("o/p.opf", PACKAGE.format(items=items, refs=refs))
        for name, content in pages.items():
            archive.writestr(f"o/{name}", content)
    return path


def feed(path: Path, episodes: list[tuple[str, str, str]]) -> Path:
    """An RSS file of (file name, title, speaker)."""
    rows = [
        ITEM.format(title=title, speaker=speaker, url=f"https://example.org/a/{name}?x=1")
        for name, title, speaker in episodes
    ]
    path.write_text(FEED.format(items="".join(rows)), encoding="utf-8")
    return path


def podcast(path: Path, cues: list[tuple[float, float, str]], speaker: str) -> Path:
    """A transcript of Podcasting 2.0."""
    rows = [{"speaker": speaker, "startTime": start, "endTime": end, "body": text} for start, end, text in cues]
    path.write_text(json.dumps({"version": "1.0.0", "segments": rows}), encoding="utf-8")
    return path


def whisper(path: Path, cues: list[tuple[float, float, str]]) -> Path:
    """A transcript as Whisper writes it."""
    rows = [{"id": n, "start": start, "end": end, "text": f" {text}"} for n, (start, end, text) in enumerate(cues)]
    content = {"text": " ".join(text for *_, text in cues), "segments": rows, "language": "en"}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
