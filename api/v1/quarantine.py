"""One entry of the quarantine, and what a person decides about it."""

from __future__ import annotations

from flask import Blueprint, Response

from api.v1.actors import current_actor
from api.v1.incidents import no_store, sent_json
from api.v1.roster import PREFIX
from services.quarantine import Quarantine


def quarantine_blueprint(quarantine: Quarantine) -> Blueprint:
    """What ``docs/api.md`` says of the quarantine; the listing is among the positions."""
    blueprint = Blueprint("quarantine_api", __name__, url_prefix=PREFIX)

    @blueprint.get("/<operation>/quarantine/<int:number>")
    def one(operation: str, number: int) -> Response:
        return no_store(**quarantine.look(operation, number))

    @blueprint.post("/<operation>/quarantine/discard")
    def discard_all(operation: str) -> Response:
        return no_store(**quarantine.discard_all(operation, current_actor(), sent_json()))

    @blueprint.post("/<operation>/quarantine/<int:number>/accept")
    def accept(operation: str, number: int) -> Response:
        return no_store(**quarantine.accept(operation, number, current_actor(), sent_json()))

    @blueprint.post("/<operation>/quarantine/<int:number>/correct")
    def correct(operation: str, number: int) -> Response:
        return no_store(**quarantine.correct(operation, number, current_actor(), sent_json()))

    @blueprint.post("/<operation>/quarantine/<int:number>/discard")
    def discard(operation: str, number: int) -> Response:
        return no_store(**quarantine.discard(operation, number, current_actor(), sent_json()))

    return blueprint
