"""What is left out of an answer for those who see less of it than others.

Each function takes a view (plain JSON) and gives one of the same shape, so that a screen reads it
alike; the views that others are given at the same time are never changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.access.rights import Act, Data, may

View = dict[str, Any]

_REFUSED_IN_SHORT = (
    "id", "unit", "device", "received_at", "source", "reason", "field", "fix_time", "clock_skew_s",
)  # fmt: skip
_DECIDED_IN_SHORT = ("decision", "by", "role", "at")


def alert_for(role: str, alert: Mapping[str, Any]) -> View:
    """An alert; without its place, which is that of a patrol, for those who see no positions. Where
    there is one it says so in ``position_withheld``: not shown is not the same as not known."""
    if may(role, Act.SEE, Data.POSITIONS) or "position" not in alert:
        return dict(alert)
    withheld = {"position_withheld": True} if alert["position"] is not None else {}
    return {**alert, "position": None, **withheld}


def crossing_for(role: str, properties: Mapping[str, Any]) -> View:
    """A crossing point; for those who see no visits it says so in ``visits_withheld``."""
    if may(role, Act.SEE, Data.VISITS):
        return dict(properties)
    return {**properties, "last_visit": None, "age_s": None, "visits_withheld": True}


def refused_for(role: str, entry: Mapping[str, Any]) -> View:
    """An entry of the quarantine; in short, without anything that tells a place, for those who do
    not read what came. ``raw`` and ``detail`` are then empty."""
    if may(role, Act.SEE, Data.RAW):
        return dict(entry)
    short: View = {name: entry[name] for name in _REFUSED_IN_SHORT if name in entry}
    made = entry["decision"]
    short["decision"] = None
    if made is not None:
        kept = {name: made[name] for name in _DECIDED_IN_SHORT}
        short["decision"] = {**kept, "reason": "", "said": {}}
    return {**short, "raw": "", "detail": "", "raw_withheld": True}
