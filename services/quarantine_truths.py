"""What a person's decision makes of an entry of the quarantine: a position, judged once more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from domain.errors import GuardRefused, InvalidField
from domain.fixes import Fix, Heartbeat, Rejection, Report, judge
from domain.quarantine import ACCEPTABLE, ACCEPTED, CORRECTED
from domain.reports import LONGEST_DEVICE_ID
from domain.stored_fixes import QuarantineEntry
from domain.time import YEARS, to_rfc3339
from services import quarantine_sent as shape
from services.import_ports import Operations
from services.ports import Filing
from services.quarantine_desk import Act, Settled
from services.quarantine_ports import Kept, ReadEntry
from services.track_reading import filings


class Truths:
    """Reads entries anew, with what the roster knows of their devices and units."""

    def __init__(self, roster: Operations, read: ReadEntry) -> None:
        self._roster = roster
        self._read = read

    def read(self, entry: QuarantineEntry) -> Report | None:
        """What can be read of it."""
        device = self._roster.roster().devices.get(entry.device)
        return self._read(entry, device.speed_unit if device is not None else "knots")

    def can_be_true(self, entry: QuarantineEntry, report: Report | None, now: datetime) -> bool:
        """Whether the position counts as it came, if a person says so."""
        if report is None or entry.rejection.reason not in ACCEPTABLE or entry.unit is None:
            return False
        verdict = judge(_without_valid(report), now, anywhere=True)
        return isinstance(verdict, Fix) and report.fix_time is not None

    def accepted(self, act: Act, kept: Kept) -> Settled:
        """The position is true as it came; a conflicting one gets a device's name of its own.

        Raises ``GuardRefused`` where it can not be true, and ``InvalidField``.
        """
        entry, report = kept.entry, self.read(kept.entry)
        if report is None or not self.can_be_true(entry, report, act.now):
            raise GuardRefused("acceptable", _why_not(entry))
        device = entry.device
        if entry.rejection.reason == "conflicting_duplicate":
            suffix = f"~q{kept.id}"
            device = device[: LONGEST_DEVICE_ID - len(suffix)] + suffix
        true = replace(_without_valid(report), device=device, faults=(), alarm=None)
        made = act.about(kept.id, ACCEPTED)
        return Settled(made, entry, true, self._filing(act.operation, entry.unit))

    def corrected(self, act: Act, kept: Kept, sent: Mapping[str, Any]) -> Settled:
        """The position was another one; raises ``InvalidField`` naming what still cannot be."""
        report = self.read(kept.entry) or _nothing(kept.entry.device)
        changed = shape.corrections(sent)
        true = replace(_without_valid(report), faults=(), alarm=None, **changed)
        filing = self._filing(act.operation, sent.get("unit") or kept.entry.unit)
        _check(judge(true, act.now), true)
        return _correction(act, kept, true, changed, filing)

    def shifted(self, act: Act, kept: Kept, by: timedelta) -> Settled:
        """The clock was wrong by so much, and nothing else: what else is wrong stays so. No time
        can be later than when it was heard. Raises ``InvalidField`` as ``corrected`` does."""
        report = self.read(kept.entry)
        if report is None or report.fix_time is None:
            raise InvalidField("time", "cannot be read: correct it alone, or discard it")
        moment = _later(report.fix_time, by)
        true = replace(report, fix_time=moment, alarm=None)
        _check(judge(true, kept.entry.received_at), true)
        filing = self._filing(act.operation, kept.entry.unit)
        return _correction(act, kept, _without_valid(true), {"fix_time": moment}, filing)

    def _filing(self, operation: str, unit: object) -> Filing:
        found = filings(self._roster.roster(), operation).get(str(unit or "").casefold())
        if found is None:
            raise InvalidField("unit", "is no unit of the roster" if unit else "is required")
        return found


def _correction(
    act: Act, kept: Kept, true: Report, changed: Mapping[str, Any], filing: Filing
) -> Settled:
    shown = {name: _plain(value) for name, value in changed.items()} | {"unit": filing.unit}
    return Settled(act.about(kept.id, CORRECTED, shown), kept.entry, true, filing)


def _why_not(entry: QuarantineEntry) -> str:
    if entry.rejection.reason in ACCEPTABLE and entry.unit is None:
        return "its device belonged to no unit then: correct it and choose the unit, or discard it"
    return "something is missing or impossible: correct or discard it"


def _without_valid(report: Report) -> Report:
    """A person knows better than a device that disowned its position."""
    said = {name: value for name, value in report.attributes.items() if name != "valid"}
    return replace(report, attributes=said)


def _later(moment: datetime, by: timedelta) -> datetime:
    try:
        shifted = moment + by
    except OverflowError:
        raise InvalidField("time", "is in no calendar when shifted so far") from None
    if shifted.year not in YEARS:
        raise InvalidField("time", f"is not between {YEARS[0]} and {YEARS[-1]} when shifted so far")
    return shifted


def _check(verdict: Fix | Heartbeat | Rejection, report: Report) -> None:
    """What was corrected must be a fix now."""
    if isinstance(verdict, Rejection):
        field = {"fix_time": "time"}.get(verdict.field, verdict.field)
        raise InvalidField(field, verdict.detail)
    if not isinstance(verdict, Fix):
        raise InvalidField("latitude", "is missing")
    if report.fix_time is None:
        raise InvalidField("time", "is missing")


def _plain(value: Any) -> Any:
    return to_rfc3339(value) if isinstance(value, datetime) else value


def _nothing(device: str) -> Report:
    return Report(device, None, None, None, None, None, None, None, None, None, {})
