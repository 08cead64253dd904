"""The suggested order of competing incidents."""

from __future__ import annotations

import itertools
from dataclasses import replace

from domain.competition import Competitor, rank, travel_minutes
from domain.policy import Policy, Travel


def _one(incident: str, **known: object) -> Competitor:
    return replace(Competitor(incident, "Crowd", "REQUESTED"), **known)


IN_ORDER = (
    _one("a", threat_to_life=True),
    _one("b", crowd_size=900, kp_strength=30, distance_m=90_000.0),
    _one("c", crowd_size=2_000, kp_strength=100, distance_m=10_000.0),
    _one("d", crowd_size=200, kp_strength=10, distance_m=20_000.0),
    _one("e", crowd_size=200, distance_m=1_000.0),
    _one("f", distance_m=2_000.0),
    _one("g"),
)


def test_life_then_crowd_against_strength_then_travel_time_in_whatever_order_they_come() -> None:
    for shuffled in itertools.islice(itertools.permutations(IN_ORDER), 0, 5040, 97):
        found = rank(shuffled, Policy())
        assert [line["incident"] for line in found] == list("abcdefg")
        assert [line["rank"] for line in found] == [1, 2, 3, 4, 5, 6, 7]


def test_a_line_says_what_it_was_ranked_by() -> None:
    (line,) = rank([_one("b", crowd_size=500, kp_strength=40, distance_m=30_000.0)], Policy())
    assert line == {
        "incident": "b", "rank": 1, "threat_to_life": False, "crowd_size": 500, "kp_strength": 40,
        "crowd_per_officer": 12.5, "travel_minutes": 50, "state": "REQUESTED", "title": "Crowd",
    }  # fmt: skip


def test_nobody_of_kosovo_police_there_divides_by_one() -> None:
    assert _one("x", crowd_size=80, kp_strength=0).crowd_per_officer == 80


def test_travel_time_is_set_by_the_unit() -> None:
    slow = Policy(travel=Travel(speed_kmh=25.0, detour=2.0))
    assert travel_minutes(10_000.0, slow) == 48
    assert travel_minutes(None, slow) is None
