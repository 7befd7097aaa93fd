"""EPUB 2 and 3: spine, contents, metadata, notes, kinds, plays, and what is refused."""

import base64

import pytest

from helpers.books import book, nav, ncx, page
from tts import document
from tts.document import (
    CAPTION,
    CODE,
    DIRECTION,
    HEADING,
    ITEM,
    LINE,
    MATTER,
    NOTE,
    PAGE,
    PROSE,
    QUOTE,
    ROW,
    SCENE,
    VERSE,
)

TITLES = {f"c{n}.xhtml": f"<h2>{n}</h2><p>Text {n}.</p>" for n in range(1, 4)}


def titles(data: bytes) -> list[str]:
    return [chapter.title for chapter in document.parse(data, ".epub").chapters if chapter.words]


def parts(data: bytes) -> list[tuple[str, str]]:
    found = document.parse(data, ".epub")
    return [(part.kind, part.text) for chapter in found.chapters for part in chapter.paragraphs]


def body(markup: str) -> list[tuple[str, str]]:
    return parts(book({"a.xhtml": page(markup)}))


def test_nested_contents_name_every_chapter():
    entries = [("Part One", [("First", "c1.xhtml"), ("Second", "c2.xhtml")]), ("Third", "c3.xhtml")]
    pages = {name: text.replace("<h2>", "<p>").replace("</h2>", "</p>") for name, text in TITLES.items()}
    assert titles(book(pages, contents=nav(entries))) == ["First", "Second", "Third"]
    assert titles(book(pages, contents2=ncx([("A", "c1.xhtml"), ("B", "c2.xhtml"), ("C", "c3.xhtml")]))) == list("ABC")


def test_one_file_of_many_chapters():
    text = "".join(f'<section id="s{n}"><h2>Tale {n}</h2><p>It was {n}.</p></section>' for n in range(284))
    data = book({"all.xhtml": page(text)}, contents=nav([(f"Tale {n}", f"all.xhtml#s{n}") for n in range(284)]))
    found = document.parse(data, ".epub").chapters
    assert len(found) == 284
    assert (found[7].title, [part.text for part in found[7].paragraphs]) == ("Tale 7", ["It was 7."])
    assert titles(book({"all.xhtml": page(text)})) == [f"Tale {n}" for n in range(284)]  # by its headings


def test_three_hundred_files():
    pages = {f"f{n}.xhtml": f"<h1>Chapter {n}</h1><p>Text.</p>" for n in range(300)}
    assert len(titles(book(pages))) == 300


def test_a_chapter_may_go_on_in_further_files():
    pages = {"a.xhtml": "<h2>I</h2><p>One.</p>", "b.xhtml": "<p>Two.</p>", "c.xhtml": "<h2>II</h2><p>Three.</p>"}
    found = document.parse(book(pages, contents=nav([("I", "a.xhtml"), ("II", "c.xhtml")])), ".epub").chapters
    assert [(chapter.title, len(chapter.paragraphs)) for chapter in found] == [("I", 2), ("II", 1)]


def test_a_heading_in_two_parts_is_one_title_if_the_contents_say_so():
    pages = {
        "a.xhtml": "<hgroup><h2>I</h2><p>The <i>Ship</i></p></hgroup><p>It sailed.</p>",
        "b.xhtml": "<h2>CHAPTER II<br/>The Storm</h2><p>It sank.</p>",
    }
    assert titles(book(pages, contents=nav([("I: The Ship", "a.xhtml"), ("II", "b.xhtml")]))) == [
        "I: The Ship",
        "CHAPTER II: The Storm",
    ]


def test_a_title_that_looks_like_a_paragraph_is_read_once():
    pages = {f"c{n}.xhtml": f'<p class="c1">CHAPTER {n}</p><p>The Ship</p><p>It sailed.</p>' for n in (1, 2)}
    entries = [(f"Chapter {n} - The Ship", f"c{n}.xhtml") for n in (1, 2)]
    found = document.parse(book(pages, contents=nav(entries)), ".epub")
    assert found.text == "Chapter 1 - The Ship\n\nIt sailed.\n\nChapter 2 - The Ship\n\nIt sailed."


