"""From what was typed into the rows of late entry to the steps of a sequence. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.errors import InvalidField
from domain.time import parse_rfc3339, to_rfc3339
from domain.transitions import INC, T2, T3
from pages.clock_times import parse_typed
from pages.event_form import OUTSIDE, complete
from pages.forms import Filled, fill
from pages.incident_view import IncidentView
from pages.late_rows import Row
from pages.prefill import prefill
from pages.strings import text

_TAKER = {
    "relief_in_place_fpu": "FPU",
    "relief_in_place_kfor": "KFOR",
    "relief_in_place_kp": "KP",
}
_WITHOUT_LETTER = re.compile(r"\d{1,2}:?\d{2}|\d{6}")


@dataclass(slots=True)
class Typed:
    """The steps in the order in which they happened, their rows, and what is wrong, by path."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    faults: dict[str, InvalidField] = field(default_factory=dict)


def steps_of(
    view: IncidentView, rows: Sequence[Row], typed: Mapping[str, Any], now: datetime, language: str
) -> Typed:
    """What was typed as the steps of a sequence."""
    result = Typed()
    times = _times(view, rows, typed, now, result)
    if result.faults:
        return result
    moves = _Moves(str(view.summary["line"]))
    typed = _with_unit(typed)
    # a sort keeps the order of the table where times are alike
    for row in sorted((row for row in rows if row.key in times), key=lambda one: times[one.key]):
        values = _known(view, row, times, typed, language) | moves.sides(row, language)
        values |= _as_accepted(row, result)
        filled = fill(row.form.fields, values, times[row.key])
        if (row.region, row.event) == (T2, "depart") and result.faults:
            for name in ("platoons", "eta"):  # what is wrong stands at the acceptance
                filled.faults.pop(f"record.{name}", None)
        result.faults |= _shown_at(row, filled)
        step = complete(filled.envelope) | {"region": row.region, "event": row.event}
        moves.follow(row, step)
        result.rows.append(row)
        result.steps.append(step)
    return result


def _times(
    view: IncidentView,
    rows: Sequence[Row],
    typed: Mapping[str, Any],
    now: datetime,
    result: Typed,
) -> dict[str, datetime]:
    """The time of every row that has one, by its key; in order in every region."""
    times: dict[str, datetime] = {}
    last: dict[str, datetime] = {}
    for row in rows:
        path = row.time.path
        if not str(typed.get(path) or "").strip():
            continue
        try:
            at = parse_typed(_with_letter(typed.get(path), typed), path, now)
            at = _after_in_its_minute(view, at)
            if at < last.get(row.region, at):
                raise InvalidField(path, "is before the step above it")
        except InvalidField as fault:
            result.faults[path] = fault
            continue
        times[row.key] = last[row.region] = at
    return times


def _with_letter(value: object, typed: Mapping[str, Any]) -> str:
    """A time without a zone letter gets the one that the form says."""
    words = str(value or "").strip()
    return words + str(typed.get("zone") or "") if _WITHOUT_LETTER.fullmatch(words) else words


def _after_in_its_minute(view: IncidentView, at: datetime) -> datetime:
    """A time is typed to the minute: it is not before what is known of that minute in any lane."""
    known = [
        parse_rfc3339(one["occurred_at"], "occurred_at")
        for one in view.known
        if one["to_state"] is not None
    ]
    return max((one for one in known if at == one.replace(second=0, microsecond=0)), default=at)


def _with_unit(typed: Mapping[str, Any]) -> dict[str, Any]:
    """The unit of Kosovo Police is typed once, where it confirms."""
    whole = dict(typed)
    unit = whole.get(f"{INC}.confirm.record.kp_unit")
    for path in (f"{T2}.kp_request", f"{T3}.request_by_kp"):
        place = f"{path}.record.request.officer_unit"
        whole[place] = whole.get(place) or unit
    return whole


def _known(
    view: IncidentView,
    row: Row,
    times: Mapping[str, datetime],
    typed: Mapping[str, Any],
    language: str,
) -> dict[str, Any]:
    """What was typed in a row over what is known; every moment of it is the time of the step."""
    at = to_rfc3339(times[row.key])
    values = _functions(language) | prefill(row.form, view, language)
    values |= {"record.read_back": True}
    arrived = times.get(f"{row.region}.arrive")
    for one in row.form.fields:
        if one.kind == "moment":
            values[one.path] = at
        if one.name == "eta":
            values[one.path] = to_rfc3339(arrived) if arrived else None
    for one in row.asked:
        value = typed.get(one.path)
        inside = one.path.removeprefix(f"{row.key}.")
        if one.kind == "moment":
            value = _with_letter(value, typed) or values[inside]
        values[inside] = value
    if values["asserted_by.org"] in OUTSIDE:
        return values | {name: typed.get(name) for name in ("channel", "channel_ref")}
    return values | {"channel": None, "channel_ref": None}


def _functions(language: str) -> dict[str, Any]:
    """Who speaks for Kosovo Police, by function."""
    return {
        "record.request.officer_function": text("incident.function_KP_REQ", language),
        "record.kp_agreement.function": text("incident.commander_KP", language),
    }


def _as_accepted(row: Row, result: Typed) -> dict[str, Any]:
    """Those depart who were accepted a few rows above, to arrive when it was said there."""
    if (row.region, row.event) != (T2, "depart"):
        return {}
    for step in result.steps:
        if (step["region"], step["event"]) == (T2, "accept"):
            record = step.get("record", {})
            names = ("platoons", "eta")
            return {f"record.{name}": record[name] for name in names if name in record}
    return {}


@dataclass(slots=True)
class _Moves:
    """Who holds the line and who takes over, step by step."""

    holder: str
    receiver: str = "KP"

    def sides(self, row: Row, language: str) -> dict[str, Any]:
        """Who has to confirm a relief or a handover."""
        if row.event in _TAKER:
            giver, taker = self.holder, _TAKER[row.event]
        elif row.event == "handover_confirmed":
            giver, taker = "KFOR", self.receiver
        else:
            return {}
        values: dict[str, Any] = {}
        for number, name in enumerate((giver, taker)):
            words = text(f"incident.commander_{name}", language)
            values[f"confirmations.{number}.org"] = name
            values[f"confirmations.{number}.function"] = words
            values[f"record.{('giver', 'taker')[number]}"] = words
        return values

    def follow(self, row: Row, step: Mapping[str, Any]) -> None:
        """What the next row meets."""
        self.holder = _TAKER.get(row.event, self.holder)
        if row.event == "begin_handover":
            self.receiver = str(step.get("record", {}).get("receiver", self.receiver))


def _shown_at(row: Row, filled: Filled) -> dict[str, InvalidField]:
    """What is wrong, at the field of the row, or at its time where the row does not ask for it."""
    return {place_of(row, path): fault for path, fault in filled.faults.items()}


def place_of(row: Row, path: str) -> str:
    """Where in a row a fault of the envelope's ``path`` is shown."""
    place = f"{row.key}.{path}"
    if any(one.path == place for one in row.asked):
        return place
    return path if path in ("channel", "channel_ref") else row.time.path
