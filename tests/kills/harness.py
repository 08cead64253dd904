"""``flask serve``, devices that post without end, ``kill -9`` at random moments, and the account.

A device sends one position after the other and goes on to the next only when the last one was
acknowledged, so what a kill interrupts is sent again, as real senders do. A position that was sent
again must not be there twice, and one that was acknowledged must be there.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from app import create_app
from data.database import Database
from data.fix_store import FixStore
from domain.roster import Unit
from domain.time import to_microseconds
from services.container import services_of
from settings import ROOT, Settings
from tests.ports import free_port

DEVICES = 12
START_S = 120.0
"""How long a server may take to answer again before the trial counts as failed."""


@dataclass(slots=True)
class Account:
    """What was acknowledged, by device and fix time in milliseconds, and what went wrong."""

    kills: int = 0
    acknowledged: set[tuple[str, int]] = field(default_factory=set)
    refused: int = 0
    faults: list[str] = field(default_factory=list)

    def check(self, database: Database, since: datetime) -> None:
        """Note every acknowledged position that is not there, and every one that is there twice."""
        columns = FixStore(database).between("live", None, since, since + timedelta(days=2))
        times = (columns.fix_time // 1000).tolist()
        stored = Counter(zip(columns.device.tolist(), times, strict=True))
        lost = self.acknowledged - stored.keys()
        twice = [key for key, count in stored.items() if count > 1]
        if lost:
            self.faults.append(f"kill {self.kills}: {len(lost)} lost, {sorted(lost)[:3]}")
        if twice:
            self.faults.append(f"kill {self.kills}: {len(twice)} twice, {sorted(twice)[:3]}")


class Trial:
    """One database and as many lives of a server over it as there are kills."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.account = Account()
        self._random = random.Random(seed)
        self._url = f"sqlite:///{folder / 'kills.db'}"
        self._port = free_port()
        self._since = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=20)
        self._stop = threading.Event()
        self._spoken = threading.Semaphore(0)
        self._lock = threading.Lock()

    def run(self, kills: int, tell: Callable[[Account], object] = id) -> Account:
        """Kill a server so many times; returns what was found. ``tell`` hears of each kill."""
        self._prepare()
        devices = [threading.Thread(target=self._send, args=(which,)) for which in range(DEVICES)]
        for device in devices:
            device.start()
        try:
            for _ in range(kills):
                self._one_life()
                self._audit()
                tell(self.account)
        finally:
            self._stop.set()
            for device in devices:
                device.join()
        return self.account

    def _prepare(self) -> None:
        server = create_app(Settings(database_url=self._url))
        server.test_cli_runner().invoke(args=["db", "upgrade"])
        roster = services_of(server.extensions).roster
        roster.ensure_live(self._since)
        for which in range(DEVICES):
            name = f"device-{which}"
            roster.add(Unit(name, name))
            roster.add_device(name, "key")
            roster.assign_unit(name, "live", self._since)
            roster.assign_device(name, name, self._since)
        services_of(server.extensions).close()

    def _one_life(self) -> None:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("FPU_")},
            "FLASK_APP": "app:create_app",
            "FPU_DATABASE_URL": self._url,
            "FPU_PORT": str(self._port),
        }
        server = subprocess.Popen(
            [sys.executable, "-m", "flask", "serve"], cwd=ROOT, env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            while self._spoken.acquire(blocking=False):
                pass  # what the last life still acknowledged
            for _ in range(DEVICES):
                if not self._spoken.acquire(timeout=START_S):
                    self.account.faults.append(f"kill {self.account.kills}: it does not answer")
                    return
            time.sleep(self._random.uniform(0.0, 1.0))  # the moment is the experiment
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        self.account.kills += 1

    def _audit(self) -> None:
        database = Database(self._url)
        try:
            with self._lock:
                self.account.check(database, self._since)
        finally:
            database.close()

    def _send(self, which: int) -> None:
        name, number = f"device-{which}", 0
        begin = to_microseconds(self._since) // 1000
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        while not self._stop.is_set():
            moment = begin + number * 10
            place = f"lat={42.5 + (number % 1000) / 1e4}&lon=20.9"
            try:
                connection.request(
                    "GET", f"/feeds/osmand?id={name}&key=key&{place}&timestamp={moment}"
                )
                answer = connection.getresponse()
                answer.read()
            except (OSError, HTTPException):
                connection.close()
                self._stop.wait(0.05)  # nobody listens: as a phone without a network
                continue
            if answer.status != 200:
                self.account.refused += 1
                self._stop.wait(0.05)
                continue
            with self._lock:
                self.account.acknowledged.add((name, moment))
            self._spoken.release()
            number += 1
        connection.close()
