"""Invariant 14 judged from the log alone: no act before what it rests on, in whatever lane.

The times are those that corrections have given. A separate list from ``domain/floors.py``, made
from the states that an act needs, so that neither is checked by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from domain.events import Event
from domain.transitions import T2_COMMITTED
from tests.invariants.authority_inspection import retimed
from tests.invariants.file_of import PLATOON, Breach

NEEDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("T2", "prealert"): ("reported",),
    ("T2", "kp_request"): ("INC",),
    ("T2", "engage"): ("INC",),
    ("T2", "disengage"): ("LINE",),
    ("T2", "change_purpose"): ("LINE",),
    ("T2", "handback_confirmed"): ("LINE",),
    ("T2", "handback_failed"): ("LINE",),
    ("T2", "withdraw"): ("LINE",),
    ("T3", "inform_kfor"): ("reported",),
    ("T3", "request_via_eulex"): ("INC", "capacity"),
    ("T3", "request_by_kp"): ("INC", "asked"),
    ("T3", "begin_handover"): ("taker",),
    ("T3", "own_mandate"): ("reported",),
    ("T3", "disengage"): ("LINE",),
    ("T3", "handover_confirmed"): ("LINE",),
    ("T3", "handover_failed"): ("LINE",),
    ("T3", "withdraw"): ("LINE",),
    ("LINE", "relief_in_place_fpu"): ("T2",),
    ("LINE", "relief_in_place_kfor"): ("T3",),
    ("INC", "stabilise"): ("LINE", "disengaged"),
    ("INC", "close"): ("LINE", "T2", "T3", "left"),
    ("RES", "reserve"): ("accepted",),
    ("RES", "bind"): ("accepted",),
    ("RES", "redeploy"): ("accepted", "over"),
    ("RES", "release"): ("over",),
}
"""By event, since when what it needs is so: a region's state, the report, the last time that
somebody disengaged, the last platoon that left, the acceptance, the end of the engagement, the
FPU's having been asked or being at its capacity, the engagement of the FPU that takes over."""


@dataclass
class Clock:
    """When things were so at one incident."""

    last: dict[str, int] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    engagement: str | None = None


@dataclass
class Times:
    """The clocks of all incidents and platoons."""

    clocks: dict[str, Clock] = field(default_factory=dict)
    platoons: dict[str, tuple[int, str | None, str | None]] = field(default_factory=dict)

    def see(self, event: Event, at: int) -> Iterator[Breach]:
        """What one event breaks, told to have happened ``at``."""
        if event.stream.startswith(PLATOON):
            yield from self._platoon(event, at)
            return
        clock = self.clocks.setdefault(event.stream, Clock())
        if at < clock.last.get(event.region, 0):
            yield Breach(14, f"{event.region} {event.event} before the one before it")
        for need in NEEDS.get((event.region, event.event), ()):
            if at < self._since(need, event):
                yield Breach(14, f"{event.region} {event.event} before its {need}")
        clock.last[event.region] = max(at, clock.last.get(event.region, 0))
        before, to = clock.states.get(event.region), str(event.to_state)
        if before != to:
            clock.since[event.region] = at
            if before == "ENGAGED":
                clock.since["disengaged"] = max(at, clock.since.get("disengaged", 0))
        clock.states[event.region] = to
        if event.event in ("report", "reopen", "reinstate"):
            clock.since["reported"] = at
        if event.event == "reopen":
            clock.since.pop("asked", None)
        if event.region == "T2" and event.event == "kp_request":
            clock.engagement = event.event_id
            clock.since.setdefault("asked", at)
        if (event.region, event.event) == ("T2", "accept"):
            clock.since["accepted"] = at

    def _since(self, need: str, event: Event) -> int:
        if need == "left":
            there = [at for at, where, _ in self.platoons.values() if where == event.stream]
            return max(there, default=0)
        clock = self.clocks.get(event.stream, Clock())
        if need == "asked" and event.record.get("skip_ground"):
            return 0
        if need == "taker":
            return clock.since.get("T2", 0) if event.receiver == "FPU" else 0
        if need == "capacity":
            need = "accepted" if clock.states.get("T2") in T2_COMMITTED else "T2"
        return clock.since.get(need, 0)

    def _platoon(self, event: Event, at: int) -> Iterator[Breach]:
        name = event.stream.removeprefix(PLATOON)
        last, served, engagement = self.platoons.get(name, (0, None, None))
        if at < last:
            yield Breach(14, f"{name}: {event.event} before the one before it")
        for need in NEEDS.get(("RES", event.event), ()):
            where = served if need == "over" else str(event.incident)
            clock = self.clocks.get(where or "", Clock())
            since = clock.since.get("accepted", 0)
            if need == "over":
                ended = clock.states.get("T2") not in T2_COMMITTED
                same = clock.engagement == engagement
                since = clock.since.get("T2", 0) if same and ended else 0
            if at < since:
                yield Breach(14, f"{name}: {event.event} before its {need}")
        held = event.to_state in ("RESERVED", "BOUND", "RETURNING")
        where = event.incident if held else None
        self.platoons[name] = (at, where, event.body.get("engagement") if held else None)


def breaches_of_time(log: Iterable[Event]) -> Iterator[Breach]:
    """Every act that lies before what it rests on, with the times as they are known at the end."""
    events = list(log)
    times = {one.event_id: one.occurred_us for one in events}
    for one in events:
        if retimed(one) and one.corrects in times:
            times[str(one.corrects)] = one.occurred_us
    known = Times()
    for one in events:
        if one.to_state is not None and one.corrects is None:
            yield from known.see(one, times[one.event_id])
