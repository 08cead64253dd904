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
    """One incident. ``request`` is the live request of Kosovo Police, ``asked`` the one that began
    this engagement; ``paths`` the ways by which KFOR came since tier 3 was last over."""

    seq: int = 0
    states: dict[str, str] = field(default_factory=dict)
    last_us: dict[str, int] = field(default_factory=dict)
    place: object = None
    request: Event | None = None
    asked: Event | None = None
    accepts: int = 0
    path: list[str] = field(default_factory=list)
    revoked: bool = False
    paths: list[str] = field(default_factory=list)
    receiver: str = "KP"


@dataclass
class PlatoonFile:
    """One platoon and the incident that it is held for."""

    seq: int = 0
    states: dict[str, str] = field(default_factory=dict)
    last_us: dict[str, int] = field(default_factory=dict)
    incident: str | None = None

    @property
    def state(self) -> str:
        return self.states.get("RES", "AVAILABLE")

    @property
    def held(self) -> bool:
        return self.state in ("RESERVED", "BOUND")
