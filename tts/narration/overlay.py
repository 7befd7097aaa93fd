"""An EPUB 3 with media overlays: a book that a reader shows and plays, each word marked while it is heard.

EPUB 3.3, section 9, and the package of EPUB 2 where old readers need it. Equal recordings give equal bytes.
"""

import hashlib
import re
import shutil
import uuid
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path

from tts.document import Document
from tts.document.document import CAPTION, CODE, DIRECTION, HEADING, ITEM, LINE, NOTE, QUOTE, ROW, SCENE, VERSE
from tts.encoding import picture_type
from tts.files import replacing
from tts.narration.illustrations import KINDS, Illustration
from tts.narration.paragraphs import ShownParagraph, ShownSegment, says_title, shown_chapters
from tts.narration.timeline import Timeline

MEDIA = {".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".m4b": "audio/mp4", ".mp4": "audio/mp4"}
COVERS = {"image/jpeg": "jpg", "image/png": "png"}
ACTIVE, PLAYING = "-epub-media-overlay-active", "-epub-media-overlay-playing"
DATE = (1980, 1, 1, 0, 0, 0)  # of each file in the archive
UNKNOWN = "und"  # language, as BCP 47 has it
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
DAY = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
SERIES = re.compile(r"(.+?)[\s,#]+(\d+(?:\.\d+)?)")  # its name, and the number of the book in it
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
CONTAINER = (
    f'{HEAD}<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>\n'
)
STYLE = f"""body {{ line-height: 1.5; margin: 0 5%; }}
h1 {{ margin: 2em 0 1em; }}
p {{ margin: 0; text-indent: 1.5em; }}
h1 + p, h2 + p, h3 + p, h4 + p, hr + p, .verse, .speech, .caption, li, td {{ text-indent: 0; }}
.verse {{ margin: 1em 2em; }}
.speech {{ margin: 0.5em 0; }}
.speaker {{ font-variant: small-caps; font-weight: bold; }}
.direction, .caption {{ font-style: italic; }}
blockquote {{ margin: 1em 2em; }}
table {{ border-collapse: collapse; margin: 1em 0; }}
td {{ border: 1px solid; padding: 0.2em 0.5em; }}
hr {{ border: none; border-top: 1px solid; margin: 1.5em auto; width: 20%; }}
.picture {{ margin: 1em 0; page-break-inside: avoid; text-align: center; }}
.picture img {{ max-height: 90vh; max-width: 100%; }}
.cover {{ margin: 0; text-align: center; text-indent: 0; }}
.cover img {{ max-height: 100%; max-width: 100%; }}
.{ACTIVE} {{ background-color: #ffe08a; color: #000; }}
"""
# What is around the paragraphs of a kind, and around each.
AROUND = {ITEM: ("<ul>", "</ul>"), QUOTE: ("<blockquote>", "</blockquote>"), ROW: ("<table>", "</table>")}
EACH = {
    ITEM: ("<li{id}>", "</li>"),
    ROW: ("<tr><td{id}>", "</td></tr>"),
    VERSE: ('<p class="verse"{id}>', "</p>"),
    CODE: ("<pre{id}>", "</pre>"),
    CAPTION: ('<p class="caption"{id}>', "</p>"),
    DIRECTION: ('<p class="direction"{id}>', "</p>"),
    NOTE: ('<aside epub:type="footnote"{id}><p>', "</p></aside>"),
}


@dataclass(frozen=True)
class Clip:
    """A part of the text that is marked, and where its sound begins, in milliseconds of the chapter."""

    id: str
    start: int


@dataclass(frozen=True)
class Marked:
    """A chapter as markup; its sentences by their ids, each with its clips, by its paragraphs' ids."""

    title: str
    markup: str
    clips: list[tuple[str, list[tuple[str, list[Clip]]]]]


def epub(
    timeline: Timeline,
    document: Document,
    audio: Sequence[Path],
    path: Path,
    *,
    pictures: Sequence[Illustration] = (),
) -> None:
    """Write the book. `audio` is one MP3 or M4A for each chapter, or one for all.

    `pictures` stand before the paragraphs to which they belong.

    Raises ValueError for sound that readers of EPUB need not play, and for another number of files.
    """
    check_audio(timeline, audio)
    check_kinds(audio)
    names = [f"audio/{n:03}{one.suffix.lower().replace('.m4b', '.m4a')}" for n, one in enumerate(audio, 1)]
    chapters = []  # number, title, seconds of sound
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        _add(archive, "mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        _add(archive, "META-INF/container.xml", CONTAINER)
        _add(archive, "EPUB/style.css", STYLE)
        for number, shown in enumerate(shown_chapters(timeline, document), 1):
            chapter = timeline.chapters[number - 1]
            own = _by_sentence(timeline, number - 1, pictures)
            marked = _marked(chapter.title.strip() or f"Chapter {number}", bool(chapter.title.strip()), shown, own)
            _add(archive, f"EPUB/chapter-{number:03}.xhtml", _page(timeline, marked.title, marked.markup))
            alone = len(audio) == len(timeline.chapters)
            offset, length = 0 if alone else round(chapter.start * 1000), round((chapter.stop - chapter.start) * 1000)
            smil, clipped = _smil(number, marked, names[number - 1 if alone else 0], offset, length)
            if clipped:
                _add(archive, f"EPUB/chapter-{number:03}.smil", smil)
            chapters.append(OverlayChapter(number, marked.title, clipped / 1000))
        cover = picture_type(document.cover)
        if cover:
            picture = f'<p class="cover"><img src="cover.{COVERS[cover]}" alt="Cover"/></p>\n'
            _add(
                archive, "EPUB/cover.xhtml", _page(timeline, "Cover", f'<section epub:type="cover">{picture}</section>')
            )
            _add(archive, f"EPUB/cover.{COVERS[cover]}", document.cover, zipfile.ZIP_STORED)
        _add(archive, "EPUB/nav.xhtml", _nav(timeline, chapters))
        _add(archive, "EPUB/toc.ncx", _ncx(timeline, chapters))
        _add(archive, "EPUB/package.opf", _package(timeline, document, chapters, names, cover, pictures))
        for number, one in enumerate(pictures, 1):
            _add(archive, f"EPUB/{_picture_name(number, one)}", one.path.read_bytes(), zipfile.ZIP_STORED)
        for name, source in zip(names, audio, strict=True):
            info = _info(f"EPUB/{name}", zipfile.ZIP_STORED)
            large = source.stat().st_size >= 1 << 31
            with open(source, "rb") as file, archive.open(info, "w", force_zip64=large) as out:
                shutil.copyfileobj(file, out, 1 << 20)


@dataclass(frozen=True)
class OverlayChapter:
    """A chapter of the book: its number from 1, its title, and how many seconds of sound belong to its text."""

    number: int
    title: str
    seconds: float

    @property
    def file(self) -> str:
        return f"chapter-{self.number:03}.xhtml"


def check_audio(timeline: Timeline, audio: Sequence[Path]) -> None:
    """Raises ValueError unless there is one file for each chapter or one for all."""
    if not timeline.chapters:
        raise ValueError("the recording has no chapters")
    if len(audio) not in (1, len(timeline.chapters)):
        raise ValueError(f"{len(audio)} sound files for {len(timeline.chapters)} chapters: give one for each or one")


def check_kinds(audio: Sequence[Path]) -> None:
    """Raises ValueError for sound that readers of EPUB need not play."""
    if wrong := [one.name for one in audio if one.suffix.lower() not in MEDIA]:
        raise ValueError(f"{wrong[0]!r} is nothing that readers of EPUB play: give MP3 or M4A")


def xml_text(text: str) -> str:
    """Text as it stands in XML, without what XML cannot hold; ends of lines become <br/>."""
    return escape(NOT_XML.sub("", text)).replace(LINE, "<br/>\n")


def identity(timeline: Timeline) -> str:
    """The same for the same text and narrator, so that a reader keeps its place when a sentence is spoken again."""
    said = [timeline.title, timeline.author, timeline.language, timeline.narrator]
    for chapter in timeline.chapters:
        said += [chapter.title, *(segment.text for segment in chapter.segments)]
    digest = hashlib.sha256("\0".join(said).encode("utf-8", "surrogatepass"))
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, digest.hexdigest())}"


