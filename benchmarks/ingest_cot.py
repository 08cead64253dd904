"""Cursor on Target over TCP, stored with full synchronisation and shown to twelve clients.

In the same run and by the same clients (``cot_clients``): taky and FreeTAKServer, where they are
installed, with fewer events; the limit, a bare loop of expat and SQLite without roster, rules,
visits or journal; and ours once more with 30,000,000 fixes stored already. Of ours nothing may be
lost: every listener counts, and the database is counted. What a peer loses is told.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import median
from xml.parsers.expat import ParserCreate

from app import create_app
from benchmarks.cot_clients import LISTENERS, NAMES, SENDERS, Heard, measure
from benchmarks.peers import NotInstalledError
from benchmarks.peers.tak_servers import FREETAKSERVER, TAKY, freetakserver, taky
from benchmarks.serving import Serving, free_port, running
from benchmarks.sizes import size
from benchmarks.state_at import copy_of_filled
from benchmarks.table import Row, alone, at_least, not_measured, number, rate, row
from domain.roster import Unit
from services.container import services_of
from settings import Settings

QUOTED_FREETAKSERVER = 56.0
"""Events a second measured earlier on two such cores; only where it is not installed."""

WHAT = f"positions as Cursor on Target over TCP, stored, shown to {LISTENERS} clients"


@dataclass
class Served:
    """One server, how many events it gets, and what came of them.

    ``missing`` says why there is nothing, ``failed`` of which rounds of a peer nothing came.
    """

    server: Callable[[], AbstractContextManager[tuple[int, Callable[[], int | None]]]]
    events: int
    may_lose: bool = False
    heard: list[Heard] = field(default_factory=list)
    missing: str = ""
    failed: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """The median of the runs."""
        return median(one.rate for one in self.heard)

    @property
    def trouble(self) -> str:
        """What the table says of losses and failures; empty without any."""
        lost = sum(one.lost for one in self.heard)
        sent = sum(one.events for one in self.heard)
        told = [f"it lost {lost:,} of {sent:,}"] * bool(lost)
        return ", ".join((*told, *self.failed, *[self.missing] * bool(self.missing)))

    def run(self) -> None:
        """One round; a peer that is not there is asked no more."""
        if self.missing:
            return
        try:
            with self.server() as (port, count):
                before = count() or 0
                self.heard.append(measure(port, self.events))
                _check(self, count, before)
        except NotInstalledError as why:
            self.missing = str(why)
        except SystemExit as why:
            if not self.may_lose:
                raise
            self.failed.append(f"in one round {why}")


def main() -> list[Row]:
    """Events a second of each, and the ratios."""
    events, rounds = size("EVENTS", 40_000, 600), size("ROUNDS", 3, 1)
    stored = size("STORED", 30_000_000, 24_000)
    served = {
        "limit": Served(limit, events),
        "ours": Served(ours, events),
        "filled": Served(lambda: ours(stored), events),
        "taky": Served(taky, max(1, events // 10), may_lose=True),
        "FreeTAKServer": Served(freetakserver, max(1, events // 100), may_lose=True),
    }
    for _ in range(rounds):
        for one in served.values():
            one.run()
    for name, one in served.items():
        told = " ".join(number(each.rate) for each in one.heard)
        print(f"{name:15} {one.events:7,} events, a second in each run: {told} {one.trouble}")
    return _rows(served, stored)


def _rows(served: dict[str, Served], stored: int) -> list[Row]:
    found, bare, filled = (served[name] for name in ("ours", "limit", "filled"))
    measured = rate(found.rate)
    alone_ = f"expat, SQLite and relay alone: {rate(bare.rate)}"
    empty = f"the same with an empty store: {measured}"
    rows = [row(WHAT, measured, alone_, found.rate / bare.rate)]
    for name, what, version, least in (
        ("taky", "which stores nothing", TAKY[0], 10),
        ("FreeTAKServer", "", FREETAKSERVER[0], 100),
    ):
        rows.append(_against(found, served[name], version.replace("==", " "), what, least))
    title = f"the same with {stored:,} fixes stored"
    rows.append(row(title, rate(filled.rate), empty, filled.rate / found.rate, at_least(0.8)))
    return rows


def _against(found: Served, peer: Served, name: str, what: str, least: float) -> Row:
    limit, named = at_least(least), f"{name}, {what}" if what else name
    reached = peer.rate if peer.heard else 0.0
    if reached:
        told = f"{named}: {rate(reached)}"
        return row(
            "the same", rate(found.rate), told, found.rate / reached, limit, but=peer.trouble
        )
    if name.startswith("FreeTAKServer"):
        told = f"FreeTAKServer: {rate(QUOTED_FREETAKSERVER)} (quoted: measured earlier elsewhere)"
        ratio = found.rate / QUOTED_FREETAKSERVER
        return row("the same", rate(found.rate), told, ratio, limit, quoted=True, but=peer.trouble)
    return not_measured("the same", peer.trouble, limit, named)


def _check(served: Served, count: Callable[[], int | None], before: int) -> None:
    heard = served.heard[-1]
    if heard.lost and not served.may_lose:
        raise SystemExit(f"{heard.lost} of {heard.events} events did not reach every listener")
    stored = count()
    if stored is not None and stored - before != heard.events:
        raise SystemExit(f"{heard.events} sent, {stored - before} stored")


# --- servers -------------------------------------------------------------------------------------


@contextmanager
def ours(stored: int = 0) -> Serving:
    """``flask feeds cot`` in the default configuration, over a database with so many fixes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        if stored:
            copy_of_filled(path, stored).close()
        database = f"sqlite:///{path}"
        _prepare(database)
        port = free_port()
        command = [sys.executable, "-m", "flask", "--app", "app:create_app", "feeds", "cot"]
        with running([*command, "--port", str(port)], port, FPU_DATABASE_URL=database):
            yield port, lambda: _stored(database)


