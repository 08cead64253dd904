"""What a form knows because of the button that opened it: an offer, a report from the scene."""

from __future__ import annotations

from typing import Any

from pages.asking import CAPACITY, PARTIAL, REDEPLOY, SITREP, SITREP_REF
from pages.incident_view import IncidentView
from pages.strings import text

Values = dict[str, Any]


def asked_for(view: IncidentView, language: str, ask: str) -> Values:
    """Values by path; empty for a form that is opened for nothing in particular."""
    if ask == SITREP:
        return {SITREP_REF: _next_sitrep(view)}
    if ask == CAPACITY:
        return {"record.reason": "capacity"}
    if ask == PARTIAL:
        return {"record.platoons": [one.id for one in view.free]}
    if ask == REDEPLOY:
        return {
            "record.to_incident": view.incident,
            "record.reason_text": text("incident.redeploy_reason", language, title=view.title),
        }
    return {}


def _next_sitrep(view: IncidentView) -> str:
    """The incident's own running number of such reports."""
    earlier = [
        one for one in view.known if one["event"] == "note" and one["record"].get("sitrep_ref")
    ]
    return f"{view.incident} SITREP {len(earlier) + 1}"


def capacity_words(view: IncidentView, language: str) -> str:
    """Why the FPU alone is not enough, as far as the numbers tell."""
    request = view.request
    asked = request["record"]["request"]["platoons_asked"] if request else 0
    return text("incident.capacity_statement", language, free=len(view.free), asked=asked)
