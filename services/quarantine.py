"""What could not be believed: to be seen, and to be corrected, accepted or discarded by a person.

A decision is made once and kept for ever, with who, when and why; the entry stays as it came. What
is accepted or corrected becomes a fix through the one writer, in the transaction of the decision,
and says in its attributes where it comes from. Many at once are in ``services/quarantine_many.py``.
"""

from __future__ import annotations

from typing import Any

from domain.access.rights import require_outside
from domain.errors import InvalidField
from domain.events import Actor
from domain.fixes import REFUSALS
from domain.quarantine import ACCEPTED, CORRECTED, DISCARDED
from domain.time import to_rfc3339
from services import quarantine_sent as shape
from services.clock import Clock
from services.import_ports import Operations
from services.quarantine_desk import QuarantineDesk, Settled
from services.quarantine_ports import QuarantineStore
from services.quarantine_truths import Truths
from services.quarantine_views import entry_view


class Quarantine:
    """The quarantine of an operation, and of devices that were in none."""

    def __init__(
        self,
        store: QuarantineStore,
        roster: Operations,
        desk: QuarantineDesk,
        truths: Truths,
        clock: Clock,
    ) -> None:
        self._store = store
        self._roster = roster
        self._desk = desk
        self._truths = truths
        self._clock = clock

    # --- seeing --------------------------------------------------------------------------------

    def listing(
        self,
        operation: str,
        role: str,
        *,
        unassigned: bool = False,
        limit: int = 200,
        before: int | None = None,
        decided: bool | None = None,
        refused_for: str | None = None,
    ) -> dict[str, Any]:
        """Entries, newest first, and the open ones counted by reason. Raises ``NotFound``,
        ``InvalidField`` where ``refused_for`` is no reason, and
        ``NotPermitted`` where the role has no rights over the ``unassigned``."""
        self._roster.operation(operation)
        if unassigned:
            require_outside(role)
        if refused_for is not None and refused_for not in REFUSALS:
            raise InvalidField("reason", f"must be one of {', '.join(REFUSALS)}")
        of = None if unassigned else operation
        found = self._store.listing(of, limit, before, decided, refused_for)
        return {
            "items": [entry_view(one) for one in found],
            "counts": self._store.counts(of),
        }

    def look(self, operation: str, number: int, role: str) -> dict[str, Any]:
        """One entry, with what can be read of it (``readable``) and whether it can be accepted as
        it is (``acceptable``). Raises ``NotFound``."""
        kept = self._desk.find(operation, number, role)
        report = self._truths.read(kept.entry)
        readable: dict[str, Any] = {"unit": kept.entry.unit}
        if report is not None:
            readable |= {"latitude": report.latitude, "longitude": report.longitude}
            readable["time"] = to_rfc3339(report.fix_time) if report.fix_time else None
        can_be_true = self._truths.can_be_true(kept.entry, report, self._clock())
        acceptable = kept.decision is None and can_be_true
        return entry_view(kept) | {"readable": readable, "acceptable": acceptable}

    # --- deciding ------------------------------------------------------------------------------

    def accept(self, operation: str, number: int, actor: Actor, sent: object) -> dict[str, Any]:
        """The position is true as it came: an ``outside_area`` one counts, a conflicting one is
        kept beside the other under a name of its own. ``sent``: reason, command_id.

        Raises ``GuardRefused`` where it can not be true (see ``ACCEPTABLE``), ``VersionConflict``
        where it is decided already, ``NotPermitted``, ``InvalidField``.
        """
        act = self._desk.begin(operation, actor, sent, [number])
        kept = self._desk.find(operation, number, actor.role)
        if act.is_to_decide(kept, ACCEPTED):
            self._keep(self._truths.accepted(act, kept), anywhere=True)
        return entry_view(self._desk.find(operation, number, actor.role))

    def correct(self, operation: str, number: int, actor: Actor, sent: object) -> dict[str, Any]:
        """The position was another one. ``sent``: latitude, longitude (degrees), time (RFC 3339),
        unit (id or call sign), each optional where what came can be read; reason, command_id. It is
        judged again: raises ``InvalidField`` naming what still cannot be, and as ``accept`` does.
        """
        act = self._desk.begin(operation, actor, sent, [number])
        kept = self._desk.find(operation, number, actor.role)
        if act.is_to_decide(kept, CORRECTED):
            self._keep(self._truths.corrected(act, kept, shape.mapping(sent)))
        return entry_view(self._desk.find(operation, number, actor.role))

    def discard(self, operation: str, number: int, actor: Actor, sent: object) -> dict[str, Any]:
        """Nothing can be made of it. ``sent``: reason, command_id. Raises as ``accept`` does."""
        act = self._desk.begin(operation, actor, sent, [number])
        kept = self._desk.find(operation, number, actor.role)
        if act.is_to_decide(kept, DISCARDED):
            self._desk.discard(act, [kept], DISCARDED)
        return entry_view(self._desk.find(operation, number, actor.role))

    def _keep(self, settled: Settled, *, anywhere: bool = False) -> None:
        for refused in self._desk.keep([settled], anywhere=anywhere).values():
            raise refused
