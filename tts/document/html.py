"""An HTML page as a document."""

from tts.document.assembly import BookPage, assemble
from tts.document.document import Document
from tts.document.page import Page, decode


def parse(data: bytes) -> Document:
    page = Page(decode(data))
    return Document(
        title=page.title, author=page.author, language=page.language, chapters=assemble([BookPage("", page)])
    )
