"""Where an incident is, and where its platoons start from."""

from __future__ import annotations

from collections.abc import Sequence

from domain.events import Event
from domain.roster import Operation
from services.event_ports import Places

Point = tuple[float, float]

BASE = "settlement-mitrovice"
"""The base of the FPU as far as it is published: a town. An operation may name another place of the
gazetteer (``base_place`` among its settings)."""

_SAYS_WHERE = ("report", "kp_request")


def location_of(history: Sequence[Event], places: Places) -> Point | None:
    """(latitude, longitude) of the incident by the newest of its report and its requests."""
    for event in reversed(history):
        if event.event not in _SAYS_WHERE:
            continue
        body = event.body
        position = body.get("position")
        if position is not None:
            return position["lat"], position["lon"]
        place_ref = body.get("place_ref")
        if place_ref is not None:
            return places.position_of(place_ref)
    return None


def base_of(operation: Operation, places: Places) -> Point | None:
    """(latitude, longitude) of the base, None where the gazetteer does not know it."""
    return places.position_of(str(operation.settings.get("base_place", BASE)))
