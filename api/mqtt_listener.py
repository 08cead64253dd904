"""The listener for OwnTracks over MQTT: messages of a broker in, group by group to the desk.

One task stores what came while the last group was stored, so a group grows with the load. A message
is acknowledged to the broker after it is durable and never before; what is not acknowledged the
broker keeps and sends again, to this process or to the next one. While nothing can be stored, the
broker stops by itself at a limit, so nothing grows here. ``docs/adr/0045-owntracks-over-mqtt.md``
says why so.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

from paho.mqtt.client import MQTTMessage

from api.mqtt_connection import UNACKNOWLEDGED, Broker, Connection, Lost
from api.mqtt_desk import Arrival, Desk, Work
from api.refusals import Refusals
from domain.errors import StoreUnavailable
from formats.message import MqttMessage
from formats.owntracks_mqtt import Topics
from services.clock import Clock

ROOM = 4 * UNACKNOWLEDGED
ROOM_BYTES = 32 * 1024 * 1024
"""What may wait to be stored; beyond it nothing is read. A broker should keep to ``UNACKNOWLEDGED``
by itself, but Mosquitto 2.0 sends all it has kept at once when a session goes on, and messages that
ask for no acknowledgement (QoS 0) know no limit."""

_RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)
_CONNECT_AGAIN_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_STEADY_S = 60.0  # a connection that held for so long was a good one
_MICROSECOND = timedelta(microseconds=1)

_NOTABLE = ("unknown", "unreadable", "failed")

_LOG = logging.getLogger(__name__)


class MqttListener:
    """One session with one broker. ``retry_s`` are the pauses before connecting again, ``say`` is
    told of every connection."""

    def __init__(
        self,
        desk: Desk,
        clock: Clock,
        broker: Broker,
        topics: Topics,
        retry_s: tuple[float, ...] = _CONNECT_AGAIN_S,
        say: Callable[[str], object] = len,
    ) -> None:
        self._desk = desk
        self._clock = clock
        self._broker = broker
        self._topics = topics
        self._retry_s = retry_s
        self._say = say
        self._connection = Connection(broker, topics.filters, self._heard)
        self._waiting: list[Arrival] = []
        self._bytes = 0
        self._open: dict[int, Arrival] = {}  # what waits for its acknowledgement, by its number
        self._again: Counter[tuple[str | None, bytes]] = Counter()  # on this connection
        self._something = asyncio.Event()
        self._stopping = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "mqtt-desk")
        self._last = clock()
        self._refusals = Refusals(_LOG, clock, "devices")
        self.counts: Counter[str] = Counter()

    @property
    def connected(self) -> bool:
        """Whether messages can come."""
        return self._connection.subscribed

    async def run(self) -> None:
        """Store until ``stop``. Ends when everything that was read is durable and acknowledged, or
        remains with the broker because nothing can be stored."""
        keeping = asyncio.create_task(self._keep_connected())
        keeping.add_done_callback(lambda _: self.stop())  # it ends by itself only by a fault
        try:
            while self._waiting or not self._stopping.is_set():
                await self._something.wait()
                self._something.clear()
                await self._store_what_waits()
            await self._connection.leave()
        except StoreUnavailable as fault:
            _LOG.warning("what was not stored remains with the broker: %s", fault.detail)
        finally:
            keeping.cancel()
            await asyncio.wait({keeping})
            self._connection.drop("we left")
            self._thread.shutdown()
        if not keeping.cancelled():
            keeping.result()

    def stop(self) -> None:
        """Read no more; ``run`` ends after what was read is stored."""
        self._stopping.set()
        self._connection.pause()
        self._something.set()

    # --- the connection ------------------------------------------------------------------------

    async def _keep_connected(self) -> None:
        attempt = 0
        loop = asyncio.get_running_loop()
        where = f"{self._broker.host}:{self._broker.port}"
        while not self._stopping.is_set():
            began = loop.time()
            self._again.clear()
            try:
                await self._connection.open()
                self.counts["connections"] += 1
                self._say(f"connected to {where}")
                reason = await self._connection.closed()
            except Lost as fault:
                reason = str(fault)
            self._connection.drop(reason)
            if self._stopping.is_set():
                return
            attempt = 0 if loop.time() - began > _STEADY_S else attempt
            wait = self._retry_s[min(attempt, len(self._retry_s) - 1)]
            attempt += 1
            _LOG.warning("%s: %s; trying again in %g seconds", where, reason, wait)
            await asyncio.sleep(wait)

    def _heard(self, message: MQTTMessage) -> None:
        """One message, to be stored with the others."""
        if self._stopping.is_set():
            return  # not acknowledged, so it comes again
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        told = MqttMessage(topic, bytes(message.payload), message.retain)
        number = self._connection.number
        if message.qos:
            before = self._open.get(message.mid)
            if before is not None and before.message == told:
                before.connection = number  # sent again after a break, and still here
                self.counts["sent again"] += 1
                return
        self._last = max(self._clock(), self._last + _MICROSECOND)
        again = self._count_again(told) if message.dup else 0
        arrival = Arrival(told, message.qos, message.mid, number, self._last, again)
        if message.qos:
            self._open[message.mid] = arrival
        self._waiting.append(arrival)
        self._bytes += len(told.payload)
        self._something.set()
        if len(self._waiting) >= ROOM or self._bytes >= ROOM_BYTES:
            self._connection.pause()

    def _count_again(self, told: MqttMessage) -> int:
        """Which one it is of those that are sent again, are of its device and say the same. On one
        connection the broker sends each message once, so no other is counted with it."""
        which = self._topics.device(told.topic), hashlib.sha256(told.payload).digest()
        self._again[which] += 1
        return self._again[which]

    # --- storing -------------------------------------------------------------------------------

    async def _store_what_waits(self) -> None:
        arrivals, self._waiting = self._waiting, []
        self._bytes = 0
        if not self._stopping.is_set():
            self._connection.resume()
        if arrivals:
            work = await self._store(arrivals)
            self._acknowledge(arrivals)
            self.counts.update(work.counts)
            self._refusals.add({what: work.counts[what] for what in _NOTABLE}, work.strangers)
        self._refusals.tell()

    async def _store(self, arrivals: list[Arrival]) -> Work:
        """Holds on to what it was given until it is durable, however long the store is away.

        Raises ``StoreUnavailable`` only when it is to stop.
        """
        attempt = 0
        work: Work | None = None
        loop = asyncio.get_running_loop()
        while True:
            try:
                if work is None:
                    work = await loop.run_in_executor(self._thread, self._desk.sort, arrivals)
                await loop.run_in_executor(self._thread, self._desk.store, work)
                return work
            except StoreUnavailable as fault:
                if self._stopping.is_set():
                    raise
                wait = _RETRY_S[min(attempt, len(_RETRY_S) - 1)]
                attempt += 1
                _LOG.warning(
                    "nothing is stored, %d messages wait here and the others at the broker: %s",
                    len(arrivals) + len(self._waiting),
                    fault.detail,
                )
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), wait)

    def _acknowledge(self, arrivals: list[Arrival]) -> None:
        """What came on a connection that is gone comes again and is then known."""
        number, durable = self._connection.number, []
        for arrival in arrivals:
            if arrival.qos == 0:
                continue
            if self._open.get(arrival.mid) is arrival:
                del self._open[arrival.mid]
            if arrival.connection == number:
                durable.append(arrival.mid)
        self._connection.acknowledge(durable)
