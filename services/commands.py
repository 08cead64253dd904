"""From what was sent to a ``Command``: cleaned, checked in its shape, times in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.errors import InvalidField
from domain.events import Actor, Command
from domain.fixes import inside_area
from domain.time import parse_rfc3339
from domain.transitions import INC, LOG
from domain.words import clean
from services.command_ids import fingerprint
from services.event_ports import Places
from services.shape import check_envelope


def read_command(
    kind: str, sent: object, actor: Actor, places: Places, target: str = ""
) -> Command:
    """``sent`` (JSON) as a command; ``kind`` is event, report or log. Raises ``InvalidField``.

    ``target`` is the operation and the incident or platoon that it was sent to, part of what makes
    it this command. The record's own shape is checked later, when it is known that the event may
    happen at all.
    """
    envelope = check_envelope(kind, clean(sent))
    _check_place(envelope, places)
    return Command(
        command_id=str(envelope["command_id"]).lower(),
        region=_region(kind, envelope),
        event=_event(kind, envelope),
        occurred_at=parse_rfc3339(envelope["occurred_at"], "occurred_at"),
        actor=actor,
        asserted_by=envelope.get("asserted_by", {"org": "FPU", "function": actor.role}),
        expected_version=envelope.get("expected_version", 0),
        channel=envelope.get("channel"),
        channel_ref=envelope.get("channel_ref"),
        confirmations=envelope.get("confirmations", ()),
        second_user=envelope.get("second_user"),
        position=envelope.get("position"),
        place_ref=envelope.get("place_ref"),
        text=envelope.get("text"),
        lang=envelope.get("lang"),
        late_entry=envelope.get("late_entry", False),
        dispute=envelope.get("dispute"),
        fingerprint=fingerprint(f"{kind} {target}", actor, envelope) if target else "",
        corrects=envelope.get("corrects"),
        record=envelope.get("record", {}),
    )


def _region(kind: str, envelope: Mapping[str, Any]) -> str:
    if kind == "event":
        return str(envelope["region"])
    return INC if kind == "report" else LOG


def _event(kind: str, envelope: Mapping[str, Any]) -> str:
    if kind == "event":
        return str(envelope["event"])
    return "report" if kind == "report" else "entry"


def _check_place(envelope: Mapping[str, Any], places: Places) -> None:
    position = envelope.get("position")
    if position is not None and not inside_area(position["lat"], position["lon"]):
        swapped = inside_area(position["lon"], position["lat"])
        raise InvalidField(
            "position",
            "lies in the area when latitude and longitude are exchanged"
            if swapped
            else "is outside the area of operations",
        )
    place_ref = envelope.get("place_ref")
    if place_ref is not None and places.position_of(place_ref) is None:
        raise InvalidField("place_ref", "is no place of the gazetteer")
