"""A track file read for one operation: every point judged, and filed under a unit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from domain.errors import InvalidField, NotFound
from domain.fixes import Fix, Heartbeat, Rejection, Report, judge
from domain.reports import LONGEST_DEVICE_ID, device_id
from domain.roster_rules import Roster
from services.ports import Filing


class Point(NamedTuple):
    """One point of a file. A refusal tells in its detail where in the file it is."""

    report: Report
    verdict: Fix | Heartbeat | Rejection
    filing: Filing


@dataclass(frozen=True)
class TrackReading:
    """How what was read of a file is filed. ``units`` gives the filing by what a file may call a
    unit, in lower case; ``filing`` is None where the file says itself whose positions they are.
    ``only_device`` is whose all the points are, whatever they say."""

    filing: Filing | None
    units: Mapping[str, Filing]
    anywhere: bool
    only_device: str = ""

    def points(self, reports: Iterable[Report], now: datetime) -> Iterator[Point]:
        """The points in the file's order.

        Raises what the reports raise, and ``InvalidField`` where the file names a unit that the
        roster does not have.
        """
        for read in reports:
            report = replace(read, device=self.only_device) if self.only_device else read
            filing = self.filing or self._named(report)
            verdict = judge(report, now, anywhere=self.anywhere)
            if isinstance(verdict, Rejection) and report.where and not report.faults:
                verdict = replace(verdict, detail=f"{report.where}: {verdict.detail}")
                yield Point(replace(report, faults=(verdict,)), verdict, filing)
            else:
                yield Point(report, verdict, filing)

    def _named(self, report: Report) -> Filing:
        found = self.units.get(report.unit.casefold())
        if found is not None:
            return found
        where = f"{report.where}: " if report.where else ""
        said = f"the file says {report.unit!r}" if report.unit else "the file names no unit"
        raise InvalidField("unit", f"{where}{said}: choose the unit whose positions these are")


def filings(roster: Roster, operation: str) -> dict[str, Filing]:
    """Every unit of the roster by its call sign and its id, both in lower case."""
    found = {}
    for unit in roster.units.values():
        filing = Filing(operation, unit.id, unit.callsign)
        found[unit.id.casefold()] = found[unit.callsign.casefold()] = filing
    return found


def filing_of(roster: Roster, operation: str, unit: str) -> Filing:
    """The filing of a unit by its call sign or its id; raises ``NotFound``."""
    found = filings(roster, operation).get(unit.casefold())
    if found is None:
        raise NotFound(f"there is no unit {unit}: see flask roster units list")
    return found


def device_of(file_name: str) -> str:
    """``import:`` and the file's name; a long name keeps its beginning and gets a checksum."""
    printable = "".join(letter if letter.isprintable() else "_" for letter in file_name)
    name = f"import:{printable}".encode("utf-8", "replace").decode()
    if len(name) <= LONGEST_DEVICE_ID:
        return name
    checksum = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: LONGEST_DEVICE_ID - 9]}~{checksum}"


def given_device(name: str) -> str:
    """A device's name as somebody typed it; raises ``InvalidField``."""
    device = device_id(name)
    if device is None:
        raise InvalidField("device", f"must be 1 to {LONGEST_DEVICE_ID} printable characters")
    return device
