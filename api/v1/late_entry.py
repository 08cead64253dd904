"""Sequences of late entry, and the drafts that wait for somebody else."""

from __future__ import annotations

from flask import Blueprint, Response

from api.v1.actors import current_actor
from api.v1.incidents import no_store, sent_json
from api.v1.roster import PREFIX
from domain.access.rights import Act, Data, requires
from services.late_entry import Entered, LateEntry


def late_entry_blueprint(late_entry: LateEntry) -> Blueprint:
    """What ``docs/api.md`` says of late entry; refusals are problem documents."""
    blueprint = Blueprint("late_entry_api", __name__, url_prefix=PREFIX + "/<operation>/incidents")

    @blueprint.post("/<incident>/sequences")
    @requires(Act.CHANGE, Data.INCIDENTS)
    def enter(operation: str, incident: str) -> tuple[Response, int]:
        return _answer(late_entry.enter(operation, incident, current_actor(), sent_json()))

    @blueprint.post("/<incident>/drafts/<draft>/confirm")
    @requires(Act.CHANGE, Data.INCIDENTS)
    def confirm(operation: str, incident: str, draft: str) -> tuple[Response, int]:
        return _answer(late_entry.confirm(operation, incident, draft, current_actor(), sent_json()))

    @blueprint.post("/<incident>/drafts/<draft>/reject")
    @requires(Act.CHANGE, Data.INCIDENTS)
    def reject(operation: str, incident: str, draft: str) -> tuple[Response, int]:
        return _answer(late_entry.reject(operation, incident, draft, current_actor(), sent_json()))

    return blueprint


def _answer(entered: Entered) -> tuple[Response, int]:
    return no_store(**entered.view()), 201 if entered.created else 200
