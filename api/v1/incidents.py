"""Incidents, their events, and the events of platoons."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request, url_for

from api.v1.actors import current_actor
from api.v1.bounds import MOST, cut, document, json_bytes, limit, of_role, word
from api.v1.roster import PREFIX
from domain.access.rights import Act, Data, requires
from domain.errors import InvalidField
from services.cache import OfTheMoment
from services.incident_writing import Outcome
from services.incidents import Incidents
from services.paging import part
from services.picture import Picture
from services.summaries import event_view


def incidents_blueprint(
    incidents: Incidents, picture: Picture, of_the_moment: OfTheMoment
) -> Blueprint:
    """What ``docs/api.md`` says of incidents; refusals are problem documents."""
    blueprint = Blueprint("incidents_api", __name__, url_prefix=PREFIX)

    @blueprint.get("/<operation>/incidents")
    @requires(Act.SEE, Data.INCIDENTS)
    def listing(operation: str) -> Response:
        most, before = limit(MOST), word("before")

        def work() -> bytes:
            version = picture.version(operation)
            found = picture.incidents_from(operation, most, before)
            return json_bytes({"items": found.items, "version": version, **cut(found.last)})

        return document(of_the_moment(of_role(f"incidents:{(most, before)!r}"), operation, work))

    @blueprint.post("/<operation>/incidents")
    @requires(Act.CHANGE, Data.INCIDENTS)
    def report(operation: str) -> tuple[Response, int]:
        outcome = incidents.report(operation, current_actor(), sent_json())
        answer, status = _answer(outcome)
        answer.headers["Location"] = url_for(
            "incidents_api.one", operation=operation, incident=outcome.events[0].stream
        )
        return answer, status

    @blueprint.get("/<operation>/incidents/<incident>")
    @requires(Act.SEE, Data.INCIDENTS)
    def one(operation: str, incident: str) -> Response:
        return no_store(**incidents.look(operation, incident, current_actor()))

    @blueprint.get("/<operation>/incidents/<incident>/events")
    @requires(Act.SEE, Data.INCIDENTS)
    def log(operation: str, incident: str) -> Response:
        history = incidents.history(operation, incident)
        found = part(history, limit(MOST), word("before"), lambda event: event.event_id, event_view)
        return no_store(items=found.items, **cut(found.last))

    @blueprint.post("/<operation>/incidents/<incident>/events")
    @requires(Act.CHANGE, Data.INCIDENTS)
    def act(operation: str, incident: str) -> tuple[Response, int]:
        return _answer(incidents.act(operation, incident, current_actor(), sent_json()))

    @blueprint.get("/<operation>/platoons/<platoon>")
    @requires(Act.SEE, Data.INCIDENTS)
    def platoon(operation: str, platoon: str) -> Response:
        return no_store(**incidents.look_at_platoon(operation, platoon, current_actor()))

    @blueprint.post("/<operation>/platoons/<platoon>/events")
    @requires(Act.CHANGE, Data.INCIDENTS)
    def act_on_platoon(operation: str, platoon: str) -> tuple[Response, int]:
        return _answer(incidents.act_on_platoon(operation, platoon, current_actor(), sent_json()))

    return blueprint


def sent_json() -> Any:
    """The JSON body of the request; raises ``InvalidField`` when it is none."""
    if not request.is_json:
        raise InvalidField("body", "must be sent as application/json")
    sent = request.get_json()
    if not isinstance(sent, dict):
        raise InvalidField("body", "must be a JSON object")
    return sent


def no_store(**document: Any) -> Response:
    """A JSON answer that no cache keeps."""
    answer = jsonify(**document)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _answer(outcome: Outcome) -> tuple[Response, int]:
    return no_store(**outcome.view()), 201 if outcome.created else 200