def test_a_part_of_which_only_the_heading_is_there_is_a_chapter():
    entries = [("Part I", "p.xhtml"), ("One", "a.xhtml"), ("Two", "b.xhtml")]
    pages = {"p.xhtml": "<h1>Part I</h1>", "a.xhtml": "<h2>One</h2><p>x</p>", "b.xhtml": "<h2>Two</h2><p>y</p>"}
    found = document.parse(book(pages, contents=nav(entries)), ".epub")
    assert [chapter.title for chapter in found.chapters] == ["Part I", "One", "Two"]
    assert found.text == "Part I\n\nOne\n\nx\n\nTwo\n\ny"
    assert titles(book({"h.xhtml": "<h1>Ships</h1>"} | pages, contents=nav(entries))) == ["Part I", "One", "Two"]


def test_chapters_of_a_book_that_marks_no_headings_begin_where_lines_look_like_some():
    text = "".join(f"<p><b>Chapter {n}</b></p><p>Chapter {n} was long.</p>" for n in (1, 2))
    assert titles(book({"all.xhtml": page(text)})) == ["Chapter 1", "Chapter 2"]


def test_contents_of_pictures_and_of_titles_name_chapters():
    links = '<li><a href="a.xhtml"><img src="1.png" alt="First"/></a></li><li><a href="b.xhtml" title="Second"/></li>'
    contents = page(f'<nav epub:type="toc"><ol>{links}</ol></nav>')
    assert titles(book({"a.xhtml": "<p>x</p>", "b.xhtml": "<p>y</p>"}, contents=contents)) == ["First", "Second"]


def test_a_book_may_have_further_packages_and_spines():
    both = ('full-path="o/a.pdf" media-type="application/pdf"', 'full-path="o/p.opf"', 'full-path="o/q.opf"')
    roots = "".join(f"<rootfile {one}/>" for one in both)
    spine = ['<itemref idref="i0"/>', "</spine><spine>", '<itemref idref="i1"/>']
    data = book({"a.xhtml": "<p>A.</p>", "b.xhtml": "<p>B.</p>"}, spine=spine, roots=roots, files={"o/a.pdf": b"%PDF-"})
    assert parts(data) == [(PROSE, "A."), (PROSE, "B.")]


def test_the_contents_may_say_what_a_number_is():
    pages = {"a.xhtml": "<h2>I</h2><p>x</p>", "b.xhtml": "<h2>11</h2><p>y</p>"}
    assert titles(book(pages, contents=nav([("Chapter I", "a.xhtml"), ("Book 111", "b.xhtml")]))) == ["Chapter I", "11"]


def test_a_part_that_the_contents_do_not_name_is_in_the_title():
    pages = {"a.xhtml": "<h1>Part I</h1><h2>One</h2><p>x</p>", "b.xhtml": "<h2>Two</h2><p>y</p>"}
    assert titles(book(pages, contents=nav([("One", "a.xhtml"), ("Two", "b.xhtml")]))) == ["Part I: One", "Two"]


def test_a_chapter_of_which_nothing_is_read_has_no_text():
    (front, chapter) = document.parse(
        book({"titlepage.xhtml": "<h1>Ships</h1><hr/>", "a.xhtml": "<h2>I</h2><p>x</p>"}), ".epub"
    ).chapters
    assert (front.text, front.words, chapter.text, chapter.words) == ("", 0, "I\n\nx", 2)


def test_titles_that_are_missing_come_from_the_pages():
    pages = {"a.xhtml": page("<p>One.</p>", "The Start"), "b.xhtml": page("<p>Two.</p>", "The End")}
    assert titles(book(pages)) == ["The Start", "The End"]


def test_an_anchor_after_a_heading_belongs_to_it():
    text = "<h2>One</h2><p id='a'>A.</p><h2>Two</h2><p id='b'>B.</p>"
    assert titles(book({"x.xhtml": page(text)}, contents=nav([("1", "x.xhtml#a"), ("2", "x.xhtml#b")]))) == [
        "One",
        "Two",
    ]


def test_a_long_chapter_that_the_contents_do_not_part_is_parted_by_its_headings():
    long = "".join(f"<h2>Chapter {n}</h2><p>{'word ' * 4000}</p>" for n in range(1, 5))
    pages = {"a.xhtml": "<h1>Preface</h1><p>x</p>", "b.xhtml": page(long)}
    entries = [("Preface", "a.xhtml"), ("Text", "b.xhtml")]
    assert titles(book(pages, contents=nav(entries))) == ["Preface", *(f"Chapter {n}" for n in range(1, 5))]


