"""What units did, worked out from their tracks, and how far the clocks of devices are off."""

from __future__ import annotations

import json
from datetime import timedelta

from flask import Blueprint, Response

from api.access.turns import heavy
from api.v1.incidents import no_store
from api.v1.roster import PREFIX
from api.v1.spans import moment, span
from domain.access.rights import Act, Data, requires
from domain.errors import InvalidField
from services.cache import Cache, remembered
from services.clock import Clock
from services.clocks import Clocks
from services.ports import Heads
from services.roster import RosterService
from services.track_analysis import TrackAnalyses

_LONGEST = timedelta(days=7)
_CLOCKS_KEPT_S = 30


def analysis_blueprint(
    analyses: TrackAnalyses,
    device_clocks: Clocks,
    roster: RosterService,
    clock: Clock,
    cache: Cache,
    heads: Heads,
) -> Blueprint:
    """JSON; refusals are problem documents."""
    blueprint = Blueprint("analysis_api", __name__, url_prefix=PREFIX)

    @blueprint.get("/<operation>/units/<unit>/analysis")
    @requires(Act.SEE, Data.TRACKS)
    def analysis(operation: str, unit: str) -> Response:
        known = roster.operation(operation).id
        if unit not in roster.roster().units:
            raise InvalidField("unit", "is no unit of the roster")
        start, end = span(clock(), _LONGEST)
        known_at = moment("known_at")
        asked = (known, unit, start, end, known_at, heads.head_of(known))

        def work() -> bytes:
            return json.dumps(analyses.unit(known, unit, start, end, known_at)).encode()

        return no_store(**json.loads(remembered(cache, f"analysis:{asked!r}", work, turn=heavy)))

    @blueprint.get("/<operation>/clocks")
    @requires(Act.SEE, Data.DEVICE_CLOCKS)
    def clocks(operation: str) -> Response:
        known, now = roster.operation(operation).id, clock()

        def work() -> bytes:
            return json.dumps(device_clocks.listing(known, now)).encode()

        found = remembered(cache, f"clocks:{known}", work, _CLOCKS_KEPT_S)
        return no_store(clocks=json.loads(found))

    return blueprint
