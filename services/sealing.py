"""Sealing what is stored beside the log: positions into the chain of their operation, and the ends
of those chains into that of the system.

A duty seals an hour some minutes after it has ended; ``flask log anchor`` seals everything there is
first. Reading positions happens beside the feeds; only reserving a span and adding the event hold
them up, for a few milliseconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from domain.roster import Operation
from domain.system_contents import NOTED
from domain.system_log import SYSTEM, NewSystemEvent, SystemEvent
from domain.time import to_microseconds
from services.clock import Clock
from services.duties import Duty
from services.ports import Transaction, Transactions
from services.scenario_loading import Loading

EVERY = timedelta(minutes=15)
SETTLED = timedelta(minutes=10)
"""So long after an hour has ended it is sealed: most of what comes late has come by then."""

AHEAD = timedelta(minutes=5)
"""So far into the future a seal of everything reaches, for devices whose clock is fast."""

TURN_S = 5.0
"""A turn of the duty ends after about so many seconds, and goes on in the next one."""

_HOUR = 3_600_000_000
_PATIENCE = 20  # times that a measurement is begun anew because something was taken away meanwhile


class PositionSeals(Protocol):
    """``data/position_seals.py``; a measurement is handed on as it is."""

    def reserve(
        self, connection: Transaction, operation: str, until: int, *, to_newest: bool
    ) -> bool:
        """Reserve the next spans up to a time, or only to the newest position before it; whether
        anything waits to be measured."""

    def measure(self, connection: Transaction, operation: str) -> Any | None:
        """What the reserved spans hold, None where there are none."""

    def measure_late(self, connection: Transaction, operation: str) -> Any | None:
        """What came into sealed spans of one unit, None where nothing did."""

    def seal(self, connection: Transaction, measured: Any, now: datetime) -> bool:
        """Add the event; False where it has to be measured again."""


class Operations(Protocol):
    """The roster."""

    def operations(self) -> Sequence[Operation]:
        """Every operation."""


class ChainEnds(Protocol):
    """The chains of the operations."""

    def end(self, connection: Transaction, operation: str) -> tuple[int, str] | None:
        """Number and hash of the newest event, None where there is none."""


class SystemChain(Protocol):
    """The chain of the system."""

    def last(self, connection: Transaction, event: str) -> SystemEvent | None:
        """The newest event of a kind, None where there is none."""

    def append(self, connection: Transaction, new: Sequence[NewSystemEvent]) -> None:
        """Record ``new`` behind what is there."""


class Sealing:
    """``elapsed`` is a clock of seconds; methods raise ``StoreUnavailable``."""

    def __init__(
        self,
        transactions: Transactions,
        seals: PositionSeals,
        roster: Operations,
        ends: ChainEnds,
        system: SystemChain,
        clock: Clock,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transactions = transactions
        self._seals = seals
        self._roster = roster
        self._ends = ends
        self._system = system
        self._clock = clock
        self._elapsed = elapsed

    def duty(self) -> Duty:
        """The turns, for ``Duties``."""
        return Duty("seal positions", EVERY, self.turn)

    def turn(self) -> int:
        """Seal the hours that have settled, as far as a turn goes; how many events."""
        until = to_microseconds(self._clock() - SETTLED)
        return self._seal(until - until % _HOUR, self._elapsed() + TURN_S)

    def everything(self) -> int:
        """Seal all that is stored, but what lies far in the future; how many events."""
        return self._seal(to_microseconds(self._clock() + AHEAD), None)

    def _seal(self, until: int, over: float | None) -> int:
        added = 0
        for operation in self._roster.operations():
            loading = Loading.of(operation)
            if loading is not None and not loading.complete:
                continue  # its log is being written as of earlier times
            while self._goes_on(over) and self._step(operation.id, until, over):
                added += 1
        self._note_ends()
        return added

    def _goes_on(self, over: float | None) -> bool:
        return over is None or self._elapsed() < over

    def _step(self, operation: str, until: int, over: float | None) -> bool:
        """One event more; False where there is nothing left to seal."""
        with self._transactions.reading() as connection:
            late = self._seals.measure_late(connection, operation)
        if late is not None:
            return self._add(late, lambda view: self._seals.measure_late(view, operation))
        with self._transactions.writing() as connection:
            if not self._seals.reserve(connection, operation, until, to_newest=over is None):
                return False
        return self._add(None, lambda view: self._seals.measure(view, operation))

    def _add(self, measured: Any | None, again: Callable[[Transaction], Any | None]) -> bool:
        for _ in range(_PATIENCE):
            if measured is None:
                with self._transactions.reading() as connection:
                    measured = again(connection)
                if measured is None:
                    return True  # another process has sealed it
            with self._transactions.writing() as connection:
                if self._seals.seal(connection, measured, self._clock()):
                    return True
            measured = None
        return False

    def _note_ends(self) -> None:
        """Where a chain has grown, write down where it ends: one that loses its end shows."""
        with self._transactions.writing() as connection:
            ends = {
                one.id: list(end)
                for one in self._roster.operations()
                if (end := self._ends.end(connection, one.id)) is not None
            }
            last = self._system.last(connection, NOTED)
            if ends and (last is None or last.body["chains"] != ends):
                noted = NewSystemEvent(NOTED, SYSTEM, self._clock(), None, {"chains": ends})
                self._system.append(connection, [noted])
