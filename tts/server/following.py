"""Jobs as server-sent events: one at each change, until all of them have ended."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from fastapi.responses import StreamingResponse

from tts.server.jobs import FINAL, Job
from tts.server.service import Service

OFTEN = 0.3  # seconds between two looks at what is followed
ALIVE = 15.0  # seconds of silence after which a comment keeps the connection open


def followed(
    find: Callable[[], Sequence[Job]], told: Callable[[Job], dict[str, Any]], service: Service
) -> StreamingResponse:
    """The events of the jobs that `find` gives, each as `told` tells it."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(find, told, service), media_type="text/event-stream", headers=headers)


async def _events(
    find: Callable[[], Sequence[Job]], told: Callable[[Job], dict[str, Any]], service: Service
) -> AsyncIterator[bytes]:
    last: dict[str, dict] = {}
    spoke = time.monotonic()
    while not service.draining:
        jobs = find()
        for job in jobs:
            now = told(job)
            if last.get(job.id) != now:
                yield f"data: {json.dumps({'type': f'{job.KIND}.progress', **now})}\n\n".encode()
                last[job.id], spoke = now, time.monotonic()
        if all(job.state in FINAL for job in jobs):
            return
        if time.monotonic() - spoke > ALIVE:
            yield b": nothing new\n\n"
            spoke = time.monotonic()
        await asyncio.sleep(OFTEN)
