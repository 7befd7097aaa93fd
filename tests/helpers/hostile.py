"""Files that nobody should trust, and a reader of them whose memory is bounded."""

import random
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from helpers.books import CONTAINER, book, nav, packed, page

# In a process of its own, whose memory is bounded, which can open no connection, and which sees where it writes.
READER = """
import resource, socket, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
sys.path[:0] = [".", "tests"]
from helpers.hostile import hostile
from tts import document

def refuse(event, arguments):
    if event.startswith("socket.") or event in ("subprocess.Popen", "os.system"):
        raise RuntimeError(event)
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        assert str(arguments[0]) == str(path), arguments

folder, scale = Path(sys.argv[1]), float(sys.argv[2])
path = folder
sys.addaudithook(refuse)
count = 0
for name, data in hostile(scale):
    path = folder / name
    path.write_bytes(data)
    count += 1
    try:
        read = document.read(path)
        for text in (read.text, *(part.place for chapter in read.chapters for part in chapter.paragraphs)):
            text.encode()
        assert "root:" not in read.text, name
    except ValueError as error:
        assert name in str(error) and "\\n" not in str(error), (name, str(error))
    path.unlink()
print(count)
"""


def read_all(folder: Path, scale: float) -> int:
    """How many files were read or refused. Fails with the name of the first that was neither."""
    done = subprocess.run([sys.executable, "-c", READER, folder, str(scale)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert list(folder.iterdir()) == []
    return int(done.stdout)


def hostile(scale: float = 1.0) -> Iterator[tuple[str, bytes]]:
    """More than 200 files under a name: each is read cleanly or refused in one line, with little memory.

    `scale` makes those smaller in which something is repeated thousands of times.
    """

    def n(times: int) -> int:
        return max(2, round(times * scale))

    yield from _packed_attacks(n)
    yield from _broken_archives(n)
    yield from _pages(n)
    yield from _texts(n)
    yield from _scripts(n)


def _packed_attacks(times: Callable[[int], int]) -> Iterator[tuple[str, bytes]]:
    bomb = page("<p>" + " " * (60 << 20))
    yield "bomb.epub", book({"a.xhtml": bomb})
    yield "bomb-many.epub", book({f"{n}.xhtml": page("<p>" + " " * (5 << 20)) for n in range(12)})
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
                              "http://example.org/x", "\\\\host\\x", "a.xhtml#../../x", "//host/x", "%00", "[x",
                              ""]):  # fmt: skip
        yield f"href{n}.epub", book({"a.xhtml": "<p>Text.</p>"}, items=f'<item id="x" href="{href}"/>',
                                    spine=['<itemref idref="x"/>', '<itemref idref="i0"/>'])  # fmt: skip
        yield f"nav{n}.epub", book({"a.xhtml": "<p>Text.</p>"}, contents=nav([("One", href), ("Two", "a.xhtml")]))
    for n, name in enumerate(["../../evil.txt", "/tmp/evil.txt", "C:\\evil.txt", "o/../../x"]):
        yield f"name{n}.epub", book({"a.xhtml": "<p>Text.</p>"}, files={name: "evil"})
    cycle = '<item id="x" href="x.svg" media-type="image/svg+xml" fallback="y"/>'
    cycle += '<item id="y" href="y.svg" media-type="image/svg+xml" fallback="x"/>'
    spine = ['<itemref idref="x"/>', *['<itemref idref="i0"/>'] * times(5000)]
    yield "cycle.epub", book({"a.xhtml": "<p>Text.</p>"}, items=cycle, spine=spine)
    yield "no-spine.epub", book({"a.xhtml": "<p>Text.</p>"}, spine=["<x/>"])
    yield "no-root.epub", book({"a.xhtml": "<p>Text.</p>"}, roots="")
    yield "no-package.epub", book({"a.xhtml": "<p>Text.</p>"}, roots='<rootfile full-path="q.opf"/>')
    yield "deep-package.epub", packed({"META-INF/container.xml": "<a>" * times(100_000) + "</a>" * times(100_000)})
    yield "many-files.epub", packed({f"{n}": b"" for n in range(times(30_000))}, zipfile.ZIP_STORED)
    yield "many-items.epub", book({"a.xhtml": "<p>Text.</p>"}, items='<item id="q" href="a"/>' * times(100_000))
    entries = [(f"E{n}", f"a.xhtml#x{n}") for n in range(times(30_000))]
    yield "many-entries.epub", book({"a.xhtml": "<p>Text.</p>"}, contents=nav(entries))
    yield (
        "many-notes.epub",
        book(
            {
                "a.xhtml": "".join('<p>t<a epub:type="noteref" href="#n">1</a></p>' for _ in range(times(5000)))
                + '<p id="n">N</p>'
            }
        ),
    )
    deep = "<navPoint><navLabel><text>x</text></navLabel><content src='a.xhtml'/>"
    deep_ncx = f"<ncx><navMap>{deep * times(5000)}{'</navPoint>' * times(5000)}</navMap></ncx>"
    yield "deep-ncx.epub", book({"a.xhtml": "<p>Text.</p>"}, contents2=deep_ncx)
    drm = '<encryption><EncryptedData><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>'
    yield (
        "drm.epub",
        book({"a.xhtml": "<p>x</p>"}, files={"META-INF/encryption.xml": f"{drm}</EncryptedData></encryption>"}),
    )
    yield "bomb.docx", packed({"word/document.xml": "<x>" + " " * (60 << 20)})
    yield "laugh.docx", packed({"word/document.xml": f"{doctype}<x>&l11;</x>"})
    yield "empty.docx", packed({})