def test_a_spine_may_repeat_skip_and_fall_back():
    items = '<item id="svg" href="p.svg" media-type="image/svg+xml" fallback="i1"/>'
    spine = [f'<itemref idref="{idref}"/>' for idref in ("i0", "svg", "i0", "nobody", "i1")]
    data = book({"a.xhtml": "<p>A.</p>", "b.xhtml": "<p>B.</p>"}, items=items, spine=spine)
    assert [text for _, text in parts(data)] == ["A.", "B."]
    spine = ['<itemref idref="i0"/>', '<itemref idref="i1" linear="no"/>']
    aside = book({"a.xhtml": "<p>A.</p>", "b.xhtml": "<p>B.</p>"}, spine=spine)
    assert parts(aside) == [(PROSE, "A."), (MATTER, "B.")]


def test_names_are_decoded_and_none_leads_out_of_the_book():
    data = book({"my%20page.xhtml": "<p>A.</p>"}, files={"o/my page.xhtml": page("<p>Decoded.</p>")})
    assert [text for _, text in parts(data)] == ["Decoded."]
    spine = ['<itemref idref="x"/>', '<itemref idref="i0"/>']
    for href in ("../../../etc/passwd", "..%2f..%2fetc/passwd", "/etc/passwd", "file:///etc/passwd"):
        outside = book({"a.xhtml": "<p>A.</p>"}, items=f'<item id="x" href="{href}"/>', spine=spine)
        assert [text for _, text in parts(outside)] == ["A."]
    with pytest.raises(ValueError, match="o/gone.xhtml is not in it"):
        parts(book({"a.xhtml": "<p>A.</p>"}, items='<item id="x" href="gone.xhtml"/>', spine=spine))


def test_the_first_package_that_is_there():
    roots = '<rootfile full-path="gone.opf"/><rootfile full-path="o/p.opf"/><rootfile full-path="o/q.opf"/>'
    assert [text for _, text in parts(book({"a.xhtml": "<p>A.</p>"}, roots=roots))] == ["A."]


METADATA = """<dc:title id="s">A Sea Story</dc:title><dc:title id="m">Ships</dc:title>
<meta refines="#m" property="title-type">main</meta><dc:creator id="a">Ann Other</dc:creator>
<dc:creator>Bob</dc:creator>
<dc:creator id="t">Tom</dc:creator><meta refines="#t" property="role">trl</meta><dc:language>en-GB</dc:language>
<dc:description>&lt;p&gt;Of &lt;i&gt;ships&lt;/i&gt;.&lt;/p&gt;</dc:description><dc:date>1899</dc:date>
<dc:publisher>Press</dc:publisher>"""
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def test_metadata():
    found = document.parse(book({"a.xhtml": "<p>A.</p>"}, metadata=METADATA), ".epub")
    assert (found.title, found.author, found.language) == ("Ships", "Ann Other, Bob", "en-GB")
    assert (found.description, found.date, found.publisher) == ("Of ships.", "1899", "Press")


@pytest.mark.parametrize(
    "metadata",
    [
        '<meta name="calibre:series" content="Sea"/><meta name="calibre:series_index" content="2.0"/>',
        '<meta property="belongs-to-collection" id="c">Sea</meta><meta refines="#c" property="group-position">2</meta>',
    ],
)
def test_a_series_with_its_number(metadata):
    assert document.parse(book({"a.xhtml": "<p>A.</p>"}, metadata=metadata), ".epub").series == "Sea 2"


@pytest.mark.parametrize("way", ["properties", "meta", "guide", "page"])
def test_a_cover(way):
    marked = 'properties="cover-image"' if way == "properties" else ""
    items = f'<item id="art" href="c.png" media-type="image/png" {marked}/>'
    data = book(
        {"a.xhtml": "<p>A.</p>"},
        items=items,
        metadata='<meta name="cover" content="art"/>' * (way == "meta"),
        guide={"guide": '<guide><reference type="cover" href="c.png"/></guide>',
               "page": '<guide><reference type="cover" href="v.xhtml"/></guide>'}.get(way, ""),
        files={"o/c.png": PNG, "o/v.xhtml": page('<img src="c.png"/>')},
    )  # fmt: skip
    assert document.parse(data, ".epub").cover == PNG


