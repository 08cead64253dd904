"""``make phone``: one device with a fresh key, and what to type into the phone."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import Protocol

import click

from domain.roster import LIVE, DeviceAssignment, Period, Unit, UnitAssignment
from services.clock import Clock
from services.roster import RosterService
from settings import Settings, random_key

DEVICE = "phone"
UNIT = "phone"
_DEMONSTRATION = "demo"
_ALREADY_MEASURED = timedelta(minutes=10)
"""A phone first sends what it measured before the server was up, and in whole seconds."""

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on


SHORTEST_KEY = 12
"""Characters of a key that somebody has chosen; those made by the program have 16."""


class HasPhone(Protocol):
    """What this needs of the joined services."""

    @property
    def demonstration(self) -> bool: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def roster(self) -> RosterService: ...


def announce_phone(settings: Settings, services: HasPhone) -> None:
    """Give the device ``phone`` its key for this run, see that it reports, and say how."""
    key = settings.phone_key or random_key()
    if len(key) < SHORTEST_KEY:
        raise click.ClickException(
            f"FPU_PHONE_KEY must have {SHORTEST_KEY} characters or more, or be left out:"
            " anybody may guess at it, as often as they like"
        )
    operation = _DEMONSTRATION if services.demonstration else LIVE
    _register(services, key, operation)
    address = f"http://{_reachable(settings.feed_host)}:{settings.feed_port}/feeds"
    click.echo(
        f"""
A phone on the same network can report into the operation {operation!r} now.
  Traccar Client    device identifier  {DEVICE}
                    server URL         {address}/osmand?key={key}
  OsmAnd            online tracking    {address}/osmand?id={DEVICE}&key={key}\
&lat={{0}}&lon={{1}}&timestamp={{2}}&hdop={{3}}&altitude={{4}}&speed={{5}}&bearing={{6}}
  OwnTracks (HTTP)  URL                {address}/owntracks
                    user, password     {DEVICE}, {key}
The key ends when the next one is made. The connection is not encrypted: use it for trying out.
"""
    )


def _register(services: HasPhone, key: str, operation: str) -> None:
    roster, now = services.roster, services.clock()
    since = now - _ALREADY_MEASURED
    if operation not in roster.roster().operations:
        raise click.ClickException(f"the operation {operation!r} is not there yet: load it first")
    if roster.find(DEVICE) is None:
        roster.add_device(DEVICE, key, note="a phone of make phone")
    else:
        roster.set_device_key(DEVICE, key)
    if UNIT not in roster.roster().units:
        roster.add(Unit(UNIT, "PHONE"))
    if UNIT not in {unit.id for unit in roster.units_of(operation, now)}:
        roster.add(UnitAssignment(UNIT, operation, Period(since, None)))
    if roster.filing(DEVICE, now) is None:
        roster.add(DeviceAssignment(DEVICE, UNIT, Period(since, None)))


def _reachable(host: str) -> str:
    """The address by which others reach this machine; nothing is sent to find it."""
    if host not in _EVERYWHERE:
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address of no machine (RFC 5737)
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostbyname(socket.gethostname())
