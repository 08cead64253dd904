"""``/api/v1/security-events``: the security log, for ADMIN and AUDITOR."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from domain.errors import InvalidField
from pages.session import current_user
from services.access.security_reading import MOST_ON_A_PAGE, SecurityReading, view

ADDRESS = "/api/v1/security-events"


def security_blueprint(reading: SecurityReading) -> Blueprint:
    """One address; refusals are problem documents."""
    blueprint = Blueprint("security_api", __name__)

    @blueprint.get(ADDRESS)
    def security_events() -> Response:
        page = reading.page(current_user().role, request.args, _limit())
        answer = jsonify(
            items=[view(one) for one in page.items], total=page.total, next=page.next or None
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return blueprint


def _limit() -> int:
    asked = request.args.get("limit", "100")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 5):
        raise InvalidField("limit", f"must be a whole number from 1 to {MOST_ON_A_PAGE}")
    return int(asked)
