"""What the services need from the outside; ``data`` and the other services satisfy it.

One section a part. A ``Transaction`` is an open database transaction: services hand it on and
never look inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from domain import roster_rules
from domain.coverage import TrackPoint, UnitVisit, Visit
from domain.fixes import Fix, Heartbeat
from domain.roster import Record
from domain.stored_fixes import DeviceTrack, FixColumns, QuarantineEntry, StoredFix, Storing

Transaction = Any

# --- every part --------------------------------------------------------------------------------


class Transactions(Protocol):
    """Where transactions are begun; both kinds raise ``StoreUnavailable``."""

    def reading(self) -> AbstractContextManager[Transaction]:
        """One consistent view."""

    def writing(self) -> AbstractContextManager[Transaction]:
        """All or nothing and alone; durable when the block has ended."""


class JournalWriter(Protocol):
    """What changed, for the live stream."""

    def append(
        self,
        connection: Transaction,
        operation: str,
        kind: str,
        payload: Mapping[str, Any],
        recorded_at: datetime,
    ) -> None:
        """One message, inside the transaction that made the change."""

    def append_many(
        self,
        connection: Transaction,
        messages: Sequence[tuple[str, str, Mapping[str, Any]]],
        recorded_at: datetime,
    ) -> None:
        """Several messages (operation, kind, payload) in their order."""

    def try_out(self, connection: Transaction) -> None:
        """Write something and remove it again."""


# --- positions ---------------------------------------------------------------------------------


class Filing(NamedTuple):
    """Where a device's fixes belong at one moment: ids of operation and unit, and the call sign."""

    operation: str
    unit: str
    callsign: str


FixKey = tuple[str, str, int, str]
"""Operation, unit, fix time in microseconds since 1970 UTC, device: there is one fix of each."""


class Roster(Protocol):
    """Which device reports for which unit in which operation, and when."""

    def filing(self, device_id: str, moment: datetime) -> Filing | None:
        """The filing of a device at ``moment``; None when it was in no operation."""


class VisitObserver(Protocol):
    """Who watches the fixes for visits to crossing points."""

    def observe_all(self, connection: Transaction, moved: Mapping[Filing, Sequence[Fix]]) -> None:
        """Newly stored fixes of each unit by fix time; late ones are among them."""


class FixWriter(Protocol):
    """Where fixes are kept: the writing side."""

    def newest(
        self, connection: Transaction, units: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], datetime]:
        """The newest fix time of each (operation, unit) that has one."""

    def insert(
        self,
        connection: Transaction,
        stored: Sequence[StoredFix],
        newest: Mapping[tuple[str, str], datetime] | None = None,
    ) -> list[Storing]:
        """Store what is new and tell of each fix what became of it, in order. ``newest`` is what
        that method has just told, so that it need not be asked for again."""

    def has_told(
        self,
        connection: Transaction,
        operation: str,
        unit: str,
        device: str,
        *,
        after: datetime,
        received_before: datetime,
    ) -> bool:
        """Whether a device has a recent fix later than ``after`` that came before a time."""

    def find(self, connection: Transaction, wanted: StoredFix) -> StoredFix | None:
        """The fix that is stored for the operation, unit, time and device of ``wanted``."""

    def compare(self, connection: Transaction, fixes: Sequence[StoredFix]) -> list[Storing]:
        """What ``insert`` would tell, without storing anything."""

    def remove(self, connection: Transaction, keys: Sequence[FixKey]) -> int:
        """Take fixes away for good; how many of them were there."""

    def insert_heartbeats(
        self, connection: Transaction, heartbeats: Sequence[tuple[str, str, Heartbeat]]
    ) -> None:
        """Signs of life (operation, unit, heartbeat); one more at the same moment adds nothing."""

    def insert_besides(
        self, connection: Transaction, heartbeats: Sequence[tuple[str, str, Heartbeat]]
    ) -> None:
        """Signs of life that must not be lost; where the device has spoken at the same
        microsecond already, a little earlier."""


class FixReader(Protocol):
    """Where fixes are kept: the reading side. ``known_at`` leaves out what was received later."""

    def latest(
        self, operation: str, at: datetime | None = None, known_at: datetime | None = None
    ) -> list[StoredFix]:
        """The newest fix of each unit at a time."""

    def between(
        self,
        operation: str,
        unit: str | None,
        start: datetime,
        end: datetime,
        known_at: datetime | None = None,
    ) -> FixColumns:
        """All fixes of one unit, or of all, from ``start`` to ``end``, both included."""

    def whole(
        self, operation: str, unit: str | None, start: datetime, end: datetime, most: int
    ) -> list[StoredFix]:
        """As ``between``, but everything that is known of each fix; at most ``most`` of them."""

    def places(
        self,
        operation: str,
        unit: str | None,
        start: datetime,
        end: datetime,
        known_at: datetime | None = None,
    ) -> FixColumns:
        """As ``between``, for whom times, places and accuracy are enough: what else was measured
        may be NaN."""

    def about(self, operation: str, unit: str | None, start: datetime, end: datetime) -> int:
        """About how many fixes ``between`` would give."""

    def state(
        self,
        operation: str,
        at: datetime,
        seconds: float,
        known_at: datetime | None = None,
    ) -> tuple[list[StoredFix], list[DeviceTrack]]:
        """``latest`` at a time, and ``tracks`` of all units in the ``seconds`` up to it."""

    def tracks(
        self,
        operation: str,
        unit: str | None,
        start: datetime,
        end: datetime,
        known_at: datetime | None = None,
    ) -> list[DeviceTrack]:
        """Where one unit, or each, was from ``start`` to ``end``: by unit and device."""

    def callsigns(self) -> dict[str, str]:
        """Call sign by unit id, of every unit."""


