"""What a person decides about an entry of the quarantine, and about many at once."""

from __future__ import annotations

from flask import Blueprint, Response

from api.v1.actors import current_actor
from api.v1.incidents import no_store, sent_json
from api.v1.roster import PREFIX
from domain.access.rights import Act, Data, requires
from pages.session import current_user
from services.quarantine import Quarantine
from services.quarantine_many import QuarantineOfMany


def quarantine_blueprint(quarantine: Quarantine, many: QuarantineOfMany) -> Blueprint:
    """What ``docs/api.md`` says of the quarantine; the listing is among the positions."""
    blueprint = Blueprint("quarantine_api", __name__, url_prefix=PREFIX)

    @blueprint.get("/<operation>/quarantine/<int:number>")
    @requires(Act.SEE, Data.RAW)
    def one(operation: str, number: int) -> Response:
        return no_store(**quarantine.look(operation, number, current_user().role))

    @blueprint.post("/<operation>/quarantine/accept")
    @requires(Act.CHANGE, Data.QUARANTINE)
    def accept_all(operation: str) -> Response:
        return no_store(**many.accept(operation, current_actor(), sent_json()))

    @blueprint.post("/<operation>/quarantine/discard")
    @requires(Act.CHANGE, Data.QUARANTINE)
    def discard_all(operation: str) -> Response:
        return no_store(**many.discard(operation, current_actor(), sent_json()))

    @blueprint.post("/<operation>/quarantine/shift")
    @requires(Act.CHANGE, Data.QUARANTINE)
    def shift(operation: str) -> Response:
        return no_store(**many.shift(operation, current_actor(), sent_json()))

    @blueprint.post("/<operation>/quarantine/shift/preview")
    @requires(Act.CHANGE, Data.QUARANTINE)
    def preview_shift(operation: str) -> Response:
        return no_store(**many.preview_shift(operation, current_actor(), sent_json()))

    @blueprint.post("/<operation>/quarantine/<int:number>/accept")
    @requires(Act.CHANGE, Data.QUARANTINE)
    def accept(operation: str, number: int) -> Response:
        return no_store(**quarantine.accept(operation, number, current_actor(), sent_json()))

    @blueprint.post("/<operation>/quarantine/<int:number>/correct")
    @requires(Act.CHANGE, Data.QUARANTINE)
    def correct(operation: str, number: int) -> Response:
        return no_store(**quarantine.correct(operation, number, current_actor(), sent_json()))

    @blueprint.post("/<operation>/quarantine/<int:number>/discard")
    @requires(Act.CHANGE, Data.QUARANTINE)
    def discard(operation: str, number: int) -> Response:
        return no_store(**quarantine.discard(operation, number, current_actor(), sent_json()))

    return blueprint