def _broken_archives(times: Callable[[int], int]) -> Iterator[tuple[str, bytes]]:
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
    yield "deep.rtf", b"{\\rtf1 " + b"{" * times(50_000) + b"x" + b"}" * times(50_000)


def _pages(times: Callable[[int], int]) -> Iterator[tuple[str, bytes]]:
    for n, body in enumerate(
        [
            "<div>" * times(100_000) + "deep" + "</div>" * times(100_000),
            "<b>" * times(100_000) + "deep",
            "<b><i>" * times(20_000) + "</b></i>" * times(20_000),
            "<p>x</b>" * times(20_000),
            "<table><tr><td>" * times(5_000) + "x",
            "<ul><li>" * times(10_000) + "x",
            "<blockquote>" * times(10_000) + "x",
            f'<p title="{"a" * times(3_000_000)}">Attribute.</p>',
            "<p " + "a " * times(500_000) + ">Attributes.</p>",
            "<p " + "a='>' " * times(300_000) + ">Attributes.</p>",
            "<p " + "a" * times(3_000_000),
            "<" * times(100_000),
            "&" * times(100_000),
            "&#" * times(50_000),
            "&#x110000;&#0;&#xD800;&nbsp;&unknown; text",
            "<!--" * times(50_000),
            "<!" * times(50_000),
            "<![CDATA[" * times(20_000),
            "</" * times(50_000),
            "<script>alert('no')</script><p onclick='no()'>Yes.</p><iframe src='http://example.org'>no</iframe>",
            "<style>" + "x" * times(1_000_000),
            "<title>" * times(20_000),
            "<svg><script>no()</script><text>no</text></svg><p>Yes.</p>",
            "<p>a\0b\ud83d</p>",
            "<math>" * times(10_000) + "x",
            "<sup>1</sup>" * times(20_000),
            "<a href='#x'>1</a>" * times(20_000),
            "<a name='x'>" * times(20_000),
            "<p id='x'>" * times(20_000) + "<a href='#x'>[1]</a>",
            "<q>" * times(20_000),
            "<br>" * times(200_000),
            "<hr>" * times(100_000),
            "<td>" * times(50_000),
            "<tr>" * times(50_000),
            "<img alt='a ship at sea'>" * times(20_000),
            "<h1>" * times(20_000) + "x",
            "<i class='stage-direction'>x" * times(5_000),
            "<i class='stage-direction'>Out.</i> Yes. no " * times(5_000),
            "<b class='speaker'>X</b>. a<p>" * times(5_000),
            "<span class='pagenum'>1</span>" * times(20_000),
            "<ruby>a<rt>b</rt></ruby>" * times(10_000),
            "<p style='display:none'>no</p>" * times(5_000),
            "<head>" * times(10_000) + "x",
            "<nav>" * times(10_000) + "x",
        ]
    ):
        yield f"page{n}.html", body.encode("utf-8", "surrogatepass")
        if n % 2:
            yield f"page{n}.epub", book({"a.xhtml": page(body.encode("utf-8", "replace").decode())})


