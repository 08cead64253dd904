"""The occurrence log of an operation, and its alerts."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from api.v1.actors import current_actor
from api.v1.bounds import cut, limit, word, yes
from api.v1.incidents import no_store, sent_json
from api.v1.roster import PREFIX
from domain.access.rights import Act, Data, requires
from domain.access.withheld import alert_for
from domain.errors import InvalidField
from pages.session import current_user
from services.occurrences import Occurrences
from services.paging import part
from services.picture import Picture


def occurrences_blueprint(occurrences: Occurrences, picture: Picture) -> Blueprint:
    """Log lines and alerts; refusals are problem documents."""
    blueprint = Blueprint("occurrences_api", __name__, url_prefix=PREFIX)

    @blueprint.get("/<operation>/log")
    @requires(Act.SEE, Data.LOG)
    def lines(operation: str) -> Response:
        found = picture.log_from(operation, limit(), word("before"))
        return no_store(items=found.items, **cut(found.last))

    @blueprint.post("/<operation>/log")
    @requires(Act.CHANGE, Data.LOG)
    def enter(operation: str) -> tuple[Response, int]:
        created, line = occurrences.enter(operation, current_actor(), sent_json())
        return no_store(**line), 201 if created else 200

    @blueprint.get("/<operation>/alerts")
    @requires(Act.SEE, Data.ALERTS)
    def alerts(operation: str) -> Response:
        every = picture.alerts(operation, yes("open"))
        role = current_user().role
        found = part(
            every, limit(), word("before"), lambda one: one.id,
            lambda one: alert_for(role, one.view()),
        )  # fmt: skip
        return no_store(items=found.items, **cut(found.last))

    @blueprint.post("/<operation>/alerts/<alert>/acknowledge")
    @requires(Act.CHANGE, Data.ALERTS)
    def acknowledge(operation: str, alert: str) -> Response:
        said = sent_json() if request.get_data() else {}
        return no_store(
            **occurrences.acknowledge(
                operation,
                alert,
                current_actor(),
                incident=_text(said, "incident"),
                reason=_text(said, "reason"),
            )
        )

    return blueprint


def _text(said: dict[str, Any], name: str) -> str | None:
    value = said.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidField(name, "must be text")
    return value
