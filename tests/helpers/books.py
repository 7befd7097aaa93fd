"""EPUB books of every shape, whole and broken, and other files that no reader should trust."""

import io
import random
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>{roots}</rootfiles></container>'
)
PACKAGE = (
    '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:opf="http://www.idpf.org/2007/opf" version="3.0"><metadata>{metadata}</metadata>'
    "<manifest>{items}</manifest><spine{toc}>{refs}</spine>{guide}</package>"
)
PAGE = (
    '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml" '
    'xmlns:epub="http://www.idpf.org/2007/ops"><head><title>{title}</title></head><body>{body}</body></html>'
)
NAV = '<nav epub:type="toc"><ol>{items}</ol></nav>'


def page(body: str, title: str = "") -> str:
    return PAGE.format(body=body, title=title)


def nav(entries: list[tuple[str, str]]) -> str:
    """A navigation page of (label, href); deeper entries are lists of such in the place of an href."""

    def items(entries: list) -> str:
        return "".join(
            f"<li><span>{label}</span><ol>{items(href)}</ol></li>"
            if isinstance(href, list)
            else f'<li><a href="{href}">{label}</a></li>'
            for label, href in entries
        )

    return page(NAV.format(items=items(entries)))


def ncx(entries: list[tuple[str, str]]) -> str:
    points = "".join(
        f'<navPoint><navLabel><text>{label}</text></navLabel><content src="{href}"/></navPoint>'
        for label, href in entries
    )
    return f'<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>{points}</navMap></ncx>'


def book(
    pages: dict[str, str],
    *,
    contents: str = "",
    contents2: str = "",
    metadata: str = "",
    spine: list[str] | None = None,
    files: dict[str, bytes | str] | None = None,
    items: str = "",
    guide: str = "",
    roots: str = '<rootfile full-path="o/p.opf" media-type="application/oebps-package+xml"/>',
) -> bytes:
    """An EPUB: pages by name in the order of reading; `contents` is its nav, `contents2` its NCX."""
    listed = "".join(
        f'<item id="i{n}" href="{name}" media-type="application/xhtml+xml"/>' for n, name in enumerate(pages)
    )
    listed += '<item id="nav" href="nav.xhtml" properties="nav"/>' * bool(contents)
    listed += '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>' * bool(contents2)
    refs = "".join(spine or [f'<itemref idref="i{n}"/>' for n in range(len(pages))])
    package = PACKAGE.format(
        metadata=metadata, items=listed + items, refs=refs, guide=guide, toc=' toc="ncx"' * bool(contents2)
    )
    parts: dict[str, bytes | str] = {"META-INF/container.xml": CONTAINER.format(roots=roots), "o/p.opf": package}
    parts |= {f"o/{name}": body if "<html" in body else page(body) for name, body in pages.items()}
    parts |= {"o/nav.xhtml": contents} if contents else {}
    parts |= {"o/toc.ncx": contents2} if contents2 else {}
    return packed({**parts, **(files or {})})


