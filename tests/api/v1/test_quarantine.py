"""What a person decides about the quarantine, over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from domain.fixes import Rejection, Report
from domain.quarantine import DECIDED
from domain.roster import Unit
from domain.stored_fixes import StoredFix
from domain.time import to_rfc3339
from services.container import Services

ROOT = "/api/v1/operations/demo"
Ask = Callable[..., Any]


@pytest.fixture
def now(services: Services) -> datetime:
    return services.clock().replace(microsecond=0)


@pytest.fixture
def ask(services: Services, server: Flask, now: datetime) -> Ask:
    services.roster.add(Unit("p1", "ORION-1"))
    services.roster.add_device("phone", "key")
    services.roster.assign_unit("p1", "demo", now - timedelta(days=1))
    services.roster.assign_device("phone", "p1", now - timedelta(days=1))
    browser = server.test_client()

    def send(path: str, sent: Any = None, who: str = "duty", **query: str) -> Any:
        headers = {"Authorization": f"Bearer demo-{who}"}
        options: dict[str, Any] = {"headers": headers, "query_string": query}
        if sent is None:
            return browser.get(ROOT + path, **options)
        return browser.post(ROOT + path, json=sent, **options)

    return send


def put(services: Services, at: datetime, lat: float, lon: float, **extra: Any) -> int:
    """One position as OsmAnd sends it; the number of its entry in the quarantine."""
    report = Report("phone", at, lat, lon, 5.0, None, None, None, None, None, extra)
    raw = f"id=phone&lat={lat}&lon={lon}&timestamp={int(at.timestamp())}&speed=10"
    raw += "".join(f"&{name}={str(value).lower()}" for name, value in extra.items())
    services.ingest.accept("osmand", [report], raw.encode(), at)
    return int(services.quarantine.listing("demo")["items"][0]["id"])


def latest(services: Services) -> StoredFix:
    (found,) = services.tracks._fixes.latest("demo")
    return found


def test_what_came_can_be_read_and_accepted_as_it_is(
    ask: Ask, services: Services, now: datetime
) -> None:
    number = put(services, now, 52.2, 21.0)
    seen = ask(f"/quarantine/{number}").json
    assert seen["acceptable"] is True
    assert seen["readable"] == {
        "unit": "p1", "latitude": 52.2, "longitude": 21.0, "time": to_rfc3339(now),
    }  # fmt: skip
    done = ask(f"/quarantine/{number}/accept", {"reason": "course in Legionowo"}).json
    made = done["decision"]
    assert (made["decision"], made["by"], made["reason"]) == (
        "accepted", "duty", "course in Legionowo",
    )  # fmt: skip
    fix = latest(services).fix
    assert (fix.latitude, fix.device) == (52.2, "phone")
    assert fix.speed == pytest.approx(10 * 1852 / 3600)
    mark = {"entry": number, "decision": "accepted", "by": "duty"}
    assert fix.attributes[DECIDED] == mark


def test_it_is_corrected_and_judged_again(ask: Ask, services: Services, now: datetime) -> None:
    number = put(services, now, 20.87, 42.89)
    assert ask(f"/quarantine/{number}").json["acceptable"] is False
    sent = {"reason": "exchanged", "latitude": 42.89, "longitude": 50.0}
    assert ask(f"/quarantine/{number}/correct", sent).json["field"] == "latitude"
    done = ask(f"/quarantine/{number}/correct", {**sent, "longitude": 20.87}).json
    assert done["decision"]["said"] == {"latitude": 42.89, "longitude": 20.87, "unit": "p1"}
    assert latest(services).fix.latitude == 42.89
    assert ask("/quarantine").json["counts"] == {}
    assert ask("/quarantine", decided="0").json["items"] == []
    assert [one["id"] for one in ask("/quarantine", decided="1").json["items"]] == [number]


def test_a_conflict_that_is_accepted_replaces_nothing(
    ask: Ask, services: Services, now: datetime
) -> None:
    good = Report("phone", now, 42.6, 20.9, None, None, None, None, None, None, {})
    services.ingest.accept("osmand", [good], b"x", now)
    number = put(services, now, 42.7, 20.9)
    assert ask(f"/quarantine/{number}").json["reason"] == "conflicting_duplicate"
    ask(f"/quarantine/{number}/accept", {"reason": "two phones with one name"})
    (track,) = services.track_export.tracks("demo", "p1", now, now)
    found = {fix.device: fix.latitude for part in track.segments for fix in part}
    assert found == {"phone": 42.6, f"phone~q{number}": 42.7}


def test_what_cannot_be_true_is_not_accepted(ask: Ask, services: Services, now: datetime) -> None:
    for number in (
        put(services, now, 0.0, 0.0),
        put(services, now + timedelta(days=400), 42, 20.9),
    ):
        answer = ask(f"/quarantine/{number}/accept", {"reason": "x"})
        if answer.status_code == 200:
            pytest.fail("accepted")
        assert answer.json["guard"] == "acceptable"
    invalid = put(services, now, 42.6, 20.9, valid=False)
    assert ask(f"/quarantine/{invalid}/accept", {"reason": "seen there"}).status_code == 200


def test_an_entry_without_anything_readable_is_typed_in(
    ask: Ask, services: Services, now: datetime
) -> None:
    rejection = Rejection("unreadable", "body", "is not JSON")
    services.ingest.quarantine("traccar_client", "phone", b"{", rejection, now)
    number = ask("/quarantine").json["items"][0]["id"]
    assert ask(f"/quarantine/{number}").json["readable"] == {"unit": "p1"}
    sent = {"reason": "told by radio", "latitude": 42.6, "longitude": 20.9}
    assert ask(f"/quarantine/{number}/correct", sent).json["field"] == "time"
    wrong = {**sent, "time": "2026-11-21T20:30:00"}
    assert ask(f"/quarantine/{number}/correct", wrong).json["field"] == "time"
    right = {**sent, "time": to_rfc3339(now)}
    assert ask(f"/quarantine/{number}/correct", {**right, "unit": "X"}).json["field"] == "unit"
    assert ask(f"/quarantine/{number}/correct", right).status_code == 200


def test_one_decision_an_entry_for_ever(ask: Ask, services: Services, now: datetime) -> None:
    number = put(services, now, 0.0, 0.0)
    sent = {"reason": "no receiver", "command_id": str(uuid.uuid4())}
    first = ask(f"/quarantine/{number}/discard", sent)
    assert first.json["decision"]["decision"] == "discarded"
    assert ask(f"/quarantine/{number}/discard", sent).json == first.json
    other = ask(f"/quarantine/{number}/discard", {"reason": "me too"}, who="commander")
    assert other.status_code == 409
    assert "duty has decided it already" in other.json["detail"]
    database = services.quarantine._transactions
    for change in ("DELETE FROM", "UPDATE"):
        rest = " SET reason = 'x'" if change == "UPDATE" else ""
        with pytest.raises(Exception, match="final"), database.writing() as connection:
            connection.execute(text(f"{change} quarantine_decisions{rest}"))


@pytest.mark.parametrize("who", ["review", "admin", "wall", "patrol"])
def test_who_may_not_decide_is_told_so(
    ask: Ask, services: Services, now: datetime, who: str
) -> None:
    number = put(services, now, 0.0, 0.0)
    for what in ("accept", "correct", "discard"):
        answer = ask(f"/quarantine/{number}/{what}", {"reason": "x"}, who=who)
        assert answer.status_code == 403, (who, answer.json)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "reason"),
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": "x", "command_id": "y"}, "command_id"),
        ({"reason": "x", "latitude": "42"}, "latitude"),
        ({"reason": "x", "latitude": True}, "latitude"),
    ],
)
def test_what_is_sent_is_checked(
    ask: Ask, services: Services, now: datetime, sent: dict[str, Any], field: str
) -> None:
    number = put(services, now, 20.87, 42.89)
    answer = ask(f"/quarantine/{number}/correct", sent)
    assert (answer.status_code, answer.json["field"]) == (400, field)


def test_an_entry_of_another_operation_is_not_found(ask: Ask, services: Services) -> None:
    assert ask("/quarantine/99").status_code == 404


def test_several_are_discarded_at_once_and_chosen_by_reason(
    ask: Ask, services: Services, now: datetime
) -> None:
    abroad = [put(services, now - timedelta(minutes=minute), 52.0, 21.0) for minute in (5, 6, 7)]
    zero = put(services, now, 0.0, 0.0)
    listed = ask("/quarantine", reason="outside_area", decided="0").json
    assert [one["id"] for one in listed["items"]] == abroad[::-1]
    assert listed["counts"] == {"outside_area": 3, "no_position_zero": 1}
    assert ask(f"/quarantine/{abroad[0]}/discard", {"reason": "mine"}).status_code == 200
    answer = ask("/quarantine/discard", {"entries": abroad, "reason": "a test drive"})
    assert answer.json == {"discarded": 2, "already": 1}
    made = [one["decision"] for one in ask("/quarantine", decided="1").json["items"]]
    assert [(one["by"], one["reason"]) for one in made] == [
        ("duty", "a test drive"), ("duty", "a test drive"), ("duty", "mine"),
    ]  # fmt: skip
    assert [one["id"] for one in ask("/quarantine", decided="0").json["items"]] == [zero]


@pytest.mark.parametrize("entries", [None, [], "all", [0], [True], ["1"], list(range(1, 202))])
def test_what_names_no_entries_discards_none(ask: Ask, entries: object) -> None:
    answer = ask("/quarantine/discard", {"entries": entries, "reason": "x"})
    assert (answer.status_code, answer.json["field"]) == (400, "entries")


def test_several_are_discarded_by_who_may_and_all_or_none(
    ask: Ask, services: Services, now: datetime
) -> None:
    number = put(services, now, 0.0, 0.0)
    sent = {"entries": [number, number + 1], "reason": "x"}
    assert ask("/quarantine/discard", sent).status_code == 404
    sent = {"entries": [number], "reason": "x"}
    assert ask("/quarantine/discard", sent, who="review").status_code == 403
    assert ask("/quarantine/discard", {"entries": [number]}).json["field"] == "reason"
    assert [one["id"] for one in ask("/quarantine", decided="0").json["items"]] == [number]
