"""Screens that all come at once, as after a restart, and who else is still answered.

One worker over the demonstration. Each screen opens as a browser does: a connection for its stream
and another one for its snapshot, whose requests follow one another. Most of them are of one
account, so most are turned away, wait as ``Retry-After`` tells, and load nothing again meanwhile.
Beside them ``/healthz`` and a page of somebody signed in are asked for again and again, in the
storm and, in the same run, in quiet. What counts is the slowest answer.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import NamedTuple

from app import create_app
from benchmarks.serving import free_port, running
from benchmarks.sizes import quick, size
from benchmarks.table import Row, alone, at_most, duration, row, value_row
from services.container import services_of
from settings import Settings

HOST = "127.0.0.1"
ACCOUNTS = ("wall", "wall", "wall", "wall", "wall", "duty", "review", "commander")
_BASE = "/api/v1/operations/demo"
_HOUR = timedelta(hours=1)


class Answer(NamedTuple):
    """A whole answer but its body."""

    status: int
    headers: dict[str, str]
    seconds: float


class Storm:
    """What a crowd of screens met; ``port`` is where the server listens."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.opened = 0
        self.turned_away = 0
        self.failed = 0

    async def screen(self, account: str, until: float) -> None:
        """One screen until the end, coming back as often as it is turned away."""
        missed = False
        await self._snapshot(account)
        while time.monotonic() < until:
            wait = 1.0
            with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                wait = await self._stream(account, until, missed)
            missed = True
            await asyncio.sleep(min(wait, max(0.0, until - time.monotonic())))

    async def _stream(self, account: str, until: float, missed: bool) -> float:
        reader, writer = await asyncio.open_connection(HOST, self.port)
        try:
            answer = await _ask(reader, writer, "/live?operation=demo", account, body=False)
            if answer.status != 200:
                self.turned_away += 1
                return float(answer.headers["retry-after"])
            self.opened += 1
            if missed:
                await self._snapshot(account)
            async with asyncio.timeout(max(0.1, until - time.monotonic())):
                while await reader.read(65536):
                    pass
        finally:
            writer.close()
        return 1.0

    async def _snapshot(self, account: str) -> None:
        try:
            reader, writer = await asyncio.open_connection(HOST, self.port)
            for path in _snapshot_paths():
                await _ask(reader, writer, path, account)
            writer.close()
        except (OSError, asyncio.IncompleteReadError):
            self.failed += 1


def main() -> list[Row]:
    """The slowest answer of the health check and of a page, against those in quiet."""
    screens = size("SCREENS", 200, 12)
    seconds = float(size("SECONDS", 20, 2))
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{Path(folder) / 'bench.db'}"
        port = free_port()
        _prepare(database)
        flask = [sys.executable, "-m", "flask", "--app", "app:create_app", "serve"]
        with running(flask, port, FPU_DATABASE_URL=database, FPU_PORT=str(port)):
            quiet, stormy, storm = asyncio.run(_measure(port, screens, seconds))
    print(f"{storm.opened} opened, {storm.turned_away} turned away, {storm.failed} failed")
    rows = []
    for name in quiet:
        calm, worst = quiet[name], max(stormy[name])
        print(f"{name}: quiet {median(calm):.3f} s, storm median {median(stormy[name]):.3f} s, "
              f"slowest {worst:.3f} s of {len(stormy[name])}")  # fmt: skip
        what = f"{name}, slowest answer while {screens} screens open at once"
        rows.append(value_row(what, worst, at_most(1, " s")))
        against = f"median in quiet: {duration(median(calm))}"
        rows.append(row("the same", duration(worst), against, worst / median(calm)))
    return rows


async def _measure(
    port: int, screens: int, seconds: float
) -> tuple[dict[str, list[float]], dict[str, list[float]], Storm]:
    pages = {"the health check": "/healthz", "a signed-in answer": f"{_BASE}/positions/latest"}
    quiet = await _watch(port, pages, 2.0 if not quick() else 0.5)
    storm = Storm(port)
    until = time.monotonic() + seconds
    crowd = [
        asyncio.create_task(storm.screen(ACCOUNTS[which % len(ACCOUNTS)], until))
        for which in range(screens)
    ]
    stormy = await _watch(port, pages, seconds)
    await asyncio.gather(*crowd)
    return quiet, stormy, storm


async def _watch(port: int, pages: dict[str, str], seconds: float) -> dict[str, list[float]]:
    """How long each answer took, each on a new connection; all pages in turns."""
    until = time.monotonic() + seconds
    found: dict[str, list[float]] = {name: [] for name in pages}

    async def one(name: str, path: str) -> None:
        while time.monotonic() < until or not found[name]:
            began = time.monotonic()
            reader, writer = await asyncio.open_connection(HOST, port)
            answer = await _ask(reader, writer, path, "platoon")
            if answer.status != 200:
                raise SystemExit(f"{path} answered {answer.status}")
            found[name].append(time.monotonic() - began)
            writer.close()
            await asyncio.sleep(0.1)

    watchers: list[Awaitable[None]] = [one(name, path) for name, path in pages.items()]
    await asyncio.gather(*watchers)
    return found


async def _ask(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    path: str,
    account: str,
    *,
    body: bool = True,
) -> Answer:
    began = time.monotonic()
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer demo-{account}\r\n"
        "Accept-Encoding: gzip\r\n\r\n".encode()
    )
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
    if body and "content-length" in headers:
        await reader.readexactly(int(headers["content-length"]))
    return Answer(int(first.split()[1]), headers, time.monotonic() - began)


def _snapshot_paths() -> list[str]:
    since = (datetime.now(UTC) - _HOUR).strftime("%Y-%m-%dT%H:%M:%SZ")
    return [
        f"{_BASE}/units",
        f"{_BASE}/positions/latest",
        f"{_BASE}/tracks?from={since}&zoom=9&times=1",
        f"{_BASE}/incidents",
        f"{_BASE}/alerts?limit=100",
        f"{_BASE}/alerts?open=true&limit=1000",
        f"{_BASE}/crossings",
    ]


def _prepare(database: str) -> None:
    server = create_app(Settings(database_url=database))
    commands: list[list[str]] = [["db", "upgrade"], ["exercise", "load", "demo"]]
    run: Callable[..., object] = server.test_cli_runner().invoke
    for arguments in commands:
        run(args=arguments, catch_exceptions=False)
    services_of(server.extensions).close()


if __name__ == "__main__":
    os.environ.pop("FPU_FEED_HOST", None)
    alone(main)
