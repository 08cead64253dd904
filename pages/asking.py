"""Why the form of an event is opened: what the button that opened it asks for.

A text in the button's id: nothing for the plain form, ``field:<path>`` to begin at one field (a
debt that is to be paid), ``offer:<name>`` for one of the ways out when no platoon is free,
``sitrep`` for a note that is a report from the scene, or ``dispute`` for an entry by which somebody
says that an event was not so.
"""

from __future__ import annotations

FIELD = "field:"
OFFER = "offer:"
SITREP = "sitrep"
DISPUTE = "dispute"
SITREP_REF = "record.sitrep_ref"

CAPACITY = OFFER + "refuse"
PARTIAL = OFFER + "partial"
REDEPLOY = OFFER + "redeploy"
EULEX = OFFER + "request_via_eulex"


def first_field(ask: str) -> str:
    """The path of the field that is asked for; empty when it is none in particular."""
    return ask.removeprefix(FIELD) if ask.startswith(FIELD) else ""


def needed_fields(ask: str) -> list[str]:
    """Fields that have to be filled because of what was asked for."""
    return [SITREP_REF] if ask == SITREP else []
