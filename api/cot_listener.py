"""The listener for TAK clients: TCP and TLS in, group by group to the desk, durable events out.

One task stores what came while the last group was stored, so a group grows with the load. CoT has
no acknowledgement: an event is shown to the other clients of the same operation after it is durable
and never before, and while nothing can be stored nothing more is read, so that the network holds
the clients back and nothing grows here. ``docs/adr/0041-cot-listener.md`` says why so.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from api.cot_connection import Connection
from api.cot_desk import Arrival, Desk, Outcome
from api.refusals import Refusals
from domain.errors import StoreUnavailable
from formats.cot import CotEvent, Kind, Reading
from formats.cot_writer import DECLARATION, pong
from services.clock import Clock

ROOM = 4000
"""Events that may wait to be stored; beyond it no connection is read."""

MOST_CONNECTIONS = 500
STRANGER_S = 60.0
"""How long a connection may stay that has not said who it is."""

MOST_FAULTS = 20
"""What a connection may say that is no event or of no known device before it is closed, as long
as it has said nothing of a known one."""

_RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)

_IN_BINARY = "in the binary form of the protocol, which is not read: set the client to XML"

_NOTABLE = ("unknown", "unreadable", "of another device", "in no operation", "failed")

_LOG = logging.getLogger(__name__)


class CotListener:
    """``names`` maps the common name of a certificate to its device, where the two differ."""

    def __init__(self, desk: Desk, clock: Clock, names: Mapping[str, str] | None = None) -> None:
        self._desk = desk
        self._clock = clock
        self._names = names or {}
        self._connections: set[Connection] = set()
        self._by_device: dict[str, Connection] = {}
        self._waiting: list[Arrival] = []
        self._something = asyncio.Event()
        self._paused = False
        self._stopping = False
        self._thread = ThreadPoolExecutor(1, "cot-desk")
        self._servers: list[asyncio.Server] = []
        self._refusals = Refusals(_LOG, clock, "uids")
        self.counts: Counter[str] = Counter()

    async def listen(self, host: str, port: int, secured: ssl.SSLContext | None = None) -> int:
        """Open one more address; returns its port. Raises ``OSError`` where it is taken."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Connection(self), host, port, ssl=secured, backlog=128
        )
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def run(self) -> None:
        """Store and show until ``stop``; ends when everything that was read is durable."""
        while self._waiting or not self._stopping:
            await self._something.wait()
            self._something.clear()
            arrivals, self._waiting = self._waiting, []
            self._show(await self._store(arrivals))
            self._breathe()
            self._refusals.tell()
        for connection in list(self._connections):
            connection.close()
        self._thread.shutdown()

    def stop(self) -> None:
        """Take no new client and read no more; ``run`` ends after what was read is stored."""
        self._stopping = True
        for server in self._servers:
            server.close()
        for connection in self._connections:
            connection.pause()
        self._something.set()

    def present(self) -> set[str]:
        """The known devices that are connected and are shown what the others say."""
        return set(self._by_device)

    # --- what connections call -----------------------------------------------------------------

    def entered(self, connection: Connection) -> bool:
        """A client has connected. One with a certificate is known from here on."""
        if len(self._connections) >= MOST_CONNECTIONS or self._stopping:
            self._count("turned away")
            return False
        self._connections.add(connection)
        self.counts["connections"] += 1
        if connection.certificate is not None:
            connection.proven = self._names.get(connection.certificate, connection.certificate)
            self._something.set()  # has it looked up
        asyncio.get_running_loop().call_later(STRANGER_S, self._close_stranger, connection)
        if self._paused:
            connection.pause()
        return True

    def said(self, connection: Connection, readings: Sequence[Reading]) -> None:
        """Events of a connection, to be stored with those of the others."""
        now = self._clock()
        for reading in readings:
            if isinstance(reading, CotEvent) and reading.kind is Kind.PING:
                connection.send(DECLARATION + pong(now))
                continue
            self._waiting.append(
                Arrival(connection, connection.proven, connection.device, reading, now)
            )
        self._something.set()
        if len(self._waiting) >= ROOM and not self._paused:
            self._paused = True
            for one in self._connections:
                one.pause()

    def binary(self, _connection: Connection) -> None:
        """A client that cannot be understood is counted and told of, not guessed at."""
        self._count(_IN_BINARY)

    def left(self, connection: Connection) -> None:
        """A connection is gone; what it said before is stored all the same."""
        self._connections.discard(connection)
        if connection.device and self._by_device.get(connection.device) is connection:
            del self._by_device[connection.device]

    # --- storing -------------------------------------------------------------------------------

    async def _store(self, arrivals: list[Arrival]) -> Outcome:
        """Holds on to what it was given until it is durable, however long the store is away."""
        attempt = 0
        loop = asyncio.get_running_loop()
        while True:
            devices = (one.device or one.proven for one in self._connections)
            present = {device for device in devices if device is not None}
            write = partial(self._desk.write, arrivals, present, self._clock())
            try:
                return await loop.run_in_executor(self._thread, write)
            except StoreUnavailable as fault:
                wait = _RETRY_S[min(attempt, len(_RETRY_S) - 1)]
                attempt += 1
                _LOG.warning(
                    "nothing is stored, %d events wait and no client is read: %s",
                    len(arrivals) + len(self._waiting),
                    fault.detail,
                )
                await asyncio.sleep(wait)

    def _breathe(self) -> None:
        if self._paused and len(self._waiting) < ROOM // 2 and not self._stopping:
            self._paused = False
            for one in self._connections:
                one.resume()

    # --- showing -------------------------------------------------------------------------------

    def _show(self, outcome: Outcome) -> None:
        """What is durable now, to every other client of its operation."""
        for origin, devices in outcome.speakers.items():
            assert isinstance(origin, Connection)
            self._identify(origin, next(iter(devices)))
        for connection in list(self._connections):
            self._check(connection, outcome)
        for operation, shown in outcome.shown.items():
            self._show_operation(outcome, operation, shown)
        self.counts.update(outcome.counts)
        notable = {what: outcome.counts[what] for what in _NOTABLE}
        self._refusals.add(notable, outcome.strangers)

    def _show_operation(
        self, outcome: Outcome, operation: str, shown: Sequence[tuple[Hashable, bytes]]
    ) -> None:
        framed = [(origin, DECLARATION + raw) for origin, raw in shown]
        everything = b"".join([event for _, event in framed])
        origins = {origin for origin, _ in shown}
        for connection in list(self._connections):
            if connection.replaced or outcome.places.get(connection.device or "") != operation:
                continue
            data = everything
            if connection in origins:
                data = b"".join([event for origin, event in framed if origin is not connection])
            if data and not connection.send(data):
                self._count("too slow")

    def _identify(self, connection: Connection, device: str) -> None:
        """The client is known from now on; an older connection of the same one is replaced."""
        if connection.device is not None or connection not in self._connections:
            return
        connection.device = device
        older = self._by_device.get(device)
        self._by_device[device] = connection
        if older is not None:
            older.retire()
            self.counts["replaced"] += 1

    def _check(self, connection: Connection, outcome: Outcome) -> None:
        """A certificate is known or not; who says nothing of a known device has to go."""
        connection.faults += outcome.faults.get(connection, 0)
        if connection.leaving:
            return
        if connection.proven is not None and connection.proven in outcome.known:
            self._identify(connection, connection.proven)
        elif connection.proven is not None and connection.proven in outcome.looked_up:
            self._count("unknown certificate", connection.proven)
            connection.close()
        if connection.device is None and connection.faults > MOST_FAULTS:
            connection.close()

    def _close_stranger(self, connection: Connection) -> None:
        if connection.device is None and connection in self._connections:
            self._count("never said who it is")
            connection.close()

    # --- telling -------------------------------------------------------------------------------

    def _count(self, what: str, *strangers: str) -> None:
        self.counts[what] += 1
        self._refusals.add({what: 1}, strangers)
        self._something.set()
