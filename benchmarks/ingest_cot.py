"""Cursor on Target over TCP, stored with full synchronisation and shown to twelve clients.

One load client and twelve listening clients in processes of their own, over loopback; the clock
runs from the first byte sent until the last of the twelve has every event. In the same run: taky,
which relays and stores nothing, and the limit, a bare loop of expat and SQLite without roster,
rules, visits or journal. Nothing may be lost: every listener counts, and the database is counted.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.parsers.expat import ParserCreate

from app import create_app
from domain.roster import Unit
from services.container import services_of
from settings import ROOT, Settings

LISTENERS = 12
SENDERS = 12
MARK = b'uid="load-'
PATIENCE_S = 120.0


def main() -> None:
    """Print events a second of each, and the ratios."""
    events = int(os.environ.get("EVENTS", "40000"))
    rounds = int(os.environ.get("ROUNDS", "3"))
    taky = sys.argv[1] if len(sys.argv) > 1 else None
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, server, number in (
            ("limit: expat, SQLite, relay", limit, events),
            ("flask feeds cot", ours, events),
            ("taky, stores nothing", lambda: theirs(taky), max(1, events // 10)),
        ):
            if "taky" in name and taky is None:
                continue
            with server() as (port, count):
                found.setdefault(name, []).append(_measure(port, number, count))
    best = {name: sorted(rates)[len(rates) // 2] for name, rates in found.items()}
    base = best.get("taky, stores nothing") or best["limit: expat, SQLite, relay"]
    for name, rate in best.items():
        told = " ".join(f"{one:.0f}" for one in found[name])
        print(f"{name:30s} {rate:9.0f} a second   {rate / base:7.2f}   (runs {told})")


def _measure(port: int, events: int, count: Callable[[], int | None]) -> float:
    """Events a second; ends the run when anything is lost."""
    module = [sys.executable, "-m", "benchmarks.ingest_cot"]
    listening = subprocess.Popen(
        [*module, "listen", str(port), str(events)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert listening.stdout is not None
    if listening.stdout.readline().strip() != "ready":
        raise SystemExit("the listeners are not served")
    started = time.monotonic()
    sending = subprocess.Popen([*module, "send", str(port), str(events)], cwd=ROOT)
    said = listening.stdout.readline().strip()
    took = time.monotonic() - started
    sending.kill()
    sending.wait()
    listening.kill()
    listening.wait()
    if said != "all":
        raise SystemExit(f"lost: {said}")
    stored = count()
    if stored is not None and stored != events:
        raise SystemExit(f"{events} sent, {stored} stored")
    return events / took


# --- clients -------------------------------------------------------------------------------------


def event(uid: str, moment: datetime, number: int) -> bytes:
    """As ATAK tells a position."""
    time_ = moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    stale = (moment + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<event version="2.0" uid="{uid}" type="a-f-G-U-C" how="m-g" time="{time_}"'
        f' start="{time_}" stale="{stale}"><point lat="{42.6 + number % 1000 / 10_000:.6f}"'
        ' lon="20.9" hae="560.2" ce="9.9" le="9999999.0"/><detail>'
        '<takv os="34" version="5.1.0" device="PHONE" platform="ATAK-CIV"/>'
        f'<contact endpoint="*:-1:stcp" callsign="{uid}"/><uid Droid="{uid}"/>'
        '<precisionlocation altsrc="GPS" geopointsrc="GPS"/>'
        '<__group role="Team Member" name="Cyan"/><status battery="78"/>'
        '<track course="45.0" speed="1.5"/></detail></event>'
    ).encode()


async def _listen(port: int, events: int) -> None:
    ready = [asyncio.Event() for _ in range(LISTENERS)]
    done = [asyncio.Event() for _ in range(LISTENERS)]
    seen = [0] * LISTENERS

    async def client(which: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        me = f"listener-{which}"
        writer.write(event(me, datetime.now(UTC), 0))
        carry = b""
        while data := await reader.read(2**18):
            # anything shown means that this client is known to the server
            ready[which].set()
            data = carry + data
            seen[which] += data.count(MARK)
            carry = data[-len(MARK) + 1 :]
            if seen[which] >= events:
                done[which].set()

    async def announce() -> None:
        """Each client says where it is until every other one has been shown something."""
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        number = 0
        while not all(one.is_set() for one in ready):
            writer.write(event("herald", datetime.now(UTC), number))
            number += 1
            await asyncio.sleep(0.2)
        writer.close()

    tasks = [asyncio.create_task(client(which)) for which in range(LISTENERS)]
    await announce()
    print("ready", flush=True)
    waiting = asyncio.gather(*(one.wait() for one in done))
    try:
        await asyncio.wait_for(waiting, PATIENCE_S)
        print("all", flush=True)
    except TimeoutError:
        print(f"of {events}: {seen}", flush=True)
    for task in tasks:
        task.cancel()


def _send(port: int, events: int) -> None:
    start = datetime.now(UTC) - timedelta(milliseconds=events)
    data = [
        event(f"load-{number % SENDERS}", start + timedelta(milliseconds=number), number)
        for number in range(events)
    ]
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for begin in range(0, events, 50):
            connection.sendall(b"".join(data[begin : begin + 50]))
        signal.pause()  # a client that leaves is another matter


# --- servers -------------------------------------------------------------------------------------

Serving = Iterator[tuple[int, Callable[[], int | None]]]


@contextmanager
def ours() -> Serving:
    """``flask feeds cot`` on a database of its own, in the default configuration."""
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{Path(folder) / 'bench.db'}"
        _prepare(database)
        port = _free_port()
        command = [sys.executable, "-m", "flask", "--app", "app:create_app", "feeds", "cot"]
        with _running([*command, "--port", str(port)], port, FPU_DATABASE_URL=database):
            yield port, lambda: _stored(database)


def _prepare(database: str) -> None:
    server = create_app(Settings(database_url=database))
    services = services_of(server.extensions)
    server.test_cli_runner().invoke(args=["db", "upgrade"])
    now = services.clock() - timedelta(days=1)
    services.roster.ensure_live(now)
    names = [f"load-{which}" for which in range(SENDERS)]
    names += ["herald", *(f"listener-{which}" for which in range(LISTENERS))]
    for name in names:
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
        port, path = _free_port(), str(Path(folder) / "limit.db")
        command = [sys.executable, "-m", "benchmarks.ingest_cot", "limit", str(port), path]
        with _running(command, port):
            query = "SELECT count(*) FROM fixes WHERE device LIKE 'load-%'"
            yield port, lambda: int(sqlite3.connect(path).execute(query).fetchone()[0])


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


@contextmanager
def theirs(taky: str | None) -> Serving:
    """taky (MIT) from the environment ``taky`` names, with its own settings."""
    assert taky is not None
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        settings = Path(folder) / "taky.conf"
        settings.write_text(
            f"[taky]\nhostname=bench\nbind_ip=127.0.0.1\nroot_dir={folder}\nredis=false\n"
            f"[cot_server]\nport={port}\n[ssl]\nenabled=false\n"
        )
        with _running([str(Path(taky) / "bin" / "taky"), "-c", str(settings)], port):
            yield port, lambda: None


@contextmanager
def _running(command: list[str], port: int, **environment: str) -> Iterator[None]:
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if time.monotonic() > until or process.poll() is not None:
                    raise SystemExit(f"{command[0]} does not listen") from None
                time.sleep(0.1)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:  # peers do not always stop
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["listen", port, events]:
            asyncio.run(_listen(int(port), int(events)))
        case ["send", port, events]:
            _send(int(port), int(events))
        case ["limit", port, path]:
            _limit(int(port), path)
        case _:
            main()
