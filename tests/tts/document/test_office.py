"""Word, rich text and PDF."""

import pytest

from helpers.books import packed
from tts import document
from tts.document import CAPTION, HEADING, ITEM, MATTER, NOTE, PROSE, ROW, SCENE
from tts.document.pdf import joined, without_edges

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def word(body: str, **parts: str) -> bytes:
    files = {f"word/{name}.xml": f'<x xmlns:w="{W}">{content}</x>' for name, content in parts.items()}
    core = '<c xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Ships</dc:title><dc:creator>Ann</dc:creator></c>'
    text = f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'
    return packed({"word/document.xml": text, "docProps/core.xml": core, **files})


def styled(style: str, text: str) -> str:
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>'


def test_a_word_document():
    body = (
        f"{styled('TOC1', 'One 3')}{styled('Heading1', 'One')}"
        "<w:p><w:r><w:t>It </w:t></w:r><w:del><w:r><w:delText>was</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>is</w:t></w:r>"
        '</w:ins><w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:t>.</w:t></w:r></w:p>'
        f"{styled('ListParagraph', 'Item')}"
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>A</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>3</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
        f"{styled('Heading1', 'Two')}<w:p><w:r><w:t>A</w:t><w:br/><w:t>b</w:t></w:r></w:p>"
    )
    note = '<w:footnote w:id="2"><w:p><w:r><w:t>A note.</w:t></w:r></w:p></w:footnote>'
    found = document.parse(word(body, footnotes=note), ".docx")
    assert (found.title, found.author) == ("Ships", "Ann")
    assert [chapter.title for chapter in found.chapters] == ["", "One", "Two"]
    assert [(part.kind, part.text) for chapter in found.chapters for part in chapter.paragraphs] == [
        (MATTER, "One 3"),
        (PROSE, "It is."),
        (NOTE, "A note."),
        (ITEM, "Item"),
        (ROW, "A, 3"),
        (PROSE, "A\u2028b"),
    ]


def test_a_broken_word_document_is_named(tmp_path):
    (tmp_path / "a.docx").write_bytes(packed({"x": ""}))
    with pytest.raises(ValueError, match="a.docx.*word/document.xml is not in it"):
        document.read(tmp_path / "a.docx")


def test_rich_text():
    pytest.importorskip("striprtf")
    data = rb"{\rtf1\ansi\deff0 {\fonttbl{\f0 Arial;}}\f0 Caf\'e9 \b now\b0 .\par Next.\par}"
    assert document.parse(data, ".rtf").text == "Café now.\n\nNext."


def test_rich_text_of_a_word_processor():
    pytest.importorskip("striprtf")
    data = (
        rb"{\rtf1\ansi{\info{\title Ships}{\author Ann}}{\stylesheet{\s1\outlinelevel0 heading 1;}}"
        rb"\pard\s1\outlinelevel0\ql The Ship\par\pard It {\deleted was}{\revised is} here{\v , hidden}.\par"
        rb"\trowd\cellx1\cellx2 A\cell 3\cell\row\pard\outlinelevel1 Deck\par\pard All.\par}"
    )
    found = document.parse(data, ".rtf")
    assert (found.title, found.author) == ("Ships", "Ann")
    parts = [(chapter.title, [part.text for part in chapter.paragraphs]) for chapter in found.chapters]
    assert parts == [("The Ship", ["It is here.", "A, 3"]), ("Deck", ["All."])]


