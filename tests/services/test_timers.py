"""The alerts of clocks that ran out: raised once, over restarts, workers and clocks that jump."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from data.database import Database
from data.event_store import EventStore
from data.journal import Journal
from domain.chain import broken_links
from domain.errors import NotPermitted
from domain.events import Actor
from domain.policy import Policy
from domain.policy import Timers as Limits
from domain.roster import Operation
from domain.time import to_rfc3339
from services.alarm_ports import Alarm
from services.picture import Picture
from services.scenario_loading import Loading
from services.timers import TimerBooks, Timers
from tests.services.incident_world import NOW, Facts, IncidentWorld, actor


@pytest.fixture
def world(database: Database) -> IncidentWorld:
    return IncidentWorld(database)


def a_worker(
    world: IncidentWorld, database: Database | None = None, facts: Facts | None = None
) -> Timers:
    """The duty as a process has it after its start."""
    store = EventStore(database or world.database)
    known = facts or Facts()
    return Timers(
        TimerBooks(store, known),
        store,
        Journal(database or world.database),
        known,
        lambda: world.now,
        lambda: None,
    )


def asked(world: IncidentWorld, operation: str = "drill") -> str:
    """An incident whose request waits to be acknowledged, since ``world.now``."""
    incident = world.report(operation).events[0].stream
    world.act(incident, "INC", "confirm")
    world.act(incident, "T2", "kp_request")
    return incident


def after(world: IncidentWorld, minutes: float) -> None:
    world.now = NOW + timedelta(minutes=minutes)


def raised(world: IncidentWorld, operation: str = "drill") -> list[tuple[str, str]]:
    picture = Picture(world.store, Facts())
    found = picture.alerts(operation)
    return [(str(one.details["timer"]), str(one.details["incident"])) for one in found]


def test_a_breach_raises_one_alert_with_its_owner(world: IncidentWorld) -> None:
    incident = asked(world)
    timers = a_worker(world)
    after(world, 5)
    assert timers.watch() == 0
    after(world, 5.01)
    head = world.journal.head()
    assert timers.watch() == 1
    assert timers.watch() == 0
    (alert,) = world.picture.alerts("drill")
    assert alert.view() | {"id": "", "recorded_at": ""} == {
        "id": "", "kind": "timer", "unit": None, "timer": "acknowledge", "incident": incident,
        "title": "Crowd at the bridge", "region": "T2", "owner": "FPU_DUTY",
        "since": to_rfc3339(NOW), "due": to_rfc3339(NOW + timedelta(minutes=5)),
        "event_id": world.incidents.history("drill", incident)[-1].event_id,
        "occurred_at": to_rfc3339(NOW + timedelta(minutes=5)), "recorded_at": "",
        "times": 1, "last_at": to_rfc3339(NOW + timedelta(minutes=5)),
        "acknowledged_by": None, "acknowledged_at": None,
    }  # fmt: skip
    (told,) = world.journal.since(head, 9)
    assert (told.kind, told.operation) == ("alert", "drill")
    with world.store.view() as connection:
        log = world.store.since(connection, "drill", 0)
    assert (log[-1].entered_by, log[-1].entered_role) == ("system", "SYSTEM")
    assert broken_links(log) == []


def test_no_clock_moves_a_state(world: IncidentWorld) -> None:
    incident = asked(world)
    before = world.incidents.history("drill", incident)
    after(world, 30 * 60)
    assert a_worker(world).watch() == 2  # not acknowledged, and not confirmed in writing
    assert world.incidents.history("drill", incident) == before
    assert world.picture.incidents("drill")[0]["t2"] == "REQUESTED"


def test_a_restart_raises_nothing_twice(world: IncidentWorld) -> None:
    incident = asked(world)
    after(world, 6)
    assert a_worker(world).watch() == 1
    assert a_worker(world).watch() == 0
    (alert,) = world.picture.alerts("drill")
    world.occurrences.acknowledge("drill", alert.id, actor("duty"))
    after(world, 60)
    assert a_worker(world).watch() == 0
    assert raised(world) == [("acknowledge", incident)]


def test_a_clock_that_jumps_an_hour_raises_nothing_twice(world: IncidentWorld) -> None:
    asked(world)
    timers = a_worker(world)
    for minutes in (6, -54, 6, 61, -54, 61):
        after(world, minutes)
        timers.watch()
        a_worker(world).watch()
    assert len(raised(world)) == 1


def test_what_ran_out_while_nothing_was_running(world: IncidentWorld) -> None:
    """The answer came too late, and both were over before the program started again."""
    incident = asked(world)
    after(world, 9)
    world.act(incident, "T2", "acknowledge")
    world.act(incident, "T2", "refuse")
    after(world, 20)
    assert a_worker(world).watch() == 1
    assert raised(world) == [("acknowledge", incident)]


def test_what_was_in_time_but_typed_later_is_no_breach(world: IncidentWorld) -> None:
    incident = asked(world)
    after(world, 60)
    in_time = to_rfc3339(NOW + timedelta(minutes=4))
    world.act(incident, "T2", "acknowledge", occurred_at=in_time, late_entry=True)
    told = to_rfc3339(NOW + timedelta(minutes=10))
    world.act(incident, "T2", "refuse", occurred_at=told, late_entry=True)
    assert a_worker(world).watch() == 0


def test_an_answer_that_comes_at_the_last_moment_wins(world: IncidentWorld) -> None:
    incident = asked(world)
    after(world, 6)
    books = TimerBooks(world.store, Facts())
    (timer,) = books.breached("drill", world.now)
    in_time = to_rfc3339(NOW + timedelta(minutes=5))
    world.act(incident, "T2", "acknowledge", occurred_at=in_time, late_entry=True)
    with world.store.transaction() as connection:
        assert books.to_raise(connection, timer, world.now) is None


def test_two_workers_raise_one_alert(
    world: IncidentWorld, open_database: Callable[[], Database]
) -> None:
    for _ in range(5):
        asked(world)
    after(world, 6)
    workers = [a_worker(world, open_database()) for _ in range(4)]
    together = threading.Barrier(len(workers))
    counts: list[int] = []

    def work(worker: Timers) -> None:
        together.wait()
        counts.append(worker.watch())

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 5
    assert len(set(raised(world))) == len(raised(world)) == 5


class _Other(Facts):
    """Operations that differ from those of the world."""

    def operation(self, operation_id: str) -> Operation:
        return next(one for one in self.operations() if one.id == operation_id)


class _Loading(_Other):
    """The drill is only just being entered from a file."""

    complete = False

    def operations(self) -> tuple[Operation, ...]:
        loading = Loading("demo", 1, NOW, self.complete)
        return tuple(
            replace(one, settings=loading.settings()) if one.id == "drill" else one
            for one in super().operations()
        )


def test_what_is_only_being_loaded_is_left_alone(world: IncidentWorld) -> None:
    asked(world)
    after(world, 6)
    facts = _Loading()
    assert a_worker(world, facts=facts).watch() == 0
    facts.complete = True
    assert a_worker(world, facts=facts).watch() == 1


class _Over(_Other):
    def operations(self) -> tuple[Operation, ...]:
        return tuple(replace(one, closed_at=NOW) for one in super().operations())


def test_an_operation_that_is_over_raises_nothing_and_counts_nothing(world: IncidentWorld) -> None:
    incident = asked(world)
    after(world, 6)
    assert a_worker(world, facts=_Over()).watch() == 0
    for facts in (_Over(), _Histories()):
        assert TimerBooks(world.store, facts).running("drill") == {}
    known = TimerBooks(world.store, Facts()).running("drill")
    assert [one.name for one in known[incident]] == ["acknowledge", "written_confirmation"]


class _Histories(_Other):
    def operations(self) -> tuple[Operation, ...]:
        return tuple(
            replace(one, kind="history") for one in super().operations() if one.id == "drill"
        )


def test_a_history_raises_nothing(world: IncidentWorld) -> None:
    asked(world)
    after(world, 6)
    assert a_worker(world, facts=_Histories()).watch() == 0


def test_operations_do_not_mix(world: IncidentWorld) -> None:
    asked(world, "live")
    after(world, 6)
    assert a_worker(world).watch() == 1
    assert raised(world) == []
    assert len(raised(world, "live")) == 1


@pytest.mark.parametrize("role", ["AUDITOR", "ADMIN", "WALL"])
def test_readers_take_no_alert_of_a_clock(world: IncidentWorld, role: str) -> None:
    asked(world)
    after(world, 6)
    a_worker(world).watch()
    (alert,) = world.picture.alerts("drill")
    with pytest.raises(NotPermitted):
        world.occurrences.acknowledge("drill", alert.id, Actor("somebody", role))
    taken = world.occurrences.acknowledge("drill", alert.id, actor("duty"))
    assert taken["acknowledged_by"] == "duty"


def test_the_incident_and_the_list_show_what_runs(world: IncidentWorld) -> None:
    incident = asked(world)
    after(world, 6)
    shown = world.incidents.look("drill", incident, actor("duty"))["timers"]
    assert [(one["name"], one["overdue"]) for one in shown] == [
        ("acknowledge", True), ("written_confirmation", False),
    ]  # fmt: skip
    (listed,) = world.picture.incidents("drill")
    assert [one["due"] for one in listed["timers"]] == [one["due"] for one in shown]
    (told,) = [change for change in world.journal.since(0, 99) if '"REQUESTED"' in change.payload]
    assert '"timers"' in told.payload


def test_a_unit_sets_its_own_limits(world: IncidentWorld) -> None:
    asked(world)
    after(world, 2)
    slow, quick = (
        TimerBooks(world.store, Facts(), Policy(timers=Limits(acknowledge=timedelta(minutes=one))))
        for one in (5, 1)
    )
    assert slow.breached("drill", world.now) == []
    assert [one.name for one in quick.breached("drill", world.now)] == ["acknowledge"]


def test_an_alarm_that_was_rolled_back_is_forgotten(world: IncidentWorld) -> None:
    def alarm(connection: Any, word: str = "sos") -> None:
        said = Alarm(
            operation="drill", unit="u1", callsign="U1", device="phone", kind=word,
            occurred_at=NOW, received_at=NOW, latitude=42.9, longitude=20.9,
        )  # fmt: skip
        world.occurrences.alarm(connection, said)

    with world.store.transaction() as connection:
        alarm(connection, "lowBattery")
    for _ in range(2):
        with pytest.raises(RuntimeError), world.store.transaction() as connection:
            alarm(connection)
            raise RuntimeError("the disk is full")
    with world.store.transaction() as connection:
        alarm(connection)
        alarm(connection)
    sos, battery = world.picture.alerts("drill")
    assert (sos.kind, sos.times, battery.times) == ("sos", 2, 1)
    world.occurrences.enter(
        "drill",
        actor("duty"),
        {
            "command_id": str(uuid.uuid4()),
            "occurred_at": to_rfc3339(NOW),
            "record": {"text": "called"},
        },
    )
    assert world.occurrences.acknowledge("drill", sos.id, actor("duty"))["times"] == 2