def _prepare(database: str) -> None:
    server = create_app(Settings(database_url=database))
    services = services_of(server.extensions)
    server.test_cli_runner().invoke(args=["db", "upgrade"])
    now = services.clock() - timedelta(days=1)
    services.roster.ensure_live(now)
    for name in (*(f"load-{which}" for which in range(SENDERS)), *NAMES):
        services.roster.add(Unit(name, name.upper()))
        services.roster.add_device(name, "key", "knots", "")
        services.roster.assign_unit(name, "live", now)
        services.roster.assign_device(name, name, now)
    services.close()


def _stored(database: str) -> int:
    server = create_app(Settings(database_url=database))
    services = services_of(server.extensions)
    try:
        now, long_ago = services.clock(), services.clock() - timedelta(days=1)
        pieces = (
            services.tracks.pieces("live", f"load-{which}", long_ago, now + timedelta(hours=1))
            for which in range(SENDERS)
        )
        return sum(len(part) for devices in pieces for parts in devices for part in parts)
    finally:
        services.close()


@contextmanager
def limit() -> Serving:
    """The bare loop in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        port, path = free_port(), str(Path(folder) / "limit.db")
        command = [sys.executable, "-m", "benchmarks.ingest_cot", "limit", str(port), path]
        with running(command, port):
            yield port, lambda: _rows_in(path)


def _rows_in(path: str) -> int:
    with closing(sqlite3.connect(path)) as database:
        query = "SELECT count(*) FROM fixes WHERE device LIKE 'load-%'"
        return int(database.execute(query).fetchone()[0])


def _limit(port: int, path: str) -> None:
    database = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        database.execute(f"PRAGMA {pragma}")
    database.execute(
        "CREATE TABLE fixes (device TEXT, time TEXT, lat REAL, lon REAL,"
        " PRIMARY KEY (device, time)) WITHOUT ROWID"
    )
    clients: set[asyncio.Transport] = set()

    class Client(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport, self.rest = transport, b""
            clients.add(transport)  # type: ignore[arg-type]

        def connection_lost(self, exc: Exception | None) -> None:
            clients.discard(self.transport)  # type: ignore[arg-type]

        def data_received(self, data: bytes) -> None:
            whole, mark, self.rest = (self.rest + data).rpartition(b"</event>")
            if not mark:
                return
            rows = [_row(part + mark) for part in whole.split(mark)]
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT OR IGNORE INTO fixes VALUES (?, ?, ?, ?)", rows)
            database.execute("COMMIT")
            for client in clients:
                if client is not self.transport:
                    client.write(whole + mark)

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Client, "127.0.0.1", port)
        await server.serve_forever()

    asyncio.run(run())


def _row(piece: bytes) -> tuple[str, str, float, float]:
    found: dict[str, dict[str, str]] = {}
    parser = ParserCreate()
    parser.StartElementHandler = found.__setitem__
    parser.Parse(piece.lstrip(), True)
    own, point = found["event"], found["point"]
    return own["uid"], own["time"], float(point["lat"]), float(point["lon"])


def _command(arguments: Sequence[str]) -> None:
    match arguments:
        case ["limit", port, path]:
            _limit(int(port), path)
        case _:
            alone(main)


if __name__ == "__main__":
    _command(sys.argv[1:])
