"""A Postgres of its own, in a folder, for as long as a test runs."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

USER = "postgres"  # as whom it runs where the test is root, which it refuses
BINARY = shutil.which("initdb") or max(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), default="")


@contextmanager
def postgres() -> Iterator[str]:
    """Gives its URL. It listens to a socket in its folder alone, whose path must be short."""
    root = os.geteuid() == 0
    with TemporaryDirectory(dir="/tmp", prefix="pg", ignore_cleanup_errors=True) as folder:
        if root:
            shutil.chown(folder, USER)
        tools = Path(BINARY).resolve().parent

        def run(tool: str, *arguments: str) -> None:
            as_whom = ["runuser", "-u", USER, "--"] if root else []
            command = [*as_whom, str(tools / tool), "-D", f"{folder}/data", *arguments]
            subprocess.run(command, cwd="/tmp", check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        run("initdb", "--auth", "trust", "--username", "triforce", "--no-sync")
        run("pg_ctl", "-o", f"-c listen_addresses='' -k {folder}", "-w", "start")
        try:
            yield f"postgresql+psycopg://triforce@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-m", "immediate", "-w", "stop")
