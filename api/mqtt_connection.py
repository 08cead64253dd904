"""One session with a broker: paho-mqtt, driven by asyncio, that acknowledges only when told.

Everything but the opening of a connection runs on the loop's own thread, so an acknowledgement can
never meet another connection than the one that its message came on.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

UNACKNOWLEDGED = 1000
"""Messages that the broker sends before it waits for an acknowledgement (receive maximum)."""

LARGEST_MESSAGE = 1024 * 1024
"""Bytes; a position with a photograph has some hundred thousand. The broker keeps larger ones."""

KEEPALIVE_S = 30
NEVER = 0xFFFFFFFF
_ANSWER_S = 10.0  # how long opening a connection, and each answer to it, may take
_AT_ONCE = 200  # messages that are read before others have their turn

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and who we are to it. ``tls`` None is a connection in the clear."""

    host: str
    port: int
    client_id: str
    username: str = ""
    password: str = ""
    tls: ssl.SSLContext | None = None


class Lost(Exception):
    """The connection is gone, or was refused; the message says why."""


class Connection:
    """``heard`` is called with each message; it must not raise.

    ``number`` counts the connections; a message can be acknowledged on its own one only.
    """

    def __init__(
        self, broker: Broker, filters: Sequence[str], heard: Callable[[MQTTMessage], None]
    ) -> None:
        self._broker = broker
        self._filters = filters
        self._heard = heard
        self._client = self._make_client()
        self._ended: asyncio.Future[str] | None = None
        self._subscribed: asyncio.Future[None] | None = None
        self._socket: Any = None
        self._place = -1  # its number, which paho's closing of the socket takes away
        self._messages = 0
        self._reading = False
        self.number = 0

    async def open(self) -> None:
        """Connect and subscribe. Raises ``Lost``."""
        loop = asyncio.get_running_loop()
        self._ended, self._subscribed = loop.create_future(), loop.create_future()
        self.number += 1
        try:
            await loop.run_in_executor(None, self._connect)
        except (OSError, ValueError) as fault:
            raise Lost(str(fault)) from fault
        self._socket = self._client.socket()
        if self._socket is None:
            raise Lost("the broker closed the connection at once")
        self._place = self._socket.fileno()
        self.resume()
        self._write()
        await self._answered()
        if self._ended.done() or not self._subscribed.done():
            reason = self._ended.result() if self._ended.done() else "the broker does not answer"
            self.drop(reason)
            raise Lost(reason)

    async def closed(self) -> str:
        """Returns, when the connection is gone, the reason."""
        assert self._ended is not None
        while not self._ended.done():
            await asyncio.wait({self._ended}, timeout=1.0)
            if not self._ended.done():
                self._client.loop_misc()
                self._write()
        return self._ended.result()

    @property
    def subscribed(self) -> bool:
        """Whether it is open and messages come. What comes again may come before that."""
        return self._subscribed is not None and self._subscribed.done() and self._socket is not None

    def acknowledge(self, numbers: Sequence[int]) -> None:
        """Tell the broker that these messages of this connection are durable."""
        for number in numbers:
            if self._socket is None:
                return
            self._client.ack(number, 1)
        self._write()

    def pause(self) -> None:
        """Read nothing more, so that the network holds the broker back. We can still speak."""
        if self._socket is not None and self._reading:
            asyncio.get_running_loop().remove_reader(self._place)
        self._reading = False

    def resume(self) -> None:
        """Read again."""
        if self._socket is not None and not self._reading:
            self._reading = True
            loop = asyncio.get_running_loop()
            loop.add_reader(self._place, self._read)
            loop.call_soon(self._read_on)  # what the TLS layer holds back is not on the socket

    def drop(self, reason: str) -> None:
        """End it without a word, so that the broker sends again what was not acknowledged."""
        socket, self._socket = self._socket, None
        self._reading = False
        if socket is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._place)
            loop.remove_writer(self._place)
            socket.close()
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(reason)

    async def leave(self) -> None:
        """End it in good order, after the broker has taken every acknowledgement.

        It is asked for something, and it answers in the order in which it was spoken to. What else
        comes until then is not acknowledged and comes again.
        """
        if self._socket is None or self._ended is None:
            return
        self._subscribed = asyncio.get_running_loop().create_future()
        self._subscribe()
        self._write()
        self.resume()
        await self._answered()
        if self._socket is not None:
            self._client.disconnect()
            self._write()
        self.drop("we left")

    async def _answered(self) -> None:
        """The broker has confirmed the subscription, the connection has ended, or it took long."""
        assert self._subscribed is not None
        assert self._ended is not None
        waiting: set[asyncio.Future[Any]] = {self._subscribed, self._ended}
        await asyncio.wait(waiting, timeout=_ANSWER_S, return_when=asyncio.FIRST_COMPLETED)

    # --- paho ----------------------------------------------------------------------------------

    def _make_client(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._broker.client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            manual_ack=True,
        )
        client.connect_timeout = _ANSWER_S
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        # acknowledgements wait in the client until _write sends them all
        client.on_socket_register_write = lambda *_: None
        if self._broker.username:
            client.username_pw_set(self._broker.username, self._broker.password or None)
        if self._broker.tls is not None:
            client.tls_set_context(self._broker.tls)
        return client

    def _connect(self) -> None:
        wanted = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        wanted.ReceiveMaximum = UNACKNOWLEDGED
        wanted.MaximumPacketSize = LARGEST_MESSAGE
        wanted.SessionExpiryInterval = NEVER
        self._client.connect(
            self._broker.host,
            self._broker.port,
            keepalive=KEEPALIVE_S,
            clean_start=False,
            properties=wanted,
        )

    def _read(self) -> None:
        """Whatever has come, up to a limit."""
        for _ in range(_AT_ONCE):
            if not self._reading:
                break
            before = self._messages
            if self._client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self.drop("the connection is lost")
                return
            if self._messages == before and not self._held_back():
                break
        if self._reading and self._held_back():
            asyncio.get_running_loop().call_soon(self._read_on)
        self._write()

    def _read_on(self) -> None:
        if self._socket is not None and self._reading:
            self._read()

    def _held_back(self) -> bool:
        return isinstance(self._socket, ssl.SSLSocket) and self._socket.pending() > 0

    def _write(self) -> None:
        if self._socket is None:
            return
        loop = asyncio.get_running_loop()
        if self._client.loop_write() != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self.drop("the connection is lost")
        elif self._client.want_write():
            loop.add_writer(self._place, self._write)
        else:
            loop.remove_writer(self._place)

    def _subscribe(self) -> None:
        options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
        self._client.subscribe([(one, options) for one in self._filters])

    def _on_connect(
        self, _: Client, __: Any, flags: ConnectFlags, code: ReasonCode, ___: Properties | None
    ) -> None:
        if code.is_failure:
            self._end(f"the broker refuses: {code}")
            return
        if not flags.session_present:
            _LOG.info("the broker begins a new session")
        self._subscribe()

    def _on_subscribe(
        self, _: Client, __: Any, ___: int, codes: list[ReasonCode], ____: Properties | None
    ) -> None:
        refused = [str(code) for code in codes if code.is_failure]
        if refused:
            self._end(f"the broker lets us read nothing of {self._filters[0]}: {refused[0]}")
        elif self._subscribed is not None and not self._subscribed.done():
            self._subscribed.set_result(None)

    def _on_message(self, _: Client, __: Any, message: MQTTMessage) -> None:
        self._messages += 1
        self._heard(message)

    def _on_disconnect(
        self, _: Client, __: Any, ___: DisconnectFlags, code: ReasonCode, ____: Properties | None
    ) -> None:
        self._end(f"the connection is lost: {code}")

    def _end(self, reason: str) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(reason)
