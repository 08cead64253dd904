"""OwnTracks over MQTT: from one publisher through a real Mosquitto into the database, at QoS 1.

The clock runs from the first message published until the last one is in the database. In the same
run the limits: a bare paho subscriber that acknowledges and stores nothing, and one that stores
into SQLite with full synchronisation in groups, without roster, rules, visits or journal. Nothing
may be lost. OwnTracks Recorder has no package in Debian; its figure is quoted from elsewhere.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from app import create_app
from benchmarks.sizes import size
from benchmarks.table import Row, alone, at_least, rate, row
from domain.roster import Unit
from services.container import services_of
from settings import ROOT, Settings
from tests.mosquitto import Broker, position

DEVICES = 12
GROUP = 1000
WINDOW = 1000
PATIENCE_S = 300.0
RECORDER = 19.0
"""Messages a second of OwnTracks Recorder in its usual form; quoted, not measured here."""

Serving = Iterator[Callable[[], int]]


def main() -> list[Row]:
    """Messages a second of each, and the ratios."""
    messages, rounds = size("MESSAGES", 20_000, 200), size("ROUNDS", 3, 1)
    servers: dict[str, Callable[[int], Any]] = {
        "limit: acknowledges, stores nothing": lambda port: _bare(port, ""),
        "limit: bare, SQLite in groups": _bare_storing,
        "flask feeds mqtt": _ours,
    }
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, server in servers.items():
            with _broker() as port, server(port) as count:
                found.setdefault(name, []).append(_measure(port, messages, count))
    middle = {name: sorted(rates)[len(rates) // 2] for name, rates in found.items()}
    bare = middle["limit: bare, SQLite in groups"]
    for name, found_ in middle.items():
        told = " ".join(f"{one:.0f}" for one in found[name])
        print(f"{name:36s} {found_:8.0f} a second  {found_ / bare:6.2f}   (runs {told})")
    ours = middle["flask feeds mqtt"]
    nothing = middle["limit: acknowledges, stores nothing"]
    recorder = f"OwnTracks Recorder in its usual form: {rate(RECORDER)} (quoted)"
    what = "positions as OwnTracks over MQTT at QoS 1, stored, then acknowledged"
    return [
        row(what, rate(ours), f"paho and SQLite in groups alone: {rate(bare)}", ours / bare),
        row("the same", rate(ours), f"paho alone, storing nothing: {rate(nothing)}",
            ours / nothing),
        row("the same", rate(ours), recorder, ours / RECORDER, at_least(20), quoted=True),
    ]  # fmt: skip


@contextmanager
def _broker() -> Iterator[int]:
    with tempfile.TemporaryDirectory() as folder, Broker(Path(folder), FAST) as broker:
        yield broker.port


FAST = "autosave_interval 1800\nautosave_on_changes false\nmax_inflight_messages 1000\n"
"""The broker's own habit of writing down; for tests it writes at every change."""


def _measure(port: int, messages: int, count: Callable[[], int]) -> float:
    """Messages a second; ends the run when anything is lost."""
    command = [sys.executable, "-m", "benchmarks.ingest_mqtt", "publish", str(port), str(messages)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    ) as publishing:
        try:
            assert publishing.stdout is not None
            assert publishing.stdin is not None
            publishing.stdout.readline()  # everything is ready to be sent
            started = time.monotonic()
            publishing.stdin.write("go\n")
            publishing.stdin.flush()
            stored = 0
            while stored < messages:
                if time.monotonic() - started > PATIENCE_S:
                    raise SystemExit(f"{messages} published, {stored} stored")
                time.sleep(0.05)
                stored = count()
            return messages / (time.monotonic() - started)
        finally:
            publishing.kill()


def _publish(port: int, messages: int) -> None:
    """One client, QoS 1, with a window of a thousand: the bytes of MQTT 3.1.1 and nothing else, so
    that sending costs little of what receiving needs."""
    start = int(time.time()) - messages
    data = [_message(number, start + number) for number in range(messages)]
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(b"\x10\x15\x00\x04MQTT\x04\x02\x00\x00\x00\x09publisher")
        if connection.recv(4, socket.MSG_WAITALL)[3:] != b"\x00":
            raise SystemExit("the broker refuses the publisher")
        print("ready", flush=True)
        sys.stdin.readline()
        acknowledged = 0  # each acknowledgement has four bytes
        for begin in range(0, messages, 100):
            connection.sendall(b"".join(data[begin : begin + 100]))
            while begin + 100 - acknowledged // 4 > WINDOW:
                acknowledged += len(connection.recv(4 * WINDOW))
        while acknowledged < 4 * messages:
            acknowledged += len(connection.recv(4 * WINDOW))


