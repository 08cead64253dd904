"""``flask tracks``: track files in and out; how a name ends tells the format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

import click

from commands.group import Group
from commands.roster_options import parse_moment
from commands.track_file import TrackFile, device_name, interruptible_after
from domain.errors import InvalidField, NotFound
from domain.fixes import Report
from formats.gpx_writer import Track
from formats.message import Unreadable, device_id
from formats.registry import file_format
from services.clock import utc_now
from services.ingest import Ingest
from services.ports import Filing
from services.roster import RosterService
from services.submissions import Receipt
from services.tracks import Tracks

CHUNK = 500
"""Positions that are stored together; a stop takes effect between two chunks."""

STOPPED = 130
"""What a command ends with that was stopped by Ctrl-C, as shells have it."""


class HasTracks(Protocol):
    """What these commands need of the joined services."""

    @property
    def ingest(self) -> Ingest: ...
    @property
    def tracks(self) -> Tracks: ...
    @property
    def roster(self) -> RosterService: ...


def tracks_commands(get_services: Callable[[], HasTracks]) -> Group:
    """The group, to be added to ``app.cli``; ``get_services`` is called when a command runs."""
    group = Group("tracks", help="Tracks from and to files (GPX).")
    _import_command(group, get_services)
    _export_command(group, get_services)
    return group


def _belonging(command: Callable[..., None]) -> Callable[..., None]:
    unit = click.option("--unit", required=True, help="The call sign or the id of the unit.")
    operation = click.option("--operation", required=True, help="The id of the operation.")
    return unit(operation(command))


def _import_command(group: Group, get_services: Callable[[], HasTracks]) -> None:
    @group.command("import")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @_belonging
    @click.option("--anywhere", is_flag=True, help="Also positions outside the area.")
    @click.option("--device", help="The device that recorded it; otherwise the file's name.")
    def import_(file: Path, unit: str, operation: str, anywhere: bool, device: str | None) -> None:
        """Store the positions of the track file FILE. Doing it twice adds nothing."""
        services = get_services()
        filing = _filing(services.roster, operation, unit)
        name, found = file_format(file.name)
        source = TrackFile(file, found, _device(device) if device else device_name(file))

        def accept(reports: list[Report]) -> Receipt:
            return services.ingest.accept(
                name, reports, b"", utc_now(), anywhere=anywhere, live=False, filing=filing
            )

        click.echo(f"{file.name}: {filing.callsign} in {filing.operation}, device {source.device}")
        _store(source, accept)


def _export_command(group: Group, get_services: Callable[[], HasTracks]) -> None:
    @group.command("export")
    @click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
    @_belonging
    @click.option("--from", "start", type=parse_moment, required=True, help="RFC 3339.")
    @click.option("--to", "end", type=parse_moment, required=True, help="RFC 3339.")
    def export(file: Path, unit: str, operation: str, start: datetime, end: datetime) -> None:
        """Write a unit's positions to the new track file FILE, one segment between two gaps."""
        services = get_services()
        filing = _filing(services.roster, operation, unit)
        if start > end:
            raise InvalidField("from", "is after --to")
        encode = file_format(file.name)[1].encode
        if encode is None:
            raise InvalidField("file", "is of a format that is only read")
        devices = services.tracks.pieces(filing.operation, filing.unit, start, end)
        if not devices:
            raise NotFound(f"{filing.callsign} has no positions in {operation} in that time")
        segments = [[piece.fixes() for piece in device] for device in devices]
        data = encode(Track(filing.callsign, parts) for parts in segments)
        try:
            with file.open("xb") as opened:
                opened.write(data)
        except OSError as fault:
            raise click.ClickException(f"{file}: {fault.strerror}") from fault
        pieces = [piece for parts in segments for piece in parts]
        count = sum(map(len, pieces))
        click.echo(f"{file}: {count:,} positions in {len(pieces):,} segments")


def _filing(roster: RosterService, operation: str, unit: str) -> Filing:
    """The operation and the unit that were named; raises ``NotFound``."""
    roster.ensure_live(utc_now())  # a new database has no server that made it yet
    found = roster.operation(operation)
    for one in roster.roster().units.values():
        if unit == one.id or unit.casefold() == one.callsign.casefold():
            return Filing(found.id, one.id, one.callsign)
    raise NotFound(f"there is no unit {unit}: see flask roster units list")


def _device(name: str) -> str:
    device = device_id(name)
    if device is None:
        raise InvalidField("device", "must be 1 to 80 printable characters")
    return device


def _store(source: TrackFile, accept: Callable[[list[Report]], Receipt]) -> None:
    """Store a file chunk by chunk and tell what became of it, however it ends."""
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    try:
        try:
            with click.progressbar(length=source.points, label="importing") as bar:
                for chunk in _chunks(source.reports()):
                    with interruptible_after():
                        _count(accept(chunk), counts, reasons)
                    bar.update(len(chunk))
        finally:
            _tell(counts, reasons)
    except KeyboardInterrupt:
        click.echo("Stopped. What is stored stays; import again to continue.", err=True)
        raise SystemExit(STOPPED) from None
    except Unreadable as fault:
        raise click.ClickException(f"{source.path.name} {fault.detail}") from fault


def _chunks(reports: Iterator[Report]) -> Iterator[list[Report]]:
    """Lists of up to ``CHUNK``; where the file breaks off, first what was read before."""
    chunk: list[Report] = []
    try:
        for report in reports:
            chunk.append(report)
            if len(chunk) == CHUNK:
                yield chunk
                chunk = []
    except Unreadable:
        yield chunk
        raise
    yield chunk


def _count(receipt: Receipt, counts: Counter[str], reasons: Counter[str]) -> None:
    counts["accepted"] += receipt.stored
    counts["duplicates"] += receipt.duplicates
    counts["without a position"] += receipt.heartbeats
    counts["quarantined"] += receipt.quarantined
    reasons.update(receipt.reasons)


def _tell(counts: Counter[str], reasons: Counter[str]) -> None:
    for name in ("accepted", "duplicates", "without a position", "quarantined"):
        if counts[name] or name in ("accepted", "duplicates", "quarantined"):
            click.echo(f"{name}: {counts[name]:,}")
    for reason, count in sorted(reasons.items()):
        click.echo(f"  {reason}: {count:,}")
