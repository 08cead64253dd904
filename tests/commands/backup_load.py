"""What a server has to do while it is backed up: devices, people who act, people who sign in."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from urllib.parse import urlencode

from app import create_app
from domain.roster import Unit
from domain.time import to_microseconds, to_rfc3339
from services.container import services_of
from settings import Settings
from tests.serving import BEARER, PATIENCE_S, Running

DEVICES = 6
KEY = "key"


class Load:
    """Everything that was acknowledged: positions by device and time in milliseconds, the ids of
    incidents, and the cookies of sessions."""

    def __init__(self) -> None:
        self.since = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=20)
        self.positions: set[tuple[str, int]] = set()
        self.incidents: set[str] = set()
        self.cookies: list[str] = []
        self._changed = threading.Condition()
        self._stop = threading.Event()

    def prepare(self, url: str) -> None:
        """Devices, units and the demonstration's accounts in a migrated database."""
        server = create_app(Settings(database_url=url))
        services = services_of(server.extensions)
        services.roster.ensure_live(self.since)
        for which in range(DEVICES):
            name = device(which)
            services.roster.add(Unit(name, name))
            services.roster.add_device(name, KEY)
            services.roster.assign_unit(name, "live", self.since)
            services.roster.assign_device(name, name, self.since)
        services.close()

    @contextmanager
    def on(self, server: Running) -> Iterator[None]:
        """Go on until the end of the block, which must come before that of the server."""
        work = [
            *(threading.Thread(target=self._send, args=(server, one)) for one in range(DEVICES)),
            threading.Thread(target=self._act, args=(server,)),
        ]
        for thread in work:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in work:
                thread.join()

    def wait(self, enough: Callable[[], bool]) -> bool:
        """Return when enough was acknowledged; False when it never was."""
        with self._changed:
            return self._changed.wait_for(enough, timeout=PATIENCE_S)

    def _send(self, server: Running, which: int) -> None:
        connection, begin = _connect(server), to_microseconds(self.since) // 1000
        for number in range(10**6):
            if self._stop.is_set():
                break
            moment = begin + number * 100
            connection.request("GET", feed(which, moment))
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                self._acknowledge(lambda key: self.positions.add(key), (device(which), moment))
        connection.close()

    def _act(self, server: Running) -> None:
        connection = _connect(server)
        while not self._stop.is_set():
            body = json.dumps(report())
            headers = {**BEARER, "Content-Type": "application/json"}
            connection.request("POST", "/api/v1/operations/live/incidents", body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status == 201:
                incident = answer.getheader("Location", "").rpartition("/")[2]
                self._acknowledge(lambda key: self.incidents.add(key), incident)
            if cookie := sign_in(server):
                self._acknowledge(lambda key: self.cookies.append(key), cookie)
            self._stop.wait(0.1)
        connection.close()

    def _acknowledge(self, keep: Callable[[object], object], what: object) -> None:
        with self._changed:
            keep(what)
            self._changed.notify_all()


def device(which: int) -> str:
    """The name of a device, and of its unit."""
    return f"device-{which}"


def feed(which: int, moment_ms: int) -> str:
    """The request that brings one position of a device."""
    place = f"lat={42.5 + moment_ms // 100 % 1000 / 1e4}&lon=20.9"
    return f"/feeds/osmand?id={device(which)}&key={KEY}&{place}&timestamp={moment_ms}"


def sign_in(server: Running) -> str:
    """The cookie of a new session of the duty officer; empty where there is none."""
    form = urlencode({"name": "duty", "password": "duty"})
    status, headers, _ = server.ask(f"/sign-in {form}", method="POST")
    return headers["Set-Cookie"].partition(";")[0] if status == 303 else ""


def report() -> dict[str, object]:
    """The body of a new incident."""
    return {
        "command_id": str(uuid.uuid4()),
        "occurred_at": to_rfc3339(datetime.now(UTC)),
        "asserted_by": {"org": "FPU", "function": "patrol leader"},
        "position": {"lat": 42.8914, "lon": 20.8660},
        "record": {
            "title": "Crowd", "category": "peaceful_gathering", "severity": 2,
            "source": "patrol", "source_reliability": "B", "info_credibility": 2,
        },
    }  # fmt: skip


def _connect(server: Running) -> HTTPConnection:
    return HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
