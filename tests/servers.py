"""Runs a command beside a PostgreSQL server of its own, made in a temporary folder and removed.

``python -m tests.servers -- pytest -n 2``: the command finds the server's address in
``FPU_TEST_POSTGRES_URL``. PostgreSQL will not run as root, so root hands it to ``postgres``.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port

_INSTALLED = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def main(arguments: list[str]) -> int:
    """Run ``arguments`` with the server's address in the environment; returns its exit code."""
    if os.environ.get("FPU_TEST_POSTGRES_URL"):
        return subprocess.call(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # stop the server too
    with tempfile.TemporaryDirectory(prefix="fpu-postgresql-") as folder:
        with postgresql(Path(folder)) as url:
            return subprocess.call(arguments, env={**os.environ, "FPU_TEST_POSTGRES_URL": url})


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A running server whose files are in ``folder``; gives its address."""
    binaries = _binaries()
    data, port = folder / "data", free_port()
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    _run(user, binaries / "initdb", "-D", data, "-U", "fpu", "-A", "trust", "-E", "UTF8", "-N")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c max_connections=200"
    options += " -c fsync=off"  # it is the clients that are killed: the server outlives every test
    log = folder / "log"
    _run(user, binaries / "pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start")
    try:
        yield f"postgresql+psycopg://fpu@127.0.0.1:{port}/postgres"
    finally:
        _run(user, binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def _binaries() -> Path:
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    if _INSTALLED:
        return _INSTALLED[0]
    raise SystemExit("PostgreSQL is missing: install it, or name a server in FPU_TEST_POSTGRES_URL")


def _run(user: str | None, *command: object) -> None:
    words = [str(word) for word in command]
    if user:
        words = ["runuser", "-u", user, "--", *words]
    done = subprocess.run(words, capture_output=True, text=True, cwd="/", check=False)
    if done.returncode:
        raise SystemExit(f"{words[0]} failed: {done.stdout}{done.stderr}")


if __name__ == "__main__":
    wanted = sys.argv[1:]
    raise SystemExit(main(wanted[1:] if wanted[:1] == ["--"] else wanted))
