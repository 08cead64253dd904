"""``/api/v1/operations`` and what belongs to one: units, platoons, crossing points.

All read only. ``at`` (RFC 3339) asks for another time than now, for review.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from api.access.rights import current_needs, shown_to_current
from api.v1.bounds import GEOJSON, document, json_bytes, of_role
from domain.access.rights import Act, Data, requires
from domain.access.withheld import crossing_for
from domain.roster import Operation
from domain.time import parse_rfc3339, to_rfc3339
from domain.transitions import INITIAL, RES
from pages.session import current_user
from services.cache import OfTheMoment
from services.clock import Clock
from services.coverage import Coverage, CrossingCoverage, visit_facts
from services.ports import PlatoonStates
from services.roster import RosterService

PREFIX = "/api/v1/operations"


def roster_blueprint(
    roster: RosterService,
    coverage: Coverage,
    platoons: PlatoonStates,
    now: Clock,
    of_the_moment: OfTheMoment,
) -> Blueprint:
    """The four addresses; an unknown operation is answered by ``NotFound``."""
    blueprint = Blueprint("roster_api", __name__, url_prefix=PREFIX)

    @blueprint.get("")
    @requires(Act.SEE, Data.OPERATIONS)
    def operations() -> Response:
        found = shown_to_current(roster.operations())
        return _private(items=[_operation(one) for one in found])

    @blueprint.get("/<operation>/units")
    @requires(Act.SEE, Data.ROSTER)
    def units(operation: str) -> Response:
        known, at = roster.operation(operation).id, _moment(now)
        return _private(items=_units(roster, known, at))

    @blueprint.get("/<operation>/platoons")
    @requires(Act.SEE, Data.ROSTER)
    def platoon_list(operation: str) -> Response:
        known, at = roster.operation(operation).id, _moment(now)
        items = _platoons(roster, platoons.platoon_states(known), known, at)
        return _private(items=items, shift_plan=roster.platoons_planned(known))

    @blueprint.get("/<operation>/crossings")
    @requires(Act.SEE, Data.CROSSINGS)
    def crossings(operation: str) -> Response:
        known, at = roster.operation(operation).id, _moment(now)
        role = current_user().role

        def work() -> bytes:
            features = [_crossing(one, role) for one in coverage.coverage(known, at)]
            return json_bytes({"type": "FeatureCollection", "features": features})

        if "at" in request.args:  # who was where, at any time of the past
            current_needs(Act.SEE, Data.TRACKS)
            return document(work(), GEOJSON)
        return document(of_the_moment(of_role("crossings"), known, work), GEOJSON)

    return blueprint


def _private(**document: Any) -> Response:
    answer = jsonify(**document)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _moment(now: Clock) -> datetime:
    asked = request.args.get("at")
    return now() if asked is None else parse_rfc3339(asked, "at")


def _operation(one: Operation) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "title": one.title,
        "opened_at": to_rfc3339(one.opened_at),
        "closed_at": None if one.closed_at is None else to_rfc3339(one.closed_at),
    }


def _units(roster: RosterService, operation: str, at: datetime) -> list[dict[str, Any]]:
    tasks = roster.tasks_at(operation, at)
    return [
        {
            "id": unit.id,
            "callsign": unit.callsign,
            "kind": unit.kind,
            "on_shift": unit.id in tasks,
            "task": tasks.get(unit.id, ""),
        }
        for unit in roster.units_of(operation, at)
    ]


def _platoons(
    roster: RosterService, states: Mapping[str, str], operation: str, at: datetime
) -> list[dict[str, Any]]:
    on_shift = roster.platoons_on_shift(operation, at)
    return [
        {
            "id": platoon.id,
            "callsign": platoon.callsign,
            "kind": platoon.kind,
            "strength": platoon.strength,
            "on_shift": platoon.id in on_shift,
            "state": states.get(platoon.id, INITIAL[RES]),
        }
        for platoon in roster.platoons_of(operation)
    ]


def _crossing(one: CrossingCoverage, role: str) -> dict[str, Any]:
    crossing, visit = one.crossing, one.last_visit
    return {
        "type": "Feature",
        "id": crossing.id,
        "geometry": {"type": "Point", "coordinates": [crossing.longitude, crossing.latitude]},
        "properties": crossing_for(
            role,
            {
                "id": crossing.id,
                "name": crossing.name,
                "name_sq": crossing.name_sq,
                "name_sr": crossing.name_sr,
                "kind": crossing.kind,
                "status": crossing.status,
                "confidence": crossing.confidence,
                "approximate": one.approximate,
                "note": crossing.note,
                "last_visit": None if visit is None else visit_facts(visit),
                "age_s": one.age_s,
            },
        ),
    }
