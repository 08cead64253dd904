"""What a person decides about one entry of the quarantine, over HTTP."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from domain.fixes import Rejection, Report
from domain.quarantine import DECIDED
from domain.time import to_rfc3339
from formats.message import MqttMessage
from formats.owntracks_mqtt import decode as decode_mqtt
from services.container import Services
from tests.api.v1.asking import Ask
from tests.api.v1.quarantine_parts import latest, put


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
    database = services.quarantine._desk._transactions
    for change in ("DELETE FROM", "UPDATE"):
        rest = " SET reason = 'x'" if change == "UPDATE" else ""
        with pytest.raises(Exception, match="final"), database.writing() as connection:
            connection.execute(text(f"{change} quarantine_decisions{rest}"))


ABROAD = {"lat": 52.2, "lon": 21.0}


def told(source: str, at: datetime, *later: datetime) -> dict[str, Any]:
    """A position abroad as each kind of device sends it; of some kinds several in one message."""
    places = [ABROAD | {"_type": "location", "tst": int(one.timestamp())} for one in (at, *later)]
    if source == "owntracks":  # who it is, is in the credentials alone
        key = base64.b64encode(b"phone:key").decode()
        return {
            "json": places if later else places[0],
            "headers": {"Authorization": f"Basic {key}"},
        }
    if source == "osmand":
        stamp = {"timestamp": str(int(at.timestamp())), "id": "phone", "key": "key"}
        return {"query_string": ABROAD | stamp}
    if source == "traccar_client":
        coords = {"latitude": 52.2, "longitude": 21.0}
        location = [{"timestamp": to_rfc3339(one), "coords": coords} for one in (at, *later)]
        body = {"location": location if later else location[0]}
        return {"json": body, "query_string": {"key": "key", "id": "phone"}}
    stamps = " ".join(f'{name}="{to_rfc3339(at)}"' for name in ("time", "start", "stale"))
    event = f'<event version="2.0" uid="phone" type="a-f-G" how="m-g" {stamps}>'
    point = '<point lat="52.2" lon="21.0" hae="9999999" ce="9999999" le="9999999"/></event>'
    return {"data": event + point, "query_string": {"key": "key", "id": "phone"}}


@pytest.mark.parametrize("source", ["osmand", "traccar_client", "owntracks", "cot"])
def test_what_any_device_sent_can_be_read_again(
    ask: Ask, server: Flask, now: datetime, source: str
) -> None:
    address = "/feeds/" + source.replace("traccar_client", "osmand")
    assert server.test_client().post(address, **told(source, now)).status_code == 200
    (item,) = ask("/quarantine").json["items"]
    assert (item["source"], item["reason"]) == (source, "outside_area")
    seen = ask(f"/quarantine/{item['id']}").json
    assert (seen["acceptable"], seen["readable"]["time"]) == (True, to_rfc3339(now))


def test_what_came_over_a_broker_can_be_read_again(
    ask: Ask, services: Services, now: datetime
) -> None:
    raw = json.dumps(ABROAD | {"_type": "location", "tst": int(now.timestamp())}).encode()
    said = decode_mqtt(MqttMessage("owntracks/fpu/phone", raw), "phone")
    assert said.report is not None
    services.ingest.accept("owntracks_mqtt", [said.report], [raw], now)
    (item,) = ask("/quarantine").json["items"]
    seen = ask(f"/quarantine/{item['id']}").json
    assert (seen["acceptable"], seen["readable"]["time"]) == (True, to_rfc3339(now))


@pytest.mark.parametrize("source", ["traccar_client", "owntracks"])
def test_of_several_in_one_message_the_one_that_was_refused_is_read(
    ask: Ask, server: Flask, now: datetime, source: str
) -> None:
    address = "/feeds/" + source.replace("traccar_client", "osmand")
    ahead = now + timedelta(hours=3)
    sent = told(source, now, ahead)
    plain = json.dumps(sent["json"]).replace("52.2", "42.6").replace("21.0", "20.9")
    sent["json"] = json.loads(plain)
    assert server.test_client().post(address, **sent).status_code == 200
    (item,) = ask("/quarantine").json["items"]
    assert item["reason"] == "future_time"
    assert ask(f"/quarantine/{item['id']}").json["readable"]["time"] == to_rfc3339(ahead)


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
