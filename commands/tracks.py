"""``flask tracks``: track files in and out; how a name ends tells the format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Protocol

import click

from commands.group import Group
from commands.roster_options import parse_moment
from commands.track_file import interruptible_after
from domain.errors import InvalidField
from domain.file_budget import AT_THE_MACHINE, FileBudget
from domain.reports import Unreadable
from formats.registry import file_format
from services.clock import utc_now
from services.file_ports import FileReader
from services.ingest import Ingest
from services.roster import RosterService
from services.submissions import Receipt
from services.track_export import MOST_AT_THE_MACHINE, TrackExport
from services.track_reading import (
    Point,
    TrackReading,
    device_of,
    filing_of,
    filings,
    given_device,
)

CHUNK = 500
"""Positions that are stored together; a stop takes effect between two chunks."""

STOPPED = 130
"""What a command ends with that was stopped by Ctrl-C, as shells have it."""


class HasTracks(Protocol):
    """What these commands need of the joined services."""

    @property
    def ingest(self) -> Ingest: ...
    @property
    def track_export(self) -> TrackExport: ...
    @property
    def file_reader(self) -> FileReader: ...
    @property
    def file_budget(self) -> FileBudget: ...
    @property
    def roster(self) -> RosterService: ...


def tracks_commands(get_services: Callable[[], HasTracks]) -> Group:
    """The group, to be added to ``app.cli``; ``get_services`` is called when a command runs."""
    group = Group("tracks", help="Tracks from and to files (GPX, GeoJSON, CSV, GeoPackage).")
    _import_command(group, get_services)
    _export_command(group, get_services)
    return group


_OPERATION = click.option("--operation", required=True, help="The id of the operation.")


def _import_command(group: Group, get_services: Callable[[], HasTracks]) -> None:
    @group.command("import")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @_OPERATION
    @click.option("--unit", help="The call sign or the id of the unit; otherwise as FILE says.")
    @click.option("--anywhere", is_flag=True, help="Also positions outside the area.")
    @click.option("--utc", is_flag=True, help="Times without a zone are UTC.")
    @click.option("--device", help="What recorded it; otherwise as FILE says, or its name.")
    def import_(
        file: Path, unit: str | None, operation: str, anywhere: bool, utc: bool, device: str | None
    ) -> None:
        """Store the positions of the track file FILE. Doing it twice adds nothing."""
        services = get_services()
        known = _operation(services.roster, operation)
        filing = filing_of(services.roster.roster(), known, unit) if unit else None
        name, found = file_format(file.name)
        only = given_device(device) if device else ""
        named = only or device_of(file.name)
        units = filings(services.roster.roster(), known)
        reading = TrackReading(filing, units, anywhere, only)

        def accept(points: list[Point]) -> Receipt:
            return services.ingest.accept(
                name,
                [point.report for point in points],
                b"",
                utc_now(),
                anywhere=anywhere,
                live=False,
                filing=points[0].filing,
            )

        whose = filing.callsign if filing else "units as it says"
        click.echo(f"{file.name}: {whose} in {known}, device {named}")
        budget, module = services.file_budget.times(AT_THE_MACHINE), found.decode.__module__
        with (
            file.open("rb") as opened,
            services.file_reader.read(opened, module, budget, device=named, utc=utc) as read,
        ):
            _store(file.name, reading.points(read.reports(), utc_now()), read.points, accept)


def _export_command(group: Group, get_services: Callable[[], HasTracks]) -> None:
    @group.command("export")
    @click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
    @_OPERATION
    @click.option("--unit", help="The call sign or the id of the unit; otherwise all of them.")
    @click.option("--from", "start", type=parse_moment, required=True, help="RFC 3339.")
    @click.option("--to", "end", type=parse_moment, required=True, help="RFC 3339.")
    def export(
        file: Path, unit: str | None, operation: str, start: datetime, end: datetime
    ) -> None:
        """Write positions to the new track file FILE, one segment between two gaps."""
        services = get_services()
        known = _operation(services.roster, operation)
        filing = filing_of(services.roster.roster(), known, unit) if unit else None
        if start > end:
            raise InvalidField("from", "is after --to")
        name, _ = file_format(file.name)
        whose = filing.unit if filing else None
        found = services.track_export.export(
            known, whose, start, end, name, _AT_THE_MACHINE, MOST_AT_THE_MACHINE
        )
        try:
            with file.open("xb") as opened:
                opened.write(found.data)
        except OSError as fault:
            raise click.ClickException(f"{file}: {fault.strerror}") from fault
        click.echo(f"{file}: {found.fixes:,} positions in {found.segments:,} segments")


_AT_THE_MACHINE = "SYSTEM"
"""Who runs commands has the database itself in hand."""


def _operation(roster: RosterService, operation: str) -> str:
    """The operation that was named; raises ``NotFound``."""
    roster.ensure_live(utc_now())  # a new database has no server that made it yet
    return roster.operation(operation).id


def _store(
    name: str, points: Iterator[Point], most: int, accept: Callable[[list[Point]], Receipt]
) -> None:
    """Store a file chunk by chunk and tell what became of it, however it ends."""
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    try:
        try:
            with click.progressbar(length=most, label="importing") as bar:
                for chunk in _chunks(points):
                    with interruptible_after():
                        _count(accept(chunk), counts, reasons)
                    bar.update(len(chunk))
        finally:
            _tell(counts, reasons)
    except KeyboardInterrupt:
        click.echo("Stopped. What is stored stays; import again to continue.", err=True)
        raise SystemExit(STOPPED) from None
    except Unreadable as fault:
        raise click.ClickException(f"{name} {fault.detail}") from fault


def _chunks(points: Iterator[Point]) -> Iterator[list[Point]]:
    """Lists of up to ``CHUNK`` of one unit; where the file breaks off, first what was before."""
    for _, its in groupby(points, key=lambda point: point.filing):
        chunk: list[Point] = []
        try:
            for point in its:
                chunk.append(point)
                if len(chunk) == CHUNK:
                    yield chunk
                    chunk = []
        except Unreadable:
            if chunk:
                yield chunk
            raise
        if chunk:
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
