"""What the inspection keeps about each incident and each platoon."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from domain.events import Event

PLATOON = "platoon:"


class Breach(NamedTuple):
    """One broken invariant of ``docs/domain.md``."""

    number: int
    words: str


@dataclass
class IncidentFile:
    """One incident. ``request`` is the live request of Kosovo Police, ``engagement`` the newest
    engagement; ``paths`` the ways by which KFOR came since tier 3 was last over."""

    seq: int = 0
    states: dict[str, str] = field(default_factory=dict)
    place: object = None
    request: Event | None = None
    engagement: str | None = None
    accepts: int = 0
    path: list[str] = field(default_factory=list)
    revoked: bool = False
    paths: list[str] = field(default_factory=list)
    receiver: str = "KP"


@dataclass
class PlatoonFile:
    """One platoon, and the incident and the engagement that it is held for."""

    seq: int = 0
    states: dict[str, str] = field(default_factory=dict)
    incident: str | None = None
    engagement: str | None = None

    @property
    def state(self) -> str:
        return self.states.get("RES", "AVAILABLE")

    @property
    def held(self) -> bool:
        return self.state in ("RESERVED", "BOUND")
