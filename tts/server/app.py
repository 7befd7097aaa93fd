"""The application: all routes, behind the gate."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from tts.server import feeds, narrations, pages, shows, speech, transcriptions, voices
from tts.server.errors import ApiError, from_database, from_http, from_validation
from tts.server.gate import Gate, Limits
from tts.server.jobs import Job, JobStore, NarrationJob, ShowJob
from tts.server.keys import LOCAL, Keys
from tts.server.offer import offer_of
from tts.server.runner import SHOWMAKER, LocalProcess, Runner
from tts.server.service import Service

ENGINE = (speech.router, transcriptions.router, voices.router)  # every POST of theirs takes a turn of the engine


def make_app(service: Service, keys: Keys | None, *, makes: bool = True) -> FastAPI:
    """Everything that is served. `keys` is None where everybody is one user.

    `makes` says whether narrations and shows are made by this process, or by another that knows the same jobs. Raises
    ValueError if the database cannot be used, or for shows that cannot be offered.
    """
    conf = service.conf
    offer = offer_of(conf)
    stores = store_of(conf), store_of(conf, ShowJob)
    assistant = None
    if conf["wyoming"]:
        from tts.server import wyoming  # few need it

        assistant = wyoming.WyomingServer(service, conf["wyoming"], wyoming.STRANGER if keys else LOCAL)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        app.state.runner, app.state.shows = runner_of(conf, stores[0]), show_runner_of(conf, stores[1])
        app.state.addresses = feeds.Addresses(Path(conf["data"]))
        runners = [app.state.runner, app.state.shows][: 1 if offer.missing else 2] if makes else []
        making = [asyncio.create_task(runner.run()) for runner in runners]
        if assistant:
            await assistant.start()
        yield
        service.draining = True
        if assistant:
            await assistant.stop()
        for task in making:
            task.cancel()
        await asyncio.gather(*making, return_exceptions=True)
        for store in stores:
            store.close()
        service.engine.close()

    # The pages of documentation that FastAPI brings load their scripts from other hosts.
    app = FastAPI(title="Triforce", lifespan=life, docs_url=None, redoc_url=None)
    app.state.service, app.state.offer = service, offer
    app.add_exception_handler(HTTPException, _answered(from_http))
    app.add_exception_handler(OperationalError, _answered(from_database))
    app.add_exception_handler(RequestValidationError, _answered(from_validation))
    app.include_router(pages.router)
    app.include_router(speech.router)
    app.include_router(transcriptions.router)
    app.include_router(voices.router)
    app.include_router(feeds.router)  # before the narrations, none of which is called feed
    app.include_router(narrations.router)
    app.include_router(shows.router)
    app.get("/health")(health)
    app.get("/ready")(ready)
    app.get("/metrics")(metrics)
    limits = Limits(body=conf["body_kb"] << 10, upload=conf["upload_mb"] << 20, patience=conf["patience"])
    engine = {"check": service.check, "spoken": {route.path for router in ENGINE for route in router.routes}}
    app.add_middleware(Gate, keys=keys, origins=conf["origins"], limits=limits, metrics=service.metrics, **engine)
    if conf["origins"]:
        app.add_middleware(
            CORSMiddleware, allow_origins=conf["origins"], allow_methods=["*"], allow_headers=["*"], max_age=600
        )
    return app


def store_of(conf: dict, kind: type[Job] = NarrationJob) -> JobStore:
    """The jobs of a kind, where conf/serve.yaml says. Raises ValueError if they cannot be read there."""
    return JobStore(conf["database"] or Path(conf["data"]) / "jobs.sqlite", kind)


def runner_of(conf: dict, store: JobStore, **options: object) -> Runner:
    """What makes the narrations of a store; `options` as `Runner` has them."""
    shelf = Path(conf["shelf"]).expanduser() if conf["shelf"] else None
    return Runner(store, Path(conf["data"]) / "narrations", conf["jobs_at_once"], shelf=shelf, **options)


def show_runner_of(conf: dict, store: JobStore, **options: object) -> Runner:
    """What makes the shows of a store. They do not wait for narrations, which may take hours."""
    options = {"start": partial(LocalProcess.start, command=SHOWMAKER)} | options
    return Runner(store, Path(conf["data"]) / "shows", conf["shows_at_once"], shelf=None, **options)


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
