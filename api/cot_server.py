"""Opens the addresses for TAK clients and runs until a signal ends it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from api.cot_desk import Desk, Spots
from api.cot_listener import CotListener
from api.feed_process import run_and_tell, run_process, stop_at_signals
from api.feed_services import HasFeeds
from api.feed_tls import tls_context
from api.loopback import is_loopback
from domain.errors import InvalidField
from services.clock import Clock


class HasCot(HasFeeds, Protocol):
    """What this needs of the joined services."""

    @property
    def spots(self) -> Spots: ...


def serve(
    services: HasCot,
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
    context = None
    if secured is not None and certificates is not None:
        context = tls_context(ssl.Purpose.CLIENT_AUTH, *certificates)
    desk = Desk(services.ingest, services.roster, services.spots)
    try:
        run_process(_run(desk, services.clock, plain, secured, context, names or {}, say))
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
    stop_at_signals(listener)
    for kind, address, of in (("TCP", plain, None), ("TLS", secured, context)):
        if address is None:
            continue
        try:
            port = await listener.listen(*address, of)
        except OSError as fault:
            raise InvalidField("port", f"{address[0]}:{address[1]}: {fault.strerror}") from fault
        say(f"TAK clients: {kind} on {address[0]}:{port}")
    await run_and_tell(listener, say)
