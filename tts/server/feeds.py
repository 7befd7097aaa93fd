"""A podcast feed of each user's finished narrations and shows, and the address at which a single show can be seen.

Podcast applications send no API key, so the address itself is the secret: it names the user by a code that only this
service can make. Whoever has the address can hear these recordings, and nothing else. A show has a code of its own,
which opens all of that show, and no other: the QR code of a printed book leads there.
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
from tts.server.jobs import DONE, Job, ShowJob
from tts.server.runner import Runner
from tts.server.speech import ServiceOf, VisitOf
from tts.server.uploads import FILE_HEADERS
from tts.server.worker import PROJECT

SEED = "feeds.seed"  # the file that all addresses follow from; without it they are new ones
CATEGORY = "Arts"  # of Apple's list
MANIFESTS = ("manifest.json", "episode.narration/manifest.json")  # of a narration, and of a show
# The page of a show runs its own script, but as a stranger: not in this service's name.
PAGE_HEADERS = {"Content-Security-Policy": "sandbox allow-scripts", "Cache-Control": "no-store"}
router = APIRouter()


class Addresses:
    """The codes that stand for users, and for single shows of theirs, in addresses."""

    def __init__(self, folder: Path):
        path = folder / SEED
        if not path.exists():
            with whole(path) as file:
                file.write(secrets.token_bytes(32))
            path.chmod(0o600)
        self._seed = path.read_bytes()

    def code(self, user: str, show: str = "") -> str:
        """The code of a user, or of one show of that user alone."""
        secret = f"{user}/{show}" if show else user  # no name of a user has a slash
        return f"{user}-{hmac.digest(self._seed, secret.encode(), hashlib.sha256).hex()}"

    def user(self, code: str, show: str = "") -> str:
        """Whose code it is; with a show, that code of it is good as well. Raises ApiError if it is nobody's."""
        user = code.rpartition("-")[0]
        right = [self.code(user)] + ([self.code(user, show)] if show else [])
        if not any([hmac.compare_digest(code.encode(), own.encode()) for own in right]):
            raise ApiError(404, "There is no such feed.", code="feed_not_found")
        return user


async def runners_of(request: Request) -> list[Runner]:
    """What makes narrations, and what makes shows."""
    return [request.app.state.runner, request.app.state.shows]


RunnersOf = Annotated[list[Runner], Depends(runners_of)]


@router.get("/v1/narrations/feed")
async def address(request: Request, service: ServiceOf, visit: VisitOf) -> dict[str, Any]:
    """Where this user's feed is. The address is a secret: whoever has it hears the narrations and shows."""
    code = request.app.state.addresses.code(visit.user)
    return {"object": "narration.feed", "url": f"{_base(request, service.conf, code)}/feed.xml"}


@router.api_route("/feeds/{code}/feed.xml", methods=["GET", "HEAD"], include_in_schema=False)
async def rss(request: Request, code: str, service: ServiceOf, runners: RunnersOf) -> Response:
    """The feed: an episode for each recording, the newest first."""
    user = request.app.state.addresses.user(code)
    base = _base(request, service.conf, code)
    text = await asyncio.to_thread(_feed, user, base, runners)
    return Response(text, media_type="application/rss+xml", headers={"Cache-Control": "no-cache"})


@router.api_route("/feeds/{code}/{id}/{name:path}", methods=["GET", "HEAD"], include_in_schema=False)
async def file(request: Request, code: str, id: str, name: str, runners: RunnersOf) -> Response:
    """A recording that is in the feed or, with the code of a show, anything of that show."""
    addresses = request.app.state.addresses
    user = addresses.user(code, id)
    for runner in runners:
        job = runner.store.find(user, id)
        if job and name in (job.files if code != addresses.code(user) else _recordings(job)):
            path = runner.folder_of(job) / PROJECT / name
            headers = PAGE_HEADERS if path.suffix == ".html" else FILE_HEADERS
            return FileResponse(path, media_type=feed.MEDIA.get(path.suffix), headers=headers)
    raise ApiError(404, "There is no such file.", code="file_not_found")


def base_of(request: Request, conf: dict, job: ShowJob) -> str:
    """The secret address of a show, under which its files are seen."""
    return f"{_base(request, conf, request.app.state.addresses.code(job.user, job.id))}/{job.id}"


def _feed(user: str, base: str, runners: list[Runner]) -> str:
    now = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    place = feed.Site(base=base, name="feed.xml", published=now, category=CATEGORY)
    return feed.collection("Narrations", _items(user, base, runners), place)


def _items(user: str, base: str, runners: list[Runner]) -> Iterator[str]:
    jobs = [(job, runner.folder_of(job) / PROJECT) for runner in runners for job in runner.store.of(user)]
    for job, project in sorted(jobs, key=lambda one: -one[0].created):
        name = next((name for name in MANIFESTS if name in job.files), None)
        try:
            if job.state == DONE and name:
                path, audio = project / name, tuple(project / own for own in _recordings(job))
                yield _episodes(path, path.stat().st_mtime_ns, f"{base}/{job.id}", job.created, audio)
        except (ValueError, OSError):  # it was deleted meanwhile, or is nothing that podcast players play
            continue


@lru_cache(64)
def _episodes(path: Path, changed: int, base: str, created: float, audio: tuple[Path, ...]) -> str:
    """The items of one recording; its manifest may be large, and is read again only when it has `changed`."""
    place = feed.Site(
        base=base, name="feed.xml", published=datetime.fromtimestamp(int(created), timezone.utc), category=CATEGORY
    )
    return feed.episodes(manifest.read(path), Document(), audio, place)


def _recordings(job: Job) -> list[str]:
    return [name for name in job.files if Path(name).suffix in feed.MEDIA]


def _base(request: Request, conf: dict, code: str) -> str:
    return f"{(conf['address'] or str(request.base_url)).rstrip('/')}/feeds/{code}"
