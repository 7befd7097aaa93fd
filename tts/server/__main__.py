"""The service: `python -m tts.server run`, and `python -m tts.server key USER` for its API keys."""

import argparse
import ctypes
import ipaddress
import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tts import settings
from tts.cli import Parser, UsageError, grouped_exit_code, run_as_program
from tts.engine.choice import Nets
from tts.server.keys import Keys, add

if TYPE_CHECKING:
    from tts.server.service import Service

T = TypeVar("T")
M_ARENA_MAX = -8  # of mallopt, in glibc's malloc.h
EXAMPLES = """\
examples:
  python -m tts.server run                                       at http://127.0.0.1:8000, for this machine alone
  python -m tts.server key ann --keys keys.txt                   a key for a user; it is shown once
  python -m tts.server run --keys keys.txt --host 0.0.0.0        for others, too
  python -m tts.server run -- waiting=64 steps=4                 any setting of conf/serve.yaml and conf/infer.yaml
"""


def main(argv: list[str] | None = None) -> int:
    """Run a verb and return its exit code: 0 done, 1 failed, 2 usage, 130 interrupted."""
    given = sys.argv[1:] if argv is None else argv
    return grouped_exit_code("server", lambda: run(given), group="server", groups={"psycopg": "cluster"})


def run(argv: list[str]) -> int:
    """Everything that `main` does except naming errors."""
    split = argv.index("--") if "--" in argv else len(argv)
    arguments = make_parser().parse_args(argv[:split])
    return arguments.run(arguments, argv[split + 1 :])


def make_parser() -> Parser:
    parser = Parser(
        prog="server",
        description="Serve speech over HTTP, as OpenAI's audio API has it.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=Parser)
    serve = verbs.add_parser("run", help="serve until Ctrl-C or SIGTERM; every setting may follow after --")
    serve.add_argument("--host", help="address to listen at (127.0.0.1); any other needs --keys")
    serve.add_argument("--port", type=int, help="to listen at (8000); 0: any that is free")
    serve.add_argument("--keys", metavar="FILE", help="API keys, one of which each request must bring")
    serve.add_argument("--data", metavar="DIR", help="folder of the users' voices and of narrations")
    serve.add_argument("--weights", metavar="DIR", help="folder of dvae, gpt, diffusion, vocoder .safetensors")
    serve.add_argument("--engine", help="torch; onnx or onnx=FOLDER: exported nets (auto)")
    serve.add_argument("--device", help="cpu, cuda, mps; auto takes cuda if it is there, else cpu")
    serve.add_argument("--threads", type=int, help="of the processor (1)")
    serve.add_argument("--batch", type=int, help="requests whose sentences share the steps of the GPT (4); 1: none")
    serve.set_defaults(run=_serve)
    key = verbs.add_parser("key", help="add an API key for a user to a file, and show it")
    key.add_argument("user", metavar="USER")
    key.add_argument("--keys", metavar="FILE", type=Path, required=True)
    key.set_defaults(run=_key)
    return parser


def _key(arguments: argparse.Namespace, overrides: list[str]) -> int:
    print(add(arguments.keys, arguments.user))
    return 0


def _serve(arguments: argparse.Namespace, overrides: list[str]) -> int:
    conf, infer = configure(arguments, overrides)
    keys = Keys.read(Path(conf["keys"]).expanduser()) if conf["keys"] else None
    if keys is None and not _is_loopback(conf["host"]):
        raise UsageError(f"without API keys only this machine is served, not {conf['host']}: give --keys FILE")
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    share_heap()
    from tts.server.app import store_of
    from tts.server.http import make_server
    from tts.server.offer import offer_of

    store_of(conf).close()  # before the nets are loaded, which takes long
    offer_of(conf)
    service = load(conf, infer, given=bool(arguments.weights))

    make_server(service, keys).run()
    return 0


def share_heap() -> None:
    """One heap for all threads, where the C library is glibc.

    It would give each thread a heap of its own, in which sound of many sizes leaves gaps: memory grew for minutes.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:
        mallopt(M_ARENA_MAX, 1)


def configure(arguments: argparse.Namespace, overrides: list[str]) -> tuple[dict, dict]:
    """conf/serve.yaml and conf/infer.yaml, then overrides, then flags; every value checked."""
    try:
        known = settings.compose([], "serve")
        own = [item for item in overrides if item.partition("=")[0].partition(".")[0] in known]
        conf = settings.compose(own, "serve")
        infer = settings.compose([item for item in overrides if item not in own])
        for key, value in vars(arguments).items():
            if value is not None and (key in conf or key in infer):
                (conf if key in conf else infer)[key] = value
        settings.check(conf)
        settings.check(infer)
    except ValueError as error:
        raise UsageError(error) from None
    weights = Path(infer["weights"]).expanduser()
    infer["weights"] = str(weights.resolve() if arguments.weights else settings.ROOT / weights)
    conf["data"] = str(Path(conf["data"]).expanduser().resolve())
    return conf, infer


def load(conf: dict, infer: dict, *, given: bool = False) -> "Service":
    """The nets and all that is around them. `given` says that the user chose the weights."""
    from tts.server.engine import SharedEngine
    from tts.server.library import VoiceLibrary
    from tts.server.metrics import Metrics
    from tts.server.service import Service
    from tts.transcription.choice import make
    from tts.translation.translator import translating

    nets = Nets.chosen(infer, given=given)
    infer = infer | {"engine": nets.engine, "device": nets.device}  # as narrations are to have them
    speech = nets.load()
    engine = SharedEngine(most=conf["waiting"], most_per_user=conf["waiting_per_user"])
    metrics = Metrics(turns=lambda: len(engine.turns))
    speech.share_steps(conf["batch"], metrics.batch.observe)
    return Service(
        conf=conf,
        infer=infer,
        speech=speech,
        engine=engine,
        library=VoiceLibrary(Path(conf["data"]) / "voices", speech, conf["aliases"]),
        metrics=metrics,
        listener=once(lambda: make(conf["listener"], Path(infer["weights"]))),
        translator=once(lambda: translating(Path(infer["weights"]))),
    )


def once(make: Callable[[], T]) -> Callable[[], T]:
    """What `make` makes, made by the first call; calls of other threads wait for it."""
    lock, made = threading.Lock(), []

    def one() -> T:
        with lock:
            if not made:
                made.append(make())
            return made[0]

    return one


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


if __name__ == "__main__":
    run_as_program(main)
