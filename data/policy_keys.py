"""The numbers that a unit may set: where each stands in its file, and where in the policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from domain.policy import Policy

_UNITS = {
    "minutes": timedelta(minutes=1),
    "seconds": timedelta(seconds=1),
}
_WEEK = 7 * 24 * 60.0


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the file. ``field`` is its place in ``Policy``, such as ``timers.decide``;
    how the key ends tells the unit of measure. ``whole`` numbers have no fraction.
    """

    section: str
    key: str
    field: str
    least: float
    most: float
    whole: bool = False

    def fault(self, value: object) -> str | None:
        """Why ``value`` cannot stand here, None where it can."""
        kinds = (int,) if self.whole else (int, float)
        fits = isinstance(value, kinds) and not isinstance(value, bool)
        if fits and self.least <= value <= self.most:  # type: ignore[operator]
            return None
        name = "whole number" if self.whole else "number"
        return f"must be a {name} from {self.least:g} to {self.most:g}, not {value!r}"

    def read(self, value: float) -> timedelta | float:
        """The value as the policy keeps it."""
        unit = _UNITS.get(self.key.rpartition("_")[2])
        if unit is not None:
            return value * unit
        if self.key.endswith("_percent"):
            return value / 100
        return value

    def written(self, policy: Policy) -> float:
        """The number that the file would hold for ``policy``."""
        place: object = policy
        for name in self.field.split("."):
            place = getattr(place, name)
        if isinstance(place, timedelta):
            return place / _UNITS[self.key.rpartition("_")[2]]
        assert isinstance(place, (int, float))
        return place * 100 if self.key.endswith("_percent") else place


NUMBERS: tuple[Number, ...] = (
    Number("timers", "acknowledge_minutes", "timers.acknowledge", 0.5, _WEEK),
    Number("timers", "decide_minutes", "timers.decide", 0.5, _WEEK),
    Number("timers", "depart_minutes", "timers.depart", 0.5, _WEEK),
    Number("timers", "depart_high_readiness_minutes", "timers.depart_high_readiness", 0.5, _WEEK),
    Number("timers", "arrive_margin_percent", "timers.arrive_margin", 0, 500),
    Number("timers", "sitrep_minutes", "timers.sitrep", 0.5, _WEEK),
    Number("timers", "hand_back_minutes", "timers.hand_back", 0.5, _WEEK),
    Number("timers", "written_confirmation_minutes", "timers.written_confirmation", 0.5, _WEEK),
    Number("reserve", "minimum", "reserve_minimum", 0, 100, whole=True),
    Number("travel", "speed_kmh", "travel.speed_kmh", 1, 200),
    Number("travel", "detour", "travel.detour", 1, 5),
    Number("limits", "clock_tolerance_seconds", "clock_tolerance", 0, 300),
    Number("limits", "request_expires_after_minutes", "request_expires_after", 1, _WEEK),
    Number("limits", "arrival_radius_m", "arrival_radius_m", 10, 50_000),
    Number("limits", "late_after_minutes", "late_after", 1, _WEEK),
)
"""Every number, in the order of the file."""

SECTIONS = tuple(dict.fromkeys(one.section for one in NUMBERS))


def with_numbers(policy: Policy, values: Mapping[str, timedelta | float]) -> Policy:
    """``policy`` with the ``values`` by their fields."""
    parts: dict[str, dict[str, timedelta | float]] = {}
    for field, value in values.items():
        part, _, name = field.rpartition(".")
        parts.setdefault(part, {})[name] = value
    return replace(
        policy,
        timers=replace(policy.timers, **parts.get("timers", {})),  # type: ignore[arg-type]
        travel=replace(policy.travel, **parts.get("travel", {})),  # type: ignore[arg-type]
        **parts.get("", {}),  # type: ignore[arg-type]
    )