def test_a_picture_inside_a_drawing():
    drawing = f'<svg><image xlink:href="data:image/png;base64,{base64.b64encode(PNG).decode()}"/></svg>'
    items = '<item id="c" href="c.svg" media-type="image/svg+xml" properties="cover-image"/>'
    data = book({"a.xhtml": "<p>A.</p>"}, items=items, files={"o/c.svg": drawing})
    assert document.parse(data, ".epub").cover == PNG


def test_a_cover_that_is_no_picture_is_none():
    items = '<item id="c" href="c.png" properties="cover-image"/>'
    for content in (b"<svg/>", PNG + bytes(21 << 20)):
        data = book({"a.xhtml": "<p>A.</p>"}, items=items, files={"o/c.png": content})
        assert document.parse(data, ".epub").cover == b""


# A mark in the first paragraph, and its note after the second.
NOTES = {
    "typed": ('<a epub:type="noteref" href="#n">1</a>', '<aside epub:type="footnote" id="n"><p>A note.</p></aside>'),
    "hidden": (
        '<a epub:type="noteref" href="#n">1</a>',
        '<aside epub:type="footnote" id="n" hidden="">A note.</aside>',
    ),
    "role": ('<a role="doc-noteref" href="#n">1</a>', '<aside role="doc-footnote" id="n">A note.</aside>'),
    "raised": ('<a id="r" href="#n"><sup>1</sup></a>', '<p id="n">A note. <a href="#r">↩</a></p>'),
    "inside": ('<sup><a id="r" href="#n">1</a></sup>', '<ol><li id="n">A note.</li></ol>'),
    "glued": ('<a id="r" href="#n7">7</a>', '<p id="n7"><a href="#r">7</a> A note.</p>'),
    "raised sign": ('<a id="r" href="#n">²</a>', '<p id="n">² A note.</p>'),
    "bracket": ('<a id="fnref1" href="#n">[1]</a>', '<p id="n"><a href="#fnref1">[1]</a> A note.</p>'),
}


@pytest.mark.parametrize("way", NOTES)
def test_notes_come_where_they_are_referred_to_and_their_marks_are_not_said(way):
    mark, note = NOTES[way]
    assert body(f"<p>One.{mark} Two.</p><p>Three.</p>{note}") == [
        (PROSE, "One. Two."),
        (NOTE, "A note."),
        (PROSE, "Three."),
    ]


def test_endnotes_in_a_file_of_their_own():
    pages = {
        "a.xhtml": page('<h2>I</h2><p>One.<a epub:type="noteref" href="notes.xhtml#n1">1</a></p><p>Two.</p>'),
        "notes.xhtml": page(
            '<section epub:type="endnotes"><h2>Notes</h2><ol><li id="n1"><p>A note. '
            '<a href="a.xhtml#r" epub:type="backlink">↩</a></p></li></ol></section>'
        ),
    }
    found = document.parse(book(pages, contents=nav([("I", "a.xhtml"), ("Notes", "notes.xhtml")])), ".epub")
    assert len(found.chapters) == 1
    assert [(part.kind, part.text) for part in found.chapters[0].paragraphs] == [
        (PROSE, "One."),
        (NOTE, "A note."),
        (PROSE, "Two."),
    ]
    assert found.text == "I\n\nOne.\n\nTwo."


def test_a_power_and_an_ordinal_are_no_notes():
    assert body("<p>x<sup>2</sup>, the 4<sup>th</sup>, CO<sub>2</sub></p>") == [(PROSE, "x², the 4th, CO₂")]


GUTENBERG = """<section class="pg-boilerplate" id="pg-header"><h2>The Project Gutenberg eBook</h2>
<div>*** START OF THE PROJECT GUTENBERG EBOOK ALICE ***</div></section><img src="a.jpg" alt="[Illustration]"/>
<h1>Alice</h1><p>by Lewis Carroll</p><h2>Contents</h2>
<table><tr><td><a href="#c1">I.</a></td><td>Down the Hole</td></tr></table>
<h2><a id="c1"></a>CHAPTER I.<br/>Down the Hole</h2>
<p>Tired<span class="pagenum">[Pg 2]</span>.<a href="#Footnote_1" id="FNanchor_1" class="fnanchor">[1]</a> Yes.</p>
<h3>FOOTNOTES:</h3><div class="footnote"><p><a id="Footnote_1"></a><a href="#FNanchor_1">[1]</a> Not so.</p></div>
<section class="pg-boilerplate" id="pg-footer"><p>The licence.</p></section>"""


