"""A podcast feed of each user's finished narrations.

Podcast applications send no API key, so the address itself is the secret: it names the user by a code that only this
service can make. Whoever has the address can hear these narrations, and nothing else.
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Iterator
from datetime import datetime, timezone
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse

from tts.document import Document
from tts.files import whole
from tts.narration import feed, manifest
from tts.server.errors import ApiError
from tts.server.jobs import DONE, NarrationJob
from tts.server.narrations import FILE_HEADERS, RunnerOf
from tts.server.narrator import PROJECT
from tts.server.runner import Runner
from tts.server.speech import ServiceOf, VisitOf

SEED = "feeds.seed"  # the file that all addresses follow from; without it they are new ones
CATEGORY = "Arts"  # of Apple's list
MANIFEST = "manifest.json"
router = APIRouter()


class Addresses:
    """The codes that stand for users in addresses of feeds."""

    def __init__(self, folder: Path):
        path = folder / SEED
        if not path.exists():
            with whole(path) as file:
                file.write(secrets.token_bytes(32))
            path.chmod(0o600)
        self._seed = path.read_bytes()

    def code(self, user: str) -> str:
        return f"{user}-{hmac.digest(self._seed, user.encode(), hashlib.sha256).hex()}"

    def user(self, code: str) -> str:
        """Whose code it is. Raises ApiError if it is nobody's."""
        user = code.rpartition("-")[0]
        if not hmac.compare_digest(code.encode(), self.code(user).encode()):
            raise ApiError(404, "There is no such feed.", code="feed_not_found")
        return user


def user_of(code: str, request: Request) -> str:
    return request.app.state.addresses.user(code)


UserOf = Annotated[str, Depends(user_of)]


@router.get("/v1/narrations/feed")
async def address(request: Request, service: ServiceOf, visit: VisitOf) -> dict[str, Any]:
    """Where this user's feed is. The address is a secret: whoever has it hears the narrations."""
    code = request.app.state.addresses.code(visit.user)
    return {"object": "narration.feed", "url": f"{_base(request, service.conf, code)}/feed.xml"}


@router.api_route("/feeds/{code}/feed.xml", methods=["GET", "HEAD"], include_in_schema=False)
async def rss(request: Request, code: str, user: UserOf, service: ServiceOf, runner: RunnerOf) -> Response:
    """The feed: an episode for each recording, the newest first."""
    base = _base(request, service.conf, code)
    text = await asyncio.to_thread(_feed, user, base, runner)
    return Response(text, media_type="application/rss+xml", headers={"Cache-Control": "no-cache"})


@router.api_route("/feeds/{code}/{id}/{name}", methods=["GET", "HEAD"], include_in_schema=False)
async def sound(id: str, name: str, user: UserOf, runner: RunnerOf) -> Response:
    """A recording that is in the feed."""
    job = runner.store.find(user, id)
    if job is None or name not in _recordings(job):
        raise ApiError(404, "There is no such file.", code="file_not_found")
    path = runner.folder_of(job) / PROJECT / name
    return FileResponse(path, media_type=feed.MEDIA[path.suffix], headers=FILE_HEADERS)


def _feed(user: str, base: str, runner: Runner) -> str:
    now = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    place = feed.Site(base=base, name="feed.xml", published=now, category=CATEGORY)
    return feed.collection("Narrations", _items(user, base, runner), place)


def _items(user: str, base: str, runner: Runner) -> Iterator[str]:
    for job in runner.store.of(user):
        path = runner.folder_of(job) / PROJECT / MANIFEST
        try:
            if job.state == DONE and MANIFEST in job.files:
                yield _episodes(path, path.stat().st_mtime_ns, f"{base}/{job.id}", job.created, tuple(_recordings(job)))
        except (ValueError, OSError):  # it was deleted meanwhile, or is nothing that podcast players play
            continue


@lru_cache(64)
def _episodes(path: Path, changed: int, base: str, created: float, names: tuple[str, ...]) -> str:
    """The items of one narration; its manifest may be large, and is read again only when it has `changed`."""
    place = feed.Site(
        base=base, name="feed.xml", published=datetime.fromtimestamp(int(created), timezone.utc), category=CATEGORY
    )
    audio = [path.with_name(name) for name in names]
    return feed.episodes(manifest.read(path), Document(), audio, place)


def _recordings(job: NarrationJob) -> list[str]:
    return [name for name in job.files if Path(name).suffix in feed.MEDIA]


def _base(request: Request, conf: dict, code: str) -> str:
    return f"{(conf['address'] or str(request.base_url)).rstrip('/')}/feeds/{code}"
