"""The application: all routes, behind the gate."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException

from tts.server import feeds, narrations, pages, speech, voices
from tts.server.errors import ApiError, from_http, from_validation
from tts.server.gate import Gate, Limits
from tts.server.jobs import JobStore
from tts.server.keys import LOCAL, Keys
from tts.server.runner import Runner
from tts.server.service import Service


def make_app(service: Service, keys: Keys | None) -> FastAPI:
    """Everything that is served. `keys` is None where everybody is one user."""

    conf = service.conf
    assistant = None
    if conf["wyoming"]:
        from tts.server import wyoming  # few need it

        assistant = wyoming.WyomingServer(service, conf["wyoming"], wyoming.STRANGER if keys else LOCAL)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        data = Path(conf["data"])
        store = JobStore(data / "jobs.sqlite")
        shelf = Path(conf["shelf"]).expanduser() if conf["shelf"] else None
        app.state.runner = Runner(store, data / "narrations", conf["jobs_at_once"], shelf=shelf)
        app.state.addresses = feeds.Addresses(data)
        making = asyncio.create_task(app.state.runner.run())
        if assistant:
            await assistant.start()
        yield
        service.draining = True
        if assistant:
            await assistant.stop()
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)
        store.close()
        service.engine.close()

    # The pages of documentation that FastAPI brings load their scripts from other hosts.
    app = FastAPI(title="Triforce", lifespan=life, docs_url=None, redoc_url=None)
    app.state.service = service
    app.add_exception_handler(HTTPException, _answered(from_http))
    app.add_exception_handler(RequestValidationError, _answered(from_validation))
    app.include_router(pages.router)
    app.include_router(speech.router)
    app.include_router(voices.router)
    app.include_router(feeds.router)  # before the narrations, none of which is called feed
    app.include_router(narrations.router)
    app.get("/health")(health)
    app.get("/ready")(ready)
    app.get("/metrics")(metrics)
    limits = Limits(body=conf["body_kb"] << 10, upload=conf["upload_mb"] << 20, patience=conf["patience"])
    app.add_middleware(Gate, keys=keys, origins=conf["origins"], limits=limits, metrics=service.metrics)
    if conf["origins"]:
        app.add_middleware(
            CORSMiddleware, allow_origins=conf["origins"], allow_methods=["*"], allow_headers=["*"], max_age=600
        )
    return app


async def health() -> dict[str, str]:
    """Whether the process is alive."""
    return {"status": "ok"}


async def ready(request: Request) -> dict[str, str]:
    """Whether it takes on work: the nets are loaded, and it is not going down."""
    if request.app.state.service.draining:
        raise ApiError(503, "The server is going down.")
    return {"status": "ready"}


async def metrics(request: Request) -> Response:
    """For Prometheus."""
    return Response(request.app.state.service.metrics.text(), media_type="text/plain; version=0.0.4")


def _answered(translate: Callable[[Exception], ApiError]) -> Callable:
    """A handler of exceptions that answers with what they are in OpenAI's words."""

    async def handle(request: Request, error: Exception) -> Response:
        return translate(error).response

    return handle