def test_a_page_of_project_gutenberg():
    data = book({"a.xhtml": page(GUTENBERG)}, contents2=ncx([("Alice", "a.xhtml"), ("CHAPTER I.", "a.xhtml#c1")]))
    found = document.parse(data, ".epub")
    assert found.text.startswith("Alice\n\nby Lewis Carroll\n\nCHAPTER I: Down the Hole\n\nTired. Yes.")
    assert [(part.kind, part.text) for part in found.chapters[1].paragraphs if part.kind in (NOTE, PAGE)] == [
        (PAGE, "Page 2"),
        (NOTE, "Not so."),
    ]
    assert all("Contents" not in text and "licence" not in text for text in found.text.split("\n"))


def test_brackets_and_commas_around_marks_go_with_them():
    notes = '<p id="a">A.</p><p id="b">B.</p>'
    mark = '<a epub:type="noteref" href="#{0}">{0}</a>'
    two = f"<sup>[{mark.format('a')}, {mark.format('b')}]</sup>"
    assert body(f"<p>One [{mark.format('a')}].</p>{notes}")[0] == (PROSE, "One.")
    assert body(f"<p>One{two}.</p>{notes}")[:3] == [(PROSE, "One."), (NOTE, "A."), (NOTE, "B.")]


def test_a_link_to_a_page_of_notes_is_the_mark_of_one():
    pages = {
        "a.xhtml": '<h2>I</h2><p>In 1914 <a href="notes.xhtml#x3">3</a> it was.</p>',
        "notes.xhtml": '<h2>Notes</h2><ol><li id="x3">A note. <a href="a.xhtml#y">↩</a></li></ol>',
    }
    assert parts(book(pages)) == [(PROSE, "In 1914 it was."), (NOTE, "A note.")]


def test_a_link_with_a_number_is_said():
    pages = {"a.xhtml": '<p>See <a href="b.xhtml">2</a> and page <a href="b.xhtml#p">12</a>.</p>'}
    pages["b.xhtml"] = "<p id='p'>B.</p>"
    assert parts(book(pages)) == [(PROSE, "See 2 and page 12."), (PROSE, "B.")]


def test_printed_pages_are_told_apart():
    markup = (
        '<p>One <span epub:type="pagebreak" id="p" title="12"></span>two <span class="pagenum">[Pg 13]</span>three.</p>'
    )
    assert body(markup) == [(PROSE, "One two three."), (PAGE, "Page 12"), (PAGE, "Page 13")]


def test_kinds():
    assert body(
        "<h2>I</h2><h4>Deep</h4><blockquote><p>Quoted.</p></blockquote><ul><li>Item</li></ul><hr/>"
        "<table><tr><th>N</th><td>3</td></tr></table><pre>a = 1\nb</pre>"
        '<figure><img alt="A ship" src="x"/><figcaption>Fig. 1</figcaption></figure>'
        '<blockquote epub:type="z3998:verse"><p><span>One</span><br/><span>two</span></p></blockquote>'
        '<div class="stanza"><div class="line">a</div><div class="line">b</div></div>'
    ) == [
        (HEADING, "Deep"),
        (QUOTE, "Quoted."),
        (ITEM, "Item"),
        (SCENE, "***"),
        (ROW, "N, 3"),
        (CODE, "a = 1\u2028b"),
        (CAPTION, "A ship"),
        (CAPTION, "Fig. 1"),
        (VERSE, "One\u2028two"),
        (VERSE, "a\u2028b"),
    ]


