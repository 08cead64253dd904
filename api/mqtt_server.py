"""Joins the listener for OwnTracks over MQTT and runs it until a signal ends it."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

from api.feed_process import run_and_tell, run_process, stop_at_signals
from api.feed_services import HasFeeds
from api.feed_tls import tls_context
from api.loopback import is_loopback
from api.mqtt_connection import Broker
from api.mqtt_desk import Desk
from api.mqtt_listener import MqttListener
from domain.errors import InvalidField
from formats.owntracks_mqtt import Topics

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
    context = tls_context(ssl.Purpose.SERVER_AUTH, *tls) if tls is not None else None
    topics = Topics(topic, named_by_user)
    broker = Broker(host, port, client_id, username, password, context)
    run_process(_run(services, broker, topics, say))


async def _run(
    services: HasFeeds, broker: Broker, topics: Topics, say: Callable[[str], None]
) -> None:
    desk = Desk(services.ingest, services.roster, topics)
    listener = MqttListener(desk, services.clock, broker, topics, say=say)
    stop_at_signals(listener)
    kind = "in the clear" if broker.tls is None else "over TLS"
    say(f"OwnTracks: {', '.join(topics.filters)} of {broker.host}:{broker.port} {kind}")
    await run_and_tell(listener, say)
