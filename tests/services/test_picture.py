"""The picture in memory: equal to the whole log, caught up event by event, never half."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from data.database import Database
from data.event_store import EventStore
from data.schema import operations
from domain.chain import canonical
from domain.events import READ_WITH_BODY, BriefEvent, Command, Event, NewEvent
from domain.policy import Policy
from domain.roster import Operation
from domain.state import IncidentState, PlatoonState, evolve_platoon, fold
from domain.streams import LOG_STREAM, PLATOON
from domain.timers import READ_WITH_BODY as READ_BY_CLOCKS
from domain.timers import TimerBook, fold_timers
from domain.transitions import INC, RES, ROWS_OF, TABLE, WITHOUT_TRANSITION
from services.incident_writing import picture_of
from services.picture import Picture
from services.summaries import IncidentPicture
from tests.domain.harness import sample_record
from tests.services.incident_world import NOW, Facts, IncidentWorld, actor

INCIDENTS = ("0001", "0002", "0003")
FREE_FACTS: dict[str, dict[str, Any]] = {
    "observation": {"kind": "out_of_model", "ground_text": "x", "source": "s"},
    "note": {"text": "x"},
}


class _AnyOperation(Facts):
    def operation(self, operation_id: str) -> Operation:
        return Operation(operation_id, "exercise", operation_id, NOW)


class _Counting(EventStore):
    """Counts the events read; ``fail_after`` of them the reading breaks off."""

    read = 0
    fail_after: int | None = None

    def brief(self, *wanted: Any) -> Iterator[BriefEvent]:
        for event in super().brief(*wanted):
            if self.fail_after is not None and self.read >= self.fail_after:
                raise RuntimeError("broken off")
            self.read += 1
            yield event


def _append(store: EventStore, operation: str, new: NewEvent, corrects: str | None) -> Event:
    command = Command(
        str(uuid.uuid4()), new.region, new.event, NOW, actor("duty"), {}, corrects=corrects
    )
    with store.transaction() as connection:
        return store.append(connection, operation, [new], command, NOW)[0]


def _operation(database: Database) -> str:
    name = f"drill{uuid.uuid4().hex[:8]}"
    with database.writing() as connection:
        connection.execute(
            insert(operations).values(id=name, kind="exercise", title=name, opened_at=0)
        )
    return name


def _new(operation: str, pick: int, which: int, corrects: bool) -> NewEvent:
    """Any event of the table or any free fact, whatever the rules would say to it."""
    facts = list(FREE_FACTS.items())
    number = pick % (len(TABLE) + len(facts))
    incident = f"{operation}-{INCIDENTS[which]}"
    if number >= len(TABLE):
        event, record = facts[number - len(TABLE)]
        return NewEvent(incident, INC, event, None, None, {"record": record})
    row = TABLE[number]
    body = {"record": sample_record(row, incident), "position": {"lat": 42.9, "lon": 20.9}}
    to_state = None if corrects else row.to_state
    stream = f"{PLATOON}p{which}" if row.region == RES else incident
    return NewEvent(
        stream, row.region, row.event, row.from_states[0], to_state, body,
        purpose="escort_support", reason="capacity", receiver="KP", incident=incident,
    )  # fmt: skip


_EVENTS = st.lists(
    st.tuples(st.integers(0, 999), st.integers(0, 2), st.booleans()), min_size=1, max_size=25
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(_EVENTS, st.integers(0, 25))
def test_the_brief_reading_folds_to_what_the_whole_log_folds_to(
    database: Database, chosen: list[tuple[int, int, bool]], seen_between: int
) -> None:
    store = EventStore(database)
    operation = _operation(database)
    picture = Picture(store, _AnyOperation())
    last: Event | None = None
    for number, (pick, which, corrects) in enumerate(chosen):
        corrected = last.event_id if corrects and last else None
        last = _append(store, operation, _new(operation, pick, which, corrects), corrected)
        if number == seen_between:
            assert picture.version(operation) == number + 1
    with store.view() as connection:
        whole = store.since(connection, operation, 0)
        brief = list(store.brief(connection, operation, 0, len(chosen)))
        part = list(store.brief(connection, operation, 1, len(chosen) - 1))
    assert brief[1:-1] == part
    assert [(one.stream, one.seq) for one in brief] == [(one.stream, one.seq) for one in whole]
    streams = {event.stream for event in whole}
    incidents = {name for name in streams if not name.startswith(PLATOON)}
    for name in incidents:
        of_whole = [event for event in whole if event.stream == name]
        of_brief = [event for event in brief if event.stream == name]
        assert fold(name, of_brief) == fold(name, of_whole)
    expected = {
        name: picture_of(name, [one for one in whole if one.stream == name]).summary()
        | {"timers": _timers(name, [one for one in whole if one.stream == name])}
        for name in incidents
    }
    assert {one["id"]: one for one in picture.incidents(operation)} == expected
    platoons: dict[str, PlatoonState] = {}
    for event in whole:
        if event.stream.startswith(PLATOON):
            name = event.stream.removeprefix(PLATOON)
            platoons[name] = evolve_platoon(platoons.get(name, PlatoonState(name)), event)
    assert picture.platoons(operation) == platoons


def _timers(incident: str, history: list[Event]) -> list[dict[str, Any]]:
    return [timer.view() for timer in fold_timers(incident, Policy(), history).running()]


def _brief(region: str, event: str, body: dict[str, Any] | None) -> BriefEvent:
    text = None if body is None else canonical(body)
    return BriefEvent(
        "drill-0001", 1, "id", region, event, None, 1, 1, "duty", None, None, None, None, None, text
    )


@pytest.mark.parametrize(
    ("region", "event"),
    sorted(
        {(row.region, row.event) for row in TABLE if row.region != RES}
        | {(INC, event) for event in WITHOUT_TRANSITION}
    ),
)
def test_no_read_model_asks_for_a_body_that_was_not_read(region: str, event: str) -> None:
    """Fails by ``LookupError`` where the list of a read model lacks an event."""
    moves = [None, *(row.to_state for row in ROWS_OF.get((region, event), ()))]
    for to_state in moves:
        for corrects in (None, "another"):
            brief = _brief(region, event, None)._replace(to_state=to_state, corrects=corrects)
            if event not in READ_WITH_BODY:
                IncidentPicture(IncidentState("drill-0001")).absorb(brief)
            if event not in READ_BY_CLOCKS:
                TimerBook("drill-0001", Policy()).absorb(brief)


def test_a_body_that_was_not_read_is_an_error_and_not_empty() -> None:
    brief = _brief(INC, "note", None)
    with pytest.raises(LookupError, match="without its body"):
        _ = brief.record
    assert _brief(INC, "note", {"record": {"text": "x"}}).record == {"text": "x"}


def test_a_new_event_costs_the_reading_of_that_event_alone(database: Database) -> None:
    world = IncidentWorld(database)
    for _ in range(5):
        world.report()
    store = _Counting(database)
    picture = Picture(store, Facts())
    assert picture.version("drill") == 5
    assert store.read == 5
    world.act("drill-0003", "INC", "confirm")
    assert picture.version("drill") == 6
    assert store.read == 6
    assert {one["inc"] for one in picture.incidents("drill")} == {"REPORTED", "KP_LEAD"}
    assert store.read == 12  # the clocks read the log once for themselves
    assert len(picture.incidents("drill")) == 5
    assert store.read == 12


def test_what_was_read_halfway_is_folded_anew(database: Database) -> None:
    world = IncidentWorld(database)
    world.report()
    store = _Counting(database)
    picture = Picture(store, Facts())
    picture.incidents("drill")
    for _ in range(3):
        world.act(
            "drill-0001", "INC", "observation", user="patrol", record=FREE_FACTS["observation"]
        )
    store.fail_after = store.read + 2
    with pytest.raises(RuntimeError, match="broken off"):
        picture.incidents("drill")
    store.fail_after = None
    [summary] = picture.incidents("drill")
    assert (summary["out_of_model"], summary["version"]) == (3, 4)


def test_lines_and_alerts_come_whole_and_once(database: Database) -> None:
    store = EventStore(database)
    operation = _operation(database)
    picture = Picture(store, _AnyOperation())
    for number in range(3):
        record = {"text": f"line {number}"}
        _append(
            store, operation, NewEvent(LOG_STREAM, "LOG", "entry", None, None, {"record": record}),
            None,
        )  # fmt: skip
        assert len(picture.log(operation)) == number + 1
    assert picture.log(operation)[0]["record"]["text"] == "line 2"
    raised = {"kind": "sos", "unit": "u1", "callsign": "A1", "position": None}
    _append(
        store, operation,
        NewEvent(LOG_STREAM, "LOG", "alert_raised", None, None, {"record": raised}), None,
    )  # fmt: skip
    assert [alert.kind for alert in picture.alerts(operation)] == ["sos"]
    assert len(picture.alerts(operation)) == 1