def pdf(pages: list[list[str]]) -> bytes:
    """A PDF whose pages hold these lines in Helvetica."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>"]
    objects.append("<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
    for n, lines in enumerate(pages):
        drawn = "".join(f"1 0 0 1 72 {760 - 14 * row} Tm ({line}) Tj\n" for row, line in enumerate(lines))
        stream = f"BT /F1 10 Tf {drawn} ET"
        objects.append(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>"
            f"/Contents {5 + 2 * n} 0 R>>"
        )
        objects.append(f"<</Length {len(stream)}>>stream\n{stream}\nendstream")
    out, offsets = "%PDF-1.4\n", []
    for n, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{n} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    start = len(out)
    out += f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF"
    return out.encode()


PAGES = [
    ["SHIPS AT SEA", "CHAPTER I", "It was a fine day in the old harbour, and the ships lay still upon the har-",
     "bour water; nobody spoke a word to the captain, who was asleep in his old cabin", "below.",
     "Then the storm came, and it was a great one, as everybody in the town had said it", "1"],
    ["SHIPS AT SEA", "would be, and they all went down into the deep with the ships that were not theirs", "to sail.",
     "2"],
    ["SHIPS AT SEA", "CHAPTER II", "The end.", "3"],
]  # fmt: skip
READ = (
    "CHAPTER I\n\nIt was a fine day in the old harbour, and the ships lay still upon the harbour water; nobody spoke a "
    "word to the captain, who was asleep in his old cabin below.\n\nThen the storm came, and it was a great one, as "
    "everybody in the town had said it would be, and they all went down into the deep with the ships that were not "
    "theirs to sail.\n\nCHAPTER II\n\nThe end."
)


def test_lines_of_pages_become_paragraphs():
    assert joined(without_edges(PAGES)) == READ


def test_a_pdf():
    pytest.importorskip("pypdfium2")
    found = document.parse(pdf(PAGES), ".pdf")
    assert found.text == READ
    assert [chapter.title for chapter in found.chapters] == ["CHAPTER I", "CHAPTER II"]
    with pytest.raises(ValueError, match="no text, only pictures"):
        document.parse(pdf([[], []]), ".pdf")
    with pytest.raises(ValueError, match="no readable PDF"):
        document.parse(b"%PDF-1.7 nothing", ".pdf")


def test_what_is_not_installed_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pypdfium2", None)
    monkeypatch.setitem(__import__("sys").modules, "striprtf.striprtf", None)
    monkeypatch.setitem(__import__("sys").modules, "striprtf", None)
    for name, data, group in (("a.pdf", b"%PDF-1.7", "pdf"), ("a.rtf", b"{\\rtf1 x}", "documents")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ValueError, match=f"{name}.*uv run --group {group}"):
            document.read(tmp_path / name)


def test_headings_of_word_have_levels():
    found = document.parse(word(styled("Heading4", "Deep") + styled("Normal", "x")), ".docx")
    assert (found.chapters[0].paragraphs[0].kind, found.chapters[0].paragraphs[0].level) == (HEADING, 4)


def test_styles_have_names_in_every_language():
    styles = (
        '<w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>'
        '<w:style w:styleId="Beschriftung"><w:name w:val="caption"/></w:style>'
        '<w:style w:styleId="Kapitel"><w:name w:val="Kapitel"/><w:basedOn w:val="berschrift1"/></w:style>'
        '<w:style w:styleId="Akt"><w:name w:val="Akt"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>'
        '<w:style w:styleId="Kreis"><w:name w:val="Kreis"/><w:basedOn w:val="Kreis"/></w:style>'
    )
    names = ("berschrift1", "Beschriftung", "Kapitel", "Akt", "Kreis")
    found = document.parse(word("".join(styled(name, name) for name in names), styles=styles), ".docx")
    assert [chapter.title for chapter in found.chapters] == ["berschrift1", "Kapitel"]
    assert [(part.kind, part.level) for chapter in found.chapters for part in chapter.paragraphs] == [
        (CAPTION, 0),
        (HEADING, 2),
        (PROSE, 0),
    ]


def test_what_word_holds_twice_or_hides_is_read_once_or_not():
    box = "<w:txbxContent><w:p><w:r><w:t>In a box.</w:t></w:r></w:p></w:txbxContent>"
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    drawn = f"<mc:AlternateContent {mc}><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
    body = (
        f"<w:p><w:r><w:t>Around.</w:t>{drawn}</mc:AlternateContent></w:r></w:p>"
        "<w:p><w:moveFrom><w:r><w:t>Moved.</w:t></w:r></w:moveFrom><w:r><w:rPr><w:vanish/></w:rPr><w:t>Hidden.</w:t></w:r></w:p>"
        f"<w:customXml>{styled('Normal', 'Wrapped.')}</w:customXml>{styled('Normal', '* * *')}"
    )
    (chapter,) = document.parse(word(body), ".docx").chapters
    assert [(part.kind, part.text) for part in chapter.paragraphs] == [
        (PROSE, "Around."),
        (PROSE, "In a box."),
        (PROSE, "Wrapped."),
        (SCENE, "***"),
    ]
