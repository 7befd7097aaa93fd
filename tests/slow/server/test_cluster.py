"""deploy/ray.yaml on a Ray cluster of this machine: replicas that grow, narrations as tasks, jobs in Postgres."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from threading import Thread

import openai
import pytest
import yaml

from helpers import narrating, postgres, serving
from helpers.serving import fetched, followed, free_port, send_book, state
from tts.cli import UsageError
from tts.server.jobs import CANCELLED, DONE, MAKING, WAITING, JobStore
from tts.server.keys import add
from tts.settings import ROOT

pytest.importorskip("psycopg")
pytest.importorskip("ray.serve", exc_type=ImportError)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not postgres.BINARY, reason="needs Postgres"),
    # Ray 2.52 starts nothing with protobuf 7.
    pytest.mark.skipif(int(version("protobuf").split(".")[0]) > 6, reason="needs `uv run --group cluster`"),
]
ENVIRONMENT = {
    "PYTHONPATH": os.pathsep.join([str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]).rstrip(os.pathsep),
    "OMP_NUM_THREADS": "1",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",
}
LONG = "\n\n".join(f"# Chapter {n}\n\n" + "\n\n".join(f"It sang {n} times {k}." for k in range(4)) for n in range(4))


@dataclass
class Cluster:
    """A service on Ray."""

    data: Path
    store: JobStore
    client: openai.OpenAI
    dashboard: str

    def replicas(self, name: str) -> list[dict]:
        """Those of a deployment that run."""
        with urllib.request.urlopen(f"{self.dashboard}/api/serve/applications/", timeout=60) as answer:
            found = json.load(answer)["applications"]["triforce"]["deployments"][name]
        return [own for own in found["replicas"] if own["state"] == "RUNNING"]


@pytest.fixture(scope="module")
def cluster(home, tmp_path_factory):
    """Runs deploy/ray.yaml, with other places and nano nets."""
    data = tmp_path_factory.mktemp("data")
    key = add(data / "keys.txt", "ann")
    serving.add_voice(home, data, "ann")
    with postgres.postgres() as url:
        conf = yaml.safe_load((ROOT / "deploy" / "ray.yaml").read_text())
        port, dashboard = free_port(), free_port()
        conf["http_options"] = {"host": "127.0.0.1", "port": port}
        (application,) = conf["applications"]
        fast = dict(item.split("=") for item in narrating.FAST)
        given = {name: yaml.safe_load(value) for name, value in fast.items()}
        places = {"keys": str(data / "keys.txt"), "data": str(data), "weights": str(home / "weights")}
        application["args"] |= given | places | {"database": url, "mark": False, "jobs_at_once": 1}
        speech, _ = application["deployments"]
        speech["autoscaling_config"] |= {"max_replicas": 2, "target_ongoing_requests": 1, "upscale_delay_s": 1}
        (data / "ray.yaml").write_text(yaml.safe_dump(conf))
        with running(data, dashboard), serving.client(f"http://127.0.0.1:{port}", key) as client:
            until(lambda: answers(client))
            store = JobStore(url)
            yield Cluster(data, store, client, f"http://127.0.0.1:{dashboard}")
            store.close()


@contextmanager
def running(data: Path, dashboard: int):
    """A Ray cluster of its own with the service in it."""
    ray, serve = (str(Path(sys.executable).parent / name) for name in ("ray", "serve"))
    port = free_port()
    begin = (ray, "start", "--head", "--num-cpus=4", f"--port={port}", f"--dashboard-port={dashboard}")
    more = ("--block", "--include-dashboard=true", "--disable-usage-stats", "--object-store-memory=100000000")
    own = {"RAY_ADDRESS": f"127.0.0.1:{port}", "RAY_DASHBOARD_ADDRESS": f"http://127.0.0.1:{dashboard}"}
    log = open(data / "ray.log", "w")
    settings = {"cwd": ROOT, "stdout": log, "stderr": log}
    head = subprocess.Popen([*begin, *more], env=os.environ | ENVIRONMENT, **settings)
    deploy = partial(subprocess.run, [serve, "deploy", str(data / "ray.yaml")], env=os.environ | ENVIRONMENT | own)
    try:
        until(lambda: head.poll() is None and listens(own["RAY_DASHBOARD_ADDRESS"]))
        until(lambda: not deploy(**settings).returncode)  # the dashboard may answer before it can do this
        yield
    finally:
        head.send_signal(signal.SIGTERM)
        head.wait(120)
        log.close()


def listens(address: str) -> bool:
    try:
        urllib.request.urlopen(f"{address}/api/version", timeout=5).close()
    except OSError:
        return False
    return True


def until(holds: Callable[[], object], seconds: float = 900.0) -> None:
    """Wait for it."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.2)


def answers(client: openai.OpenAI) -> bool:
    try:
        return bool(client.models.list().data)
    except (openai.APIConnectionError, openai.APIStatusError):
        return False


