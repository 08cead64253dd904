"""Several incidents, one FPU: which of them is suggested first, and what is left to do.

The order is a suggestion of this product: threat to life, then the size of the crowd against the
strength of Kosovo Police there, then travel time. The person decides; what was suggested at that
moment is stored with the decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.errors import GuardRefused, NotPermitted
from domain.events import Command
from domain.guards import GUARDS
from domain.incident import permit
from domain.policy import Policy
from domain.situation import Situation
from domain.transitions import RES, T2, T3

COMPETING = ("REQUESTED", "ACKNOWLEDGED", "ACCEPTED", "EN_ROUTE", "ON_SCENE", "ENGAGED")
"""Where tier 2 is asked for or served, so that one platoon more here is one less elsewhere."""

WAITING = ("REQUESTED", "ACKNOWLEDGED", "ACCEPTED")
"""Where it is still to be decided who goes."""

_UNKNOWN = float("inf")


@dataclass(frozen=True, slots=True)
class Competitor:
    """One incident that wants platoons, by what its newest request and its report say.

    ``distance_m`` is the straight line from the base of the platoons, None where the incident has
    no position.
    """

    incident: str
    title: str
    state: str
    threat_to_life: bool = False
    crowd_size: int | None = None
    kp_strength: int | None = None
    distance_m: float | None = None

    @property
    def crowd_per_officer(self) -> float | None:
        """People in the crowd for each officer of Kosovo Police, None where either is unknown."""
        if self.crowd_size is None or self.kp_strength is None:
            return None
        return self.crowd_size / max(self.kp_strength, 1)


def urgency(one: Competitor) -> tuple[bool, float, float, str]:
    """What competitors are sorted by; what is unknown comes after what is known."""
    ratio, distance = one.crowd_per_officer, one.distance_m
    return (
        not one.threat_to_life,
        _UNKNOWN if ratio is None else -ratio,
        _UNKNOWN if distance is None else distance,
        one.incident,
    )


def rank(competitors: Iterable[Competitor], policy: Policy) -> list[dict[str, Any]]:
    """The suggested order, the most urgent first, as it is shown and stored."""
    ordered = sorted(competitors, key=urgency)
    return [ranked(one, place, policy) for place, one in enumerate(ordered, start=1)]


def ranked(one: Competitor, place: int, policy: Policy) -> dict[str, Any]:
    """One line of the ranking."""
    ratio = one.crowd_per_officer
    return {
        "incident": one.incident,
        "rank": place,
        "threat_to_life": one.threat_to_life,
        "crowd_size": one.crowd_size,
        "kp_strength": one.kp_strength,
        "crowd_per_officer": None if ratio is None else round(ratio, 1),
        "travel_minutes": travel_minutes(one.distance_m, policy),
        "state": one.state,
        "title": one.title,
    }


def travel_minutes(distance_m: float | None, policy: Policy) -> int | None:
    """How long the way takes before anybody has announced a time: an estimate, whole minutes."""
    if distance_m is None:
        return None
    kilometres = distance_m / 1000 * policy.travel.detour
    return round(kilometres / policy.travel.speed_kmh * 60)


def short(situation: Situation, asked: int) -> bool:
    """Whether fewer platoons are free than were asked for and are not here yet."""
    incident = situation.incident
    if incident is None or incident.t2 not in WAITING:
        return False
    here = sum(
        one.incident == incident.incident_id and one.state in ("RESERVED", "BOUND")
        for one in situation.platoons.values()
    )
    return len(free_platoons(situation)) + here < asked


def offers(
    situation: Situation, asked: int, elsewhere: Sequence[Situation]
) -> list[dict[str, Any]]:
    """What is left to do at an incident that is ``short`` of platoons.

    ``elsewhere`` are the situations of the platoons that are bound to other incidents, with this
    incident as their target.
    """
    incident = situation.incident
    assert incident is not None
    free = len(free_platoons(situation))
    return [
        {"offer": "refuse", **_verdict(situation, T2, "refuse")},
        {"offer": "partial", **_partial(situation, free), "free": free, "asked": asked},
        *(_redeployment(one, incident.incident_id) for one in elsewhere),
        {"offer": "request_via_eulex", **_verdict(situation, T3, "request_via_eulex")},
    ]


def free_platoons(situation: Situation) -> list[str]:
    """The platoons that could be accepted with now."""
    return [
        name
        for name, platoon in situation.platoons.items()
        if platoon.state == "AVAILABLE" and name in situation.on_shift
    ]


def _partial(situation: Situation, free: int) -> dict[str, Any]:
    verdict = _verdict(situation, T2, "accept")
    if free == 0 and verdict["allowed"]:
        return _stopped("platoons_free", "no platoon is available and on shift")
    return verdict


def _redeployment(platoon: Situation, here: str) -> dict[str, Any]:
    assert platoon.platoon is not None
    name, home = platoon.platoon.platoon_id, platoon.platoon.incident
    verdict = _verdict(platoon, RES, "redeploy")
    if verdict["allowed"]:
        record = {"from_incident": home, "to_incident": here}
        why = GUARDS["target_accepted"].check(platoon, _asking(platoon, record))
        verdict = verdict if why is None else _stopped("target_accepted", why)
    return {"offer": "redeploy", **verdict, "platoon": name, "from_incident": home}


def _verdict(situation: Situation, region: str, event: str) -> dict[str, Any]:
    try:
        permit(situation, region, event)
    except NotPermitted as refused:
        return _stopped(str(refused.extra["guard"]), refused.detail)
    except GuardRefused as refused:
        return _stopped(refused.guard, refused.detail)
    return {"allowed": True, "guard": None, "detail": None}


def _stopped(guard: str, detail: str) -> dict[str, Any]:
    return {"allowed": False, "guard": guard, "detail": detail}


def _asking(situation: Situation, record: Mapping[str, Any]) -> Command:
    """A redeployment as far as the guards on incidents look at it."""
    return Command(
        "", RES, "redeploy", situation.now, situation.actor, {"org": "FPU"}, record=record
    )


def marked(ranking: Iterable[Mapping[str, Any]], here: str) -> Iterator[dict[str, Any]]:
    """The ranking with the incident that it was made for."""
    for line in ranking:
        yield {**line, "here": line["incident"] == here}
