"""Positions over HTTP with durable acknowledgement, against the same server's empty answer.

One production server, one load client over loopback with a few connections that stay open, each
a device of its own that tells a position a millisecond of its clock. The empty route is
``/healthz`` of the same server in the same run. Both are measured in turns and the medians
compared; beside answers a second stands what the server's processor spent on one answer, which
says more on a machine that is busy with other things.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import NamedTuple

from app import create_app
from benchmarks.serving import free_port, running
from benchmarks.sizes import quick, size
from benchmarks.table import Row, alone, at_least, rate, row
from domain.roster import Unit
from services.container import services_of
from settings import Settings

CONNECTIONS = 16
QUOTED_RECORDER = 866.0
"""Posts a second of OwnTracks Recorder, which has no package here: measured earlier on two such
cores, and it did not wait for the disk."""

_TICKS = os.sysconf("SC_CLK_TCK")


class Measured(NamedTuple):
    """Answers a second, and seconds of the server's processor for one answer."""

    rate: float
    processor: float


def main() -> list[Row]:
    """Answers a second to positions, against the empty route and against a quoted figure."""
    seconds = 0.2 if quick() else 3.0
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{Path(folder) / 'bench.db'}"
        port = free_port()
        _prepare(database)
        flask = [sys.executable, "-m", "flask", "--app", "app:create_app", "serve"]
        settings = {"FPU_DATABASE_URL": database, "FPU_PORT": str(port)}
        with running(flask, port, **settings) as server:
            _wait_until_ready(port)
            rounds = [
                (_load(server, port, seconds, _empty), _load(server, port, seconds, _position))
                for _ in range(size("ROUNDS", 5, 2))
            ]
    ratio = median(stored.rate / empty.rate for empty, stored in rounds)
    _print("empty route", [empty for empty, _ in rounds], 1.0)
    _print("position, durable", [stored for _, stored in rounds], ratio)
    ours = median(stored.rate for _, stored in rounds)
    empty_ = f"the empty answer of the same server: {rate(median(e.rate for e, _ in rounds))}"
    recorder = (
        f"OwnTracks Recorder: {rate(QUOTED_RECORDER)} (quoted: measured earlier on two such cores, "
        "unsynchronised)"
    )
    return [
        row("positions over HTTP, each answered when it is on the disk", rate(ours), empty_, ratio,
            at_least(0.7)),
        row("the same", rate(ours), recorder, ours / QUOTED_RECORDER, at_least(2), quoted=True),
    ]  # fmt: skip


def _print(name: str, found: list[Measured], ratio: float) -> None:
    rate = median(one.rate for one in found)
    processor = median(one.processor for one in found) * 1e6
    print(f"{name:20s} {rate:7.0f} a second   {ratio:.2f}   {processor:5.0f} µs of processor each")


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


def _empty(_which: int, _number: int) -> str:
    return "/healthz"


def _position(which: int, number: int) -> str:
    latitude = 42.5 + (number % 1000) / 10_000
    moment = int(time.time() * 1000)
    return f"/feeds/osmand?id=device-{which}&key=key&lat={latitude}&lon=20.9&timestamp={moment}"


def _load(server: int, port: int, seconds: float, path: Callable[[int, int], str]) -> Measured:
    answered = [0] * CONNECTIONS
    spent = _spent(server)
    began = time.monotonic()

    def client(which: int) -> None:
        with socket.create_connection(("127.0.0.1", port), 30) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while time.monotonic() < began + seconds:
                wanted = path(which, answered[which])
                connection.sendall(f"GET {wanted} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
                _read_answer(connection)
                answered[which] += 1

    threads = [threading.Thread(target=client, args=(which,)) for which in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = sum(answered)
    return Measured(total / (time.monotonic() - began), (_spent(server) - spent) / total)


def _read_answer(connection: socket.socket) -> None:
    """A whole answer with a length; anything but 200 ends the benchmark."""
    answer = connection.recv(65536)
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    if not head.startswith(b"HTTP/1.1 200 "):
        raise SystemExit(f"answered {head[:60]!r}")


def _spent(server: int) -> float:
    """Seconds of processor that the processes of the server's session have used."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[3]) == server:  # the session
            total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def _wait_until_ready(port: int) -> None:
    for _ in range(200):
        try:
            with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit("the server did not become ready")


if __name__ == "__main__":
    alone(main)
