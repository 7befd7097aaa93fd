"""The service on a Ray cluster: `serve deploy deploy/ray.yaml`.

Ray Serve runs replicas of the whole application, more of them while there is more to do, and sends each request to one.
One more replica begins narrations and shows, each as a task that Ray runs where there is room. All share a folder and a
database.
"""

import argparse
import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import ray
from ray import ObjectRefGenerator, serve
from ray.exceptions import OutOfMemoryError, RayError
from starlette.applications import Starlette
from starlette.routing import Mount

from tts.server.__main__ import configure, load
from tts.server.app import make_app, runner_of, show_runner_of, store_of
from tts.server.feeds import Addresses
from tts.server.jobs import ShowJob
from tts.server.keys import Keys
from tts.server.offer import offer_of
from tts.server.runner import NARRATOR, SHOWMAKER, LocalProcess, Lost

LOOK = 1.0  # seconds between looks for jobs that the replicas were asked for
CORES = 1  # that a job is reckoned to take


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
    offer_of(conf)
    Addresses(Path(conf["data"]))  # makes their secret once, before there are replicas

    def app() -> Starlette:
        """In each replica. Its routes are hidden: Ray 2.52 cannot read them, and would say so each time."""
        logging.getLogger("tts.server").setLevel(logging.INFO)
        inner = make_app(load(conf, infer), Keys.read(Path(conf["keys"])), makes=False)
        hidden = Mount("", app=lambda scope, receive, send: inner(scope, receive, send))
        return Starlette(routes=[hidden], lifespan=lambda outer: inner.router.lifespan_context(inner))

    speech = serve.deployment(name="Speech")(serve.ingress(app)())
    return speech.bind(serve.deployment(num_replicas=1)(Jobs).bind(conf))


class Jobs:
    """Makes what is in the stores of jobs, so many at once as conf/serve.yaml says, all over the cluster."""

    async def __init__(self, conf: dict):
        self.stores = [store_of(conf), store_of(conf, ShowJob)]
        runners = [runner_of(conf, self.stores[0], start=RayTask.start, look=LOOK)]
        if not offer_of(conf).missing:
            start = partial(RayTask.start, command=SHOWMAKER)
            runners.append(show_runner_of(conf, self.stores[1], start=start, look=LOOK))
        self.making = [asyncio.create_task(runner.run()) for runner in runners]

    async def check_health(self) -> None:
        """Ray starts another replica if this raises."""
        if any(making.done() for making in self.making):
            raise RuntimeError("no jobs are made any more")

    async def __del__(self):
        for making in self.making:
            making.cancel()
        await asyncio.gather(*self.making, return_exceptions=True)
        for store in self.stores:
            store.close()


@ray.remote(num_cpus=CORES, max_retries=0, num_returns="streaming")
def made(folder: Path, command: tuple[str, ...]) -> Iterator[dict]:
    """What the process says that makes the job in a folder. It ends with the worker of Ray in which this runs."""

    async def told() -> AsyncIterator[dict]:
        process = await LocalProcess.start(folder, command)
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
    async def start(cls, folder: Path, command: tuple[str, ...] = NARRATOR) -> "RayTask":
        return cls(made.remote(folder, command))

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
