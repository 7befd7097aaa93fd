"""What every request passes before it reaches a route: its id, who sent it, how large and how slow it may be.

What the engine has no place for is refused here, before anything of it is read: under overload most requests are.

Every answer is logged in one line of JSON, in which neither texts nor names stand, and counted. Errors that nobody
foresaw become status 500; the client gets the request's id, and the log has the place.
"""

import asyncio
import json
import logging
import re
import secrets
import time
import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tts.server.errors import ApiError
from tts.server.keys import LOCAL, Keys
from tts.server.metrics import Metrics

log = logging.getLogger("tts.server")

OPEN = re.compile(r"/|/page/.*|/feeds/.*|/health|/ready")  # paths that need no key
LOCAL_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a request may be."""

    body: int  # bytes
    upload: int  # bytes of a body with files
    patience: float  # seconds between two pieces of a request, or of an answer


@dataclass
class Visit:
    """One request on its way."""

    id: str = field(default_factory=lambda: f"req_{secrets.token_hex(12)}")
    began: float = field(default_factory=time.perf_counter)
    user: str = ""
    route: str = "unknown"  # not the path, in which names may stand
    status: int = 0  # 0: no answer yet
    received: int = 0  # bytes
    sent: int = 0  # bytes


class Gate:
    """Wraps the application (ASGI).

    `check` raises ApiError if the engine has no place for a user; `spoken` are the paths of which a POST takes one.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        keys: Keys | None,
        origins: list[str],
        limits: Limits,
        metrics: Metrics,
        check: Callable[[str], None],
        spoken: Collection[str],
    ):
        self.app, self.keys, self.origins, self.limits, self.metrics = app, keys, origins, limits, metrics
        self.check, self.spoken = check, spoken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        visit, headers = Visit(), Headers(scope=scope)
        scope.setdefault("state", {})["visit"] = visit
        outgoing = self._outgoing(visit, send)
        try:
            visit.user = self._admit(scope["path"], headers)
            incoming = self._incoming(visit, headers, receive)
            if scope["method"] == "POST" and scope["path"] in self.spoken:
                visit.route = scope["path"]
                self.check(visit.user)
            await self.app(scope, incoming, outgoing)
        except ApiError as error:
            if not visit.status:
                await error.response(scope, receive, outgoing)
        except asyncio.TimeoutError:
            log.info(json.dumps({"event": "stalled", "id": visit.id}))  # the client took nothing; it is cut off
        except Exception as error:
            self._report(visit, error)
            if not visit.status:
                message = f"The server made a mistake. Report it with the id {visit.id}."
                await ApiError(500, message).response(scope, receive, outgoing)
        finally:
            self._count(visit, scope)

    def _admit(self, path: str, headers: Headers) -> str:
        """The user who sends it. Raises ApiError for strangers, and for web pages of other origins."""
        origin = headers.get("origin")
        own = headers.get("host", "")
        if origin and origin not in self.origins and origin.partition("://")[2] != own:
            raise ApiError(403, "Pages of this origin may not call the service.")
        if OPEN.fullmatch(path):
            return ""
        if self.keys is None:
            # A page elsewhere whose name is made to point to this machine must not reach a service without keys.
            if not LOCAL_HOST.fullmatch(own):
                raise ApiError(403, "Without API keys the service answers at localhost only.")
            return LOCAL
        scheme, _, key = headers.get("authorization", "").partition(" ")
        user = self.keys.user(key.strip()) if scheme.lower() == "bearer" else None
        if user is None:
            message = "Incorrect API key provided." if key else "No API key provided: send Authorization: Bearer KEY."
            raise ApiError(401, message, headers={"WWW-Authenticate": "Bearer"})
        return user

    def _incoming(self, visit: Visit, headers: Headers, receive: Receive) -> Receive:
        """Takes the body, and refuses one that is too large or too slow."""
        upload = headers.get("content-type", "").startswith("multipart/form-data")
        most = self.limits.upload if upload else self.limits.body
        declared = headers.get("content-length", "0")
        if declared.isdigit() and int(declared[:18]) > most:
            raise _too_large(most)
        whole = False

        async def taken() -> Message:
            nonlocal whole
            if whole:  # what comes now is that the client leaves
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), self.limits.patience)
            except asyncio.TimeoutError:
                raise ApiError(408, "The request took too long to arrive.") from None
            visit.received += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if visit.received > most:
                raise _too_large(most)
            return message

        return taken

    def _outgoing(self, visit: Visit, send: Send) -> Send:
        """Sends the answer with the request's id, and gives up on a client who does not take it."""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                visit.status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = visit.id
                headers["X-Content-Type-Options"] = "nosniff"
            visit.sent += len(message.get("body", b""))
            await asyncio.wait_for(send(message), self.limits.patience)

        return sent

    def _report(self, visit: Visit, error: Exception) -> None:
        """Where an error arose. Its message may quote what the user wrote, so it stays out."""
        frames = traceback.extract_tb(error.__traceback__)
        where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]]
        self.metrics.faults.labels(type(error).__name__).inc()
        log.error(json.dumps({"event": "fault", "id": visit.id, "type": type(error).__name__, "where": where}))

    def _count(self, visit: Visit, scope: Scope) -> None:
        route = getattr(scope.get("route"), "path", visit.route)
        method = scope["method"] if route != "unknown" else "unknown"
        self.metrics.requests.labels(route, method, str(visit.status)).inc()
        line = {
            "event": "request",
            "id": visit.id,
            "user": visit.user,
            "method": method,
            "route": route,
            "status": visit.status,
            "seconds": round(time.perf_counter() - visit.began, 3),
            "received": visit.received,
            "sent": visit.sent,
        }
        log.info(json.dumps(line))


def _too_large(most: int) -> ApiError:
    return ApiError(413, f"The request is larger than {most >> 10} KB.", headers={"Connection": "close"})
