"""Levels of detail in the database: one row for each hour of an operation, made from its fixes.

A row without levels is one to be made. ``changed`` counts how often fixes came after the hour had
ended, so that levels made from older fixes are not kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, select, text, update

from data.level_coding import decode, encode
from data.schema import track_levels
from domain.drawn import Drawn
from domain.levels import COARSEST, FINEST

MIDDLE = 10
"""Zooms up to here are read from ``coarse``, finer ones from ``fine``."""

_IT = track_levels.c

_EXPECT = text(
    "INSERT INTO track_levels (operation, hour, changed) VALUES (:operation, :hour, 0)"
    " ON CONFLICT DO NOTHING"
)
_OUTDATE = text(
    "INSERT INTO track_levels (operation, hour, changed) VALUES (:operation, :hour, 1)"
    " ON CONFLICT (operation, hour) DO UPDATE SET changed = track_levels.changed + 1,"
    " recipe = NULL, coarse = NULL, fine = NULL"
)
_KEEP = text(
    "INSERT INTO track_levels (operation, hour, changed, recipe, coarse, fine)"
    " VALUES (:operation, :hour, :changed, :recipe, :coarse, :fine)"
    " ON CONFLICT (operation, hour) DO UPDATE SET"
    " recipe = excluded.recipe, coarse = excluded.coarse, fine = excluded.fine"
    " WHERE track_levels.changed = excluded.changed"
)


class LevelStore:
    """Hours are their beginnings in microseconds; every method works inside a transaction."""

    def expect(self, connection: Connection, operation: str, hours: Iterable[int]) -> None:
        """Have the levels of these hours made when they have ended."""
        self._run(connection, _EXPECT, operation, hours)

    def outdate(self, connection: Connection, operation: str, hours: Iterable[int]) -> None:
        """Have the levels of these hours made again: their fixes have changed."""
        self._run(connection, _OUTDATE, operation, hours)

    def outdate_recipe(self, connection: Connection, recipe: str) -> None:
        """Have all levels made again that were made by another recipe."""
        connection.execute(
            update(track_levels)
            .where(_IT.recipe.is_not(None), _IT.recipe != recipe)
            .values(recipe=None, coarse=None, fine=None)
        )

    def changed(self, connection: Connection, operation: str, hour: int) -> int:
        """The count that ``keep`` must be told again; 0 where there is no row."""
        query = select(_IT.changed).where(_IT.operation == operation, _IT.hour == hour)
        return connection.scalar(query) or 0

    def keep(
        self,
        connection: Connection,
        operation: str,
        hour: int,
        changed: int,
        recipe: str,
        drawn: Drawn,
    ) -> None:
        """Keep what was made, unless ``changed`` has become another number since."""
        values = {
            "operation": operation,
            "hour": hour,
            "changed": changed,
            "recipe": recipe,
            "coarse": encode(drawn.within(COARSEST, MIDDLE)),
            "fine": encode(drawn.within(MIDDLE + 1, FINEST)),
        }
        connection.execute(_KEEP, values)

    def find(
        self, connection: Connection, operation: str, hours: Sequence[int], zoom: int, recipe: str
    ) -> Mapping[int, Drawn]:
        """By hour, from the first to the last of ``hours``, what a zoom shows, where it is kept."""
        if not hours:
            return {}
        column = _IT.coarse if zoom <= MIDDLE else _IT.fine
        query = select(_IT.hour, column).where(
            _IT.operation == operation, _IT.hour.between(hours[0], hours[-1]), _IT.recipe == recipe
        )
        rows = connection.execute(query)
        return {hour: decode(coded).at_zoom(zoom) for hour, coded in rows}

    def due(self, connection: Connection, before: int, limit: int) -> list[tuple[str, int]]:
        """Operations and hours that began before a time and have no levels, newest first."""
        query = select(_IT.operation, _IT.hour).where(_IT.recipe.is_(None), _IT.hour < before)
        rows = connection.execute(query.order_by(_IT.hour.desc()).limit(limit))
        return [(operation, hour) for operation, hour in rows]

    def _run(
        self, connection: Connection, what: object, operation: str, hours: Iterable[int]
    ) -> None:
        rows = [{"operation": operation, "hour": hour} for hour in sorted(set(hours))]
        if rows:
            connection.execute(what, rows)  # type: ignore[call-overload]
