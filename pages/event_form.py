"""What the form of one event asks around its record: who said it, when, over which channel.

Pure, from the transition table: the organisations that may assert the event, and the fields that
its guards look at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from domain.errors import InvalidField
from domain.guards import GUARDS
from domain.records import CHANNELS, RECORDS
from domain.transitions import LOG, ORGANISATION_OF, ORGANISATIONS, ROWS_OF, WITHOUT_TRANSITION
from pages.forms import Field, record_fields

OUTSIDE = ("KP", "KFOR", "OTHER")
"""Organisations whose word comes over a channel that has to be named."""

CONFIRMATIONS = 2
SECOND_PERSON = "second_person"

_ANYBODY = ("KP", *(name for name in ORGANISATIONS if name != "KP"))
_MORE = (Field("asserted_by.service_no", "text", False), Field("text", "long", False))


@dataclass(frozen=True, slots=True)
class EventForm:
    """``record`` and ``around`` are asked; ``more`` is folded away."""

    region: str
    event: str
    record: tuple[Field, ...]
    around: tuple[Field, ...]
    more: tuple[Field, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """All of them."""
        return (*self.record, *self.around, *self.more)


def event_form(region: str, event: str, *, alone: bool = False) -> EventForm:
    """The form of an event or a fact; raises ``InvalidField`` for anything else.

    ``alone`` leaves out the second person: in a correction, and where the step waits for one.
    """
    _check_known(region, event)
    guarded = _guarded(region, event)
    around: list[Field] = []
    if "position" in guarded:
        around += position_fields()
    if "confirmations" in guarded:
        around += _confirmation_fields()
    organisations = organisations_of(region, event)
    around += _asserter_fields(organisations)
    around.append(Field("occurred_at", "moment", True))
    if "second_person" in guarded and not alone:
        around += second_person_fields()
    record = record_fields(RECORDS[region, event])
    return EventForm(region, event, tuple(record), tuple(around), _MORE)


def dispute_form(region: str, event: str) -> EventForm:
    """The form by which somebody says that an event was not so; its record stays as it is."""
    _check_known(region, event)
    record = Field("dispute.breaks", "long", True)
    around = [*_asserter_fields(_ANYBODY), Field("occurred_at", "moment", True)]
    return EventForm(region, event, (record,), tuple(around), _MORE)


def _check_known(region: str, event: str) -> None:
    if (region, event) not in RECORDS or region == LOG:
        raise InvalidField("event", f"is no event of an incident: {region} {event}")


def second_person_fields() -> list[Field]:
    """The account and the own password of the one who confirms beside the one who types."""
    return [
        Field(f"{SECOND_PERSON}.user", "text", True),
        Field(f"{SECOND_PERSON}.password", "secret", True),
    ]


def with_needed(form: EventForm, paths: Collection[str]) -> EventForm:
    """The form, the fields at ``paths`` needed that its schema leaves open."""
    record = (replace(one, required=True) if one.path in paths else one for one in form.record)
    return replace(form, record=tuple(record))


def asserting_roles(region: str, event: str) -> tuple[str, ...]:
    """Whose act or word the event is, by the table; anybody's where it moves nothing."""
    if event in WITHOUT_TRANSITION:
        return ("FPU_DUTY",)
    return ROWS_OF[region, event][0].asserted_by


def organisations_of(region: str, event: str) -> tuple[str, ...]:
    """The organisations that may assert the event, the most likely first."""
    if event in WITHOUT_TRANSITION or "ANY" in asserting_roles(region, event):
        return ("FPU", *(name for name in ORGANISATIONS if name != "FPU"))
    roles = asserting_roles(region, event)
    return tuple(dict.fromkeys(name for role in roles for name in ORGANISATION_OF[role]))


def position_fields() -> list[Field]:
    """A place by its name, or a position in either way; see ``places.position_of_mgrs``."""
    return [
        Field("place_ref", "place", False),
        Field("position.lat", "decimal", False, least=-90, most=90),
        Field("position.lon", "decimal", False, least=-180, most=180),
        Field("position.mgrs", "text", False),
    ]


def complete(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """The envelope in its last shape: confirmations as a list, channels only where they belong."""
    whole = dict(envelope)
    by_number = whole.pop("confirmations", None)
    if by_number:
        whole["confirmations"] = [by_number[key] for key in sorted(by_number)]
    if whole.get("asserted_by", {}).get("org") not in OUTSIDE and "channel_ref" not in whole:
        whole.pop("channel", None)
    return whole


def _guarded(region: str, event: str) -> set[str]:
    rows = ROWS_OF.get((region, event), ())
    return {GUARDS[name].field or "" for row in rows for name in row.guards}


def _asserter_fields(organisations: tuple[str, ...]) -> list[Field]:
    found = [
        Field("asserted_by.org", "choice", True, organisations),
        Field("asserted_by.function", "text", True),
    ]
    if any(name in OUTSIDE for name in organisations):
        always = all(name in OUTSIDE for name in organisations)
        found += [
            Field("channel", "choice", always, CHANNELS),
            Field("channel_ref", "text", always),
        ]
    return found


def _confirmation_fields() -> list[Field]:
    return [
        one
        for number in range(CONFIRMATIONS)
        for one in (
            Field(f"confirmations.{number}.org", "choice", True, ORGANISATIONS),
            Field(f"confirmations.{number}.function", "text", True),
            Field(f"confirmations.{number}.at", "moment", True),
            Field(f"confirmations.{number}.channel", "choice", True, CHANNELS),
        )
    ]
