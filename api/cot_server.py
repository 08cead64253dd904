"""Opens the addresses for TAK clients and runs until a signal ends it."""

from __future__ import annotations

import asyncio
import logging
import signal
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from api.cot_desk import Desk, Ingest, Roster, Spots
from api.cot_listener import CotListener
from api.loopback import is_loopback
from domain.errors import InvalidField
from services.clock import Clock
from services.garbage import settle


class HasFeeds(Protocol):
    """What this needs of the joined services."""

    @property
    def ingest(self) -> Ingest: ...
    @property
    def roster(self) -> Roster: ...
    @property
    def spots(self) -> Spots: ...
    @property
    def clock(self) -> Clock: ...


def serve(
    services: HasFeeds,
    *,
    plain: tuple[str, int] | None,
    secured: tuple[str, int] | None,
    certificates: tuple[Path, Path, Path] | None = None,
    names: Mapping[str, str] | None = None,
    plain_anywhere: bool = False,
    say: Callable[[str], None],
) -> None:
    """Listen at ``plain`` (TCP) and ``secured`` (TLS), each host and port, until SIGINT or SIGTERM.

    ``certificates`` are files: the authority of the clients, our certificate, its key. ``names``
    maps common names to devices where they differ. Ends when everything that was read is durable.
    Raises ``InvalidField`` for addresses and files that cannot be used.
    """
    if plain is not None and not plain_anywhere and not is_loopback(plain[0]):
        raise InvalidField("host", "is not the loopback address, and TCP proves nobody: see --help")
    if secured is not None and certificates is None:
        raise InvalidField("ca", "TLS needs --ca, --certificate and --key")
    context = _context(*certificates) if secured is not None and certificates else None
    settle()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    desk = Desk(services.ingest, services.roster, services.spots)
    try:
        asyncio.run(_run(desk, services.clock, plain, secured, context, names or {}, say))
    finally:
        desk.close()


async def _run(
    desk: Desk,
    clock: Clock,
    plain: tuple[str, int] | None,
    secured: tuple[str, int] | None,
    context: ssl.SSLContext | None,
    names: Mapping[str, str],
    say: Callable[[str], None],
) -> None:
    listener = CotListener(desk, clock, names)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, listener.stop)
    for kind, address, of in (("TCP", plain, None), ("TLS", secured, context)):
        if address is None:
            continue
        try:
            port = await listener.listen(*address, of)
        except OSError as fault:
            raise InvalidField("port", f"{address[0]}:{address[1]}: {fault.strerror}") from fault
        say(f"TAK clients: {kind} on {address[0]}:{port}")
    await listener.run()
    told = ", ".join(f"{what}: {number:,}" for what, number in sorted(listener.counts.items()))
    say(f"stopped; {told}" if told else "stopped")


def _context(authority: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """A client without a certificate of ``authority`` is refused in the handshake."""
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority))
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as fault:
        raise InvalidField("certificate", f"cannot be used: {fault.strerror or fault}") from fault
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    return context
