"""Joins the listener for OwnTracks over MQTT and runs it until a signal ends it."""

from __future__ import annotations

import asyncio
import logging
import signal
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from api.loopback import is_loopback
from api.mqtt_connection import Broker
from api.mqtt_desk import Desk, Ingest, Roster
from api.mqtt_listener import MqttListener
from domain.errors import InvalidField
from formats.owntracks_mqtt import Topics
from services.clock import Clock
from services.garbage import settle


class HasFeeds(Protocol):
    """What this needs of the joined services."""

    @property
    def ingest(self) -> Ingest: ...
    @property
    def roster(self) -> Roster: ...
    @property
    def clock(self) -> Clock: ...


Files = tuple[Path | None, Path | None, Path | None]
"""PEM: who signs the broker's certificate, None for whom the machine trusts; our own certificate
and its key, where the broker asks for one."""


def serve(
    services: HasFeeds,
    *,
    host: str,
    port: int,
    client_id: str,
    topic: str,
    named_by_user: bool,
    username: str = "",
    password: str = "",
    tls: Files | None = None,
    plain_anywhere: bool = False,
    say: Callable[[str], None],
) -> None:
    """Take what the devices say at a broker, until SIGINT or SIGTERM.

    ``tls`` None is in the clear. Ends when everything that was read is durable or still with the
    broker. Raises ``InvalidField`` for what cannot be used.
    """
    if tls is None and not plain_anywhere and not is_loopback(host):
        raise InvalidField("host", "is not the loopback address and there is no TLS: see --help")
    context = _context(*tls) if tls is not None else None
    topics = Topics(topic, named_by_user)
    broker = Broker(host, port, client_id, username, password, context)
    settle()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(_run(services, broker, topics, say))


async def _run(
    services: HasFeeds, broker: Broker, topics: Topics, say: Callable[[str], None]
) -> None:
    desk = Desk(services.ingest, services.roster, topics)
    listener = MqttListener(desk, services.clock, broker, topics, say=say)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, listener.stop)
    kind = "in the clear" if broker.tls is None else "over TLS"
    say(f"OwnTracks: {', '.join(topics.filters)} of {broker.host}:{broker.port} {kind}")
    await listener.run()
    told = ", ".join(f"{what}: {number:,}" for what, number in sorted(listener.counts.items()))
    say(f"stopped; {told}" if told else "stopped")


def _context(ca: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """A broker whose certificate does not fit is never spoken to."""
    if (certificate is None) != (key is None):
        raise InvalidField("certificate", "needs --certificate and --key together")
    try:
        context = ssl.create_default_context(cafile=str(ca) if ca is not None else None)
        if certificate is not None:
            context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as fault:
        raise InvalidField("certificate", f"cannot be used: {fault.strerror or fault}") from fault
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
