"""``flask feeds``: listeners for devices that do not speak HTTP, each a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

import click

from commands.feed_options import tls_files
from commands.feeds_mqtt import ServeMqtt, mqtt_command
from commands.group import Group
from commands.process_log import start_process_log
from commands.start import refuse_demonstration
from data.database import Database
from data.migrate import is_current
from services.access.start_check import StartCheck
from services.clock import Clock
from services.roster import RosterService
from services.security.process_record import ProcessRecord
from settings import Settings


class HasFeeds(Protocol):
    """What these commands need of the joined services."""

    @property
    def clock(self) -> Clock: ...
    @property
    def roster(self) -> RosterService: ...
    @property
    def process_record(self) -> ProcessRecord: ...
    @property
    def close(self) -> Callable[[], None]: ...
    @property
    def start_check(self) -> StartCheck: ...


class ServeCot(Protocol):
    """Listens for TAK clients until a signal ends it (``api/cot_server.py``)."""

    def __call__(
        self,
        *,
        plain: tuple[str, int] | None,
        secured: tuple[str, int] | None,
        certificates: tuple[Path, Path, Path] | None,
        names: Mapping[str, str],
        plain_anywhere: bool,
        say: Callable[[str], None],
    ) -> None: ...


def feeds_commands(
    settings: Settings,
    get_services: Callable[[], HasFeeds],
    serve_cot: ServeCot,
    serve_mqtt: ServeMqtt,
) -> Group:
    """The group, to be added to ``app.cli``; ``get_services`` is called when a command runs."""
    group = Group("feeds", help="Listeners for devices that do not speak HTTP.")
    ready = partial(_ready, settings, get_services)
    _cot_command(group, ready, serve_cot)
    mqtt_command(group, settings, ready, serve_mqtt)
    return group


@contextmanager
def _ready(settings: Settings, get_services: Callable[[], HasFeeds]) -> Iterator[None]:
    """The database is fit and has the live operation; everything is closed afterwards."""
    start_process_log(settings)
    services = get_services()
    _check_schema(settings)
    refuse_demonstration(services.start_check)
    services.roster.ensure_live(services.clock())
    services.process_record.begin("feeds")
    try:
        yield
    finally:
        services.close()


def _cot_command(
    group: Group, ready: Callable[[], AbstractContextManager[None]], serve_cot: ServeCot
) -> None:
    @group.command("cot")
    @click.option("--host", default="127.0.0.1", show_default=True, help="For TCP.")
    @click.option("--port", default=8087, show_default=True, help="For TCP.")
    @click.option("--no-plain", is_flag=True, help="No TCP, only TLS.")
    @click.option("--plain-anywhere", is_flag=True, help="Let --host be any address.")
    @click.option("--tls-host", default="127.0.0.1", show_default=True, help="For TLS.")
    @click.option("--tls-port", default=8089, show_default=True, help="For TLS.")
    @tls_files(
        ca="Who signs the clients' certificates (PEM).",
        certificate="Ours (PEM), with what signed it.",
    )
    @click.option(
        "--name",
        "names",
        multiple=True,
        metavar="NAME=DEVICE",
        help="The certificate NAME belongs to DEVICE; without it the two are the same.",
    )
    def cot(
        host: str,
        port: int,
        no_plain: bool,
        plain_anywhere: bool,
        tls_host: str,
        tls_port: int,
        ca: Path | None,
        certificate: Path | None,
        key: Path | None,
        names: tuple[str, ...],
    ) -> None:
        """Listen for TAK clients (ATAK, WinTAK, iTAK): Cursor on Target over TCP and TLS.

        A client is known by its uid, which must be a device of the roster. Over TCP a uid proves
        nothing, so TCP listens on the loopback address only, for programs on this machine. Over
        TLS, with --ca, --certificate and --key, the client's certificate proves who it is.
        """
        given = [one for one in (ca, certificate, key) if one is not None]
        if given and len(given) < 3:
            raise click.UsageError("TLS needs all of --ca, --certificate and --key")
        if no_plain and not given:
            raise click.UsageError("there is nothing to listen on: give --ca, --certificate, --key")
        with ready():
            serve_cot(
                plain=None if no_plain else (host, port),
                secured=(tls_host, tls_port) if given else None,
                certificates=(given[0], given[1], given[2]) if given else None,
                names=dict(_pair(one) for one in names),
                plain_anywhere=plain_anywhere,
                say=click.echo,
            )


def _check_schema(settings: Settings) -> None:
    with closing(Database(settings.database_url)) as database:
        if not is_current(database):
            raise click.ClickException("the database has another schema: run flask db upgrade")


def _pair(text: str) -> tuple[str, str]:
    name, equals, device = text.partition("=")
    if not (name and equals and device):
        raise click.BadParameter("must be NAME=DEVICE", param_hint="--name")
    return name, device
