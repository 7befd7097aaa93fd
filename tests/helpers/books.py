"""EPUB books of every shape."""

import io
import zipfile

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
