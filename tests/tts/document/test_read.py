"""Every format as chapters and paragraphs; what would be read aloud with its marks is refused by kind."""

import os
import zipfile
from pathlib import Path

import pytest

from helpers.beside import epub
from tts import document

HTML = """<!doctype html><html lang="en-GB"><head><title>A &amp; B</title><meta name="author" content="Ann Other">
<style>p { color: red }</style><body><nav><a href="/">Home</a></nav>
<h1>One</h1><p>It <i>was</i> fine &amp;
dry.<p>Then<br>rain.<script>if (a < b) no()</script>
<h2>Two</h2><div>End<svg><title>no</title></svg>.</div></body></html>"""
MARKDOWN = """---
title: "Ships"
author: Ann Other
lang: en
---
# One

It was *fine* and **very __dry__**, see [the map](http://x.org/a_b) and ![a chart](c.png).[^1]
So `it` was\\* snake_case_here.

- first
- [x] second
  goes on

> quoted
> text

```python
no()
```

Two
---

1. One <b>bold</b> thing &amp; more. <!-- hidden -->

[^1]: A footnote.
[map]: http://x.org
"""
SRT = """1
00:00:01,000 --> 00:00:02,500
<i>Good morning,</i>

2
00:00:02,600 --> 00:00:03,000
everyone.

3
00:01:02,000 --> 00:01:03,000
Later.
"""


def read(tmp_path, name: str, content: str | bytes) -> document.Document:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return document.read(tmp_path / name)


def shape(found: document.Document) -> list[tuple[str, list[str]]]:
    """Titles and paragraphs of what is read, without kinds."""
    read = [
        (chapter.title, [part.text for part in chapter.paragraphs if part.kind not in document.LEFT_OUT])
        for chapter in found.chapters
    ]
    return [chapter for chapter in read if chapter != ("", [])]


def test_html_without_tags(tmp_path):
    found = read(tmp_path, "a.html", HTML)
    assert (found.title, found.author, found.language) == ("A & B", "Ann Other", "en-GB")
    assert shape(found) == [("One", ["It was fine & dry.", "Then\u2028rain."]), ("Two", ["End."])]
    assert found.text == "One\n\nIt was fine & dry.\n\nThen\u2028rain.\n\nTwo\n\nEnd."


def test_html_that_leaves_out_tags_loses_nothing(tmp_path):
    page = "<!doctype html><html><head><title>T</title><p>One<ul><li>two<li>three</ul>four<aside>five</aside>six"
    found = read(tmp_path, "a.html", page)
    assert found.title == "T" and found.text.split() == ["One", "two", "three", "four", "five", "six"]


def test_markdown_without_marks(tmp_path):
    found = read(tmp_path, "a.md", MARKDOWN)
    assert (found.title, found.author, found.language) == ("Ships", "Ann Other", "en")
    assert shape(found) == [
        (
            "One",
            [
                "It was fine and very dry, see the map and a chart. So it was* snake_case_here.",
                "first",
                "second goes on",
                "quoted text",
            ],
        ),
        ("Two", ["1. One bold thing & more."]),
    ]


def test_html_keeps_lines_apart(tmp_path):
    page = (
        "<p>A:<ul><li>x<li>y</ul>B<table><tr><th>N<th>A<tr><td>Ann</td><td>3.</td></tr></table><hr><p>C<br>D<br>E</p>"
    )
    (chapter,) = read(tmp_path, "a.html", page).chapters
    assert [part.text for part in chapter.paragraphs] == [
        "A:",
        "x",
        "y",
        "B",
        "N, A",
        "Ann, 3.",
        "***",
        "C\u2028D\u2028E",
    ]


def test_markdown_keeps_lines_apart(tmp_path):
    page = "| N | A |\n|---|---|\n| Ann | 3 |\n| Bob | 4 |\n\nText.\n\n1. x\n2. y\n\n* * *\n\nC  \nD\\\nE\nF"
    (chapter,) = read(tmp_path, "a.md", page).chapters
    lines = ["N, A", "Ann, 3", "Bob, 4", "Text.", "1. x", "2. y", "***", "C\u2028D\u2028E F"]
    assert [part.text for part in chapter.paragraphs] == lines


def test_a_year_is_no_number_of_a_list(tmp_path):
    assert read(tmp_path, "a.md", "1986. What a year.").text == "1986. What a year."


def test_subtitles_of_two_speakers_and_of_no_length(tmp_path):
    srt = "1\n00:00:01,000 --> 00:00:01,000\n- Hello, Ann.\n- Hello.\n\n2\n00:00:02,000 --> 00:00:03,000\n-5 is cold.\n"
    assert read(tmp_path, "a.srt", srt).text == "Hello, Ann. Hello. -5 is cold."


def test_utf_16_is_read_by_its_mark(tmp_path):
    assert read(tmp_path, "a.txt", "Déjà vu.".encode("utf-16")).text == "Déjà vu."