def say(client: openai.OpenAI, text: str) -> bytes:
    return client.audio.speech.create(model="tts-1", voice="someone", input=text, response_format="pcm").read()


@pytest.mark.parametrize(
    "args, words",
    [
        ({}, "make API keys"),
        ({"keys": "keys.txt", "wyoming": "tcp://127.0.0.1:1"}, "does not speak Wyoming"),
        ({"colour": "red"}, "no setting 'colour'"),
    ],
)
def test_settings_that_do_not_fit_are_named(args, words):
    from tts.server.cluster import application

    with pytest.raises((UsageError, ValueError), match=words):
        application(args)


def test_replicas_grow_with_the_work_and_speak_alike(cluster, home, tmp_path):
    """Two long texts at once ask for a second replica; both say what a service of one machine says."""
    service = serving.make_service(home, tmp_path)
    with serving.running(service) as address, serving.client(address) as other:
        right = say(other, "The kettle sang.")
    assert say(cluster.client, "The kettle sang.") == right
    grown, long = [], " ".join(f"It sang {number} times." for number in range(20))

    def busy() -> None:
        while not grown:
            say(cluster.client, long)

    clients = [Thread(target=busy) for _ in range(4)]
    for one in clients:
        one.start()
    try:
        until(lambda: len(cluster.replicas("Speech")) == 2)
    finally:
        grown.append(True)
        for one in clients:
            one.join()
    assert {say(cluster.client, "The kettle sang.") for _ in range(8)} == {right}
    with cluster.client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="someone", input="The kettle sang.", response_format="pcm"
    ) as answer:
        pieces = list(answer.iter_bytes())
    assert b"".join(pieces) == right and len(pieces) > 1


def test_a_narration_is_made_by_a_task_and_known_to_all_replicas(cluster):
    job = send_book(cluster.client, narrating.BOOK)
    told = followed(cluster.client, job)
    assert told[-1]["state"] == DONE and told[-1]["chapters"] == [1, 2]
    assert cluster.store.find("ann", job["id"]).state == DONE  # in Postgres
    for _ in range(4):
        assert fetched(cluster.client, f"/narrations/{job['id']}/chapters/1")[:4] == b"fLaC"
    assert cluster.client.delete(f"/narrations/{job['id']}", cast_to=dict)["deleted"]
    assert not (cluster.data / "narrations" / job["id"]).exists()


def test_one_that_is_cancelled_stops_wherever_it_is_made_and_goes_on_when_it_is_resumed(cluster):
    job = send_book(cluster.client, LONG)
    until(lambda: state(cluster.client, job)["chapters"])
    assert cluster.client.post(f"/narrations/{job['id']}/cancel", cast_to=dict)["state"] == CANCELLED
    until(lambda: not narrators(job))
    takes = kept(cluster, job)
    assert takes and state(cluster.client, job)["state"] == CANCELLED
    cluster.client.post(f"/narrations/{job['id']}/resume", cast_to=dict)
    assert followed(cluster.client, job)[-1]["state"] == DONE
    assert takes.items() <= kept(cluster, job).items()  # nothing is spoken twice
    cluster.client.delete(f"/narrations/{job['id']}", cast_to=dict)


def test_what_is_killed_is_begun_again_and_nothing_is_lost(cluster):
    """The replica that begins jobs, one that speaks, and the process of a task, each with kill -9."""
    job = send_book(cluster.client, LONG)
    until(lambda: state(cluster.client, job)["chapters"])
    for kill in (
        lambda: [own["pid"] for own in cluster.replicas("Jobs")],
        lambda: [own["pid"] for own in cluster.replicas("Speech")][:1],
        lambda: [parent(number) for number in narrators(job)],
    ):
        until(kill)
        takes = kept(cluster, job)
        for process in kill():
            os.kill(process, signal.SIGKILL)
        until(lambda: answers(cluster.client))
        assert cluster.store.find("ann", job["id"]).state in (WAITING, MAKING, DONE)
        assert takes.items() <= kept(cluster, job).items()
    until(lambda: cluster.store.find("ann", job["id"]).state == DONE)
    until(lambda: not narrators(job))
    told = state(cluster.client, job)
    assert told["chapters"] == [1, 2, 3, 4]
    assert "made again" in " ".join(told["notices"])


def kept(cluster: Cluster, job: dict) -> dict[Path, int]:
    """The takes of a job, and when each was written."""
    folder = cluster.data / "narrations" / job["id"]
    return {path: path.stat().st_mtime_ns for path in folder.rglob("takes/*/*.flac")}


def narrators(job: dict) -> list[int]:
    """The processes that make a job."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            line = (path / "cmdline").read_bytes()
        except OSError:
            continue
        if b"tts.server.narrator" in line and job["id"].encode() in line:
            found.append(int(path.name))
    return found


def parent(process: int) -> int:
    """Of a process."""
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
