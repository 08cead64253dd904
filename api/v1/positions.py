"""Where units are and were, and what could not be believed."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, request

from api.v1.incidents import no_store
from api.v1.roster import PREFIX
from domain.errors import InvalidField
from domain.time import parse_rfc3339
from services.cache import Cache, remembered
from services.clock import Clock
from services.ports import Heads
from services.quarantine import Quarantine
from services.roster import RosterService
from services.tracks import TOLERANCE_M, Tracks

_DEFAULT_SPAN = timedelta(hours=1)
_LONGEST_SPAN = timedelta(days=31)
_LONGEST_TRAIL_S = 24 * 3600.0
_WIDEST_TOLERANCE_M = 10_000.0
_MOST = 1000


def positions_blueprint(
    tracks: Tracks,
    quarantine: Quarantine,
    roster: RosterService,
    clock: Clock,
    cache: Cache,
    heads: Heads,
) -> Blueprint:
    """GeoJSON of positions and tracks, and the quarantine; refusals are problem documents.

    Tracks of a fixed period are cached under the number of the operation's newest change.
    """
    blueprint = Blueprint("positions_api", __name__, url_prefix=PREFIX)

    @blueprint.get("/<operation>/positions/latest")
    def latest(operation: str) -> Response:
        known = roster.operation(operation).id
        return _geojson(tracks.latest_positions(known, clock()))

    @blueprint.get("/<operation>/positions")
    def positions(operation: str) -> Response:
        known = roster.operation(operation).id
        at, known_at = _moment("at"), _moment("known_at")
        seconds = _number("trail", 0.0, _LONGEST_TRAIL_S)
        return _geojson(tracks.state(known, at or clock(), seconds, known_at))

    @blueprint.get("/<operation>/tracks")
    def lines(operation: str) -> Response:
        known = roster.operation(operation).id
        end = _moment("to") or clock()
        start = _moment("from") or end - _DEFAULT_SPAN
        _check_span(start, end)
        tolerance = _number("tolerance", TOLERANCE_M, _WIDEST_TOLERANCE_M)
        unit, known_at = _unit(roster), _moment("known_at")

        def draw() -> bytes:
            found = tracks.tracks(known, unit, start, end, tolerance, known_at)
            return json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode()

        if "from" not in request.args or "to" not in request.args:
            return _as_geojson(draw())
        asked = (known, unit, start, end, tolerance, known_at, heads.head_of(known))
        return _as_geojson(remembered(cache, f"tracks:{asked!r}", draw))

    @blueprint.get("/<operation>/quarantine")
    def kept(operation: str) -> Response:
        return no_store(
            **quarantine.listing(
                operation,
                unassigned=request.args.get("unassigned") in ("1", "true"),
                limit=_whole("limit", 200, _MOST),
                before=_whole("before", 0, 1 << 53) or None,
            )
        )

    return blueprint


def _as_geojson(document: bytes) -> Response:
    answer = Response(document, mimetype="application/geo+json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _geojson(found: dict[str, Any]) -> Response:
    answer = no_store(**found)
    answer.mimetype = "application/geo+json"
    return answer


def _unit(roster: RosterService) -> str | None:
    asked = request.args.get("unit") or None
    if asked is not None and asked not in roster.roster().units:
        raise InvalidField("unit", "is no unit of the roster")
    return asked


def _moment(name: str) -> datetime | None:
    asked = request.args.get(name)
    return None if asked is None else parse_rfc3339(asked, name)


def _check_span(start: datetime, end: datetime) -> None:
    if end < start:
        raise InvalidField("to", "is before from")
    if end - start > _LONGEST_SPAN:
        raise InvalidField("from", f"is more than {_LONGEST_SPAN.days} days before to")


def _number(name: str, default: float, most: float) -> float:
    asked = request.args.get(name)
    if asked is None:
        return default
    try:
        value = float(asked)
    except ValueError:
        value = math.nan
    if not 0 <= value <= most:
        raise InvalidField(name, f"must be a number from 0 to {most:g}")
    return value


def _whole(name: str, default: int, most: int) -> int:
    value = _number(name, default, most)
    if value != int(value):
        raise InvalidField(name, "must be a whole number")
    return int(value)