def _message(number: int, moment: int) -> bytes:
    """A publication as it goes over the wire."""
    topic = f"owntracks/load/load-{number % DEVICES}".encode()
    payload = json.dumps(position(moment, 42.6 + number % 1000 / 10_000)).encode()
    body = struct.pack(">H", len(topic)) + topic + struct.pack(">H", number % 60_000 + 1) + payload
    low, high = len(body) % 128, len(body) // 128
    return bytes([0x32, low | 128, high]) + body  # all of them have between 128 and 16,383 bytes


@contextmanager
def _ours(port: int) -> Serving:
    """``flask feeds mqtt`` on a database of its own, in the default configuration."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        database = f"sqlite:///{path}"
        _prepare(database)
        command = [sys.executable, "-m", "flask", "--app", "app:create_app", "feeds", "mqtt"]
        with _running([*command, "--port", str(port)], "connected", FPU_DATABASE_URL=database):
            yield lambda: _rows(path)


def _prepare(database: str) -> None:
    server = create_app(Settings(database_url=database))
    services = services_of(server.extensions)
    server.test_cli_runner().invoke(args=["db", "upgrade"])
    now = services.clock() - timedelta(days=1)
    services.roster.ensure_live(now)
    for which in range(DEVICES):
        name = f"load-{which}"
        services.roster.add(Unit(name, name.upper()))
        services.roster.add_device(name, "key", "knots", "")
        services.roster.assign_unit(name, "live", now)
        services.roster.assign_device(name, name, now)
    services.close()


@contextmanager
def _bare_storing(port: int) -> Serving:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bare.db"
        with _bare(port, str(path)):
            yield lambda: _rows(path)


@contextmanager
def _bare(port: int, path: str) -> Serving:
    """The bare subscriber in a process of its own; without ``path`` it tells what it has heard."""
    with tempfile.NamedTemporaryFile() as told:
        command = [sys.executable, "-m", "benchmarks.ingest_mqtt", "bare", str(port), told.name]
        with _running([*command, path] if path else command, "connected"):
            yield lambda: int(Path(told.name).read_text() or 0)


def _subscribe(port: int, told: str, path: str = "") -> None:
    waiting: list[MQTTMessage] = []
    something = threading.Condition()
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id="bare",
        protocol=MQTTProtocolVersion.MQTTv5,
        manual_ack=True,
    )

    def heard(_client: Client, _: object, message: MQTTMessage) -> None:
        with something:
            waiting.append(message)
            something.notify()

    def subscribed(*_: object) -> None:
        print("connected", flush=True)

    client.on_message = heard
    client.on_subscribe = subscribed
    wanted = Properties(PacketTypes.CONNECT)
    wanted.ReceiveMaximum = GROUP
    wanted.SessionExpiryInterval = 0xFFFFFFFF
    client.connect("127.0.0.1", port, clean_start=False, properties=wanted)
    client.loop_start()
    client.subscribe("owntracks/+/+", qos=1)
    database = _table(path) if path else None
    count = 0
    while True:
        with something:
            something.wait_for(lambda: bool(waiting))
            group, waiting[:] = list(waiting), []
        if database is not None:
            database.execute("BEGIN IMMEDIATE")
            rows = [_row(message) for message in group]
            database.executemany("INSERT OR IGNORE INTO fixes VALUES (?, ?, ?, ?)", rows)
            database.execute("COMMIT")
        for message in group:
            client.ack(message.mid, message.qos)
        count += len(group)
        if database is None:
            Path(told).write_text(str(count))


def _table(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        database.execute(f"PRAGMA {pragma}")
    database.execute(
        "CREATE TABLE fixes (device TEXT, time INTEGER, lat REAL, lon REAL,"
        " PRIMARY KEY (device, time)) WITHOUT ROWID"
    )
    return database


def _row(message: MQTTMessage) -> tuple[str, int, float, float]:
    said = json.loads(message.payload)
    return message.topic.split("/")[2], said["tst"], said["lat"], said["lon"]


def _rows(path: Path) -> int:
    database = sqlite3.connect(path)
    try:
        return int(database.execute("SELECT count(*) FROM fixes").fetchone()[0])
    finally:
        database.close()


@contextmanager
def _running(command: list[str], ready: str, **environment: str) -> Iterator[None]:
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment, "PYTHONUNBUFFERED": "1"},
        start_new_session=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        if not any(ready in line for line in process.stdout):
            raise SystemExit(f"{command[-1]} ended")
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.stdout.close()
        process.wait()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["publish", port, messages]:
            _publish(int(port), int(messages))
        case ["bare", port, told, *path]:
            _subscribe(int(port), told, *path)
        case _:
            alone(main)
