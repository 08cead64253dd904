"""``flask serve`` as a process of its own, as a person starts it, on ports of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from settings import ROOT
from tests.ports import free_port

BEARER = {"Authorization": "Bearer demo-duty"}
PATIENCE_S = 60


class Running:
    """A server process, its two ports and what it said."""

    def __init__(self, process: subprocess.Popen[str], port: int, feed_port: int) -> None:
        self.process = process
        self.port = port
        self.feed_port = feed_port
        self.said = ""

    def ask(
        self, path: str, *, method: str = "GET", port: int = 0, **headers: str
    ) -> tuple[int, dict[str, str], str]:
        """Status, headers and body of one request."""
        connection = HTTPConnection("127.0.0.1", port or self.port, timeout=PATIENCE_S)
        path, _, body = path.partition(" ")
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        found = (answer.status, dict(answer.getheaders()), answer.read().decode())
        connection.close()
        return found

    def send(self, path: str, body: object) -> tuple[int, Any]:
        """Status and answer of a JSON body that is posted as the duty officer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        headers = {**BEARER, "Content-Type": "application/json"}
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        found = (answer.status, json.loads(answer.read()))
        connection.close()
        return found


@contextmanager
def serving(database: Path | str, **further: str) -> Iterator[Running]:
    """A server over ``database``, a file or an address, ready to answer; killed at the end.

    ``further`` are more ``FPU_*`` variables.
    """
    port, feed_port = free_port(), free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FPU_")},
        "FLASK_APP": "app:create_app",
        "FPU_DATABASE_URL": database if isinstance(database, str) else f"sqlite:///{database}",
        "FPU_PORT": str(port),
        "FPU_FEED_HOST": "127.0.0.1",
        "FPU_FEED_PORT": str(feed_port),
        "FPU_THREADS": "12",
        "PYTHONUNBUFFERED": "1",
        **further,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "serve"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    running = Running(process, port, feed_port)
    try:
        wait_until_ready(running)
        yield running
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        running.said += process.communicate()[0]


def wait_until_ready(running: Running) -> None:
    """Return when the server says that it is ready; fails when it ends before."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if running.process.poll() is not None:
            pytest.fail(f"the server ended: {running.process.communicate()[0]}")
        try:
            if running.ask("/readyz")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)  # nothing listens yet
    pytest.fail("the server did not become ready")