def language(timeline: Timeline) -> str:
    """A tag that is fit for markup, whatever the book says."""
    return timeline.language if LANGUAGE.fullmatch(timeline.language) else UNKNOWN


def _title(timeline: Timeline) -> str:
    return xml_text(" ".join(timeline.title.split())) or "Untitled"


def _picture_name(number: int, picture: Illustration) -> str:
    return f"pictures/{number:03}{picture.path.suffix.lower()}"


def _by_sentence(timeline: Timeline, chapter: int, pictures: Sequence[Illustration]) -> dict[str, str]:
    """Pictures of a chapter as markup, by the id of the sentence to which each belongs."""
    found: dict[str, str] = {}
    for number, one in enumerate(pictures, 1):
        if one.chapter == chapter:
            id = timeline.chapters[chapter].segments[one.segment].id
            image = f'<img src="{_picture_name(number, one)}" alt="{_line(one.description)}"/>'
            found[id] = f'{found.get(id, "")}<figure class="picture">{image}</figure>\n'
    return found


def _marked(title: str, named: bool, shown: Sequence[ShownParagraph], pictures: dict[str, str]) -> Marked:
    """A chapter with an id for each paragraph, sentence and word; `pictures` by the ids of their sentences."""
    body, clips = [], []
    counts = {"p": 0, "s": 0, "w": 0}

    def next_id(letter: str) -> str:
        counts[letter] += 1
        return f"{letter}{counts[letter]}"

    def sentence(piece: ShownSegment) -> tuple[str, str, list[Clip]]:
        segment, own = piece.segment, []
        id, at, said = next_id("s"), 0, ""
        for word in segment.words:
            own.append(Clip(next_id("w"), round(word.start * 1000)))
            text = xml_text(segment.text[word.first : word.last])
            said += f'{xml_text(segment.text[at : word.first])}<span id="{own[-1].id}">{text}</span>'
            at = word.last
        if not own and segment.stop > segment.start and segment.kind != SCENE:
            own.append(Clip(id, round(segment.start * 1000)))
        said += xml_text(segment.text[at:])
        return f'{xml_text(piece.before)}<span id="{id}">{said}</span>', id, own

    if named and not says_title(shown, title):
        body.append(f"<h1>{xml_text(title)}</h1>\n")
    for kind, group in groupby(shown, key=lambda own: own.kind):
        before, after = AROUND.get(kind, ("", ""))
        group = list(group)
        own = [pictures.get(piece.segment.id, "") for paragraph in group for piece in paragraph.pieces]
        if before:  # a list or a table holds no figures between its entries
            body += own
        body.append(before)
        for paragraph in group:
            if not before:
                body += [pictures.get(piece.segment.id, "") for piece in paragraph.pieces]
            if kind == SCENE:
                body.append("<hr/>\n")
                continue
            id = next_id("p")
            pieces = [sentence(piece) for piece in paragraph.pieces]
            clips.append((id, [(own, marks) for _, own, marks in pieces if marks]))
            opening, closing = _around(paragraph)
            text = "".join(markup for markup, _, _ in pieces) + xml_text(paragraph.after)
            body.append(f"{opening.format(id=f' id={chr(34)}{id}{chr(34)}')}{text}{closing}\n")
        body.append(f"{after}\n" if after else "")
    return Marked(title, "".join(body), [(id, own) for id, own in clips if own])


