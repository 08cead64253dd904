"""Track files in and out: look, store, undo; and a file of any selection of fixes."""

from __future__ import annotations

from flask import Blueprint, Response, request

from api.access.turns import heavy
from api.caller import caller_has_left
from api.v1.actors import current_actor
from api.v1.bounds import whole
from api.v1.incidents import no_store, sent_json
from api.v1.roster import PREFIX
from domain.access.rights import Act, Data, requires
from domain.errors import DashboardError, InvalidField
from domain.time import parse_rfc3339
from services.clock import Clock
from services.roster import RosterService
from services.track_export import TrackExport
from services.track_files import LISTED, MOST_BYTES, TrackFiles
from services.track_reading import filings

_PIECE = 64 * 1024
_YES = {"1": True, "true": True, "0": False, "false": False, "": False}


def track_files_blueprint(
    files: TrackFiles, export: TrackExport, roster: RosterService, clock: Clock
) -> Blueprint:
    """What ``docs/api.md`` says of track files; refusals are problem documents."""
    blueprint = Blueprint("track_files_api", __name__, url_prefix=PREFIX)

    @blueprint.get("/<operation>/tracks/export")
    @requires(Act.TAKE_AWAY, Data.TRACKS)
    def exported(operation: str) -> Response:
        end_asked, start_asked = request.args.get("to"), request.args.get("from")
        if not start_asked:
            raise InvalidField("from", "is required")
        end = parse_rfc3339(end_asked, "to") if end_asked else clock()
        start = parse_rfc3339(start_asked, "from")
        unit = _unit(roster, operation)
        name = request.args.get("format", "gpx")
        with heavy():
            found = export.export(operation, unit, start, end, name, current_actor().role)
        answer = Response(found.data, mimetype=found.media)
        answer.headers["Content-Disposition"] = f'attachment; filename="{found.name}"'
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @blueprint.get("/<operation>/imports")
    @requires(Act.SEE, Data.IMPORTS)
    def listing(operation: str) -> Response:
        most = whole("limit", LISTED, LISTED, 1)
        return no_store(items=files.listing(operation, current_actor())[:most], most=LISTED)

    @blueprint.post("/<operation>/imports")
    @requires(Act.CHANGE, Data.IMPORTS)
    def upload(operation: str) -> tuple[Response, int]:
        request.max_content_length = MOST_BYTES
        if request.mimetype != "application/octet-stream":
            raise InvalidField("body", "must be sent as application/octet-stream")
        name = request.args.get("name", "")
        if not name:
            raise InvalidField("name", "is required: the file's name")
        try:
            files.expect(operation, current_actor())
        except DashboardError:
            _let_go_of_the_body()
            raise
        data = request.get_data(cache=False)
        seen = files.upload(
            operation,
            current_actor(),
            name,
            data,
            unit=request.args.get("unit", ""),
            anywhere=_flag("anywhere"),
            utc=_flag("utc"),
            gone=caller_has_left(request.environ),
        )
        return no_store(**seen), 201

    @blueprint.get("/<operation>/imports/<int:number>")
    @requires(Act.SEE, Data.IMPORTS)
    def one(operation: str, number: int) -> Response:
        gone = caller_has_left(request.environ)
        return no_store(**files.look(operation, number, current_actor(), gone))

    @blueprint.post("/<operation>/imports/<int:number>/commit")
    @requires(Act.CHANGE, Data.IMPORTS)
    def commit(operation: str, number: int) -> Response:
        return no_store(**files.commit(operation, number, current_actor()))

    @blueprint.post("/<operation>/imports/<int:number>/undo")
    @requires(Act.CHANGE, Data.IMPORTS)
    def undo(operation: str, number: int) -> Response:
        reason = sent_json().get("reason")
        return no_store(**files.undo(operation, number, current_actor(), reason))

    @blueprint.post("/<operation>/imports/<int:number>/discard")
    @requires(Act.CHANGE, Data.IMPORTS)
    def discard(operation: str, number: int) -> Response:
        files.discard(operation, number, current_actor())
        return no_store(discarded=number)

    return blueprint


def _let_go_of_the_body() -> None:
    """Take in what is being sent without keeping it: who still sends does not read an answer."""
    while request.stream.read(_PIECE):
        pass


def _unit(roster: RosterService, operation: str) -> str | None:
    asked = request.args.get("unit", "")
    if not asked:
        return None
    found = filings(roster.roster(), operation).get(asked.casefold())
    if found is None:
        raise InvalidField("unit", "is no unit of the roster")
    return found.unit


def _flag(name: str) -> bool:
    asked = request.args.get(name, "").lower()
    if asked not in _YES:
        raise InvalidField(name, "must be true or false")
    return _YES[asked]