class QuarantineWriter(Protocol):
    """Where what cannot be believed is kept with its reason."""

    def insert(self, connection: Transaction, entries: Sequence[QuarantineEntry]) -> None:
        """Keep the entries."""

    def known(self, connection: Transaction, entries: Sequence[QuarantineEntry]) -> list[bool]:
        """For each entry whether the same one is kept already, or stands before it."""

    def copies(self, connection: Transaction, entries: Sequence[QuarantineEntry]) -> list[int]:
        """For each entry how many are kept of its source and device with the same bytes."""


# --- the live stream ---------------------------------------------------------------------------


class Change(Protocol):
    """One message of the journal; ``payload`` is its JSON text."""

    @property
    def seq(self) -> int: ...
    @property
    def operation(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def payload(self) -> str: ...


class Heads(Protocol):
    """What tells that an operation has changed."""

    def head_of(self, operation: str) -> int:
        """Another number after every change of the operation."""


class JournalReader(Protocol):
    """The journal as the live hub reads it; every method raises ``StoreUnavailable``."""

    def since(self, seq: int, limit: int) -> Sequence[Change]:
        """What came after ``seq``, oldest first, at most ``limit``."""

    def head(self) -> int:
        """The newest number given out that is still kept, 0 when there is none."""

    def oldest(self) -> int | None:
        """The oldest number still kept."""


# --- the roster --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """What the feeds need of a device; ``key_hash`` is the SHA-256 of its key in hexadecimal."""

    id: str
    key_hash: str
    speed_unit: str
    enabled: bool


class DeviceRegister(Protocol):
    """Who may send positions."""

    def find(self, device_id: str) -> DeviceRecord | None:
        """The device, None when nobody registered it."""


class RosterStore(Protocol):
    """Where the roster is kept."""

    def version(self, connection: Transaction) -> int:
        """A number that is another one after every change, of whichever process."""

    def load(self, connection: Transaction) -> roster_rules.Roster:
        """The whole roster."""

    def save(
        self, connection: Transaction, added: Sequence[Record], changed: Sequence[Record] = ()
    ) -> None:
        """Insert the ``added`` in their order and overwrite the ``changed``."""


class PlatoonStates(Protocol):
    """What the event log says of the platoons."""

    def platoon_states(self, operation: str) -> Mapping[str, str]:
        """State by platoon id; a platoon without an event may be left out."""


# --- coverage of the crossing points -----------------------------------------------------------


class CrossingFacts(Protocol):
    """What is known of a crossing point; ``name`` has both names, ``confidence`` of the
    coordinate is high, medium or low."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def name_sq(self) -> str: ...
    @property
    def name_sr(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def latitude(self) -> float: ...
    @property
    def longitude(self) -> float: ...
    @property
    def confidence(self) -> str: ...
    @property
    def note(self) -> str: ...


class VisitStore(Protocol):
    """Where visits are kept, and the stored positions that they follow from."""

    def touched(
        self, connection: Transaction, operation: str, unit: str, since: datetime
    ) -> set[str]:
        """Crossing points where a visit of the unit is open or ended at or after ``since``."""

    def touched_by(
        self, connection: Transaction, operation: str, units: Sequence[str], since: datetime
    ) -> dict[str, datetime | None]:
        """By unit, of those with such a visit: the last time a visit ended, None while one is
        open."""

    def before(
        self, connection: Transaction, operation: str, crossing: str, unit: str, moment: datetime
    ) -> Visit | None:
        """The last visit that began at or before ``moment``."""

    def following(
        self, connection: Transaction, operation: str, crossing: str, unit: str, start: datetime
    ) -> list[Visit]:
        """The visits that began at or after ``start``, in order."""

    def track(
        self, connection: Transaction, operation: str, unit: str, start: datetime
    ) -> list[TrackPoint]:
        """The stored positions of the unit from ``start`` on."""

    def replace(
        self,
        connection: Transaction,
        key: tuple[str, str, str],
        old: Sequence[Visit],
        new: Sequence[Visit],
    ) -> None:
        """Put ``new`` in the place of ``old`` for (operation, crossing, unit)."""

    def last(
        self, connection: Transaction, operation: str, at: datetime, crossing: str | None = None
    ) -> dict[str, UnitVisit]:
        """By crossing point, the visit of any unit that was seen last, as known from fixes
        up to ``at``."""