def test_matter_is_known_by_type_name_label_and_links():
    pages = {
        "titlepage.xhtml": "<h1>Ships</h1>",
        "x1.xhtml": page('<section epub:type="colophon"><p>Set in type.</p></section>'),
        "x2.xhtml": page("<h2>Contents</h2><p>One 3</p>"),
        "x3.xhtml": page("".join(f'<p><a href="c{n}.xhtml">The chapter {n}</a></p>' for n in range(1, 7))),
        "c1.xhtml": "<h2>I</h2><p>Text.</p>",
        "x4.xhtml": "<p>All rights reserved.</p>",
    }
    data = book(pages, contents=nav([("Ships", "titlepage.xhtml"), ("I", "c1.xhtml"), ("Copyright", "x4.xhtml")]))
    assert document.parse(data, ".epub").text == "I\n\nText."


def test_formulas_and_pictures_of_text():
    assert body('<p>So <math alttext="x^{2}"><mi>x</mi></math>.</p>') == [(PROSE, "So $x^{2}$.")]
    assert body("<p>So <math><mi>x</mi><mo>=</mo><mn>2</mn></math>.</p>") == [(PROSE, "So x = 2.")]
    inside = "<mfrac><mi>x</mi><mrow><mi>y</mi><mo>+</mo><mn>1</mn></mrow></mfrac><annotation>no</annotation>"
    assert body(f"<p>So <m:math><semantics>{inside}</semantics></m:math>.</p>") == [(PROSE, r"So $\frac{x}{y + 1}$.")]
    assert body('<p><img alt="T" src="t.png"/>he ship.</p>') == [(PROSE, "The ship.")]
    assert body('<h2><img alt="Chapter One" src="t.png"/></h2><p>A.</p>') == [(PROSE, "A.")]
    assert titles(book({"a.xhtml": page('<h2><img alt="Chapter One" src="t.png"/></h2><p>A.</p>')})) == ["Chapter One"]


def test_other_languages_and_signs_that_say_nothing():
    page_in_german = page("<p>Guten Tag.</p>").replace("<html", '<html xml:lang="de"')
    assert document.parse(book({"a.xhtml": page_in_german}), ".epub").language == "de"
    assert body('<p>A <i xml:lang="fr">mot jus\u00adte</i>\u2060—said.</p>') == [(PROSE, "A mot juste—said.")]


def languages(inside: str) -> list[list[tuple[str, str]]]:
    (chapter,) = document.parse(book({"a.xhtml": page(inside)}), ".epub").chapters
    return [[(span.text, span.language) for span in part.spans] for part in chapter.paragraphs]


def test_passages_in_another_language_are_spans():
    line = 'He said <i xml:lang="de">Guten Tag, wie geht es?</i> and bowed.'
    assert languages(f"<p>{line}</p>") == [
        [("He said ", ""), ("Guten Tag, wie geht es?", "de"), (" and bowed.", "")],
    ]
    assert languages('<blockquote lang="de"><p>Der Wind weht.</p></blockquote><p>So.</p>') == [
        [("Der Wind weht.", "de")],
        [("So.", "")],
    ]
    verse = '<p class="verse"><span class="line" lang="de">Wer reitet so spät?</span><br/><span>Who?</span></p>'
    assert languages(verse) == [[("Wer reitet so spät?", "de"), (f"{LINE}Who?", "")]]


def test_a_word_stays_in_its_sentence_and_a_wrong_mark_is_not_believed():
    assert languages('<p>The <i lang="de">Weltschmerz</i> of it.</p>') == [[("The Weltschmerz of it.", "")]]
    assert languages('<p lang="de">The weather was fine, and they walked all day.</p>') == [
        [("The weather was fine, and they walked all day.", "")]
    ]
    heading = '<h2>On <i lang="de">die gute alte Zeit</i></h2><p>A.</p>'
    assert titles(book({"a.xhtml": page(heading)})) == ["On die gute alte Zeit"]


PLAY = """<table>
<tr><td/><td><i epub:type="z3998:stage-direction"><b epub:type="z3998:persona">Lane</b> enters.</i></td></tr>
<tr><td epub:type="z3998:persona">Algernon</td>
<td>Did you hear, <i epub:type="z3998:stage-direction">Sits.</i> Lane? Yes.</td></tr>
<tr><td epub:type="z3998:persona">Lane</td><td>No, sir. <i epub:type="z3998:stage-direction">(Goes out.)</i></td></tr>
<tr><td epub:type="z3998:persona">Algernon</td>
<td><p>Oh!</p><blockquote epub:type="z3998:verse"><p>La<br/>la</p></blockquote></td></tr>
</table><p>Curtain.</p>"""  # fmt: skip