def _texts(times: Callable[[int], int]) -> Iterator[tuple[str, bytes]]:
    words = "The quick brown fox. “Yes,” he said. "
    for n, text in enumerate(
        [
            "a" * times(10 << 20),
            "\u202eevil\u202c \u2066text\u2069 \u200f",
            "😀👩‍👩‍👧🏴‍☠️" * times(10_000),
            "\ufffe\uffff\ufdd0 text",
            "é" * times(200_000),
            "Z̴̡̢" * times(20_000),
            "\n" * times(500_000),
            "\n\na" * times(50_000),
            " \t" * times(300_000) + "x",
            "A: " * times(50_000),
            "A:\n" * times(50_000),
            "ANN.\n" * times(50_000),
            "ANN. " * times(50_000),
            "Ann: hi\nBob: ho\n" * times(20_000),
            "[pause 1]" * times(30_000),
            "[pause 99999]",
            "[voice x]\n\n" * times(20_000),
            "[" * times(100_000),
            "(" * times(100_000),
            "I.\n\nII.\n\n" * times(10_000),
            "CHAPTER I\n\n" * times(20_000),
            "Contents\n\n" + "x\n\n" * times(20_000),
            "*** START OF THE PROJECT GUTENBERG EBOOK\n\n" * times(5_000),
            "-\n" * times(50_000),
            "\u2028" * times(100_000),
            "\u00ad" * times(100_000),
            "{HH AH0 L OW1} " * times(10_000),
            "> " * times(50_000),
            "| a " * times(50_000),
            "|---" * times(50_000),
            "[^1]" * times(20_000) + "\n\n[^1]: x",
            "![a](" * times(20_000),
            "---\ntitle: x\n" * times(10_000),
            "1\n00:00:01,000 --> 00:00:02,000\nx\n\n" * times(10_000),
            "00:00 --> " * times(20_000),
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
            b"\0" * times(100_000),
            b"a\0" + b"b" * times(1000),
            random.Random(1).randbytes(100_000),
            b"\xef\xbb\xbf" * times(1000),
            b"\xff\xfe",
            b"\xed\xa0\x80 surrogate",
            b"\x1b[31mred\x1b[0m \x07\x08",
            b"",
            b"\r" * times(10_000) + b"x",
        ]
    ):
        yield f"bytes{n}.txt", data
        yield f"bytes{n}.html", data


def _scripts(times: Callable[[int], int]) -> Iterator[tuple[str, bytes]]:
    for n, line in enumerate(
        ['{"text": 1}', "[]", "[" * times(100_000), '{"text": ""}', "", '{"text": "x", "rate": 1e9}',
         '{"text": "x", "pause": NaN}',
         '{"text": "\\ud800"}', '{"speaker": "x"}', "null", '{"text": "x"}\n' * times(5000), '{"a": ' * times(5000)]
    ):  # fmt: skip
        yield f"script{n}.jsonl", line.encode()
    for n, text in enumerate(
        ["", "/*" * times(20_000), "[[" * times(20_000), "A\n" * times(20_000), "A\nb\n\n" * times(10_000),
         "(" * times(20_000), "> x <\n" * times(5000),
         "*" * times(20_000), "_*" * times(20_000), "Title: x", "INT. X\n\n" * times(5000)]
    ):  # fmt: skip
        yield f"play{n}.fountain", text.encode()
    for n, body in enumerate(
        ["<break time='1e9s'/>", "<break time='9999999s'/>x", "<prosody rate='-5%'>x</prosody>", "<p>" * 300, "&e;",
         "<audio src='http://example.org/x'/>",
         "<prosody rate='x-fast'>" * 20 + "x" + "</prosody>" * 20,
         "<sub>x</sub>",
         "<say-as interpret-as='ordinal'>x</say-as>", "<phoneme ph='ǃ'>x</phoneme>", "x" * times(1_000_000),
         "<s/>" * times(50_000),
         "\0", "<voice>x</voice>", "<mark name='x'/>" * times(10_000)]
    ):  # fmt: skip
        yield f"ssml{n}.ssml", f"<speak>{body}</speak>".encode()
    yield "doctype.ssml", b'<!DOCTYPE s [<!ENTITY a "aa">]><speak>&a;</speak>'
