"""The clients of the Cursor on Target benchmark: twelve that listen and one that sends.

Both run in processes of their own, over loopback. Like a real client each says first where it is;
a herald goes on telling until every one of them has been shown something, so that all are known to
the server before the clock starts. It runs from the leave to send until the last of the twelve
has every event, or until nothing more has come for a while: what is missing then is lost.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from settings import ROOT

LISTENERS = 12
SENDERS = 12
NAMES = ("loader", "herald", *(f"listener-{which}" for which in range(LISTENERS)))
"""The clients; the sender's positions are those of ``load-0`` to ``load-11``."""

MARK = b'uid="load-'
AT_ONCE = 50
QUIET_S = 20.0
"""So long nothing may come before the rest counts as lost; one may make others wait as long."""

READY_S = 120.0


@dataclass(frozen=True)
class Heard:
    """What came of ``events``: ``fewest`` is what the listener has that heard the least."""

    events: int
    fewest: int
    seconds: float

    @property
    def lost(self) -> int:
        """Events that one of the listeners, at least, was never shown."""
        return self.events - self.fewest

    @property
    def rate(self) -> float:
        """Events a second that reached all listeners."""
        return self.fewest / self.seconds


def measure(port: int, events: int) -> Heard:
    """Send so many events through the server at ``port``."""
    with _client("listen", port, events) as listening, _client("send", port, events) as sending:
        try:
            if (_said(listening), _said(sending)) != ("ready", "ready"):
                raise SystemExit("the clients were not served")
            _tell(listening)  # the herald falls silent, and the clock starts
            _said(listening)
            _tell(sending)
            fewest, seconds = json.loads(_said(listening) or "[0, 1]")
        finally:
            listening.kill()
            sending.kill()
    return Heard(events, min(fewest, events), seconds)


def _client(job: str, port: int, events: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.cot_clients", job, str(port), str(events)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def _said(client: subprocess.Popen[str]) -> str:
    assert client.stdout is not None
    return client.stdout.readline().strip()


def _tell(client: subprocess.Popen[str]) -> None:
    assert client.stdin is not None
    client.stdin.write("go\n")
    client.stdin.flush()


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


# --- who listens ---------------------------------------------------------------------------------


class Listeners:
    """Twelve connections and the herald."""

    def __init__(self, port: int, events: int) -> None:
        self._port, self._events = port, events
        self._known = [asyncio.Event() for _ in range(LISTENERS)]
        self._seen = [0] * LISTENERS
        self._silence = asyncio.Event()
        self._last = 0.0

    async def run(self) -> None:
        """``ready``, a line to be quiet, ``quiet``, then a pair: the fewest heard, seconds."""
        tasks = [asyncio.create_task(self._client(which)) for which in range(LISTENERS)]
        herald = asyncio.create_task(self._announce())
        everyone = asyncio.gather(*(one.wait() for one in self._known))
        try:
            await asyncio.wait_for(everyone, READY_S)
        except TimeoutError:
            raise SystemExit("not every listener was shown something") from None
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        self._silence.set()
        await herald
        began = self._last = time.monotonic()
        print("quiet", flush=True)
        while min(self._seen) < self._events and time.monotonic() < self._last + QUIET_S:
            await asyncio.sleep(0.01)
        print(json.dumps([min(self._seen), max(self._last - began, 1e-6)]), flush=True)
        for task in tasks:
            task.cancel()

    async def _client(self, which: int) -> None:
        while not self._known[which].is_set():
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=2**20)
            writer.write(event(f"listener-{which}", datetime.now(UTC), 0))
            await self._count(which, reader)
            writer.close()

    async def _count(self, which: int, reader: asyncio.StreamReader) -> None:
        carry = b""
        while data := await reader.read(2**18):
            self._known[which].set()  # whoever is shown anything is known to the server
            data = carry + data
            found = data.count(MARK)
            if found:
                self._seen[which] += found
                self._last = time.monotonic()
            carry = data[-len(MARK) + 1 :]

    async def _announce(self) -> None:
        number = 0
        while not self._silence.is_set():
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            while not self._silence.is_set() and not reader.at_eof():
                writer.write(event("herald", datetime.now(UTC), number))
                # what follows the first word at once, FreeTAKServer takes for a part of it
                await asyncio.sleep(0.2 if number else 1)
                number += 1
            writer.close()


# --- who sends -----------------------------------------------------------------------------------


def send(port: int, events: int) -> None:
    """``ready`` when known to the server; after a line from us, everything at once."""
    start = datetime.now(UTC) - timedelta(milliseconds=events)
    data = [
        event(f"load-{number % SENDERS}", start + timedelta(milliseconds=number), number)
        for number in range(events)
    ]
    with _known_sender(port) as connection:
        print("ready", flush=True)
        sys.stdin.readline()
        # a client that reads nothing, or leaves, is another matter
        threading.Thread(target=_drain, args=(connection,), daemon=True).start()
        for begin in range(0, events, AT_ONCE):
            connection.sendall(b"".join(data[begin : begin + AT_ONCE]))
        sys.stdin.read()


def _known_sender(port: int) -> socket.socket:
    """A connection over which the server has shown something; refused ones are made anew."""
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        connection = socket.create_connection(("127.0.0.1", port), READY_S)
        connection.sendall(event("loader", datetime.now(UTC), 0))
        if connection.recv(2**16):
            connection.settimeout(None)
            return connection
        connection.close()
    raise SystemExit("the sender is not served")


def _drain(connection: socket.socket) -> None:
    while connection.recv(2**18):
        pass


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["listen", port, events]:
            asyncio.run(Listeners(int(port), int(events)).run())
        case ["send", port, events]:
            send(int(port), int(events))
