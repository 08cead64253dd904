"""``/api/v1/security-events``: the security log, for ADMIN and AUDITOR."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from api.v1.bounds import whole
from domain.access.rights import Act, Data, requires
from pages.session import current_user
from services.security.reading import MOST_ON_A_PAGE, SecurityReading, view

ADDRESS = "/api/v1/security-events"


def security_blueprint(reading: SecurityReading) -> Blueprint:
    """One address; refusals are problem documents."""
    blueprint = Blueprint("security_api", __name__)

    @blueprint.get(ADDRESS)
    @requires(Act.SEE, Data.SECURITY_LOG)
    def security_events() -> Response:
        page = reading.page(
            current_user().role, request.args, whole("limit", 100, MOST_ON_A_PAGE, 1)
        )
        answer = jsonify(
            items=[view(one) for one in page.items], total=page.total, next=page.next or None
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return blueprint