def test_a_play_in_a_table():
    (chapter,) = document.parse(book({"a.xhtml": page(PLAY)}), ".epub").chapters
    assert [(part.kind, part.speaker, part.text) for part in chapter.paragraphs] == [
        (DIRECTION, "", "Lane enters."),
        (PROSE, "Algernon", "Did you hear, Lane?"),
        (DIRECTION, "", "Sits."),
        (PROSE, "Algernon", "Yes."),
        (PROSE, "Lane", "No, sir."),
        (DIRECTION, "", "Goes out."),
        (PROSE, "Algernon", "Oh!"),
        (VERSE, "Algernon", "La\u2028la"),
        (PROSE, "", "Curtain."),
    ]


def test_speakers_before_their_lines():
    markup = '<p class="speaker">ANN</p><p>Hello.</p><p><b class="speaker">Bob.</b> Hi.</p>'
    (chapter,) = document.parse(book({"a.xhtml": page(markup)}), ".epub").chapters
    assert [(part.speaker, part.text) for part in chapter.paragraphs] == [("ANN", "Hello."), ("Bob", "Hi.")]


ENCRYPTED = '<encryption><EncryptedData><EncryptionMethod Algorithm="{}"/></EncryptedData></encryption>'


def test_protected_books_are_refused_and_hidden_fonts_are_no_protection(tmp_path):
    aes, font = "http://www.w3.org/2001/04/xmlenc#aes128-cbc", "http://www.idpf.org/2008/embedding"
    path = tmp_path / "b.epub"
    path.write_bytes(book({"a.xhtml": "<p>A.</p>"}, files={"META-INF/encryption.xml": ENCRYPTED.format(aes)}))
    with pytest.raises(ValueError, match=r"b.epub.*protected \(DRM\)"):
        document.read(path)
    path.write_bytes(book({"a.xhtml": "<p>A.</p>"}, files={"META-INF/encryption.xml": ENCRYPTED.format(font)}))
    assert document.read(path).text == "A."


def test_a_book_may_hold_more_pictures_than_a_text_may_be_long(tmp_path):
    pictures = {f"o/{n}.bin": b"\0" * (30 << 20) for n in range(2)}
    path = tmp_path / "b.epub"
    path.write_bytes(book({"a.xhtml": "<p>A.</p>"}, files=pictures))
    assert document.read(path).text == "A."


def between(markup: str) -> list[tuple[str, str]]:
    """What stands between two paragraphs of a page."""
    return body(f"<h1>One</h1><p>Before.</p>{markup}<p>After.</p>")[1:-1]


@pytest.mark.parametrize(
    "markup",
    [
        "<p class='center'>* * *</p>",
        "<p>⁂</p>",
        "<p>•</p><p>~</p>",
        "<h2>***</h2>",
        "<p>———</p>",
        "<div class='scenebreak'><img src='o.png' alt=''/></div>",
        "<p class='section-break'>&#160;</p>",
        "<hr/><p>#</p>",
    ],
)
def test_signs_pictures_and_space_part_scenes(markup):
    assert between(markup) == [(SCENE, "***")]


@pytest.mark.parametrize("said", ["…", "?!", "—", "* a star"])
def test_signs_that_say_something_part_no_scenes(said):
    assert between(f"<p>{said}</p>") == [(PROSE, said)]


def test_verse_may_be_set_as_it_is_typed_and_what_is_hidden_is_not_read():
    assert between("<pre class='poem'>Tiger, tiger\n  burning bright</pre>") == [
        (VERSE, f"Tiger, tiger{LINE}burning bright")
    ]
    assert between("<p style='visibility: hidden'>Secret.</p><p hidden=''>Secret.</p>") == []


def test_a_page_may_say_that_it_is_xml():
    item = '<item id="x" href="a.xml" media-type="text/xml"/>'
    files = {"o/a.xml": "<html><p>Said.</p>"}
    assert parts(book({}, spine=['<itemref idref="x"/>'], items=item, files=files)) == [(PROSE, "Said.")]