def _around(paragraph: ShownParagraph) -> tuple[str, str]:
    """The tags of a paragraph, with a place for its id."""
    if paragraph.kind == HEADING:
        level = min(max(paragraph.level, 1), 6)
        return f"<h{level}{{id}}>", f"</h{level}>"
    if paragraph.speaker:
        name = xml_text(paragraph.speaker).replace("{", "{{").replace("}", "}}")
        return f'<p class="speech"{{id}}><span class="speaker">{name}:</span> ', "</p>"
    return EACH.get(paragraph.kind, ("<p{id}>", "</p>"))


def _page(timeline: Timeline, title: str, body: str) -> str:
    code = language(timeline)
    return (
        f'{HEAD}<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"'
        f' lang="{code}" xml:lang="{code}">\n<head><title>{xml_text(title).replace("<br/>", " ")}</title>'
        f'<link rel="stylesheet" type="text/css" href="style.css"/></head>\n<body>\n{body}</body>\n</html>\n'
    )


def _smil(number: int, marked: Marked, sound: str, offset: int, length: int) -> tuple[str, int]:
    """The overlay of a chapter, and the milliseconds of its sound.

    A clip lasts until the next begins: a reader then plays on through each pause, without a jump. `offset` is where
    the chapter begins in its file, and `length` is that of the chapter, both in milliseconds.
    """
    page = f"chapter-{number:03}.xhtml"
    starts = [clip.start for _, sentences in marked.clips for _, clips in sentences for clip in clips]
    if not starts:
        return "", 0
    ends = iter([*starts[1:], max(length, starts[-1] + 1)])
    out, first = [], 0  # what is heard before the first word belongs to it
    for paragraph, sentences in marked.clips:
        out.append(f'<seq id="{paragraph}" epub:textref="{page}#{paragraph}">\n')
        for sentence, clips in sentences:
            out.append(f'<seq id="{sentence}-words" epub:textref="{page}#{sentence}">\n')
            for clip in clips:
                end = next(ends)
                if end > first:
                    times = f'clipBegin="{(offset + first) / 1000:.3f}s" clipEnd="{(offset + end) / 1000:.3f}s"'
                    text = f'<text src="{page}#{clip.id}"/>'
                    out.append(f'<par id="{clip.id}">{text}<audio src="{sound}" {times}/></par>\n')
                    first = end
            out.append("</seq>\n")
        out.append("</seq>\n")
    body = "".join(out)
    return (
        f'{HEAD}<smil xmlns="http://www.w3.org/ns/SMIL" xmlns:epub="http://www.idpf.org/2007/ops" version="3.0">\n'
        f"<body>\n{body}</body>\n</smil>\n"
    ), first


