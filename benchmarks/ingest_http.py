"""Positions over HTTP with durable acknowledgement, against the same server's empty answer.

One production server, one load client over loopback with a few connections that stay open, each
a device of its own that tells a position a millisecond of its clock. The
ratio is to ``/healthz`` of the same server in the same run: what a route that does nothing answers.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

from app import create_app
from domain.roster import Unit
from services.container import services_of
from settings import ROOT, Settings

CONNECTIONS = 16
SECONDS = 6.0


def main() -> None:
    """Print answers a second of both."""
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{Path(folder) / 'bench.db'}"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = {**os.environ, "FPU_DATABASE_URL": database, "FPU_PORT": str(port)}
        flask = [sys.executable, "-m", "flask", "--app", "app:create_app"]
        _prepare(database)
        server = subprocess.Popen(
            [*flask, "serve"], cwd=ROOT, env=environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _wait_until_ready(port)
            empty = _load(port, lambda which, number: "/healthz")
            stored = _load(port, _position)
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(30)
        print(f"empty route            {empty:7.0f} a second   1.00")
        print(f"position, durable      {stored:7.0f} a second   {stored / empty:.2f}")


def _prepare(database: str) -> None:
    server = create_app(Settings(database_url=database))
    services = services_of(server.extensions)
    server.test_cli_runner().invoke(args=["db", "upgrade"])
    now = services.clock()
    services.roster.ensure_live(now)
    for which in range(CONNECTIONS):
        services.roster.add(Unit(f"unit-{which}", f"UNIT-{which}"))
        services.roster.add_device(f"device-{which}", "key", "knots", "")
        services.roster.assign_unit(f"unit-{which}", "live", now)
        services.roster.assign_device(f"device-{which}", f"unit-{which}", now)
    services.close()


def _position(which: int, number: int) -> str:
    latitude = 42.5 + (number % 1000) / 10_000
    moment = int(time.time() * 1000)
    return f"/feeds/osmand?id=device-{which}&key=key&lat={latitude}&lon=20.9&timestamp={moment}"


def _load(port: int, path: Callable[[int, int], str]) -> float:
    answered = [0] * CONNECTIONS
    deadline = time.monotonic() + SECONDS

    def client(which: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        number = 0
        while time.monotonic() < deadline:
            connection.request("GET", path(which, number))
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise SystemExit(f"answered {answer.status}")
            answered[which] += 1
            number += 1

    threads = [threading.Thread(target=client, args=(which,)) for which in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(answered) / SECONDS


def _wait_until_ready(port: int) -> None:
    for _ in range(200):
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit("the server did not become ready")


if __name__ == "__main__":
    main()
