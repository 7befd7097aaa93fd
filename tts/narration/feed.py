"""`narration feed`: an RSS feed of a recording, an episode for each of its files, as podcast players read it.

RSS 2.0 with the tags of Apple Podcasts, Podlove Simple Chapters and Podcasting 2.0. Equal input gives equal bytes.
"""

import argparse
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from email.utils import format_datetime
from html import escape
from pathlib import Path
from urllib.parse import quote, urlsplit

from tts import document
from tts.document import Document
from tts.files import whole
from tts.narration import manifest
from tts.narration.overlay import NOT_XML, check_audio, identity, language
from tts.narration.timeline import TimedChapter, Timeline

MEDIA = {
    ".mp3": "audio/mpeg",
    ".m4a": "audio/x-m4a",
    ".m4b": "audio/x-m4b",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
}
SPACES = {
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "psc": "http://podlove.org/simple-chapters",
    "atom": "http://www.w3.org/2005/Atom",
}
PODCASTS = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")  # the namespace of podcast:guid
LATER = timedelta(minutes=1)  # between the dates of two episodes, which players sort by


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where and how a feed is published."""

    base: str  # the address of the folder that holds all files, https://...
    name: str  # of the feed in it
    published: datetime  # of the first episode
    category: str  # of Apple's list
    cover: str = ""  # the name of a picture in the folder, JPEG or PNG, 1400 to 3000 pixels wide as Apple asks
    transcripts: Sequence[str] = ()  # names in the folder, one for each episode

    @property
    def link(self) -> str:
        """The address with what no address may hold in its place, such as spaces."""
        return quote(self.base, safe="%/:?#[]@!$&'()*+,;=~")

    def url(self, name: str) -> str:
        return f"{self.link.rstrip('/')}/{quote(name)}"


def rss(timeline: Timeline, document: Document, audio: Sequence[Path], place: Site) -> str:
    """The feed of one recording. `audio` is a file for each chapter, each an episode, or one for all.

    Raises ValueError for an address that is none, for sound that players do not know, and for a missing file.
    """
    items = episodes(timeline, document, audio, place)
    return _feed(_channel(timeline, document, place, "serial"), [items])


def collection(title: str, items: Iterable[str], place: Site) -> str:
    """The feed of several recordings; each item is what `episodes` gave."""
    timeline = Timeline(title=title, author="", language="", narrator="", seconds=0.0, chapters=[], synthetic=True)
    return _feed(_channel(timeline, Document(), place, "episodic"), items)


def episodes(timeline: Timeline, document: Document, audio: Sequence[Path], place: Site) -> str:
    """The items of a feed for one recording; raises ValueError as `rss` does."""
    check_audio(timeline, audio)
    if urlsplit(place.base).scheme not in ("http", "https") or not urlsplit(place.base).hostname:
        raise ValueError(f"{place.base!r} is no address: give the one of the folder, such as https://example.org/book")
    if wrong := [one.name for one in audio if one.suffix.lower() not in MEDIA]:
        raise ValueError(f"{wrong[0]!r} is nothing that podcast players play: give one of {', '.join(MEDIA)}")
    if place.transcripts and len(place.transcripts) != len(audio):
        raise ValueError(f"{len(place.transcripts)} transcripts for {len(audio)} files: give one for each")
    lines = []
    for number in range(len(audio)):
        lines += ["<item>", *_item(timeline, document, audio, place, number), "</item>"]
    return "\n".join(lines)


def _feed(channel: Iterable[str], items: Iterable[str]) -> str:
    spaces = " ".join(f'xmlns:{name}="{address}"' for name, address in SPACES.items())
    head = f'<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0" {spaces}>\n<channel>'
    return "\n".join([head, *channel, *items, "</channel>", "</rss>", ""])


def _channel(timeline: Timeline, document: Document, place: Site, kind: str) -> Iterator[str]:
    title = _text(timeline.title) or "Untitled"
    yield f"<title>{title}</title>"
    yield f"<link>{_text(place.link)}</link>"
    yield f"<description>{_about(timeline, document)}</description>"
    yield f"<language>{language(timeline)}</language>"
    yield f"<pubDate>{format_datetime(place.published)}</pubDate>"
    yield "<generator>narration</generator>"
    yield f'<atom:link href="{_text(place.url(place.name))}" rel="self" type="application/rss+xml"/>'
    address = re.sub(r"^https?://", "", place.url(place.name)).rstrip("/")
    yield f"<podcast:guid>{uuid.uuid5(PODCASTS, address)}</podcast:guid>"
    yield "<podcast:medium>audiobook</podcast:medium>"
    yield f"<itunes:author>{_text(timeline.author) or title}</itunes:author>"
    yield f'<itunes:category text="{_text(place.category)}"/>'
    yield "<itunes:explicit>false</itunes:explicit>"
    yield f"<itunes:type>{kind}</itunes:type>"
    if place.cover:
        url = _text(place.url(place.cover))
        yield f'<itunes:image href="{url}"/>'
        yield f"<image><url>{url}</url><title>{title}</title><link>{_text(place.link)}</link></image>"


def _item(timeline: Timeline, document: Document, audio: Sequence[Path], place: Site, number: int) -> Iterator[str]:
    path, alone = audio[number], len(audio) == len(timeline.chapters)
    chapter = timeline.chapters[number]
    title = (_text(chapter.title) or f"Chapter {number + 1}") if alone else _text(timeline.title) or "Untitled"
    seconds = chapter.stop - chapter.start if alone else timeline.seconds
    yield f"<title>{title}</title>"
    yield f"<description>{_about(timeline, document)}</description>"
    kind, size = MEDIA[path.suffix.lower()], path.stat().st_size
    yield f'<enclosure url="{_text(place.url(path.name))}" length="{size}" type="{kind}"/>'
    yield f'<guid isPermaLink="false">{identity(timeline)}/{number + 1}</guid>'
    yield f"<pubDate>{format_datetime(place.published + number * LATER)}</pubDate>"
    yield f"<itunes:title>{title}</itunes:title>"
    yield f"<itunes:episode>{number + 1}</itunes:episode>"
    yield "<itunes:episodeType>full</itunes:episodeType>"
    yield f"<itunes:duration>{round(seconds)}</itunes:duration>"
    yield "<itunes:explicit>false</itunes:explicit>"
    if place.transcripts:
        yield f'<podcast:transcript url="{_text(place.url(place.transcripts[number]))}" type="text/vtt"/>'
    if not alone:
        yield '<psc:chapters version="1.2">'
        yield from (_mark(own, index) for index, own in enumerate(timeline.chapters, 1))
        yield "</psc:chapters>"


def _mark(chapter: TimedChapter, number: int) -> str:
    start = 0.0 if number == 1 else chapter.start  # what is heard before the first chapter belongs to it
    count = round(start * 1000)
    clock = f"{count // 3_600_000:02}:{count // 60_000 % 60:02}:{count // 1000 % 60:02}.{count % 1000:03}"
    return f'<psc:chapter start="{clock}" title="{_text(chapter.title) or f"Chapter {number}"}"/>'


def _about(timeline: Timeline, document: Document) -> str:
    """What the book says of itself, and who reads it."""
    voice = "the synthetic voice " if timeline.synthetic else ""
    read = f"Read by {voice}{timeline.narrator}." if timeline.narrator else ""
    return _text(" ".join(part for part in (document.description, read) if part)) or _text(timeline.title) or "Untitled"


def _text(value: str) -> str:
    """One line, as it stands in XML."""
    return escape(NOT_XML.sub("", " ".join(value.split())))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What a person types after `feed`."""
    parser.add_argument("manifest", type=Path, metavar="MANIFEST", help="manifest.json of a narration")
    parser.add_argument("audio", type=Path, nargs="+", metavar="FILE", help="one for each chapter, or one for all")
    parser.add_argument("-o", "--output", type=Path, metavar="FEED", help="(feed.xml beside the first file)")
    parser.add_argument("--base", required=True, metavar="URL", help="where the files will be, https://...")
    parser.add_argument("--book", type=Path, metavar="BOOK", help="the text, for its description")
    parser.add_argument("--cover", metavar="NAME", help="a picture beside the files")
    parser.add_argument("--transcript", action="append", default=[], metavar="NAME", help="a .vtt, one for each file")
    parser.add_argument("--date", metavar="DAY", help="of the first episode, such as 2026-11-29 (today)")
    parser.add_argument("--category", default="Arts", help="of Apple's list (Arts)")


def run(arguments: argparse.Namespace, tell: Callable[[str], None]) -> Path:
    """Write the feed; gives its path. Raises ValueError and OSError for what cannot be read or is no date."""
    timeline = manifest.read(arguments.manifest)
    text = document.read(arguments.book) if arguments.book else Document()
    try:
        day = datetime.fromisoformat(arguments.date) if arguments.date else datetime.now()
    except ValueError:
        raise ValueError(f"{arguments.date!r} is no day: write it as 2026-11-29") from None
    output = arguments.output or arguments.audio[0].with_name("feed.xml")
    place = Site(
        base=arguments.base,
        name=output.name,
        published=datetime.combine(day.date(), time(), timezone.utc),
        category=arguments.category,
        cover=arguments.cover or "",
        transcripts=arguments.transcript,
    )
    feed = rss(timeline, text, arguments.audio, place)
    with whole(output) as file:
        file.write(feed.encode("utf-8"))
    tell(f"{len(arguments.audio)} episodes in {output}: put it and its files at {place.base}")
    return output
