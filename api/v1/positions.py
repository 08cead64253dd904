"""Where units are and were, and what could not be believed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request

from api.access.rights import current_needs
from api.path_numbers import LARGEST
from api.v1.drawn_only import is_drawn_by_the_monitor
from api.v1.incidents import no_store
from api.v1.numbers import number, whole
from api.v1.roster import PREFIX
from api.v1.spans import moment as _moment
from api.v1.spans import span
from domain.access.rights import Act, Data, requires
from domain.access.withheld import refused_for
from domain.errors import InvalidField
from domain.levels import DEEPEST
from pages.session import current_user
from services.cache import Cache, remembered
from services.clock import Clock
from services.drawn_tracks import DrawnTracks
from services.ports import Heads
from services.quarantine import Quarantine
from services.roster import RosterService
from services.tracks import TOLERANCE_M, Tracks

_LONGEST_SPAN = timedelta(days=31)
_LONGEST_TRAIL_S = 24 * 3600.0
_WIDEST_TOLERANCE_M = 10_000.0
_MOST = 1000

GEOJSON = "application/geo+json"


def positions_blueprint(
    tracks: Tracks,
    drawn: DrawnTracks,
    quarantine: Quarantine,
    roster: RosterService,
    clock: Clock,
    cache: Cache,
    heads: Heads,
) -> Blueprint:
    """GeoJSON of positions and tracks, and the quarantine; refusals are problem documents.

    Tracks for a ``zoom`` are no GeoJSON but whole steps on a grid (``services.drawn_tracks``).

    Tracks of a fixed period are cached under the number of the operation's newest change.
    """
    blueprint = Blueprint("positions_api", __name__, url_prefix=PREFIX)

    @blueprint.get("/<operation>/positions/latest")
    @requires(Act.SEE, Data.POSITIONS)
    def latest(operation: str) -> Response:
        known = roster.operation(operation).id
        return _geojson(tracks.latest_positions(known, clock()))

    @blueprint.get("/<operation>/positions")
    @requires(Act.SEE, Data.TRACKS)
    def positions(operation: str) -> Response:
        known = roster.operation(operation).id
        at, known_at = _moment("at"), _moment("known_at")
        seconds = number("trail", 0.0, _LONGEST_TRAIL_S)
        return _geojson(tracks.state(known, at or clock(), seconds, known_at))

    @blueprint.get("/<operation>/tracks")
    @requires(Act.SEE, Data.TRAILS)
    def lines(operation: str) -> Response:
        known = roster.operation(operation).id
        start, end = span(clock(), _LONGEST_SPAN)
        tolerance = number("tolerance", TOLERANCE_M, _WIDEST_TOLERANCE_M)
        unit, known_at = _unit(roster), _moment("known_at")
        zoom = number("zoom", 0.0, DEEPEST) if "zoom" in request.args else None
        if not is_drawn_by_the_monitor(zoom, start, clock(), roster.shift_at(known, clock())):
            current_needs(Act.SEE, Data.TRACKS)
        times = _yes("times")

        def draw() -> bytes:
            if zoom is None:
                found = tracks.tracks(known, unit, start, end, tolerance, known_at)
            else:
                found = drawn.lines(known, unit, start, end, zoom, known_at, times)
            return json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode()

        kind = GEOJSON if zoom is None else "application/json"
        if "from" not in request.args or "to" not in request.args:
            return _document(draw(), kind)
        asked = (known, unit, start, end, tolerance, known_at, zoom, times, heads.head_of(known))
        return _document(remembered(cache, f"tracks:{asked!r}", draw), kind)

    @blueprint.get("/<operation>/quarantine")
    @requires(Act.SEE, Data.QUARANTINE)
    def kept(operation: str) -> Response:
        found = quarantine.listing(
            operation,
            unassigned=_yes("unassigned"),
            limit=whole("limit", 200, 1, _MOST),
            before=whole("before", 0, 0, LARGEST) or None,
            decided=_yes_or_no("decided"),
            refused_for=request.args.get("reason") or None,
        )
        role = current_user().role
        return no_store(**found | {"items": [refused_for(role, one) for one in found["items"]]})

    return blueprint


def _document(document: bytes, kind: str) -> Response:
    answer = Response(document, mimetype=kind)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _geojson(found: dict[str, Any]) -> Response:
    answer = no_store(**found)
    answer.mimetype = GEOJSON
    return answer


def _unit(roster: RosterService) -> str | None:
    asked = request.args.get("unit") or None
    if asked is not None and asked not in roster.roster().units:
        raise InvalidField("unit", "is no unit of the roster")
    return asked


def _yes(name: str) -> bool:
    return request.args.get(name) in ("1", "true")


def _yes_or_no(name: str) -> bool | None:
    asked = request.args.get(name)
    if asked is None:
        return None
    if asked not in ("0", "1", "false", "true"):
        raise InvalidField(name, "must be true or false")
    return asked in ("1", "true")