@pytest.mark.parametrize("href", ["Text/Chapter1.xhtml", "text\\chapter1.xhtml", "/o/text/chapter1.xhtml"])
def test_names_that_only_windows_takes_for_the_same(href):
    item = f'<item id="x" href="{href}" media-type="application/xhtml+xml"/>'
    files = {"o/text/chapter1.xhtml": "<html><p>Said.</p>"}
    assert parts(book({}, spine=['<itemref idref="x"/>'], items=item, files=files)) == [(PROSE, "Said.")]


def test_notes_in_a_list_of_definitions():
    notes = "<h1>Notes</h1><dl><dt id='n1'>1</dt><dd>In May.</dd><dt id='n2'>2.</dt><dd>Late.</dd><dd>Very.</dd></dl>"
    said = "<h1>One</h1><p>He came<a href='n.xhtml#n1'><sup>1</sup></a> early<a href='n.xhtml#n2'><sup>2</sup></a>.</p>"
    assert parts(book({"a.xhtml": said, "n.xhtml": notes})) == [
        (PROSE, "He came early."),
        (NOTE, "In May."),
        (NOTE, "Late."),
        (NOTE, "Very."),
    ]


def test_what_was_deleted_is_not_read():
    assert between("<p>It <del>was</del><ins>is</ins> so.</p>") == [(PROSE, "It is so.")]


def test_what_is_only_to_be_seen_is_not_read_but_still_parts_scenes():
    said = "<p>It <b aria-hidden='true'>✻ ornate</b>was.</p><p aria-hidden='true'>Decor.</p>"
    assert between(said) == [(PROSE, "It was.")]
    assert between("<p>One.</p><p aria-hidden='true'>❦</p><p aria-hidden='false'>Two.</p>") == [
        (PROSE, "One."),
        (SCENE, "***"),
        (PROSE, "Two."),
    ]
    twice = "<math><mi>y</mi></math><span aria-hidden='true'><i>y</i></span>"  # as KaTeX sets formulas
    assert between(f"<p>So {twice} it is.</p>") == [(PROSE, "So y it is.")]


def test_what_a_style_sheet_hides_is_not_read():
    sheet = "/* p {display:none} */ .gone, p.x {color: red; display : none} #y{display:none}"
    sheet += "body {display: none} @media print { .seen { display: none } }"
    sheet += ".menu {display: none} .open .menu {display: block}"
    gone = "<p class='a gone'>A</p><p class='x'>B</p><p id='y'>C</p>"
    seen = "<p class='seen'>D</p><div class='x'>E</div><p class='menu'>F</p>"
    own = page(gone + seen).replace("</head>", f"<style>{sheet}</style></head>")
    linked = page(gone + seen).replace("</head>", "<link rel='stylesheet' href='../s/a%20b.css'/></head>")
    for data in (book({"a.xhtml": own}), book({"t/a.xhtml": linked}, files={"o/s/a b.css": sheet})):
        assert [text for _, text in parts(data)] == ["D", "E", "F"]
    assert len(parts(book({"t/a.xhtml": linked}))) == 6  # the sheet is missing


def test_a_page_of_dtbook():
    text = """<dtbook><book><bodymatter><level1><h1>One</h1><pagenum>1</pagenum><p>Text<noteref idref="#n">1</noteref>
    is.</p><note id="n"><p>A note.</p></note><linegroup><line>Rose,</line><line>thou</line></linegroup>
    <imggroup><prodnote>Described.</prodnote></imggroup></level1></bodymatter></book></dtbook>"""
    item = '<item id="x" href="a.xml" media-type="application/x-dtbook+xml"/>'
    assert parts(book({}, spine=['<itemref idref="x"/>'], items=item, files={"o/a.xml": text})) == [
        (PAGE, "Page 1"),
        (PROSE, "Text is."),
        (NOTE, "A note."),
        (VERSE, f"Rose,{LINE}thou"),
        (CAPTION, "Described."),
    ]


def test_links_that_only_lead_through_the_book_are_matter():
    way = "<p><a href='b.xhtml'>Next chapter</a> | <a href='toc.xhtml'>Back to the Contents</a></p>"
    title = "<h1><a href='toc.xhtml'>The First Chapter</a></h1>"
    said = "<p><a href='b.xhtml'>Next came the chapter of accidents.</a></p><p>Up to the top.</p>"
    assert [kind for kind, _ in body(title + said + way)] == [PROSE, PROSE, MATTER]
