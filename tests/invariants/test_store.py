"""The invariants that the store and the services keep: 7, 13, 15 and 19, on every database."""

from __future__ import annotations

import uuid
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from data.database import Database
from domain.chain import Anchor, broken_links, lost_anchors
from domain.errors import (
    DashboardError,
    GuardRefused,
    InvalidField,
    NotFound,
    NotPermitted,
    StoreUnavailable,
    VersionConflict,
)
from domain.events import Event
from domain.transitions import ROWS_OF, TABLE
from tests.services.incident_world import ROLE_OF, IncidentWorld, actor

some = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SEEDS = st.integers(1, 2**32)
OPERATIONS = ("drill", "live")


@pytest.fixture
def world(database: Database) -> IncidentWorld:
    return IncidentWorld(database)


def chain(world: IncidentWorld, operation: str) -> list[Event]:
    with world.store.view() as connection:
        return world.store.since(connection, operation, 0)


def walk(world: IncidentWorld, rng: Random, steps: int = 10) -> list[str]:
    """Incidents of both operations, each some way along its path."""
    incidents = [world.report(operation).events[0].stream for operation in OPERATIONS]
    path = [("INC", "confirm"), ("T2", "kp_request"), ("T2", "acknowledge"), ("T2", "refuse")]
    for incident in incidents:
        for region, event in path[: rng.randint(0, 4)]:
            world.act(incident, region, event)
    for _ in range(steps):
        row = rng.choice(TABLE[1:])
        attempt(world, rng.choice(incidents), row.region, row.event)
    return incidents


def attempt(world: IncidentWorld, incident: str, region: str, event: str) -> None:
    """An event that may well be refused."""
    try:
        world.act(incident, region, event)
    except DashboardError:
        return


@some
@given(SEEDS)
def test_invariant_07_operations_share_nothing_and_an_event_keeps_its_own(
    world: IncidentWorld, seed: int
) -> None:
    rng = Random(seed)
    incidents = walk(world, rng)
    for here, there in (incidents, reversed(incidents)):
        operation, other = (name.rsplit("-", 1)[0] for name in (here, there))
        before = {name: chain(world, name) for name in OPERATIONS}
        strange = world.envelope(there, "INC", "note", record={"text": "x"})
        with pytest.raises(NotFound):
            world.incidents.act(operation, there, actor("duty"), strange)
        with pytest.raises(NotFound):
            world.incidents.look(operation, there, actor("duty"))
        borrowed = world.envelope(here, "RES", "reserve", record={"engagement": here})
        with pytest.raises(NotFound):
            world.incidents.act_on_platoon(operation, f"{other}-p1", actor("commander"), borrowed)
        abroad = {"tasking_order_no": "1", "platoons": [f"{other}-p1"],
                  "eta": "2026-03-01T13:00:00Z"}  # fmt: skip
        with pytest.raises(DashboardError):
            world.act(here, "T2", "accept", record=abroad)
        assert {name: chain(world, name) for name in OPERATIONS} == before
        world.act(here, "INC", "note", "duty", record={"text": "x"})
        assert chain(world, other) == before[other]
    for name in OPERATIONS:
        own = chain(world, name)
        assert broken_links(own) == []
        assert {event.operation for event in own} <= {name}
        assert all(name in event.stream for event in own)
        shown = {one["id"] for one in world.picture.incidents(name)}
        assert all(incident.startswith(f"{name}-") for incident in shown)


@some
@given(SEEDS)
def test_invariant_13_numbers_have_no_gap_and_nothing_recorded_changes(
    world: IncidentWorld, seed: int
) -> None:
    rng = Random(seed)
    walk(world, rng)
    for operation in OPERATIONS:
        whole = chain(world, operation)
        assert [event.chain_seq for event in whole] == list(range(1, len(whole) + 1))
        for stream in {event.stream for event in whole}:
            numbers = [event.seq for event in whole if event.stream == stream]
            assert numbers == list(range(1, len(numbers) + 1))
        assert broken_links(whole) == []
        assert lost_anchors(whole, [Anchor(operation, len(whole), whole[-1].hash)]) == []
        hit = rng.choice(whole)
        where = f"WHERE operation = '{operation}' AND chain_seq = {hit.chain_seq}"
        for statement in (f"UPDATE events SET reason = 'x' {where}", f"DELETE FROM events {where}"):
            with pytest.raises((DBAPIError, StoreUnavailable), match="append-only"):
                with world.database.writing() as connection:
                    connection.execute(text(statement))
        assert chain(world, operation) == whole
        for name in ("entered_by", "body_text", "to_state"):
            changed = list(whole)
            changed[hit.chain_seq - 1] = hit._replace(**{name: "changed"})
            assert broken_links(changed) != []


@some
@given(SEEDS)
def test_invariant_15_a_command_counts_once_and_a_version_is_won_once(
    world: IncidentWorld, seed: int
) -> None:
    rng = Random(seed)
    incident = rng.choice(walk(world, rng, 4))
    operation = incident.rsplit("-", 1)[0]
    seen = world.incidents.look(operation, incident, actor("duty"))
    allowed = [
        (one["region"], one["event"])
        for one in seen["events"]
        if one["allowed"] and (one["region"], one["event"]) in ROWS_OF
    ]
    for region, event in [*rng.sample(allowed, min(len(allowed), 2)), ("INC", "note")]:
        changed = {"record": {"text": "x"}} if event == "note" else {}
        sent = world.envelope(incident, region, event, **changed)
        before = len(chain(world, operation))
        try:
            first = world.incidents.act(operation, incident, actor("duty"), sent)
        except (GuardRefused, InvalidField):
            continue
        added = len(chain(world, operation)) - before
        for _ in range(3):
            again = world.incidents.act(operation, incident, actor("duty"), sent)
            assert (again.created, again.state) == (False, first.state)
        for user, other in (("duty", {**sent, "text": "another"}), ("patrol", sent)):
            with pytest.raises((VersionConflict, NotPermitted)):
                world.incidents.act(operation, incident, actor(user), other)
        assert len(chain(world, operation)) == before + added
        rivals = {**sent, "command_id": str(uuid.uuid4())}
        fact = {"region": "INC", "event": "note", "record": {"text": "x"}}
        if event != "note":  # a fact loses no race: it is taken whatever its sender has seen
            with pytest.raises(VersionConflict):
                world.incidents.act(operation, incident, actor("duty"), rivals)
            assert len(chain(world, operation)) == before + added
        said = {**rivals, **fact, "command_id": str(uuid.uuid4())}
        assert world.incidents.act(operation, incident, actor("duty"), said).created
        assert len(chain(world, operation)) == before + added + 1


@some
@given(SEEDS)
def test_invariant_19_what_a_role_may_do_is_decided_by_the_server(
    world: IncidentWorld, seed: int
) -> None:
    rng = Random(seed)
    incident = rng.choice(walk(world, rng, 4))
    operation = incident.rsplit("-", 1)[0]
    for row in rng.sample([row for row in TABLE if row.region != "RES"], 12):
        user = rng.choice(sorted(ROLE_OF))
        strangers = row.event != "report"
        allowed = ROLE_OF[user] in row.entered_by and strangers
        if ROLE_OF[user] == "EXCON" and operation == "live":
            allowed = False
        before = chain(world, operation)
        try:
            world.act(incident, row.region, row.event, user)
        except NotPermitted:
            assert not allowed or row.event == "report"
        except DashboardError:
            assert allowed or row.event == "report"
        else:
            assert allowed
            continue
        assert chain(world, operation) == before
