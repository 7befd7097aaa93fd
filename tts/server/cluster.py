"""The service on a Ray cluster: `serve deploy deploy/ray.yaml`.

Ray Serve runs replicas of the whole application, more of them while there is more to do, and sends each request to one.
One more replica begins narrations, each as a task that Ray runs where there is room. All share a folder and a database.
"""

import argparse
import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import ray
from ray import ObjectRefGenerator, serve
from ray.exceptions import OutOfMemoryError, RayError
from starlette.applications import Starlette
from starlette.routing import Mount

from tts.server.__main__ import configure, load
from tts.server.app import make_app, runner_of, store_of
from tts.server.feeds import Addresses
from tts.server.keys import Keys
from tts.server.runner import LocalProcess, Lost

LOOK = 1.0  # seconds between looks for narrations that the replicas were asked for
CORES = 1  # that a narration is reckoned to take


def application(args: dict) -> serve.Application:
    """What Ray Serve runs. `args` are settings of conf/serve.yaml and conf/infer.yaml, such as {"steps": 4}.

    Raises UsageError for settings that are wrong, and ValueError for those that do not fit a cluster.
    """
    conf, infer = configure(
        argparse.Namespace(weights=None), [f"{key}={json.dumps(value)}" for key, value in args.items()]
    )
    if not conf["keys"]:
        raise ValueError("a cluster serves others: make API keys, and give their file as keys")
    if conf["wyoming"]:
        raise ValueError("a cluster does not speak Wyoming: leave wyoming out, and run another service for it")
    Keys.read(Path(conf["keys"]))
    Addresses(Path(conf["data"]))  # makes their secret once, before there are replicas

    def app() -> Starlette:
        """In each replica. Its routes are hidden: Ray 2.52 cannot read them, and would say so each time."""
        logging.getLogger("tts.server").setLevel(logging.INFO)
        inner = make_app(load(conf, infer), Keys.read(Path(conf["keys"])), makes=False)
        hidden = Mount("", app=lambda scope, receive, send: inner(scope, receive, send))
        return Starlette(routes=[hidden], lifespan=lambda outer: inner.router.lifespan_context(inner))

    speech = serve.deployment(name="Speech")(serve.ingress(app)())
    return speech.bind(serve.deployment(num_replicas=1)(Narrations).bind(conf))


class Narrations:
    """Makes what is in the store of jobs, so many at once as `jobs_at_once` says, all over the cluster."""

    async def __init__(self, conf: dict):
        self.store = store_of(conf)
        self.making = asyncio.create_task(runner_of(conf, self.store, start=RayTask.start, look=LOOK).run())

    async def check_health(self) -> None:
        """Ray starts another replica if this raises."""
        if self.making.done():
            raise RuntimeError("no narrations are made any more")

    async def __del__(self):
        self.making.cancel()
        await asyncio.gather(self.making, return_exceptions=True)
        self.store.close()


@ray.remote(num_cpus=CORES, max_retries=0, num_returns="streaming")
def narrated(folder: Path) -> Iterator[dict]:
    """What the process says that makes the job in a folder. It ends with the worker of Ray in which this runs."""

    async def told() -> AsyncIterator[dict]:
        process = await LocalProcess.start(folder)
        async for one in process.told():
            yield one

    own, loop = told(), asyncio.new_event_loop()
    while one := loop.run_until_complete(anext(own, None)):
        yield one
    loop.close()


class RayTask:
    """A job that is made somewhere in the cluster, as `tts.server.runner.Making` has it."""

    def __init__(self, told: ObjectRefGenerator):
        self._told = told

    @classmethod
    async def start(cls, folder: Path) -> "RayTask":
        return cls(narrated.remote(folder))

    async def told(self) -> AsyncIterator[dict]:
        try:
            async for one in self._told:
                yield await one
        except OutOfMemoryError:
            yield {"failed": "out of memory"}
        except RayError:
            raise Lost from None

    async def kill(self) -> None:
        ray.cancel(self._told, force=True)
        with suppress(RayError):
            await self._told.completed()