def test_a_folder_is_named(tmp_path):
    with pytest.raises(ValueError, match="a.txt.*is a folder"):
        (tmp_path / "a.txt").mkdir()
        document.read(tmp_path / "a.txt")


def test_markdown_that_is_plain_text_stays(tmp_path):
    plain = "2 * 3 * 4 is 24.\n\nA rule of 5 < 6 > 4, {HH AH0 L OW1} and a_b_c stay, as does # C#."
    assert "2 * 3 * 4 is 24." in read(tmp_path, "a.md", plain).text
    assert "5 < 6 > 4, {HH AH0 L OW1}" in read(tmp_path, "a.md", plain).text


def test_subtitles_without_times(tmp_path):
    assert read(tmp_path, "a.srt", SRT).text == "Good morning, everyone.\n\nLater."
    assert read(tmp_path, "a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Hello.\n").text == "Hello."
    with pytest.raises(ValueError, match="a.srt.*no text with times"):
        read(tmp_path, "a.srt", "just words")


def test_plain_text_keeps_paragraphs_and_their_lines(tmp_path):
    for name in ("a.txt", "a", "a.unknown"):
        assert shape(read(tmp_path, name, "\ufeffOne\r\nline.\r\n\r\n \r\nTwo.\n")) == [("", ["One\nline.", "Two."])]


def test_an_epub_says_whose_it_is_and_keeps_chapters(tmp_path):
    book = epub(
        tmp_path / "b.epub", {"one.xhtml": "<h2>I</h2><h3>The Ship</h3><p>It sailed.</p>", "two.xhtml": "<p>End.</p>"}
    )
    with zipfile.ZipFile(book) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    told = b"<metadata><title>Ships</title><creator>Ann Other</creator><language>en</language></metadata><manifest>"
    with zipfile.ZipFile(book, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content.replace(b"<manifest>", told))
    found = document.read(book)
    assert (found.title, found.author, found.language) == ("Ships", "Ann Other", "en")
    assert shape(found) == [("I", ["The Ship", "It sailed."]), ("", ["End."])]


def test_an_epub_leaves_out_only_the_pages_of_its_publisher(tmp_path):
    matter = "cover coverpage cover_1 titlepage title-page halftitle halftitlepage imprint uncopyright colophon toc nav"
    told = "discovery recovered the-navy stockton chapter-1"
    pages = {f"{name}.xhtml": f"<p>{name}</p>" for name in f"{matter} {told}".split()}
    assert document.read(epub(tmp_path / "b.epub", pages)).text.split() == told.split()


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_epub_is_named(tmp_path, packing):
    with zipfile.ZipFile(epub(tmp_path / "b.epub", {"one.xhtml": "<p>It sailed.</p>"})) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "b.epub", "w", packing) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    whole = (tmp_path / "b.epub").read_bytes()
    found = 0
    for place in range(30, len(whole)):
        try:
            read(tmp_path, "b.epub", whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        except ValueError as error:
            assert "b.epub" in str(error)
            found += 1
    assert found


def test_a_pipe_is_read_like_a_file():
    """As a shell gives one: infer.py <(fortune)."""
    out, into = os.pipe()
    os.write(into, b"Hello.")
    os.close(into)
    try:
        assert document.read(Path(f"/dev/fd/{out}")).text == "Hello."
    finally:
        os.close(out)


@pytest.mark.parametrize("suffix", sorted(document.REFUSED))
def test_other_kinds_are_refused_with_a_remedy(tmp_path, suffix):
    with pytest.raises(ValueError, match=f"a{suffix}.*{suffix} files are not read aloud: .*(save|text)"):
        read(tmp_path, f"a{suffix}", "some text")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"%PDF-1.7 ...", "end in .pdf"),
        (b"{\\rtf1 Hello}", "rich text"),
        (b"PK\x03\x04...", "packed file"),
        (b"a\0b", "zero bytes"),
        (b"a\xff", "not UTF-8 .byte 1.: convert it"),
    ],
)
def test_what_is_no_text_under_the_name_of_one(tmp_path, content, reason):
    for name in ("a.txt", "a.md", "a.html", "a.srt"):
        with pytest.raises(ValueError, match=f"{name}.*{reason}"):
            read(tmp_path, name, content)


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path):
    with open(tmp_path / "a.txt", "wb") as file:
        file.truncate(document.MAX_BYTES + 1)
    with pytest.raises(ValueError, match="larger than 50 MB"):
        document.read(tmp_path / "a.txt")


@pytest.mark.parametrize("name", ["a.md", "a.html", "a.txt"])
@pytest.mark.parametrize("bit", ["*", "[", "`", "_", "<", "<!--", "&", "![", "\n>", "<b>", "{", "- ", "```\n"])
def test_a_heap_of_marks_is_read_in_time(tmp_path, name, bit):
    read(tmp_path, name, bit * 20_000)
