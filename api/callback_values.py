"""What each property may be that a callback takes from the browser, declared once.

Callbacks rely on it: a store that holds an id is a text for them. Anything else that is posted is
no work of our screens and is refused before a callback sees it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from pages import identifiers as shared
from pages import incident_identifiers as ids
from pages import late_identifiers as late_ids

Fits = Callable[[Any], bool]
Kind = tuple[Fits, str]
"""Whether a value fits, and what it must be, as a person reads it."""


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_LARGEST = 2**53
"""Beyond it a browser has no whole numbers."""


def _is_count(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST


def _is_number(value: Any) -> bool:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return known and math.isfinite(value)


def _is_typed(value: Any) -> bool:
    """What a field of a form holds: a text, or the ticked ones of several boxes."""
    return _maybe(_is_text)(value) or (isinstance(value, list) and all(map(_is_text, value)))


def _maybe(fits: Fits) -> Fits:
    return lambda value: value is None or fits(value)


def _object(parts: Mapping[str, Fits]) -> Fits:
    """An object with at least these parts."""

    def fits(value: Any) -> bool:
        return isinstance(value, dict) and all(
            name in value and part(value[name]) for name, part in parts.items()
        )

    return fits


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_sum(value: Any) -> bool:
    return value is not None and _is_count(value)


_COUNT: Kind = (_is_count, "must be a whole number or null")
_TEXT: Kind = (_is_text, "must be a text")
_LINE: Kind = (_maybe(_is_text), "must be a text or null")
_TYPED: Kind = (_is_typed, "must be a text, a list of texts or null")
_MAP_CLICK = _object({"lat": _is_number, "lon": _is_number})
_SPOT = _object({"alert": _is_text})
_INCIDENT = {"operation": _is_text, "incident": _is_text}
_FORM = {
    "operation": _is_text,
    "command_id": _is_text,
    "opened_at": _is_text,
    "occurred_typed": _maybe(_is_text),
}
_ACT = _FORM | {
    "incident": _is_text,
    "region": _is_text,
    "event": _is_text,
    "platoon": _is_text,
    "corrects": _is_text,
    "ask": _is_text,
    "version": _is_sum,
    "floor": _maybe(_is_text),
    "needed": _is_texts,
}
_LATE = _INCIDENT | {"command_id": _is_text, "version": _is_sum}
_ACTION = dict.fromkeys(("region", "event", "platoon", "corrects", "ask"), _is_text)
_COUNTERS = (
    shared.INCIDENT_CHANGES,
    shared.LOG_CHANGES,
    shared.ALERT_CHANGES,
    shared.CROSSING_CHANGES,
    shared.QUARANTINE_CHANGES,
    shared.TRACK_CHANGES,
)

KINDS: dict[tuple[str, str], Kind] = {
    **{(counter, "data"): _COUNT for counter in _COUNTERS},
    (ids.INCIDENT_TOUCHED, "data"): (_is_sum, "must be a whole number"),
    (ids.INCIDENT_DRAWN, "data"): (_is_texts, "must be a list of texts"),
    (shared.OPERATION, "data"): _TEXT,
    (shared.SELECTED_INCIDENT, "data"): _LINE,
    (shared.QUARANTINE_SHOWN, "data"): (
        _object({"reason": _is_text, "before": _is_text}),
        "must have reason and before",
    ),
    (shared.SECURITY_SHOWN, "data"): (
        _object(dict.fromkeys(("kind", "outcome", "account", "address", "from", "to"), _is_text)),
        "must have every filter",
    ),
    (shared.MAP_CLICK, "data"): (_maybe(_MAP_CLICK), "must be a position on the map or null"),
    (shared.SPOT_REPORT, "data"): (_maybe(_SPOT), "must name an alert or be null"),
    (ids.INCIDENT_REFERENCE, "data"): (_object(_INCIDENT), "must name an incident"),
    (ids.ACT_WANTED, "data"): (_maybe(_object(_ACTION)), "must name an action"),
    (ids.ACT_META, "data"): (_maybe(_object(_ACT)), "must be what the form was opened with"),
    (ids.REPORT_META, "data"): (_maybe(_object(_FORM)), "must be what the form was opened with"),
    (late_ids.LATE_META, "data"): (_maybe(_object(_LATE)), "must be what the form was opened with"),
    (late_ids.DRAFTS_SEEN, "data"): _LINE,
    (ids.LOG_META, "data"): _LINE,
    (ids.LOG_TEXT, "value"): _LINE,
    (ids.LIST_SCOPE, "value"): _LINE,
    (ids.LIST_TIER, "value"): _COUNT,
    (ids.LIST_SEVERITY, "value"): _COUNT,
    (ids.LIST_TEXT, "value"): _LINE,
    ("_pages_location", "pathname"): (
        lambda value: _is_text(value) and value.startswith("/"),
        "must begin with /",
    ),
    ("_pages_location", "search"): (
        lambda value: value in (None, "") or (_is_text(value) and value.startswith("?")),
        "must be empty or begin with ?",
    ),
}
"""By id and property; buttons, ids and the fields of forms go by what they are."""

_CLICKS = ("n_clicks", "n_submit")


def kind_of(known: str, name: str) -> Kind:
    """What the property ``name`` of the id ``known`` may be; ``known`` is as it was registered.

    Raises ``KeyError`` for one that is not declared.
    """
    if name in _CLICKS:
        return _COUNT
    if known.startswith("{") and json.loads(known)["type"] == ids.secret("", "")["type"]:
        return _LINE
    if known.startswith("{") and json.loads(known)["type"] == ids.field("", "")["type"]:
        # a pattern of one path asks for a place or a number; one of all paths has boxes, too
        return _LINE if isinstance(json.loads(known)["path"], str) else _TYPED
    return KINDS[known, name]
