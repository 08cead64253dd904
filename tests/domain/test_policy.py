"""Whatever roles a unit sets, some stay without power and tier 2 waits for Kosovo Police."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import GuardRefused, NotPermitted
from domain.events import Actor
from domain.incident import decide, options, permit
from domain.policy import Policy, with_roles
from domain.situation import Situation
from domain.state import PlatoonState
from domain.transitions import OBSERVERS, ROLES, ROWS_OF, T2, TABLE
from tests.domain.harness import START, World, command, sample_record

INCIDENT = "drill-0001"
POWERLESS = [role for role in ROLES if role not in OBSERVERS]
BEFORE_REQUEST = ("NONE", "PREALERT")

_ROLES = st.dictionaries(
    st.sampled_from(sorted(ROWS_OF)),
    st.lists(st.sampled_from(OBSERVERS), min_size=1, unique=True).map(tuple),
)
_CHOICES = st.lists(
    st.tuples(st.sampled_from(TABLE), st.sampled_from(OBSERVERS)), min_size=1, max_size=60
)


class UnitWorld(World):
    """A world in which a unit has set its roles."""

    policy = Policy()

    def situation(self, actor: Actor, stream: str, named: str | None = None) -> Situation:
        return replace(super().situation(actor, stream, named), policy=self.policy)


def _world(roles: dict[tuple[str, str], tuple[str, ...]]) -> UnitWorld:
    world = UnitWorld(platoons={name: PlatoonState(name) for name in ("p1", "p2")})
    reporter = roles.get(("INC", "report"), TABLE[0].entered_by)[0]
    world.policy = Policy(reserve_minimum=0, rows_of=with_roles(ROWS_OF, roles))
    world.act(command(TABLE[0], sample_record(TABLE[0]), START, reporter), INCIDENT)
    return world


@settings(max_examples=150, deadline=None)
@given(_ROLES, _CHOICES)
def test_tier_2_never_passes_pre_alert_without_a_request(
    roles: dict[tuple[str, str], tuple[str, ...]], choices: list[tuple[object, str]]
) -> None:
    world = _world(roles)
    for row, role in choices:
        if row.event in ("kp_request", "report"):
            continue
        stream = "platoon:p1" if row.region == "RES" else INCIDENT
        world.now += timedelta(minutes=1)
        try:
            made = command(row, sample_record(row, INCIDENT), world.now, role)
            world.act(made, stream, INCIDENT)
        except (GuardRefused, NotPermitted):
            continue
        assert role in roles.get((row.region, row.event), row.entered_by)
        assert world.incidents[INCIDENT].state_of(T2) in BEFORE_REQUEST


@settings(max_examples=40, deadline=None)
@given(_ROLES, st.sampled_from(TABLE), st.sampled_from(POWERLESS))
def test_who_only_reads_never_enters_an_event(
    roles: dict[tuple[str, str], tuple[str, ...]], row: object, role: str
) -> None:
    world = _world(roles)
    actor = Actor("somebody", role)
    made = replace(command(row, sample_record(row, INCIDENT)), actor=actor)
    situation = world.situation(actor, INCIDENT)
    for attempt in (
        lambda: decide(situation, made, INCIDENT),
        lambda: permit(situation, row.region, row.event),
        lambda: decide(situation, replace(made, corrects="event-1"), INCIDENT),
        lambda: decide(situation, replace(made, region="INC", event="note"), INCIDENT),
    ):
        with pytest.raises(NotPermitted):
            attempt()
    assert not any(one.allowed for one in options(situation, ("INC", "T2", "T3", "LINE", "RES")))


def test_an_exercise_role_stays_out_of_the_live_operation() -> None:
    world = _world({(T2, "accept"): ("EXCON", "FPU_CMD")})
    live = replace(world.situation(Actor("x", "EXCON"), INCIDENT), operation_kind="live")
    with pytest.raises(NotPermitted, match="exercises only"):
        permit(live, T2, "accept")


def test_four_eyes_stay_whatever_the_roles() -> None:
    rows = {row.event: row for row in TABLE if row.region == T2}
    world = _world({(T2, "accept"): ("FPU_DUTY",)})
    confirm = next(row for row in TABLE if row.event == "confirm")
    for row in (confirm, rows["kp_request"], rows["acknowledge"]):
        world.act(command(row, sample_record(row, INCIDENT), role="FPU_DUTY"), INCIDENT)
    accept = command(rows["accept"], sample_record(rows["accept"], INCIDENT), role="FPU_DUTY")
    with pytest.raises(GuardRefused) as refused:
        world.act(accept, INCIDENT)
    assert refused.value.guard == "four_eyes"
    world.act(replace(accept, actor=Actor("second", "FPU_DUTY")), INCIDENT)
    assert world.incidents[INCIDENT].t2 == "ACCEPTED"


def test_the_reason_names_the_roles_that_were_set() -> None:
    world = _world({(T2, "prealert"): ("EULEX_OPS",)})
    found = {
        (one.region, one.event): one
        for one in options(world.situation(Actor("duty", "FPU_DUTY"), INCIDENT), (T2,))
    }
    assert found[T2, "prealert"].guard == "role"
    assert found[T2, "prealert"].roles == ("EULEX_OPS",)
    with pytest.raises(NotPermitted, match="EULEX_OPS"):
        permit(world.situation(Actor("duty", "FPU_DUTY"), INCIDENT), T2, "prealert")
