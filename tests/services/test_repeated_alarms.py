"""Calls for help that are sent again: one alert, counted, and a log that no device can fill."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from data.database import Database
from data.event_store import EventStore
from data.journal import Journal
from domain.alerts import MOST_OPEN_OF_ONE, RAISED, Alert, fold_alerts
from domain.chain import broken_links
from domain.repeats import MOST_WORDS, RECORDED_EACH
from domain.streams import LOG_STREAM
from domain.time import to_rfc3339
from services.alarm_ports import Alarm
from services.occurrences import Occurrences
from services.picture import Picture
from tests.services.incident_world import NOW, Facts, Gazetteer, IncidentWorld, actor


@pytest.fixture
def world(database: Database) -> IncidentWorld:
    return IncidentWorld(database)


def _press(
    world: IncidentWorld,
    word: str = "sos",
    seconds: float = 0,
    *,
    received: float | None = None,
    occurrences: Occurrences | None = None,
    **said: Any,
) -> None:
    at = NOW + timedelta(seconds=seconds)
    told = {
        "operation": "drill", "unit": "u1", "callsign": "U1", "device": "phone", "kind": word,
        "occurred_at": at, "latitude": 42.9, "longitude": 20.9,
        "received_at": at if received is None else NOW + timedelta(seconds=received), **said,
    }  # fmt: skip
    with world.store.transaction() as connection:
        (occurrences or world.occurrences).alarm(connection, Alarm(**told))


def _open(world: IncidentWorld) -> list[Alert]:
    return world.picture.alerts("drill", only_open=True)


def _another_process(database: Database) -> tuple[Occurrences, Picture]:
    log, facts = EventStore(database), Facts()
    made = Occurrences(log, Journal(database), facts, Gazetteer(), lambda: NOW, lambda: None)
    return made, Picture(log, facts)


def _raised(world: IncidentWorld) -> int:
    with world.store.view() as connection:
        log = world.store.stream(connection, "drill", LOG_STREAM)
    return sum(event.event == RAISED for event in log)


def test_forty_invented_words_are_one_call(world: IncidentWorld) -> None:
    for number in range(40):
        _press(world, f"invented-{number}", number)
    (alert,) = _open(world)
    assert (alert.kind, alert.times) == ("sos", 40)
    assert alert.occurred_at == to_rfc3339(NOW)
    assert alert.last_at == to_rfc3339(NOW + timedelta(seconds=39))
    assert alert.details["words"] == [f"invented-{number}" for number in range(MOST_WORDS)]
    view = alert.view()
    assert (view["alarm"], view["times"]) == ("invented-0", 40)


def test_what_a_tracker_says_of_itself_stands_beside_it_word_by_word(world: IncidentWorld) -> None:
    for word in ("lowbattery", "911", "geofenceexit", "LowBattery", "lowbattery"):
        _press(world, word)
    known = {(one.kind, one.details["alarm"], one.times) for one in _open(world)}
    assert known == {
        ("sos", "911", 1),
        ("device", "lowbattery", 2),
        ("device", "LowBattery", 1),
        ("device", "geofenceexit", 1),
    }


def test_a_new_press_after_it_was_taken_rings_anew(world: IncidentWorld) -> None:
    _press(world)
    _press(world, seconds=1)
    (first,) = _open(world)
    world.occurrences.acknowledge("drill", first.id, actor("duty"))
    _press(world, seconds=2)
    _press(world, "panic", seconds=3)
    (second,) = _open(world)
    assert second.id != first.id
    assert second.times == 2
    assert [one.times for one in world.picture.alerts("drill")] == [2, 2]


def test_one_that_was_sent_before_and_comes_after_it_was_taken_rings(world: IncidentWorld) -> None:
    _press(world)
    world.occurrences.acknowledge("drill", _open(world)[0].id, actor("duty"))
    _press(world, seconds=-30, received=60)
    assert len(_open(world)) == 1


def test_what_goes_on_rings_no_more_once_it_was_taken_and_counts_until_then(
    world: IncidentWorld,
) -> None:
    for second in range(3):
        _press(world, seconds=second, goes_on=second > 0)
    (alert,) = _open(world)
    assert alert.times == 3
    world.occurrences.acknowledge("drill", alert.id, actor("duty"))
    _press(world, seconds=4, goes_on=True)
    assert _open(world) == []
    _press(world, seconds=5, goes_on=True, uid="somebody else")
    assert [one.details["uid"] for one in _open(world)] == ["somebody else"]
    _press(world, seconds=6)
    assert len(_open(world)) == 2


def test_what_goes_on_with_nothing_that_is_known_rings(world: IncidentWorld) -> None:
    _press(world, goes_on=True)
    assert len(_open(world)) == 1


def test_two_persons_are_two_whatever_they_have_in_common(world: IncidentWorld) -> None:
    people = [
        {"device": "gateway", "uid": "one"},
        {"device": "gateway", "uid": "two"},
        {"device": "gateway", "uid": "gateway"},
        {"device": "phone", "uid": "one"},
        {"device": "phone", "uid": "one", "unit": "u2"},
    ]
    for _ in range(3):
        for who in people:
            _press(world, **who)
    found = _open(world)
    assert [one.times for one in found] == [3] * len(people)
    assert len({one.id for one in found}) == len(people)
    assert {one.details.get("uid", "") for one in found} == {"one", "two", ""}


def test_a_gateway_that_invents_persons_does_not_fill_the_screen(world: IncidentWorld) -> None:
    for number in range(40):
        _press(world, device="gateway", uid=f"invented-{number}", seconds=number)
    _press(world, device="phone")
    gateway = [one for one in _open(world) if one.details["device"] == "gateway"]
    assert len(gateway) == MOST_OPEN_OF_ONE
    assert sum(one.times for one in gateway) == 40, "every call counts somewhere"
    assert len(gateway[0].details["uids"]) == MOST_WORDS
    assert len(_open(world)) == MOST_OPEN_OF_ONE + 1


def test_a_flood_fills_no_log_and_loses_no_call(world: IncidentWorld, database: Database) -> None:
    for number in range(300):
        _press(world, seconds=number)
    (alert,) = _open(world)
    assert alert.times == 300
    assert _raised(world) == RECORDED_EACH + 4
    occurrences, picture = _another_process(database)
    _press(world, seconds=300, occurrences=occurrences)
    assert picture.alerts("drill")[0].times == 301
    taken = world.occurrences.acknowledge("drill", alert.id, actor("duty"))
    assert (taken["times"], taken["last_at"]) == (301, to_rfc3339(NOW + timedelta(seconds=300)))
    with world.store.view() as connection:
        book = fold_alerts(world.store.stream(connection, "drill", LOG_STREAM))
        folded = book.find(alert.id)
        assert folded is not None
        assert folded.view() == taken, "the log alone tells all of it"
        assert world.store.repeats(connection, "drill") == {}
        assert broken_links(world.store.since(connection, "drill", 0)) == []


def test_one_that_comes_late_counts_and_moves_nothing(world: IncidentWorld) -> None:
    _press(world, seconds=60)
    _press(world, seconds=10, received=61, latitude=42.5)
    _press(world, seconds=70, received=71, latitude=None, longitude=None)
    (alert,) = _open(world)
    assert alert.times == 3
    assert alert.last_at == to_rfc3339(NOW + timedelta(seconds=70))
    assert alert.details["position"]["lat"] == 42.9


def test_a_clock_that_is_put_back_stops_no_recording(world: IncidentWorld) -> None:
    for number in range(RECORDED_EACH):
        _press(world, seconds=number)
    _press(world, seconds=99, received=-86_400)
    assert _raised(world) == RECORDED_EACH + 1
    assert _open(world)[0].times == RECORDED_EACH + 1


def test_many_at_once_make_one_alert(world: IncidentWorld, database: Database) -> None:
    processes = [_another_process(database)[0] for _ in range(4)]

    def press(number: int) -> None:
        _press(world, f"word-{number}", number, occurrences=processes[number % 4])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(press, range(40)))
    (alert,) = _open(world)
    assert alert.times == 40


def test_the_stream_hears_every_count(world: IncidentWorld) -> None:
    for number in range(25):
        _press(world, seconds=number)
    told = [json.loads(change.payload)["times"] for change in world.journal.since(0, 99)]
    assert told == list(range(1, 26))


def test_repeats_of_an_older_log_are_read_as_before(
    world: IncidentWorld, database: Database
) -> None:
    """Each was an event of its own, without a count."""
    _press(world)
    (alert,) = _open(world)

    class Older(EventStore):
        def append(self, connection: Any, operation: str, new: Any, *rest: Any) -> Any:
            for one in new:
                record = one.body["record"]
                for key in ("times", "last_at", "words", "uids"):
                    record.pop(key, None)
            return super().append(connection, operation, new, *rest)

        def keep_repeats(self, *_: Any) -> None:
            pass

    world.occurrences._log = Older(database)
    for second in (1, 2):
        _press(world, seconds=second)
    assert _open(world)[0].times == 3
    later: datetime = NOW + timedelta(seconds=2)
    assert _open(world)[0].last_at == to_rfc3339(later)
    assert _open(world)[0].id == alert.id