def _nav(timeline: Timeline, chapters: Sequence[OverlayChapter]) -> str:
    items = "".join(f'<li><a href="{own.file}">{xml_text(own.title)}</a></li>\n' for own in chapters)
    return _page(timeline, "Contents", f'<nav epub:type="toc" id="toc"><h1>Contents</h1>\n<ol>\n{items}</ol></nav>\n')


def _ncx(timeline: Timeline, chapters: Sequence[OverlayChapter]) -> str:
    points = "".join(
        f'<navPoint id="n{own.number}" playOrder="{own.number}"><navLabel><text>{_line(own.title)}</text></navLabel>'
        f'<content src="{own.file}"/></navPoint>\n'
        for own in chapters
    )
    return (
        f'{HEAD}<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1">\n'
        f'<head><meta name="dtb:uid" content="{identity(timeline)}"/></head>\n'
        f"<docTitle><text>{_title(timeline)}</text></docTitle>\n<navMap>\n{points}</navMap>\n</ncx>\n"
    )


def _line(text: str) -> str:
    return xml_text(" ".join(text.split()))


def _package(
    timeline: Timeline,
    document: Document,
    chapters: Sequence[OverlayChapter],
    sounds: Sequence[str],
    cover: str,
    pictures: Sequence[Illustration],
) -> str:
    items = [
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>',
        '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>',
        '<item id="style" href="style.css" media-type="text/css"/>',
    ]
    spine = []
    if cover:
        items += [
            f'<item id="cover-image" href="cover.{COVERS[cover]}" media-type="{cover}" properties="cover-image"/>',
            '<item id="cover" href="cover.xhtml" media-type="application/xhtml+xml"/>',
        ]
        spine.append('<itemref idref="cover" linear="no"/>')
    for own in chapters:
        id, heard = f"c{own.number}", own.seconds > 0
        overlay = f' media-overlay="m{own.number}"' if heard else ""
        items.append(f'<item id="{id}" href="{own.file}" media-type="application/xhtml+xml"{overlay}/>')
        if heard:
            smil = own.file.replace(".xhtml", ".smil")
            items.append(f'<item id="m{own.number}" href="{smil}" media-type="application/smil+xml"/>')
        spine.append(f'<itemref idref="{id}"/>')
    items += [
        f'<item id="a{number}" href="{name}" media-type="{MEDIA[Path(name).suffix]}"/>'
        for number, name in enumerate(sounds, 1)
    ]
    items += [
        f'<item id="p{number}" href="{_picture_name(number, one)}" media-type="{KINDS[one.path.suffix.lower()]}"/>'
        for number, one in enumerate(pictures, 1)
    ]
    parts = {"metadata": _metadata(timeline, document, chapters, bool(cover), bool(pictures)), "manifest": items}
    body = "".join(
        f"<{name}{space}>\n{''.join(f'{line}{chr(10)}' for line in lines)}</{name}>\n"
        for (name, lines), space in zip(
            parts.items(), (' xmlns:dc="http://purl.org/dc/elements/1.1/"', ""), strict=True
        )
    )
    return (
        f'{HEAD}<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id"'
        f' xml:lang="{language(timeline)}">\n{body}<spine toc="ncx">\n{chr(10).join(spine)}\n</spine>\n</package>\n'
    )


