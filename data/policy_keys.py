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
    how the key ends tells the unit of measure. ``whole`` numbers have no fraction. ``each`` of the
    unit of the file make one of that in which the policy keeps it.
    """

    section: str
    key: str
    field: str
    least: float
    most: float
    whole: bool = False
    each: float = 1.0

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
        if isinstance(self._kept(Policy()), timedelta):
            return value * self._unit
        if self.key.endswith("_percent"):
            return value / 100
        return value / self.each

    def written(self, policy: Policy) -> float:
        """The number that the file would hold for ``policy``."""
        place = self._kept(policy)
        if isinstance(place, timedelta):
            return place / self._unit
        return place * 100 if self.key.endswith("_percent") else place * self.each

    def _kept(self, policy: Policy) -> timedelta | float:
        place: object = policy
        for name in self.field.split("."):
            place = getattr(place, name)
        assert isinstance(place, (timedelta, int, float))
        return place

    @property
    def _unit(self) -> timedelta:
        return _UNITS[self.key.rpartition("_")[2]]


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
    Number("limits", "oldest_entry_minutes", "oldest_entry", 60, 52 * _WEEK),
    Number("limits", "agreement_age_minutes", "agreement_age", 1, _WEEK),
    Number("limits", "confirmation_age_minutes", "confirmation_age", 1, _WEEK),
    Number("limits", "informed_age_minutes", "informed_age", 1, _WEEK),
    Number("tracks", "highest_speed_kmh", "tracks.highest_speed", 20, 1000, each=3.6),
    Number("tracks", "highest_acceleration_ms2", "tracks.highest_acceleration", 0.5, 100),
    Number("tracks", "jump_slack_m", "tracks.jump_slack_m", 0, 5000),
    Number("tracks", "useless_accuracy_m", "tracks.useless_accuracy_m", 10, 100_000),
    Number("tracks", "gap_seconds", "tracks.gap_s", 5, 3600),
    Number("tracks", "stop_window_seconds", "tracks.stop_window_s", 5, 3600),
    Number("tracks", "stop_spread_m", "tracks.stop_spread_m", 1, 1000),
    Number("tracks", "stop_reach_m", "tracks.stop_reach_m", 1, 2000),
    Number("tracks", "stop_merge_seconds", "tracks.stop_merge_s", 0, 3600),
    Number("tracks", "stop_shortest_seconds", "tracks.stop_shortest_s", 1, 86_400),
    Number("tracks", "wander_m", "tracks.wander_m", 0, 100),
    Number("tracks", "clock_wrong_seconds", "tracks.clock_wrong_s", 1, 120),
)
"""Every number, in the order of the file."""

SECTIONS = tuple(dict.fromkeys(one.section for one in NUMBERS))

COMMON = ("tracks",)
"""Sections that hold for every operation, because what is made of them is kept."""


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
        tracks=replace(policy.tracks, **parts.get("tracks", {})),  # type: ignore[arg-type]
        **parts.get("", {}),  # type: ignore[arg-type]
    )
