"""Invariants 6 and 9 where platoons are concerned, judged from the log alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from domain.events import Event
from tests.invariants.file_of import PLATOON, Breach

if TYPE_CHECKING:
    from tests.invariants.inspection import Inspector

COMMITTED = ("ACCEPTED", "EN_ROUTE", "ON_SCENE", "ENGAGED", "HANDING_BACK")
UNDER_WAY = ("ACCEPTED", "EN_ROUTE", "ON_SCENE", "ENGAGED")
ON_THE_WAY = ("EN_ROUTE", "ON_SCENE", "ENGAGED", "HANDING_BACK")


def moved(inspector: Inspector, event: Event, first: Event) -> Iterator[Breach]:
    """What one event of a platoon breaks; the platoon's file is brought up to date."""
    name = event.stream.removeprefix(PLATOON)
    file = inspector.platoons[name]
    was, serves, state = file.incident, event.incident, str(event.to_state)
    if event.event == "reserve":
        if file.held or file.state != "AVAILABLE":
            yield Breach(6, f"{name} is reserved while {file.state}")
        if name in inspector.off_shift:
            yield Breach(6, f"{name} is reserved and not on shift")
    if event.event == "bind" and (file.state != "RESERVED" or was != serves):
        yield Breach(6, f"{name} is bound to {serves} while {file.state} for {was}")
    if event.event in ("unreserve", "release", "returned") and serves not in (was, None):
        yield Breach(6, f"{name}: {event.event} names {serves}, it served {was}")
    if event.event == "redeploy":
        yield from _redeployed(inspector, event, name, was)
    if event.event in ("reserve", "bind", "redeploy"):
        t2 = _tier2(inspector, serves)
        if t2 not in UNDER_WAY and first is event:
            yield Breach(9, f"{name}: {event.event} for an engagement that is {t2}")
    last = event.event == "release" and not _others(inspector, name, was, file.engagement)
    if last and not _over(inspector, was, file.engagement):
        yield Breach(6, f"{name} was the last platoon of an engagement that goes on")
    file.states["RES"] = state
    held = state in ("RESERVED", "BOUND", "RETURNING")
    if event.event in ("reserve", "redeploy"):
        there = inspector.incidents.get(serves or "")
        file.engagement = there.engagement if there else None
    file.incident, file.engagement = (serves, file.engagement) if held else (None, None)


def _redeployed(inspector: Inspector, event: Event, name: str, was: str | None) -> Iterator[Breach]:
    if event.record.get("from_incident") != was:
        yield Breach(6, f"{name} is redeployed from where it is not")
    left = inspector.platoons[name].engagement
    there = inspector.incidents.get(str(event.incident))
    if event.incident == was and (there is None or there.engagement == left):
        yield Breach(6, f"{name} is redeployed to where it is")
    if not _over(inspector, was, left) and not _others(inspector, name, was, left):
        yield Breach(6, f"{was} keeps no platoon")
    if _tier2(inspector, event.incident) != "ACCEPTED":
        yield Breach(9, f"{name} is redeployed to an engagement that is not accepted")


def after(inspector: Inspector, together: Sequence[Event]) -> Iterator[Breach]:
    """What holds when the whole command is done."""
    leaving = [event for event in together if event.event in ("reserve", "join_exercise")]
    if leaving:
        left = sum(
            file.state == "AVAILABLE" and name not in inspector.off_shift
            for name, file in inspector.platoons.items()
        )
        override = together[0].record.get("reserve_override_ref")
        if left < inspector.reserve and not override:
            yield Breach(6, f"{left} left of a reserve of {inspector.reserve}")
    for incident, file in inspector.incidents.items():
        here = file.engagement
        if file.states.get("T2") in ON_THE_WAY and not _others(inspector, "", incident, here):
            yield Breach(6, f"{incident} is {file.states['T2']} without a platoon")


def _tier2(inspector: Inspector, incident: str | None) -> str:
    file = inspector.incidents.get(incident or "")
    return file.states.get("T2", "NONE") if file else "no incident"


def _over(inspector: Inspector, incident: str | None, engagement: str | None) -> bool:
    """Whether an engagement is over: ended, or followed by another."""
    file = inspector.incidents.get(incident or "")
    newest = file.engagement if file else None
    return engagement != newest or _tier2(inspector, incident) not in COMMITTED


def _others(inspector: Inspector, name: str, incident: str | None, engagement: str | None) -> int:
    return sum(
        other != name
        and file.state == "BOUND"
        and (file.incident, file.engagement) == (incident, engagement)
        for other, file in inspector.platoons.items()
    )
