"""The page for people: files of `page/`, and the text that is read along, which the player of a narration has as well.

They need no key: nothing of a user is in them, and their scripts ask the same API that programs ask.
"""

import json
from functools import cache
from html import escape
from pathlib import Path

from fastapi import APIRouter, Request, Response

from tts.alignment.unpack import CONTAINERS
from tts.document import FORMATS
from tts.formats import OUTPUTS
from tts.narration.beds import BEDS
from tts.narration.loudness import PRESETS
from tts.narration.player import READING
from tts.server.errors import ApiError
from tts.server.speech import ServiceOf
from tts.text.language import CODES, code_of

HERE = Path(__file__).parent / "page"
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FILES = {path.name: path for path in (*HERE.iterdir(), *READING.values())}
POLICY = (  # nothing of other hosts, and no script that stands in the page
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src 'self' blob:;"
    " img-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
router = APIRouter(include_in_schema=False)


@router.get("/")
async def index(request: Request, service: ServiceOf) -> Response:
    """The page, which knows a few settings of the service."""
    known = {
        "chars": service.conf["input_chars"],
        "rate": service.speech.audio.sample_rate,
        "voice": service.infer["voice"],
        "languages": list(CODES),
        "learned": [code_of(name) for name in service.speech.tokenizer.learned],
        "books": list(FORMATS),
        "recordings": [f".{name}" for name in CONTAINERS],
        "formats": [name.removeprefix(".") for name in OUTPUTS],
        "presets": list(PRESETS),
        "beds": list(BEDS),
        "shows": not request.app.state.offer.missing,
    }
    return _answer("index.html", _text("index.html").replace("%settings%", escape(json.dumps(known))))


@router.get("/page/{name}")
async def part(name: str) -> Response:
    """A style, a script or a picture of it."""
    if name not in FILES:
        raise ApiError(404, "There is no such file.")
    return _answer(name, _text(name))


@cache
def _text(name: str) -> str:
    return FILES[name].read_text("utf-8")


def _answer(name: str, text: str) -> Response:
    headers = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache"}
    return Response(text, media_type=KINDS[Path(name).suffix], headers=headers)