def packed(parts: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def hostile() -> Iterator[tuple[str, bytes]]:
    """More than 200 files under a name: each is read cleanly or refused in one line, with little memory."""
    yield from _packed_attacks()
    yield from _broken_archives()
    yield from _pages()
    yield from _texts()
    yield from _scripts()


def _packed_attacks() -> Iterator[tuple[str, bytes]]:
    bomb = page("<p>" + " " * (60 << 20))
    yield "bomb.epub", book({"a.xhtml": bomb})
    yield "bomb-many.epub", book({f"{n}.xhtml": page("<p>" + "word " * (1 << 20)) for n in range(12)})
    yield "bomb-nav.epub", book({"a.xhtml": "<p>x</p>"}, contents=bomb)
    yield "bomb-package.epub", packed({"META-INF/container.xml": CONTAINER.format(roots="") + " " * (60 << 20)})
    yield (
        "bomb-cover.epub",
        book(
            {"a.xhtml": "<p>Text.</p>"},
            items='<item id="c" href="c.png" properties="cover-image"/>',
            files={"o/c.png": b"\x89PNG\r\n\x1a\n" + bytes(60 << 20)},
        ),
    )
    laugh = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    doctype = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laugh}]>'
    parts = {"META-INF/container.xml": f"{doctype}<x>&l11;</x>"}
    yield "laugh.epub", packed(parts)
    yield "laugh-utf16.epub", packed({"META-INF/container.xml": parts["META-INF/container.xml"].encode("utf-16")})
    yield "laugh-page.epub", book({"a.xhtml": f"{doctype}<html><body><p>&l11;</p></body></html>"})
    yield (
        "outside-entity.epub",
        book({"a.xhtml": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><html><p>Read &e; this.</p></html>'}),
    )
    for n, href in enumerate(["../../../etc/passwd", "/etc/passwd", "..%2f..%2fetc%2fpasswd", "file:///etc/passwd",
                              "http://example.org/x", "\\\\host\\x", "a.xhtml#../../x", "//host/x", "%00", "[x", ""]):  # fmt: skip
        yield f"href{n}.epub", book({"a.xhtml": "<p>Text.</p>"}, items=f'<item id="x" href="{href}"/>',
                                    spine=['<itemref idref="x"/>', '<itemref idref="i0"/>'])  # fmt: skip
        yield f"nav{n}.epub", book({"a.xhtml": "<p>Text.</p>"}, contents=nav([("One", href), ("Two", "a.xhtml")]))
    for n, name in enumerate(["../../evil.txt", "/tmp/evil.txt", "C:\\evil.txt", "o/../../x"]):
        yield f"name{n}.epub", book({"a.xhtml": "<p>Text.</p>"}, files={name: "evil"})
    cycle = '<item id="x" href="x.svg" media-type="image/svg+xml" fallback="y"/>'
    cycle += '<item id="y" href="y.svg" media-type="image/svg+xml" fallback="x"/>'
    spine = ['<itemref idref="x"/>', *['<itemref idref="i0"/>'] * 5000]
    yield "cycle.epub", book({"a.xhtml": "<p>Text.</p>"}, items=cycle, spine=spine)
    yield "no-spine.epub", book({"a.xhtml": "<p>Text.</p>"}, spine=["<x/>"])
    yield "no-root.epub", book({"a.xhtml": "<p>Text.</p>"}, roots="")
    yield "no-package.epub", book({"a.xhtml": "<p>Text.</p>"}, roots='<rootfile full-path="q.opf"/>')
    yield "deep-package.epub", packed({"META-INF/container.xml": "<a>" * 100_000 + "</a>" * 100_000})
    yield "many-files.epub", packed({f"{n}": b"" for n in range(30_000)}, zipfile.ZIP_STORED)
    yield "many-items.epub", book({"a.xhtml": "<p>Text.</p>"}, items='<item id="q" href="a"/>' * 100_000)
    entries = [(f"E{n}", f"a.xhtml#x{n}") for n in range(30_000)]
    yield "many-entries.epub", book({"a.xhtml": "<p>Text.</p>"}, contents=nav(entries))
    yield (
        "many-notes.epub",
        book(
            {
                "a.xhtml": "".join('<p>t<a epub:type="noteref" href="#n">1</a></p>' for _ in range(5000))
                + '<p id="n">N</p>'
            }
        ),
    )
    deep = "<navPoint><navLabel><text>x</text></navLabel><content src='a.xhtml'/>"
    deep_ncx = f"<ncx><navMap>{deep * 5000}{'</navPoint>' * 5000}</navMap></ncx>"
    yield "deep-ncx.epub", book({"a.xhtml": "<p>Text.</p>"}, contents2=deep_ncx)
    drm = '<encryption><EncryptedData><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>'
    yield (
        "drm.epub",
        book({"a.xhtml": "<p>x</p>"}, files={"META-INF/encryption.xml": f"{drm}</EncryptedData></encryption>"}),
    )
    yield "bomb.docx", packed({"word/document.xml": "<x>" + " " * (60 << 20)})
    yield "laugh.docx", packed({"word/document.xml": f"{doctype}<x>&l11;</x>"})
    yield "empty.docx", packed({})


def _broken_archives() -> Iterator[tuple[str, bytes]]:
    whole = book({"a.xhtml": "<p>It sailed.</p>" * 50}, contents=nav([("One", "a.xhtml")]))
    for place in range(0, len(whole), max(1, len(whole) // 40)):
        yield f"cut{place}.epub", whole[:place]
    draws = random.Random(0)
    for n in range(40):
        damaged = bytearray(whole)
        for _ in range(5):
            damaged[draws.randrange(len(damaged))] = draws.randrange(256)
        yield f"damaged{n}.epub", bytes(damaged)
    end = whole.rfind(b"PK\x05\x06")
    yield "huge-directory.epub", whole[: end + 12] + struct.pack("<II", 0x7FFFFFFF, 0) + whole[end + 20 :]
    yield "lies.epub", whole.replace(struct.pack("<I", 0x04034B50), struct.pack("<I", 0x04034B51), 1)
    for kind in ("docx", "pdf", "rtf"):
        yield f"noise.{kind}", draws.randbytes(5000)
    yield "half.pdf", b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 1 0 R>>\nendobj\ntrailer<</Root 1 0 R>>"
    yield "deep.rtf", b"{\\rtf1 " + b"{" * 50_000 + b"x" + b"}" * 50_000


def _pages() -> Iterator[tuple[str, bytes]]:
    for n, body in enumerate(
        [
            "<div>" * 100_000 + "deep" + "</div>" * 100_000,
            "<b>" * 100_000 + "deep",
            "<b><i>" * 20_000 + "</b></i>" * 20_000,
            "<p>x</b>" * 20_000,
            "<table><tr><td>" * 5_000 + "x",
            "<ul><li>" * 10_000 + "x",
            "<blockquote>" * 10_000 + "x",
            f'<p title="{"a" * 3_000_000}">Attribute.</p>',
            "<p " + "a " * 500_000 + ">Attributes.</p>",
            "<p " + "a='>' " * 300_000 + ">Attributes.</p>",
            "<p " + "a" * 3_000_000,
            "<" * 100_000,
            "&" * 100_000,
            "&#" * 50_000,
            "&#x110000;&#0;&#xD800;&nbsp;&unknown; text",
            "<!--" * 50_000,
            "<!" * 50_000,
            "<![CDATA[" * 20_000,
            "</" * 50_000,
            "<script>alert('no')</script><p onclick='no()'>Yes.</p><iframe src='http://example.org'>no</iframe>",
            "<style>" + "x" * 1_000_000,
            "<title>" * 20_000,
            "<svg><script>no()</script><text>no</text></svg><p>Yes.</p>",
            "<p>a\0b\ud83d</p>",
            "<math>" * 10_000 + "x",
            "<sup>1</sup>" * 20_000,
            "<a href='#x'>1</a>" * 20_000,
            "<a name='x'>" * 20_000,
            "<p id='x'>" * 20_000 + "<a href='#x'>[1]</a>",
            "<q>" * 20_000,
            "<br>" * 200_000,
            "<hr>" * 100_000,
            "<td>" * 50_000,
            "<tr>" * 50_000,
            "<img alt='a ship at sea'>" * 20_000,
            "<h1>" * 20_000 + "x",
            "<i class='stage-direction'>x" * 5_000,
            "<i class='stage-direction'>Out.</i> Yes. no " * 5_000,
            "<b class='speaker'>X</b>. a<p>" * 5_000,
            "<span class='pagenum'>1</span>" * 20_000,
            "<ruby>a<rt>b</rt></ruby>" * 10_000,
            "<p style='display:none'>no</p>" * 5_000,
            "<head>" * 10_000 + "x",
            "<nav>" * 10_000 + "x",
        ]
    ):
        yield f"page{n}.html", body.encode("utf-8", "surrogatepass")
        if n % 2:
            yield f"page{n}.epub", book({"a.xhtml": page(body.encode("utf-8", "replace").decode())})


def _texts() -> Iterator[tuple[str, bytes]]:
    words = "The quick brown fox. “Yes,” he said. "
    for n, text in enumerate(
        [
            "a" * (10 << 20),
            "\u202eevil\u202c \u2066text\u2069 \u200f",
            "😀👩‍👩‍👧🏴‍☠️" * 10_000,
            "\ufffe\uffff\ufdd0 text",
            "é" * 200_000,
            "Z̴̡̢" * 20_000,
            "\n" * 500_000,
            "\n\na" * 50_000,
            " \t" * 300_000 + "x",
            "A: " * 50_000,
            "A:\n" * 50_000,
            "ANN.\n" * 50_000,
            "ANN. " * 50_000,
            "Ann: hi\nBob: ho\n" * 20_000,
            "[pause 1]" * 30_000,
            "[pause 99999]",
            "[voice x]\n\n" * 20_000,
            "[" * 100_000,
            "(" * 100_000,
            "I.\n\nII.\n\n" * 10_000,
            "CHAPTER I\n\n" * 20_000,
            "Contents\n\n" + "x\n\n" * 20_000,
            "*** START OF THE PROJECT GUTENBERG EBOOK\n\n" * 5_000,
            "-\n" * 50_000,
            "\u2028" * 100_000,
            "\u00ad" * 100_000,
            "{HH AH0 L OW1} " * 10_000,
            "> " * 50_000,
            "| a " * 50_000,
            "|---" * 50_000,
            "[^1]" * 20_000 + "\n\n[^1]: x",
            "![a](" * 20_000,
            "---\ntitle: x\n" * 10_000,
            "1\n00:00:01,000 --> 00:00:02,000\nx\n\n" * 10_000,
            "00:00 --> " * 20_000,
        ]
    ):
        for suffix in ("txt", "md") if len(text) < 2_000_000 else ("txt",):
            yield f"text{n}.{suffix}", text.encode("utf-8", "surrogatepass")
        if n > 32:
            yield f"text{n}.srt", text.encode()
    japanese = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"
    for n, data in enumerate(
        [
            words.encode("cp1252") * 50,
            "Déjà vu, naïve café. ".encode("latin-1") * 50,
            words.encode("utf-16-le") * 50,
            "Plain words in it. ".encode("utf-16-be") * 50,
            words.encode("utf-16") * 50,
            ("Plain words. " * 50).encode("utf-16")[:-1],
            ("Plain words. " * 50).encode("utf-32"),
            japanese.encode("shift_jis") * 50,
            japanese.encode("euc_jp") * 50,
            b"\0" * 100_000,
            b"a\0" + b"b" * 1000,
            random.Random(1).randbytes(100_000),
            b"\xef\xbb\xbf" * 1000,
            b"\xff\xfe",
            b"\xed\xa0\x80 surrogate",
            b"\x1b[31mred\x1b[0m \x07\x08",
            b"",
            b"\r" * 10_000 + b"x",
        ]
    ):
        yield f"bytes{n}.txt", data
        yield f"bytes{n}.html", data


def _scripts() -> Iterator[tuple[str, bytes]]:
    for n, line in enumerate(
        ['{"text": 1}', "[]", "[" * 100_000, '{"text": ""}', "", '{"text": "x", "rate": 1e9}', '{"text": "x", "pause": NaN}',
         '{"text": "\\ud800"}', '{"speaker": "x"}', "null", '{"text": "x"}\n' * 5000, '{"a": ' * 5000]
    ):  # fmt: skip
        yield f"script{n}.jsonl", line.encode()
    for n, text in enumerate(
        ["", "/*" * 20_000, "[[" * 20_000, "A\n" * 20_000, "A\nb\n\n" * 10_000, "(" * 20_000, "> x <\n" * 5000,
         "*" * 20_000, "_*" * 20_000, "Title: x", "INT. X\n\n" * 5000]
    ):  # fmt: skip
        yield f"play{n}.fountain", text.encode()
    for n, body in enumerate(
        ["<break time='1e9s'/>", "<break time='9999999s'/>x", "<prosody rate='-5%'>x</prosody>", "<p>" * 300, "&e;",
         "<audio src='http://example.org/x'/>", "<prosody rate='x-fast'>" * 20 + "x" + "</prosody>" * 20, "<sub>x</sub>",
         "<say-as interpret-as='ordinal'>x</say-as>", "<phoneme ph='ǃ'>x</phoneme>", "x" * 1_000_000, "<s/>" * 50_000,
         "\0", "<voice>x</voice>", "<mark name='x'/>" * 10_000]
    ):  # fmt: skip
        yield f"ssml{n}.ssml", f"<speak>{body}</speak>".encode()
    yield "doctype.ssml", b'<!DOCTYPE s [<!ENTITY a "aa">]><speak>&a;</speak>'


def write_hostile(folder: Path) -> list[Path]:
    """All of them as files."""
    folder.mkdir(exist_ok=True)
    paths = []
    for name, data in hostile():
        (folder / name).write_bytes(data)
        paths.append(folder / name)
    return paths
