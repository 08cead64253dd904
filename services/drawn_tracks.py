"""Tracks for a map of one zoom: what it can show and no more, made ready hour by hour.

The levels of an hour are made when it has ended, and made again when fixes of it come late, so a
long span is read from few small rows; its ends, and what is known of the past, are worked out from
the fixes. What is drawn lies within one pixel of every fix that is believed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import numpy as np

from domain.analysis_settings import AnalysisSettings
from domain.drawn import MARGIN_S, Drawn, draw, joined
from domain.fixes import Fix
from domain.levels import DEEPEST, FINEST
from domain.time import from_microseconds, to_microseconds
from services.clock import Clock
from services.duties import Duty
from services.ports import Filing, FixReader, Transaction, Transactions
from services.told_tracks import told

SETTLED = timedelta(minutes=3)
"""So long after an hour ended its levels are made: what was on its way then has arrived."""

EVERY = timedelta(seconds=60)
_TURN = 50  # hours made in one turn

_HOUR = 3_600_000_000
_MARGIN = int(MARGIN_S * 1_000_000)
_RECIPE = "1"  # another one when the way of making levels changes


class LevelStore(Protocol):
    """Where levels are kept; hours are their beginnings in microseconds."""

    def expect(self, connection: Transaction, operation: str, hours: Iterable[int]) -> None:
        """Have the levels of these hours made when they have ended."""

    def outdate(self, connection: Transaction, operation: str, hours: Iterable[int]) -> None:
        """Have the levels of these hours made again: their fixes have changed."""

    def outdate_recipe(self, connection: Transaction, recipe: str) -> None:
        """Have all levels made again that were made by another recipe."""

    def changed(self, connection: Transaction, operation: str, hour: int) -> int:
        """The count that ``keep`` must be told again."""

    def keep(
        self,
        connection: Transaction,
        operation: str,
        hour: int,
        changed: int,
        recipe: str,
        drawn: Drawn,
    ) -> None:
        """Keep what was made, unless ``changed`` has become another number since."""

    def find(
        self, connection: Transaction, operation: str, hours: Sequence[int], zoom: int, recipe: str
    ) -> Mapping[int, Drawn]:
        """By hour what a zoom shows, where it is kept."""

    def due(self, connection: Transaction, before: int, limit: int) -> list[tuple[str, int]]:
        """Operations and hours that began before a time and have no levels."""


class DrawnTracks:
    """Also watches the fixes, as ``VisitObserver``; every method raises ``StoreUnavailable``."""

    def __init__(
        self,
        transactions: Transactions,
        fixes: FixReader,
        store: LevelStore,
        now: Clock,
        settings: AnalysisSettings | None = None,
    ) -> None:
        self._transactions = transactions
        self._fixes = fixes
        self._store = store
        self._now = now
        self._settings = settings or AnalysisSettings()
        said = f"{_RECIPE} {self._settings!r}"
        self._recipe = hashlib.sha256(said.encode()).hexdigest()[:16]
        self._expected: set[tuple[str, int]] = set()
        self._recipe_checked = False

    # --- reading ---------------------------------------------------------------------------------

    def lines(
        self,
        operation: str,
        unit: str | None,
        start: datetime,
        end: datetime,
        zoom: float,
        known_at: datetime | None = None,
        times: bool = False,
    ) -> dict[str, Any]:
        """The tracks of one unit, or of all, from ``start`` to ``end``, for one zoom from 0 up,
        in the form of ``services.told_tracks``; with ``times`` when a unit was at each point.
        """
        level = min(max(int(np.ceil(zoom)), 4), DEEPEST)
        drawn = self._drawn(operation, unit, start, end, level, known_at)
        return told(drawn, level, self._fixes.callsigns(), times)

    def _drawn(
        self,
        operation: str,
        unit: str | None,
        start: datetime,
        end: datetime,
        level: int,
        known_at: datetime | None,
    ) -> Drawn:
        begin, until = to_microseconds(start), to_microseconds(end) + 1
        hours = self._whole_hours(begin, until) if level <= FINEST and known_at is None else []
        if not hours:
            return joined(
                [self._work_out(operation, unit, begin, until, level, known_at)],
                self._settings.gap_s,
            )
        with self._transactions.reading() as connection:
            kept = self._store.find(connection, operation, hours, level, self._recipe)
        spans = [self._work_out(operation, unit, begin, hours[0], level)]
        for hour in hours:
            whole = kept[hour] if hour in kept else self._make(operation, hour).at_zoom(level)
            spans.append(whole if unit is None else whole.of_unit(unit))
        spans.append(self._work_out(operation, unit, hours[-1] + _HOUR, until, level))
        return joined(spans, self._settings.gap_s)

    def _whole_hours(self, begin: int, until: int) -> list[int]:
        settled = to_microseconds(self._now() - SETTLED)
        return list(range(-(-begin // _HOUR) * _HOUR, min(until, settled) - _HOUR + 1, _HOUR))

    def _work_out(
        self,
        operation: str,
        unit: str | None,
        begin: int,
        until: int,
        level: int | None,
        known_at: datetime | None = None,
    ) -> Drawn:
        first, last = begin - _MARGIN, until + _MARGIN
        if begin >= until:
            last = first
        around = (from_microseconds(first), from_microseconds(last))
        columns = self._fixes.places(operation, unit, *around, known_at)
        return draw(columns, begin, until, self._settings, level)

    # --- making ----------------------------------------------------------------------------------

    def observe_all(self, connection: Transaction, moved: Mapping[Filing, Sequence[Fix]]) -> None:
        """Fixes of hours that have ended make their levels be made again."""
        by_operation: dict[str, list[int]] = {}
        for filing, fixes in moved.items():
            known = by_operation.setdefault(filing.operation, [])
            first, last = to_microseconds(fixes[0].fix_time), to_microseconds(fixes[-1].fix_time)
            known += (first, last)
            if last - first > _HOUR:  # else those between are of no other hour
                known.extend(to_microseconds(fix.fix_time) for fix in fixes)
        for operation, times in by_operation.items():
            moments = np.array(times, dtype=np.int64)
            around = np.concatenate([moments - _MARGIN, moments + _MARGIN]) // _HOUR
            self._touch(connection, operation, (np.unique(around) * _HOUR).tolist())

    def forget(
        self, connection: Transaction, operation: str, start: datetime, end: datetime
    ) -> None:
        """Fixes between these times were taken away."""
        begin, until = to_microseconds(start) - _MARGIN, to_microseconds(end) + _MARGIN
        self._touch(connection, operation, list(range(begin // _HOUR * _HOUR, until, _HOUR)))

    def _touch(self, connection: Transaction, operation: str, hours: Sequence[int]) -> None:
        now = to_microseconds(self._now())
        self._store.outdate(connection, operation, [hour for hour in hours if hour + _HOUR <= now])
        coming = [hour for hour in hours if hour <= now < hour + _HOUR]
        new = [hour for hour in coming if (operation, hour) not in self._expected]
        # should this transaction fail, the levels are made when they are asked for first
        self._store.expect(connection, operation, new)
        self._expected |= {(operation, hour) for hour in new}

    def duty(self) -> Duty:
        """Makes what is due, for ``Duties``."""
        return Duty("levels of detail", EVERY, self.turn)

    def turn(self) -> int:
        """Make the levels of hours that have ended, newest first; of how many hours."""
        before = to_microseconds(self._now() - SETTLED) - _HOUR
        if not self._recipe_checked:
            with self._transactions.writing() as connection:
                self._store.outdate_recipe(connection, self._recipe)
            self._recipe_checked = True
        with self._transactions.reading() as connection:
            due = self._store.due(connection, before, _TURN)
        for operation, hour in due:
            self._make(operation, hour)
        self._expected = {(name, hour) for name, hour in self._expected if hour > before}
        return len(due)

    def _make(self, operation: str, hour: int) -> Drawn:
        with self._transactions.reading() as connection:
            changed = self._store.changed(connection, operation, hour)
        # read after the count: fixes that come in between raise it, and nothing old is kept
        drawn = self._work_out(operation, None, hour, hour + _HOUR, None)
        with self._transactions.writing() as connection:
            self._store.keep(connection, operation, hour, changed, self._recipe, drawn)
        return drawn