def _metadata(
    timeline: Timeline, document: Document, chapters: Sequence[OverlayChapter], cover: bool, pictures: bool
) -> Iterator[str]:
    yield f'<dc:identifier id="id">{identity(timeline)}</dc:identifier>'
    yield f"<dc:title>{_title(timeline)}</dc:title>"
    yield f"<dc:language>{language(timeline)}</dc:language>"
    told = {"creator": timeline.author, "publisher": document.publisher, "description": document.description}
    day = DAY.match(document.date)
    for name, value in {**told, "date": day[0] if day else ""}.items():
        if line := _line(value):
            yield f"<dc:{name}>{line}</dc:{name}>"
    if narrator := _line(timeline.narrator):
        yield f'<dc:contributor id="narrator">{narrator}</dc:contributor>'
        yield '<meta refines="#narrator" property="role" scheme="marc:relators">nrt</meta>'
        yield f'<meta property="media:narrator">{narrator}</meta>'
    if series := _line(document.series):
        numbered = SERIES.fullmatch(series)
        yield f'<meta property="belongs-to-collection" id="series">{numbered[1] if numbered else series}</meta>'
        yield '<meta refines="#series" property="collection-type">series</meta>'
        if numbered:
            yield f'<meta refines="#series" property="group-position">{numbered[2]}</meta>'
    yield '<meta property="dcterms:modified">2000-01-01T00:00:00Z</meta>'
    heard = [own for own in chapters if own.seconds]
    yield f'<meta property="media:duration">{sum(round(own.seconds * 1000) for own in heard) / 1000:.3f}s</meta>'
    for own in heard:
        yield f'<meta property="media:duration" refines="#m{own.number}">{own.seconds:.3f}s</meta>'
    yield f'<meta property="media:active-class">{ACTIVE}</meta>'
    yield f'<meta property="media:playback-active-class">{PLAYING}</meta>'
    for mode in ("textual", "auditory", *(["visual"] if pictures else [])):
        yield f'<meta property="schema:accessMode">{mode}</meta>'
    for feature in ("synchronizedAudioText", "tableOfContents"):
        yield f'<meta property="schema:accessibilityFeature">{feature}</meta>'
    yield '<meta property="schema:accessibilityHazard">none</meta>'
    voice = "a synthetic voice" if timeline.synthetic else "a human voice"
    yield f'<meta property="schema:accessibilitySummary">Text read aloud by {voice}, timed word by word.</meta>'
    if cover:
        yield '<meta name="cover" content="cover-image"/>'


def _info(name: str, packing: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, DATE)
    info.create_system, info.external_attr, info.compress_type = 3, 0o644 << 16, packing  # 3: Unix, wherever it is made
    return info


def _add(archive: zipfile.ZipFile, name: str, data: str | bytes, packing: int = zipfile.ZIP_DEFLATED) -> None:
    archive.writestr(_info(name, packing), data)
