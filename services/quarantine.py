"""What could not be believed: to be seen, and to be corrected, accepted or discarded by a person.

A decision is made once and kept for ever, with who, when and why; the entry stays as it came. What
is accepted or corrected becomes a fix through the one writer, in the transaction of the decision,
and says in its attributes where it comes from.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from domain.errors import GuardRefused, InvalidField, NotFound, NotPermitted, VersionConflict
from domain.events import Actor
from domain.fixes import Fix, Rejection, Report, judge
from domain.incident import may_write
from domain.quarantine import (
    ACCEPTABLE,
    ACCEPTED,
    CORRECTED,
    DECIDED,
    DECIDERS,
    DISCARDED,
    UNDONE,
    Decision,
)
from domain.reports import LONGEST_DEVICE_ID
from domain.situation import Situation
from domain.stored_fixes import QuarantineEntry
from domain.time import parse_rfc3339, to_rfc3339
from services.clock import Clock
from services.import_ports import Operations
from services.import_views import reason_given
from services.ingest import Ingest
from services.ports import Filing, JournalWriter, Transaction, Transactions
from services.submissions import Receipt
from services.track_reading import filings

_SHOWN_BYTES = 2000
MOST_AT_ONCE = 200
"""Entries that are discarded in one act: as many as a screen shows."""


class Kept(Protocol):
    """An entry under the number it was kept by, and what was decided about it."""

    @property
    def id(self) -> int: ...
    @property
    def entry(self) -> QuarantineEntry: ...
    @property
    def decision(self) -> Decision | None: ...


class QuarantineStore(Protocol):
    """Where the entries are; None asks for those outside any operation."""

    def listing(
        self,
        operation: str | None,
        limit: int = 200,
        before: int | None = None,
        decided: bool | None = None,
        refused_for: str | None = None,
    ) -> Sequence[Kept]:
        """Newest first."""

    def counts(self, operation: str | None) -> dict[str, int]:
        """How many are open, by reason."""

    def find(self, connection: Transaction, number: int) -> Kept:
        """One entry; raises ``NotFound``."""

    def known(self, connection: Transaction, entries: Sequence[QuarantineEntry]) -> list[bool]:
        """For each entry whether the same is kept, or stands before it."""

    def decide(self, connection: Transaction, made: Decision) -> None:
        """Keep a decision; raises ``VersionConflict`` where the entry has one already."""

    def decide_open(self, connection: Transaction, made: Sequence[Decision]) -> None:
        """Keep decisions about entries that this transaction has found open."""

    def open_of_import(
        self, connection: Transaction, operation: str, source: str, received_at: datetime
    ) -> list[int]:
        """The entries that one import has put there and nobody has decided."""


class Quarantine:
    """The quarantine of an operation, and of devices that were in none.

    ``read`` gives what can be read of an entry by a device with that unit of speed.
    """

    def __init__(
        self,
        store: QuarantineStore,
        roster: Operations,
        transactions: Transactions,
        ingest: Ingest,
        journal: JournalWriter,
        read: Callable[[QuarantineEntry, str], Report | None],
        clock: Clock,
    ) -> None:
        self._read_entry = read
        self._store = store
        self._roster = roster
        self._transactions = transactions
        self._ingest = ingest
        self._journal = journal
        self._clock = clock

    # --- seeing --------------------------------------------------------------------------------

    def listing(
        self,
        operation: str,
        *,
        unassigned: bool = False,
        limit: int = 200,
        before: int | None = None,
        decided: bool | None = None,
        refused_for: str | None = None,
    ) -> dict[str, Any]:
        """Entries, newest first, and the open ones counted by reason. Raises ``NotFound``."""
        self._roster.operation(operation)
        of = None if unassigned else operation
        found = self._store.listing(of, limit, before, decided, refused_for)
        return {
            "items": [entry_view(one) for one in found],
            "counts": self._store.counts(of),
        }

    def look(self, operation: str, number: int) -> dict[str, Any]:
        """One entry, with what can be read of it (``readable``) and whether it can be accepted as
        it is (``acceptable``). Raises ``NotFound``."""
        kept = self._find(operation, number)
        report = self._read(kept.entry)
        readable: dict[str, Any] = {"unit": kept.entry.unit}
        if report is not None:
            readable |= {"latitude": report.latitude, "longitude": report.longitude}
            readable["time"] = to_rfc3339(report.fix_time) if report.fix_time else None
        acceptable = kept.decision is None and self._can_be_true(kept.entry, report)
        return entry_view(kept) | {"readable": readable, "acceptable": acceptable}

    # --- deciding ------------------------------------------------------------------------------

    def accept(self, operation: str, number: int, actor: Actor, sent: object) -> dict[str, Any]:
        """The position is true as it came: an ``outside_area`` one counts, a conflicting one is
        kept beside the other under a name of its own. ``sent``: reason, command_id.

        Raises ``GuardRefused`` where it can not be true (see ``ACCEPTABLE``), ``VersionConflict``
        where it is decided already, ``NotPermitted``, ``InvalidField``.
        """
        asked, kept = self._asked(operation, number, actor, sent)
        if kept.decision is not None:
            return self._again(kept, asked)
        report = self._read(kept.entry)
        if report is None or not self._can_be_true(kept.entry, report):
            detail = "something is missing or impossible: correct or discard it"
            raise GuardRefused("acceptable", detail)
        device = kept.entry.device
        if kept.entry.rejection.reason == "conflicting_duplicate":
            suffix = f"~q{number}"
            device = device[: LONGEST_DEVICE_ID - len(suffix)] + suffix
        said = {name: value for name, value in report.attributes.items() if name != "valid"}
        true = replace(report, device=device, attributes=said, faults=(), alarm=None)
        filing = self._filing(operation, kept.entry.unit)
        return self._keep(asked | {"decision": ACCEPTED}, kept, true, filing, anywhere=True)

    def correct(self, operation: str, number: int, actor: Actor, sent: object) -> dict[str, Any]:
        """The position was another one. ``sent``: latitude, longitude (degrees), time (RFC 3339),
        unit (id or call sign), each optional where what came can be read; reason, command_id. It is
        judged again: raises ``InvalidField`` naming what still cannot be, and as ``accept`` does.
        """
        asked, kept = self._asked(operation, number, actor, sent)
        if kept.decision is not None:
            return self._again(kept, asked)
        fields = sent if isinstance(sent, dict) else {}
        report = self._read(kept.entry) or _nothing(kept.entry.device)
        changed = _corrections(fields)
        said = {name: value for name, value in report.attributes.items() if name != "valid"}
        true = replace(report, attributes=said, faults=(), alarm=None, **changed)
        filing = self._filing(operation, fields.get("unit") or kept.entry.unit)
        _check(judge(true, self._clock()), true)
        shown = {name: _plain(value) for name, value in changed.items()} | {"unit": filing.unit}
        return self._keep(asked | {"decision": CORRECTED, "said": shown}, kept, true, filing)

    def discard(self, operation: str, number: int, actor: Actor, sent: object) -> dict[str, Any]:
        """Nothing can be made of it. ``sent``: reason, command_id. Raises as ``accept`` does."""
        asked, kept = self._asked(operation, number, actor, sent)
        if kept.decision is not None:
            return self._again(kept, asked)
        made = Decision(**{**asked, "decision": DISCARDED})
        with self._transactions.writing() as connection:
            self._store.decide(connection, made)
            self._tell(connection, kept.entry, made)
        return self._decided(operation, number)

    def discard_all(self, operation: str, actor: Actor, sent: object) -> dict[str, Any]:
        """Nothing can be made of any of them. ``sent``: entries (up to 200 numbers), reason.

        All or nothing, but those that somebody has decided stay as they are: returns ``discarded``
        and ``already``. Raises ``InvalidField``, ``NotFound`` and ``NotPermitted``.
        """
        numbers = _numbers(sent)
        several = [self._asked(operation, number, actor, sent) for number in numbers]
        opened = [(asked, kept) for asked, kept in several if kept.decision is None]
        with self._transactions.writing() as connection:
            for asked, kept in opened:
                asked |= {"command_id": str(uuid.uuid4()), "decision": DISCARDED}
                made = Decision(**asked)
                self._store.decide(connection, made)
                self._tell(connection, kept.entry, made)
        return {"discarded": len(opened), "already": len(several) - len(opened)}

    def discard_of_import(
        self,
        connection: Transaction,
        operation: str,
        source: str,
        received_at: datetime,
        actor: Actor,
        reason: str,
        now: datetime,
    ) -> int:
        """Discard what is still open of one import, inside its transaction; how many entries."""
        numbers = self._store.open_of_import(connection, operation, source, received_at)
        command, who = str(uuid.uuid4()), (actor.name, actor.role)
        self._store.decide_open(
            connection,
            [Decision(one, command, UNDONE, *who, now, operation, reason) for one in numbers],
        )
        if numbers:
            said = {"unit": None, "device": None, "decision": UNDONE, "by": actor.name}
            self._journal.append(connection, operation, "quarantine", said, now)
        return len(numbers)

    def known(self, entries: Sequence[QuarantineEntry]) -> Sequence[bool]:
        """Of each entry whether the same is kept, or stands before it."""
        with self._transactions.reading() as connection:
            return self._store.known(connection, entries)

    # --- parts ---------------------------------------------------------------------------------

    def _find(self, operation: str, number: int) -> Kept:
        self._roster.operation(operation)
        with self._transactions.reading() as connection:
            kept = self._store.find(connection, number)
        if kept.entry.operation not in (None, operation):
            raise NotFound("there is no such entry in the quarantine")
        return kept

    def _asked(
        self, operation: str, number: int, actor: Actor, sent: object
    ) -> tuple[dict[str, Any], Kept]:
        found = self._roster.operation(operation)
        now = self._clock()
        may_write(Situation(now, actor, found.kind, sealed=found.over(now)))
        if actor.role not in DECIDERS:
            raise NotPermitted(f"the role {actor.role} decides nothing here", guard="role")
        if not isinstance(sent, dict):
            raise InvalidField("body", "must be a JSON object")
        return {
            "entry": number,
            "command_id": _command_id(sent.get("command_id")),
            "decided_by": actor.name,
            "decided_role": actor.role,
            "decided_at": now,
            "operation": found.id,
            "reason": reason_given(sent.get("reason")),
        }, self._find(operation, number)

    def _again(self, kept: Kept, asked: dict[str, Any]) -> dict[str, Any]:
        """The same command once more gives the same answer; any other one is too late."""
        made = kept.decision
        assert made is not None
        if made.command_id != asked["command_id"]:
            raise VersionConflict(f"{made.decided_by} has decided it already: {made.decision}")
        return entry_view(kept)

    def _keep(
        self,
        asked: dict[str, Any],
        kept: Kept,
        report: Report,
        filing: Filing,
        *,
        anywhere: bool = False,
    ) -> dict[str, Any]:
        made = Decision(**asked)
        mark = {"entry": kept.id, "decision": made.decision, "by": made.decided_by}
        true = replace(report, attributes={**report.attributes, DECIDED: mark})

        def decide(connection: Transaction, receipt: Receipt, _: object) -> None:
            if receipt.quarantined:
                reason = next(iter(receipt.reasons))
                detail = f"it is refused again: {reason}; correct it, or discard it"
                raise GuardRefused("believable", detail)
            self._store.decide(connection, made)
            self._tell(connection, kept.entry, made)

        self._ingest.accept(
            "quarantine",
            [true],
            b"",
            made.decided_at,
            anywhere=anywhere,
            live=False,
            filing=filing,
            then=decide,
        )
        return self._decided(made.operation, kept.id)

    def _tell(self, connection: Transaction, entry: QuarantineEntry, made: Decision) -> None:
        said = {
            "unit": entry.unit,
            "device": entry.device,
            "entry": made.entry,
            "decision": made.decision,
            "by": made.decided_by,
        }
        self._journal.append(connection, made.operation, "quarantine", said, made.decided_at)

    def _decided(self, operation: str, number: int) -> dict[str, Any]:
        return entry_view(self._find(operation, number))

    def _can_be_true(self, entry: QuarantineEntry, report: Report | None) -> bool:
        if report is None or entry.rejection.reason not in ACCEPTABLE or entry.unit is None:
            return False
        said = {name: value for name, value in report.attributes.items() if name != "valid"}
        verdict = judge(replace(report, attributes=said), self._clock(), anywhere=True)
        return isinstance(verdict, Fix) and report.fix_time is not None

    def _filing(self, operation: str, unit: object) -> Filing:
        found = filings(self._roster.roster(), operation).get(str(unit or "").casefold())
        if found is None:
            raise InvalidField("unit", "is no unit of the roster" if unit else "is required")
        return found

    def _read(self, entry: QuarantineEntry) -> Report | None:
        device = self._roster.roster().devices.get(entry.device)
        return self._read_entry(entry, device.speed_unit if device is not None else "knots")


def entry_view(kept: Kept) -> dict[str, Any]:
    """An entry for the screen and the interface; ``decision`` is None while it is open."""
    entry, made = kept.entry, kept.decision
    return {
        "id": kept.id,
        "unit": entry.unit,
        "device": entry.device,
        "received_at": to_rfc3339(entry.received_at),
        "source": entry.source,
        "reason": entry.rejection.reason,
        "field": entry.rejection.field,
        "detail": entry.rejection.detail,
        "raw": entry.raw[:_SHOWN_BYTES].decode("utf-8", "replace"),
        "fix_time": None if entry.fix_time is None else to_rfc3339(entry.fix_time),
        "clock_skew_s": _skew(entry),
        "decision": None
        if made is None
        else {
            "decision": made.decision,
            "by": made.decided_by,
            "role": made.decided_role,
            "at": to_rfc3339(made.decided_at),
            "reason": made.reason,
            "said": dict(made.said),
        },
    }


def _numbers(sent: object) -> list[int]:
    entries = sent.get("entries") if isinstance(sent, dict) else None
    if not isinstance(entries, list) or not 0 < len(entries) <= MOST_AT_ONCE:
        raise InvalidField("entries", f"must be a list of 1 to {MOST_AT_ONCE} numbers")
    if not all(type(number) is int and 0 < number < 1 << 53 for number in entries):
        raise InvalidField("entries", "must be numbers of entries")
    return sorted(set(entries))


def _command_id(sent: object) -> str:
    if sent is None:
        return str(uuid.uuid4())
    try:
        return str(uuid.UUID(str(sent)[:64]))
    except ValueError:
        raise InvalidField("command_id", "must be a UUID") from None


def _corrections(sent: dict[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for name in ("latitude", "longitude"):
        value = sent.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidField(name, "must be a number of degrees")
        changed[name] = float(value)
    if sent.get("time") is not None:
        changed["fix_time"] = parse_rfc3339(sent["time"], "time")
    return changed


def _check(verdict: object, report: Report) -> None:
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


def _skew(entry: QuarantineEntry) -> float | None:
    """By how many seconds the clock was ahead (negative: behind) of a device that was refused for
    it; the message took some time, so this is a little less than true."""
    if entry.fix_time is None:
        return None
    return round((entry.fix_time - entry.received_at).total_seconds(), 1)
