"""The rows of late entry: which steps may be typed from the present state on, and what they ask.

Pure. A row asks its time and the few fields that nobody can know; everything else of the envelope
follows from the time and from what the forms of single events are prefilled with.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.records import CHANNELS
from domain.transitions import INC, LINE, ROWS_OF, T2, T3
from pages.event_form import EventForm, event_form
from pages.forms import Field
from pages.incident_view import IncidentView
from pages.prefill import prefill
from pages.strings import text

USUAL = (
    (INC, "confirm"), (T2, "kp_request"), (T2, "acknowledge"), (T2, "accept"), (T2, "depart"),
    (T2, "arrive"), (T2, "engage"), (T2, "begin_handback"), (T2, "handback_confirmed"),
)  # fmt: skip
"""The way of most nights, in order."""

OTHERS = (
    (LINE, "relief_in_place_fpu"), (T3, "request_by_kp"), (T3, "acknowledge"), (T3, "accept"),
    (T3, "depart"), (T3, "arrive"), (T3, "engage"), (LINE, "relief_in_place_kfor"),
    (T3, "begin_handover"), (LINE, "relief_in_place_kp"), (T3, "handover_confirmed"),
)  # fmt: skip
"""The line and KFOR, folded away."""

_OPTIONAL = (
    "skip_ground", "purpose_text", "legal_basis_text", "operations_approval_ref",
    "reserve_override_ref",
)  # fmt: skip
_SAID_BY_THE_TIME = ("read_back", "giver", "taker", "officer_function")

CHANNEL = (Field("channel", "choice", True, CHANNELS), Field("channel_ref", "text", True))
"""Asked once: over which channel the word of those outside the FPU came."""


@dataclass(frozen=True, slots=True)
class Row:
    """One step that may be typed; ``key`` is its region and event, ``asked`` what its row asks."""

    region: str
    event: str
    form: EventForm
    asked: tuple[Field, ...]

    @property
    def key(self) -> str:
        """The first part of the paths of its fields."""
        return f"{self.region}.{self.event}"

    @property
    def time(self) -> Field:
        """The field of its time; left empty, the step did not happen."""
        return Field(f"{self.key}.occurred_at", "moment", True)


def rows_of(view: IncidentView, names: Sequence[tuple[str, str]]) -> list[Row]:
    """The rows of ``names`` from the present state of their regions on."""
    found: list[Row] = []
    open_regions: set[str] = set()
    accepting = (T2, "accept") in _from_now_on(view, USUAL)
    for region, event in names:
        present = str(view.summary[region.lower()])
        starts = any(present in row.from_states for row in ROWS_OF[region, event])
        if starts or region == LINE:
            open_regions.add(region)
        if region in open_regions:
            found.append(_row(view, region, event, accepting))
    return found


def _from_now_on(view: IncidentView, names: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    at = [
        number
        for number, (region, event) in enumerate(names)
        if region == T2
        and any(str(view.summary["t2"]) in row.from_states for row in ROWS_OF[region, event])
    ]
    return list(names[at[0] :]) if at else []


def _row(view: IncidentView, region: str, event: str, accepting: bool) -> Row:
    form = event_form(region, event)
    asked = [one for one in form.record if _is_asked(one)]
    if event == "arrive" and view.summary["position"] is None:
        asked = [replace(one, required=True) for one in form.record]
    if (region, event) == (T2, "depart") and accepting:  # as accepted
        asked = [one for one in asked if one.name not in ("platoons", "eta")]
    prefixed = tuple(_prefixed(one, f"{region}.{event}") for one in asked)
    return Row(region, event, form, prefixed)


def _is_asked(one: Field) -> bool:
    if one.name in _SAID_BY_THE_TIME or (one.kind == "moment" and one.name != "eta"):
        return False
    if one.path == "record.kp_agreement.function":
        return False
    return one.required or one.name in _OPTIONAL


def _prefixed(one: Field, key: str) -> Field:
    when = (f"{key}.{one.when[0]}", one.when[1]) if one.when else None
    # an expected arrival that is left empty is the arrival that is typed further down
    required = one.required and one.name != "eta"
    return replace(one, path=f"{key}.{one.path}", when=when, required=required)


def values_of(view: IncidentView, rows: Iterable[Row], language: str) -> dict[str, Any]:
    """What the form opens with: no time, and in every row what is known."""
    values: dict[str, Any] = {}
    for row in rows:
        known = prefill(row.form, view, language)
        for one in row.asked:
            inside = one.path.removeprefix(f"{row.key}.")
            value = None if one.kind == "moment" else known.get(inside)
            if value is None and one.path.endswith("begin_handback.record.receiver"):
                value = text("incident.commander_KP", language)
            if value is None and one.may_follow:
                value = text("record.to_follow", language)
            values[one.path] = value
    return values | _channel(view, language)


def _channel(view: IncidentView, language: str) -> dict[str, Any]:
    for event in reversed(view.history):
        if event.get("asserted_by", {}).get("org") == "KP" and event.get("channel_ref"):
            return {"channel": event.get("channel"), "channel_ref": event["channel_ref"]}
    return {"channel": "radio", "channel_ref": text("record.to_follow", language)}
