"""Where units are and were, and what could not be believed."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request

from api.access.rights import current_needs
from api.access.turns import heavy
from api.path_numbers import LARGEST
from api.v1.bounds import (
    GEOJSON,
    cut,
    document,
    json_bytes,
    limit,
    number,
    of_role,
    whole,
    word,
    yes,
    yes_or_no,
)
from api.v1.drawn_only import is_drawn_by_the_monitor
from api.v1.incidents import no_store
from api.v1.roster import PREFIX
from api.v1.spans import moment as _moment
from api.v1.spans import span
from domain.access.rights import Act, Data, requires
from domain.access.withheld import refused_for
from domain.errors import InvalidField
from domain.levels import DEEPEST, FINEST
from pages.session import current_user
from services.cache import Cache, OfTheMoment, remembered
from services.clock import Clock
from services.drawn_tracks import DrawnTracks
from services.ports import Heads
from services.quarantine import Quarantine
from services.roster import RosterService
from services.tracks import TOLERANCE_M, Tracks

_LONGEST_SPAN = timedelta(days=31)
_LONGEST_TRAIL_S = 24 * 3600.0
_WIDEST_TOLERANCE_M = 10_000.0
_SHORT = timedelta(hours=1)
_OF_A_SCREEN = timedelta(days=1)


def positions_blueprint(
    tracks: Tracks,
    drawn: DrawnTracks,
    quarantine: Quarantine,
    roster: RosterService,
    clock: Clock,
    cache: Cache,
    heads: Heads,
    of_the_moment: OfTheMoment,
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

        def work() -> bytes:
            return json_bytes(tracks.latest_positions(known, clock()))

        return document(of_the_moment(of_role("latest"), known, work), GEOJSON)

    @blueprint.get("/<operation>/positions")
    @requires(Act.SEE, Data.TRACKS)
    def positions(operation: str) -> Response:
        known = roster.operation(operation).id
        at, known_at = _moment("at"), _moment("known_at")
        seconds = number("trail", 0.0, _LONGEST_TRAIL_S)
        with heavy() if seconds > _SHORT.total_seconds() else nullcontext():
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
        times = yes("times")

        ready = zoom is not None and zoom <= FINEST and known_at is None
        if end - start > _SHORT and not ready:
            tracks.refuse_too_much(known, unit, start, end)

        def draw() -> bytes:
            if zoom is None:
                found = tracks.tracks(known, unit, start, end, tolerance, known_at)
            else:
                found = drawn.lines(known, unit, start, end, zoom, known_at, times)
            return json_bytes(found)

        kind = GEOJSON if zoom is None else "application/json"
        if "to" not in request.args:
            if zoom is not None and end - start <= _OF_A_SCREEN:
                what = f"tracks:{(unit, request.args.get('from'), zoom, known_at, times)!r}"
                return document(of_the_moment(of_role(what), known, draw), kind)
            with heavy():
                return document(draw(), kind)
        asked = (known, unit, start, end, tolerance, known_at, zoom, times, heads.head_of(known))
        return document(remembered(cache, f"tracks:{asked!r}", draw, turn=heavy), kind)

    @blueprint.get("/<operation>/quarantine")
    @requires(Act.SEE, Data.QUARANTINE)
    def kept(operation: str) -> Response:
        most = limit()
        found = quarantine.listing(
            operation,
            current_user().role,
            unassigned=yes("unassigned"),
            limit=most + 1,
            before=whole("before", 0, LARGEST) or None,
            decided=yes_or_no("decided"),
            refused_for=word("reason"),
        )
        items = [refused_for(current_user().role, one) for one in found["items"]]
        more = cut(items[most - 1]["id"] if len(items) > most else None)
        return no_store(**{**found, "items": items[:most], **more})

    return blueprint


def _geojson(found: dict[str, Any]) -> Response:
    answer = no_store(**found)
    answer.mimetype = GEOJSON
    return answer


def _unit(roster: RosterService) -> str | None:
    asked = request.args.get("unit") or None
    if asked is not None and asked not in roster.roster().units:
        raise InvalidField("unit", "is no unit of the roster")
    return asked
